import { expect, it } from 'vitest'
import { reasoningOf } from './reasoning.ts'

it.each([
  'o3',
  'openai/o4-mini',
  'gpt-5-mini',
  'openai/gpt-5.4',
  'openai/gpt-oss-120b:free',
  'gpt-oss:20b',
  'accounts/fireworks/models/gpt-oss-20b',
  '~openai/gpt-latest',
  'google/gemini-2.5-flash',
  'gemini-3-flash-preview',
  'x-ai/grok-4.3',
  'grok-3-mini',
  'qwen3',
  'qwen3:8b',
  'qwen/qwen3-30b-a3b',
  'Qwen/Qwen3-32B',
  'qwen/qwen3.5-plus-02-15',
  'qwen/qwen3-next-80b-a3b-thinking',
  'deepseek-reasoner',
  'deepseek-r1:14b',
  'deepseek/deepseek-v4-flash',
  'moonshotai/kimi-k2-thinking',
  'moonshotai/kimi-k2.6',
  'z-ai/glm-4.6',
  'z-ai/glm-5',
  'minimax/minimax-m2.5',
  'magistral-medium-latest',
  'nvidia/nemotron-3-nano-30b-a3b',
  'allenai/olmo-3-32b-think',
])('%s thinks unasked: it has room for that', (model) => {
  expect(reasoningOf({ model }).room).toBeGreaterThan(0)
  expect(reasoningOf({ model }).likely.high).toBeGreaterThan(0)
})

it.each([
  'gpt-4.1-mini',
  'openai/gpt-4o',
  'openai/gpt-5-chat',
  'claude-haiku-4-5',
  'anthropic/claude-sonnet-4.6',
  'mistral-small-2603',
  'mistralai/ministral-3b-2512',
  'meta-llama/llama-3.3-70b-instruct',
  'google/gemini-2.0-flash',
  'google/gemma-3-27b-it',
  'grok-4-1-fast-non-reasoning',
  'x-ai/grok-3',
  'qwen/qwen3-coder-next',
  'qwen/qwen3-max',
  'qwen/qwen3-30b-a3b-instruct-2507',
  'qwen/qwen3-235b-a22b-2507',
  'qwen/qwen-2.5-72b-instruct',
  'deepseek/deepseek-chat-v3.1',
  'moonshotai/kimi-k2-0905',
  'microsoft/phi-4',
  'practice-1',
])('%s answers at once', (model) => {
  expect(reasoningOf({ model })).toEqual({ room: 0, likely: { low: 0, high: 0 } })
})
