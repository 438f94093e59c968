import { expect, it } from 'vitest'
import { costOfCall, worstCaseOfCall } from './price.ts'
import type { WireRecord } from './attempt.ts'

const at = new Date('2026-11-20T00:00:00Z')
const candidate = { connectionId: 'c', provider: 'openai', model: 'gpt-4o-mini', rateCard: null }
const answered: WireRecord = { sent: 'maybe', status: 200 }
const reported = { source: 'reported' as const, servedModel: 'gpt-4o-mini-2024-07-18' }

it("prices an answer by the model that served it, at the book's price", () => {
  // GPT-4o mini: 0.15 in, 0.075 cached, 0.60 out, USD per million
  const usage = { input_tokens: 1_000, cache_read_tokens: 1_000, output_tokens: 1_000 }
  expect(costOfCall({ candidate, metered: { ...reported, usage }, wire: answered, at, currency: 'USD' })).toMatchObject({
    nano: 150_000n + 75_000n + 600_000n,
    currency: 'USD',
    source: 'price_book',
  })
})

it('an answer without usage, or from a model that nobody prices, has an unknown cost', () => {
  expect(costOfCall({ candidate, metered: undefined, wire: answered, at, currency: 'USD' })).toBeUndefined()
  expect(costOfCall({ candidate, metered: { ...reported, usage: undefined }, wire: answered, at, currency: 'USD' })).toBeUndefined()
  const strange = { ...reported, servedModel: 'nobody-knows-1', usage: { input_tokens: 1 } }
  expect(costOfCall({ candidate, metered: strange, wire: answered, at, currency: 'USD' })).toBeUndefined()
})

it('a request that did not leave, and one that was turned away, cost nothing; a broken one is unknown', () => {
  const cost = (wire: WireRecord) => costOfCall({ candidate, metered: undefined, wire, at, currency: 'USD' })
  expect(cost({ sent: 'no' })).toMatchObject({ nano: 0n, source: 'not_billed' })
  for (const status of [400, 401, 402, 403, 404, 429])
    expect(cost({ sent: 'maybe', status })).toMatchObject({ nano: 0n, source: 'not_billed' })
  for (const status of [408, 500, 503]) expect(cost({ sent: 'maybe', status })).toBeUndefined()
  expect(cost({ sent: 'maybe' })).toBeUndefined()
})

it('refused content costs nothing, but where its provider may charge it: there it is unknown', () => {
  const refused = { code: 'provider.content_refused', detail: 'text', retryable: false } as const
  const cost = (provider: string, failure: WireRecord['failure']) =>
    costOfCall({
      candidate: { ...candidate, provider },
      metered: undefined,
      wire: { sent: 'maybe', status: 400, ...(failure && { failure }) },
      at,
      currency: 'USD',
    })
  expect(cost('openai', refused)).toMatchObject({ nano: 0n, source: 'not_billed' })
  expect(cost('azure', refused)).toBeUndefined()
  expect(cost('azure', { ...refused, code: 'provider.request_refused' })).toMatchObject({ nano: 0n, source: 'not_billed' })
})

it("what the provider declares comes before every list, and the list's cost stays beside it", () => {
  const metered = { ...reported, usage: { input_tokens: 1_000 }, declaredCost: { amount: '0.001', currency: 'USD' } }
  expect(costOfCall({ candidate, metered, wire: answered, at, currency: 'USD' })).toMatchObject({
    nano: 1_000_000n,
    source: 'declared',
    listNano: 150_000n,
  })
})

it("a connection's own prices come before the book's", () => {
  const rateCard = { currency: 'USD', models: { 'gpt-4o-mini': { input_tokens: '1', output_tokens: '2' } } }
  const metered = { ...reported, usage: { input_tokens: 1_000, output_tokens: 1_000 } }
  expect(costOfCall({ candidate: { ...candidate, rateCard }, metered, wire: answered, at, currency: 'USD' })).toMatchObject({
    nano: 3_000_000n,
    source: 'rate_card',
    listNano: 750_000n,
  })
})

it('usage on another model inside an answer is added, and an unpriced one makes the whole unknown', () => {
  const metered = { ...reported, usage: { input_tokens: 1_000 } }
  const other = (model: string) => ({ ...metered, other: [{ model, usage: { input_tokens: 1_000 } }] })
  expect(costOfCall({ candidate, metered: other('gpt-4o'), wire: answered, at, currency: 'USD' })).toMatchObject({
    nano: 150_000n + 2_500_000n,
  })
  expect(costOfCall({ candidate, metered: other('nobody-knows-1'), wire: answered, at, currency: 'USD' })).toBeUndefined()
})

it('a worst case bounds the cost, and is unknown without a price in the currency of the budget', () => {
  expect(worstCaseOfCall({ candidate, currency: 'USD', at, inputTokensAtMost: 1_000, outputTokensAtMost: 1_000 })).toBe(750_000n)
  expect(worstCaseOfCall({ candidate, currency: 'EUR', at, inputTokensAtMost: 1, outputTokensAtMost: 1 })).toBeUndefined()
  const unknown = { ...candidate, model: 'nobody-knows-1' }
  expect(worstCaseOfCall({ candidate: unknown, currency: 'USD', at, inputTokensAtMost: 1, outputTokensAtMost: 1 })).toBeUndefined()
})

it("the region's price holds where a provider has one, and a region that nobody prices is unknown", () => {
  // GPT-6 Luna, 0.10 in: 10 % more at a regional address of OpenAI
  const metered = { ...reported, servedModel: 'gpt-6-luna', usage: { input_tokens: 100_000 } }
  const inRegion = (region?: string, provider = 'openai', model = 'gpt-6-luna') =>
    costOfCall({
      candidate: { ...candidate, provider, model, region },
      metered: { ...metered, servedModel: model },
      wire: answered,
      at,
      currency: 'USD',
    })?.nano
  expect(inRegion()).toBe(10_000_000n)
  expect(inRegion('eu')).toBe(11_000_000n)
  expect(inRegion('cn', 'moonshot', 'kimi-k2.6')).toBeUndefined() // another host with prices in yuan
  expect(inRegion(undefined, 'moonshot', 'kimi-k2.6')).toBe(95_000_000n)
})

it("an Azure deployment's name is no model: unknown before the call, priced by the model that its answer names", () => {
  const deployment = { ...candidate, provider: 'azure', model: 'gpt-4o-mini' } // and runs GPT-4o, 2.50 in
  expect(worstCaseOfCall({ candidate: deployment, currency: 'USD', at, inputTokensAtMost: 1, outputTokensAtMost: 1 })).toBeUndefined()
  const usage = { input_tokens: 1_000_000 }
  const cost = (servedModel?: string) =>
    costOfCall({
      candidate: deployment,
      metered: { source: 'reported', ...(servedModel ? { servedModel } : {}), usage },
      wire: answered,
      at,
      currency: 'USD',
    })
  expect(cost('gpt-4o-2024-11-20')).toMatchObject({ nano: 2_500_000_000n })
  expect(cost()).toBeUndefined()
})

it('a call that may end in dearer hours is reserved at their price: DeepSeek at 00:30, twice as much from 01:00 on', () => {
  const deepseek = { ...candidate, provider: 'deepseek', model: 'deepseek-v4-pro' }
  const most = (time: string) =>
    worstCaseOfCall({ candidate: deepseek, currency: 'USD', at: new Date(time), inputTokensAtMost: 1_000, outputTokensAtMost: 1_000 })
  expect(most('2026-11-20T12:00:00Z')).toBe(660_000n + 1_980_000n)
  expect(most('2026-11-20T00:30:00Z')).toBe(1_320_000n + 3_960_000n)
  expect(most('2026-11-20T03:59:00Z')).toBe(1_320_000n + 3_960_000n)
})
