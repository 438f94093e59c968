import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { UsageUnit } from '../../base/usage.ts'
import { findPrices, type PriceSet } from '../../prices/match.ts'
import type { PriceRow } from '../../prices/book.ts'
import { rateCardPrices } from '../../prices/rate-card.ts'
import { defaultRecipe } from './default-recipe.ts'
import { addObservations, meanOutput, nothingObserved, observeCall } from './observation.ts'
import { predictOutput } from './predict-output.ts'
import { parseRecipe } from './read-recipe.ts'
import { addToTally, emptyTally, promptCaching, type Quote, type QuoteInput, quoteRun } from './quote.ts'
import { reasoningOf } from './reasoning.ts'
import { describeReason } from './reasons.ts'

const recipe = defaultRecipe({ fields: ['title', 'description', 'attributes'] })
const exact = { exact: true, spread: { low: 1, high: 1 }, overhead: { low: 6, high: 11 }, ratio: 1, source: 'test' }
const none = { kind: 'none' } as const
const textOf = (quote: Quote): string => quote.reasons.map(describeReason).join(' ')

/** Nano-units per million tokens. */
function prices(perMillion: Partial<Record<UsageUnit, bigint>>): PriceSet {
  const rows = Object.fromEntries(
    Object.entries(perMillion).map(([unit, nano]): [string, PriceRow] => [
      unit,
      { id: unit, unit: unit as UsageUnit, price: '0', nano, currency: 'USD', source: 'test', checkedAt: '2026-11-20' },
    ]),
  )
  return { currency: 'USD', free: false, bands: [{ fromInputTokens: 0, rows }] }
}
const mini = prices({ input_tokens: 150_000_000n, cache_read_tokens: 75_000_000n, output_tokens: 600_000_000n }) // 0.15, 0.075 and 0.60 USD

const base: QuoteInput = {
  tally: { products: 10_000, tokens: 1_570_000 },
  k: 1,
  recipe,
  counter: exact,
  systemTokens: 400,
  schemaTokens: 120,
  prices: mini,
  caching: none,
  reasoning: { low: 0, high: 0 },
}

describe('a quote', () => {
  it('is tokens times prices, by hand', () => {
    const quote = quoteRun(base)
    const output = predictOutput(recipe)
    // 1,570,000 record + 10,000 x (400 system + 6 to 11 framing + up to 1.5 x 120 schema); 5 % may be asked again.
    expect(quote).toMatchObject({
      calls: 10_000,
      inputTokens: { low: 5_630_000, high: Math.ceil(7_480_000 * 1.05) },
      outputTokens: { low: 10_000 * output.low, high: Math.ceil(10_000 * output.high * 1.05) },
    })
    expect(quote.lowNano).toBe((5_630_000n * 150_000_000n + BigInt(quote.outputTokens.low) * 600_000_000n) / 1_000_000n)
    expect(quote.highNano).toBe(
      (BigInt(quote.inputTokens.high) * 150_000_000n + BigInt(quote.outputTokens.high) * 600_000_000n) / 1_000_000n,
    )
    expect(textOf(quote)).toMatch(/lengths.*own tokenizer.*second time/)
  })

  it('holds what was measured: 223 tokens of answer, 1.82 to 2.22 USD for 10,000 products on gpt-4o-mini', () => {
    const output = predictOutput(recipe)
    expect(output.low).toBeLessThan(223)
    expect(output.high).toBeGreaterThan(296)
    const quote = quoteRun({ ...base, systemTokens: 70, tally: { products: 10_000, tokens: 2_360_000 } })
    expect(quote.lowNano!).toBeLessThan(1_820_000_000n)
    expect(quote.highNano!).toBeGreaterThan(1_820_000_000n)
  })

  it('says that a cost is unknown, and does not call it zero', () => {
    for (const unknown of [undefined, prices({ input_tokens: 1n })]) {
      const quote = quoteRun({ ...base, prices: unknown })
      expect(quote).toMatchObject({ currency: null, lowNano: null, highNano: null })
      expect(textOf(quote)).toMatch(/No price is known/)
    }
    expect(quoteRun({ ...base, prices: { currency: 'USD', free: true, bands: [{ fromInputTokens: 0, rows: {} }] } })).toMatchObject({
      lowNano: 0n,
      highNano: 0n,
      currency: 'USD',
    })
  })

  it('of a machine that is paid by the hour is unknown, and says so: nobody knows how long it will take', () => {
    const byHour = rateCardPrices({ currency: 'EUR', models: { '*': { input_tokens: '0', output_tokens: '0' } }, hourly: '0.45' }, 'm')
    const quote = quoteRun({ ...base, prices: byHour })
    expect(quote).toMatchObject({ currency: null, lowNano: null, highNano: null })
    expect(textOf(quote)).toContain('paid by the hour, at 0.45 EUR')
  })

  it('counts on a prompt cache only at the low end, and only from its minimum on', () => {
    const caching = promptCaching({ provider: 'openai', model: 'gpt-4o-mini' })
    const short = quoteRun({ ...base, caching })
    expect(short.cacheReadTokens).toBe(0)
    expect(textOf(short)).toMatch(/520 tokens; prompts are cached from 1024: no discount/)
    const long = quoteRun({ ...base, systemTokens: 1_217, schemaTokens: 0, caching })
    expect(long.cacheReadTokens).toBe(9_999 * 1_152) // 9 blocks of 128; the first call fills the cache
    const without = quoteRun({ ...base, systemTokens: 1_217, schemaTokens: 0 })
    expect(without.lowNano! - long.lowNano!).toBe((9_999n * 1_152n * 75_000_000n) / 1_000_000n)
    expect(long.highNano).toBe(without.highNano)
    expect(promptCaching({ provider: 'mistral', model: 'mistral-small-latest' }).kind).toBe('none')
    expect(promptCaching({ provider: 'anthropic', model: 'claude-haiku-4-5' })).toMatchObject({ kind: 'automatic', minimumTokens: 4_096 })
  })

  it('charges a whole call by the band its input reaches, and cache writes where they cost more', () => {
    const bands = [
      ...mini.bands,
      { fromInputTokens: 500, rows: prices({ input_tokens: 300_000_000n, output_tokens: 600_000_000n }).bands[0]!.rows },
    ]
    expect(quoteRun({ ...base, prices: { ...mini, bands } }).highNano!).toBeGreaterThan(quoteRun(base).highNano!)
    const writes = prices({ input_tokens: 150_000_000n, cache_write_tokens: 187_500_000n, output_tokens: 600_000_000n })
    const caching = promptCaching({ provider: 'openai', model: 'gpt-5.6-luna' })
    expect(quoteRun({ ...base, systemTokens: 1_200, prices: writes, caching }).highNano!).toBeGreaterThan(
      quoteRun({ ...base, systemTokens: 1_200, prices: writes }).highNano!,
    )
  })

  it('leaves room for models that think, until it has been seen what they do', () => {
    const reasoning = reasoningOf({ model: 'gpt-5-mini' }).likely
    const quote = quoteRun({ ...base, reasoning })
    expect(quote.highNano!).toBeGreaterThan(quoteRun(base).highNano!)
    expect(textOf(quote)).toMatch(/think/)
    expect(reasoningOf({ model: 'gpt-4o-mini' }).likely.high).toBe(0)
  })

  it('of nothing is nothing', () => {
    expect(quoteRun({ ...base, tally: emptyTally })).toMatchObject({
      calls: 0,
      lowNano: 0n,
      highNano: 0n,
      inputTokens: { low: 0, high: 0 },
    })
  })
})

describe('what has run', () => {
  const canary = Array.from({ length: 20 }, (_, index) => 200 + index).reduce(
    (sum, tokens) => observeCall(sum, { products: 1, outputTokens: tokens, inputTokens: 700, countedInputTokens: 550 }),
    nothingObserved,
  )

  it('narrows a quote: in tokens and money, around what was seen', () => {
    const before = quoteRun(base)
    const after = quoteRun({ ...base, canary })
    expect(after.outputTokens.low).toBeGreaterThan(before.outputTokens.low)
    expect(after.outputTokens.high).toBeLessThan(before.outputTokens.high)
    expect(after.outputTokens.low).toBeLessThanOrEqual(2_095_000)
    expect(after.outputTokens.high).toBeGreaterThanOrEqual(2_095_000)
    expect(after.highNano! - after.lowNano!).toBeLessThan((before.highNano! - before.lowNano!) / 3n)
    expect(textOf(after)).toMatch(/from 20 products that have run.*corrected by what the first calls were billed/)
    const past = quoteRun({ ...base, past: canary })
    expect(past.highNano! - past.lowNano!).toBeLessThan(before.highNano! - before.lowNano!)
  })

  it('is counted with the variance of single products', () => {
    const values = [3, 5, 7, 13]
    const seen = values.reduce((sum, tokens) => observeCall(sum, { products: 1, outputTokens: tokens }), nothingObserved)
    // mean 7, sample variance (16 + 4 + 0 + 36) / 3; factor 2 + 6 / 4
    expect(meanOutput(seen)!.mean).toBe(7)
    expect(meanOutput(seen)!.error).toBeCloseTo(3.5 * Math.sqrt(56 / 3 / 4))
    expect(meanOutput(nothingObserved)).toBeUndefined()
    expect(observeCall(seen, { products: 0, outputTokens: 1 })).toBe(seen)
    expect(observeCall(seen, { products: 1, outputTokens: Number.NaN })).toBe(seen)
    expect(addObservations(seen, seen)).toMatchObject({ products: 8, outputTokens: 56 })
  })
})

const someRecipe = fc
  .record({
    max: fc.integer({ min: 10, max: 2_000 }),
    locale: fc.constantFrom('en', 'de', 'fr', 'ru', 'ja', 'sw'),
    count: fc.integer({ min: 1, max: 20 }),
    perCall: fc.integer({ min: 1, max: 50 }),
  })
  .map(({ max, locale, count, perCall }) =>
    parseRecipe(
      JSON.stringify({
        locale,
        perCall,
        fields: [
          { name: 'a', type: 'text', words: { max } },
          { name: 'b', type: 'text', characters: { max } },
          { name: 'c', type: 'attributes', count: { max: count } },
        ],
      }),
    ),
  )

const someInput: fc.Arbitrary<QuoteInput> = fc
  .record({
    tally: fc.record({ products: fc.integer({ min: 1, max: 1_000_000 }), tokens: fc.integer({ min: 1, max: 1_000_000_000 }) }),
    recipe: someRecipe,
    counter: fc.record({
      low: fc.double({ min: 0.5, max: 1, noNaN: true }),
      high: fc.double({ min: 1, max: 2, noNaN: true }),
      ratio: fc.double({ min: 0.5, max: 2, noNaN: true }),
    }),
    systemTokens: fc.integer({ min: 1, max: 10_000 }),
    schemaTokens: fc.integer({ min: 1, max: 5_000 }),
    input: fc.bigInt({ min: 0n, max: 10n ** 11n }),
    output: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    automatic: fc.boolean(),
    reasoning: fc.integer({ min: 0, max: 2_000 }),
  })
  .map(({ tally, recipe: some, counter, systemTokens, schemaTokens, input, output, automatic, reasoning }) => ({
    tally,
    k: some.perCall,
    recipe: some,
    counter: {
      exact: false,
      spread: { low: counter.low, high: counter.high },
      overhead: { low: 1, high: 20 },
      ratio: counter.ratio,
      source: 'test',
    },
    systemTokens,
    schemaTokens,
    prices: prices({ input_tokens: input, cache_read_tokens: input / 10n, cache_write_tokens: (input * 5n) / 4n, output_tokens: output }),
    caching: automatic ? promptCaching({ provider: 'openai', model: 'x' }) : none,
    reasoning: { low: 0, high: reasoning },
  }))

const someCalls = fc.array(
  fc.record({
    products: fc.integer({ min: 1, max: 50 }),
    outputTokens: fc.integer({ min: 0, max: 20_000 }),
    inputTokens: fc.integer({ min: 0, max: 50_000 }),
    countedInputTokens: fc.integer({ min: 0, max: 50_000 }),
  }),
  { minLength: 1, maxLength: 40 },
)

test.prop([someInput])('low is never above high', (input) => {
  const quote = quoteRun(input)
  expect(quote.lowNano!).toBeLessThanOrEqual(quote.highNano!)
  expect(quote.lowNano!).toBeGreaterThanOrEqual(0n)
  expect(quote.inputTokens.low).toBeLessThanOrEqual(quote.inputTokens.high)
  expect(quote.outputTokens.low).toBeLessThanOrEqual(quote.outputTokens.high)
  expect(quote.cacheReadTokens).toBeLessThanOrEqual(quote.inputTokens.low)
})

test.prop([someInput, fc.integer({ min: 1, max: 5_000 })])('one product more is never cheaper', (input, tokens) => {
  const before = quoteRun(input)
  const after = quoteRun({ ...input, tally: addToTally(input.tally, tokens) })
  expect(after.lowNano!).toBeGreaterThanOrEqual(before.lowNano!)
  expect(after.highNano!).toBeGreaterThanOrEqual(before.highNano!)
})

test.prop([someInput, someCalls])('a canary never widens it', (input, calls) => {
  const before = quoteRun(input)
  const after = quoteRun({ ...input, canary: calls.reduce(observeCall, nothingObserved) })
  const width = ({ low, high }: { low: number; high: number }): number => high - low
  expect(width(after.inputTokens)).toBeLessThanOrEqual(width(before.inputTokens))
  expect(width(after.outputTokens)).toBeLessThanOrEqual(width(before.outputTokens))
  expect(after.lowNano!).toBeLessThanOrEqual(after.highNano!)
})

it('takes its prices from the book', () => {
  const book = findPrices({ provider: 'openai', model: 'gpt-4o-mini', at: new Date('2026-11-20T00:00:00Z') })
  expect(quoteRun({ ...base, prices: book })).toMatchObject({
    lowNano: quoteRun(base).lowNano,
    highNano: quoteRun(base).highNano,
    currency: 'USD',
  })
})
