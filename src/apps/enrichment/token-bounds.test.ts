import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { tokenCounter } from '../../providers/tokenizers.ts'
import { inputTokensAtMost, learningBounds, promptTokens } from './token-bounds.ts'

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

it('a bound that holds stays, and one that was overrun is raised by as much, once', () => {
  const bounds = learningBounds()
  const bound = { inputTokensAtMost: 100, outputTokensAtMost: 50 }
  bounds.learn(bound, { input: 90, output: 50 })
  expect(bounds.raise(bound)).toEqual(bound)
  bounds.learn(bounds.raise(bound), { input: 250, output: 50 })
  expect(bounds.raise(bound)).toEqual({ inputTokensAtMost: 250, outputTokensAtMost: 50 })
  bounds.learn(bounds.raise(bound), { input: 250, output: 50 })
  expect(bounds.raise(bound)).toEqual({ inputTokensAtMost: 250, outputTokensAtMost: 50 })
})
