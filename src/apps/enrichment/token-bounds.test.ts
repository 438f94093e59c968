import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { tokenCounter } from '../../providers/tokenizers.ts'
import { inputTokensAtMost, learningBounds, outputLimit, promptTokens } from './token-bounds.ts'

const promptOf = (system: string, user: string) => ({ system, user, parts: { system: 0, product: 0 }, ids: [] })

test.prop([fc.string(), fc.string()])(
  'an inexact counter is bounded by bytes, which no byte-level tokenizer exceeds',
  async (system, user) => {
    const counter = await tokenCounter('mistral', 'mistral-small-latest')
    const exact = await tokenCounter('openai', 'gpt-4o-mini')
    const prompt = promptOf(system, user)
    const bound = inputTokensAtMost({ counter, prompt, tokens: promptTokens(counter, prompt), schemaText: '{}' })
    expect(bound).toBeGreaterThanOrEqual(exact.count(system) + exact.count(user))
  },
)

const bound = { inputTokensAtMost: 100, outputTokensAtMost: 50 }

it('a bound that holds stays, and one that was overrun is raised by as much, once', () => {
  const bounds = learningBounds({ thinkingTokens: 0 })
  bounds.learn(bound, { input: 90, output: 50, thinking: 0 })
  expect(bounds.raise(bound)).toEqual(bound)
  // Three calls were under way with the first bound: what they teach is the same, not three times as much.
  for (const input of [250, 240, 250]) bounds.learn(bound, { input, output: 50, thinking: 0 })
  expect(bounds.raise(bound)).toEqual({ inputTokensAtMost: 250, outputTokensAtMost: 50 })
})

it('a model that is seen to think gets room for it, whatever its name, within reason', () => {
  const bounds = learningBounds({ thinkingTokens: 0 })
  bounds.learn(bound, { input: 90, output: 40, thinking: 0 })
  expect(bounds.thinkingTokens()).toBe(0)
  bounds.learn(bound, { input: 90, output: 50, thinking: 700 })
  bounds.learn(bound, { input: 90, output: 50, thinking: 30 })
  expect(bounds.thinkingTokens()).toBe(2_800)
  bounds.learn(bound, { input: 90, output: 50, thinking: 1e9 })
  expect(bounds.thinkingTokens()).toBe(32_768)
})

it('an answer cut short is asked for again with four times the limit, as far as the model goes', () => {
  const usual = { usual: 1_000, inputTokens: 500 }
  expect(outputLimit({ ...usual, cutShort: false, model: undefined })).toBe(1_000)
  expect(outputLimit({ ...usual, cutShort: true, model: undefined })).toBe(4_000)
  expect(outputLimit({ ...usual, cutShort: true, model: { maxOutputTokens: 2_500 } })).toBe(2_500)
  expect(outputLimit({ ...usual, cutShort: true, model: { maxOutputTokens: 8_000, contextTokens: 4_000 } })).toBe(3_500)
  expect(outputLimit({ ...usual, cutShort: true, model: { contextTokens: 1_200 } })).toBe(1_000)
  expect(outputLimit({ ...usual, cutShort: false, model: { maxOutputTokens: 600 } })).toBe(600)
})
