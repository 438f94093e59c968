import { describe, expect, it } from 'vitest'
import { chargeOf } from '../ledger/settlement.ts'
import { tokenCounter } from '../providers/tokenizers.ts'
import type { WireRecord } from './attempt.ts'
import type { Candidate } from './call.ts'
import { countAbout, countInput, estimateBroken } from './estimate.ts'

const candidate: Candidate = { connectionId: 'c', provider: 'openai', model: 'gpt-4o-mini', rateCard: null }
const BODY = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'What is the capital of France?' }] })

async function estimated(wire: Partial<WireRecord>, model = candidate): Promise<WireRecord['metered']> {
  const record: WireRecord = { sent: 'maybe', ...wire }
  await estimateBroken(record, model)
  return record.metered
}

describe('a stream that broke', () => {
  it('is estimated from its request and what came of it', async () => {
    const metered = await estimated({ streamed: { body: BODY, said: 'The capital of France is' } })
    expect(metered).toMatchObject({ source: 'estimated', usage: { output_tokens: 5 } }) // exact by o200k_base
    // 7 tokens of text, and what the template adds: recorded answers have 6 to 11
    expect(metered!.usage!.input_tokens).toBeGreaterThanOrEqual(13)
    expect(metered!.usage!.input_tokens).toBeLessThanOrEqual(18)
  })

  it('takes the input that the stream said at its start, cached parts too', async () => {
    const atLeast = { input_tokens: 9, cache_read_tokens: 1_000, output_tokens: 1 }
    const metered = await estimated({ streamed: { body: '', said: 'Hello' }, metered: { usage: undefined, source: 'reported', atLeast } })
    expect(metered!.usage).toEqual({ input_tokens: 9, cache_read_tokens: 1_000, output_tokens: 1 })
  })

  it.each([
    ['nothing was written', { body: BODY, said: '' }],
    ['a picture stands in the request', { body: BODY.replace('"role"', '"image_url":{"url":"data:"},"role"'), said: 'A cat' }],
    ['the request is no JSON', { body: '--form', said: 'A cat' }],
  ])('stays unknown where %s', async (_, streamed) => {
    expect(await estimated({ streamed })).toBeUndefined()
  })

  it('what the provider said is never replaced', async () => {
    const metered = { usage: { input_tokens: 1, output_tokens: 2 }, source: 'reported' as const }
    expect(await estimated({ streamed: { body: BODY, said: 'Hello' }, metered })).toBe(metered)
  })
})

describe('counting', () => {
  it('leaves the protocol’s own words out, and what is no text is told apart', async () => {
    const counter = await tokenCounter('practice', 'm') // four bytes are a token
    const message = { type: 'text', role: 'user', id: 'x'.repeat(400), content: 'x'.repeat(40) }
    const body = { messages: [message, { content: [{ type: 'image', source: { data: 'x'.repeat(4_000) } }] }], temperature: 1 }
    expect(countInput(counter, JSON.stringify(body))).toEqual({ tokens: 10, others: 1 })
  })

  it('of a very long text pieces from all over it count for all', async () => {
    const counter = await tokenCounter('practice', 'm')
    const text = 'word '.repeat(400_000)
    expect(countAbout(counter, text) / counter.count(text)).toBeCloseTo(1, 2)
  })
})

it('a cap does not rest on a guess: a broken answer is charged its worst case, a whole one what it cost', () => {
  const intent = { worstCaseNano: 900n, currency: 'USD' } as Parameters<typeof chargeOf>[0]['intent']
  const cost = { nano: 100n, currency: 'USD', source: 'price_book', rowIds: [] } as const
  const guessed = { intent, cost, usageSource: 'estimated' } as const
  expect(chargeOf({ ...guessed, outcome: 'cancelled' })).toBe(900n)
  expect(chargeOf({ ...guessed, outcome: 'failed', cost: { ...cost, nano: 1_000n } })).toBe(1_000n)
  expect(chargeOf({ ...guessed, outcome: 'succeeded' })).toBe(100n) // only a detail of it was inferred
  expect(chargeOf({ intent, cost, usageSource: 'reported', outcome: 'failed' })).toBe(100n)
  expect(chargeOf({ ...guessed, outcome: 'not_sent' })).toBe(0n)
})
