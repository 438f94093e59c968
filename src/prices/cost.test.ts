import { describe, expect, it } from 'vitest'
import { costOf, worstCase, type Cost } from './cost.ts'
import { findPrices } from './match.ts'

const at = new Date('2026-11-20')
const nanoOf = (cost: Cost): bigint | 'unknown' => (cost.kind === 'known' ? cost.nano : 'unknown')

describe('the cost of a call', () => {
  // Mistral Small 4 (mistral-small-2603), USD 0.15 / 0.015 / 0.60 per million: Mistral's docs repository, 2026-08-21.
  const small = findPrices({ provider: 'mistral', model: 'mistral-small-2603', at })

  it('charges cache reads at their own price, and not again as input', () => {
    const usage = { input_tokens: 600, cache_read_tokens: 400, output_tokens: 200 } // disjoint: 1,000 tokens of input in all
    // 600 * 150 + 400 * 15 + 200 * 600 nano-USD
    const cost = costOf({ usage, prices: small })
    expect(cost).toMatchObject({ kind: 'known', nano: 216_000n, currency: 'USD', free: false })
    expect(cost).toMatchObject({ parts: { input_tokens: 90_000n, cache_read_tokens: 6_000n, output_tokens: 120_000n } })
  })

  it('names the price rows it used, with their prices in the name', () => {
    const cost = costOf({ usage: { input_tokens: 1, output_tokens: 1 }, prices: small })
    expect(cost).toMatchObject({
      rowIds: ['mistral/mistral-small-2603 input_tokens=0.15 USD', 'mistral/mistral-small-2603 output_tokens=0.6 USD'],
    })
  })

  it('is unknown, not cheaper, when a used unit has no published price', () => {
    const cost = costOf({ usage: { input_tokens: 1_000, output_tokens: 10, searches: 1 }, prices: small })
    expect(cost).toEqual({ kind: 'unknown', missing: ['searches'] })
  })

  it('needs no price for a unit that was not used', () => {
    expect(nanoOf(costOf({ usage: { input_tokens: 1_000, output_tokens: 0, searches: 0 }, prices: small }))).toBe(150_000n)
  })

  it('rounds once per entry, half up: two cache writes at 62.5 nano are 125, one is 63', () => {
    const prices = findPrices({ provider: 'anthropic', model: 'claude-haiku-5-5', at }) // 0.10 / 0.01 / 0.50, writes 0.125
    // 5 writes * 125 nano + 1 read * 10 nano: no fraction below a nano is lost on the way
    expect(nanoOf(costOf({ usage: { input_tokens: 0, cache_write_tokens: 5, cache_read_tokens: 1 }, prices }))).toBe(635n)
    const batch = findPrices({ provider: 'anthropic', model: 'claude-haiku-5-5', at, batch: true })
    // half prices: 62.5 nano a write, 5 a read: 62.5 rounds up to 63, two writes are 125 and not 126
    expect(nanoOf(costOf({ usage: { cache_write_tokens: 1 }, prices: batch }))).toBe(63n)
    expect(nanoOf(costOf({ usage: { cache_write_tokens: 2 }, prices: batch }))).toBe(125n)
  })

  it('charges reasoning as output', () => {
    const cost = costOf({ usage: { input_tokens: 0, output_tokens: 100, reasoning_tokens: 900 }, prices: small })
    expect(nanoOf(cost)).toBe(600_000n)
  })

  it('charges a fee per request once: perplexity/sonar, 7 + 236 tokens at USD 1 per million and 0.005 per request', () => {
    const prices = findPrices({ provider: 'openrouter', model: 'perplexity/sonar', at })
    expect(nanoOf(costOf({ usage: { input_tokens: 7, output_tokens: 236 }, prices }))).toBe(5_243_000n)
  })

  it('is unknown without a price, without usage, and for a count that is none', () => {
    expect(costOf({ usage: { input_tokens: 1 }, prices: undefined })).toEqual({ kind: 'unknown', missing: 'no price' })
    expect(costOf({ usage: undefined, prices: small })).toEqual({ kind: 'unknown', missing: 'no usage' })
    expect(costOf({ usage: {}, prices: small })).toEqual({ kind: 'unknown', missing: 'no usage' })
    for (const count of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(costOf({ usage: { input_tokens: count }, prices: small })).toEqual({ kind: 'unknown', missing: ['input_tokens'] })
    }
  })

  it('is a known zero for the practice provider', () => {
    const prices = findPrices({ provider: 'practice', model: 'practice-1', at })
    expect(costOf({ usage: { input_tokens: 1_000, output_tokens: 10 }, prices })).toMatchObject({ kind: 'known', nano: 0n, free: true })
  })
})

describe('long context moves the whole request', () => {
  // Anthropic, Claude Haiku 5.5: up to 100,000 tokens of prompt 0.10 / 0.01 / 0.50 and writes 0.125, above 0.50 / 0.05 / 2.50 and 0.625.
  const haiku = findPrices({ provider: 'anthropic', model: 'claude-haiku-5-5', at })

  it('counts cache reads and writes: 1 + 60,000 + 40,000 tokens cost five times what one token less does', () => {
    const upTo = { input_tokens: 0, cache_read_tokens: 60_000, cache_write_tokens: 40_000, output_tokens: 1_000 }
    // 60,000 * 10 + 40,000 * 125 + 1,000 * 500
    expect(nanoOf(costOf({ usage: upTo, prices: haiku }))).toBe(6_100_000n)
    // 1 * 500 + 60,000 * 50 + 40,000 * 625 + 1,000 * 2,500
    expect(nanoOf(costOf({ usage: { ...upTo, input_tokens: 1 }, prices: haiku }))).toBe(30_500_500n)
  })

  it('OpenAI: above 272,000 tokens twice the input and 1.5 times the output (GPT-6 Luna 0.10 / 0.50)', () => {
    const luna = findPrices({ provider: 'openai', model: 'gpt-6-luna', at })
    expect(nanoOf(costOf({ usage: { input_tokens: 272_000, output_tokens: 1_000 }, prices: luna }))).toBe(27_700_000n)
    expect(nanoOf(costOf({ usage: { input_tokens: 272_001, output_tokens: 1_000 }, prices: luna }))).toBe(55_150_200n)
  })
})

describe('the most a call can cost', () => {
  it('takes the dearest way to charge the input: cache writes', () => {
    const sonnet = findPrices({ provider: 'anthropic', model: 'claude-sonnet-4-6', at }) // 3 / 0.30 / 15, writes 3.75 and 6
    // 1,000 * 3,750 + 100 * 15,000
    expect(worstCase({ inputTokensAtMost: 1_000, outputTokensAtMost: 100, prices: sonnet })).toBe(5_250_000n)
    expect(worstCase({ inputTokensAtMost: 1_000, outputTokensAtMost: 100, prices: sonnet, longCacheWrites: true })).toBe(7_500_000n)
  })

  it('takes the long-context price when the input could reach it', () => {
    const luna = findPrices({ provider: 'openai', model: 'gpt-6-luna', at })
    // 272,000 * 125 + 1,000 * 500, and one token more: 272,001 * 250 + 1,000 * 750
    expect(worstCase({ inputTokensAtMost: 272_000, outputTokensAtMost: 1_000, prices: luna })).toBe(34_500_000n)
    expect(worstCase({ inputTokensAtMost: 272_001, outputTokensAtMost: 1_000, prices: luna })).toBe(68_750_250n)
  })

  it('is undefined without a price and zero where nothing costs anything', () => {
    expect(worstCase({ inputTokensAtMost: 1, outputTokensAtMost: 1, prices: undefined })).toBeUndefined()
    const practice = findPrices({ provider: 'practice', model: 'practice-1', at })
    expect(worstCase({ inputTokensAtMost: 1, outputTokensAtMost: 1, prices: practice })).toBe(0n)
  })
})
