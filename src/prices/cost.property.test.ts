import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { addUsage, type Usage, type UsageUnit } from '../base/usage.ts'
import { formatNano } from '../base/money.ts'
import type { PriceRow } from './book.ts'
import { costOf, worstCase } from './cost.ts'
import type { PriceSet } from './match.ts'
import { parseDeclaredNano } from './rate-card.ts'

const UNITS = ['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens', 'searches'] as const

const arbitraryPrice = fc.bigInt({ min: 0n, max: 200_000_000_000n }) // up to 200 per million, to the nano
const arbitraryUsage: fc.Arbitrary<Usage> = fc.record(Object.fromEntries(UNITS.map((unit) => [unit, fc.nat(2_000_000)])), {
  noNullPrototype: true,
})

const rowOf = (unit: UsageUnit, nano: bigint): PriceRow => ({
  id: unit,
  unit,
  price: formatNano(nano),
  nano,
  currency: 'USD',
  source: 'made up',
  checkedAt: '2026-11-20',
})

const rowsFrom = (prices: readonly bigint[]): Record<string, PriceRow> =>
  Object.fromEntries(UNITS.map((unit, index) => [unit, rowOf(unit, prices[index]!)]))

const arbitraryRows = fc.array(arbitraryPrice, { minLength: UNITS.length, maxLength: UNITS.length })
const oneBand = arbitraryRows.map((prices): PriceSet => ({
  currency: 'USD',
  free: false,
  bands: [{ fromInputTokens: 0, rows: rowsFrom(prices) }],
}))
const twoBands = fc.tuple(arbitraryRows, arbitraryRows, fc.integer({ min: 1, max: 3_000_000 })).map(([low, high, from]): PriceSet => ({
  currency: 'USD',
  free: false,
  bands: [
    { fromInputTokens: 0, rows: rowsFrom(low) },
    { fromInputTokens: from, rows: rowsFrom(high) },
  ],
}))

const known = (usage: Usage, prices: PriceSet): bigint => {
  const cost = costOf({ usage, prices })
  if (cost.kind === 'unknown') throw new Error('expected a known cost')
  return cost.nano
}

test.prop([arbitraryUsage, oneBand, fc.integer({ min: 1, max: 50 })])(
  'a million times the usage costs exactly the sum of count times price',
  (usage, prices, times) => {
    const scaled = Object.fromEntries(Object.entries(usage).map(([unit, count]) => [unit, count * 1_000_000 * times]))
    const exact = UNITS.reduce(
      (sum, unit) =>
        sum + BigInt(usage[unit] ?? 0) * BigInt(times) * prices.bands[0]!.rows[unit]!.nano * (unit === 'searches' ? 1_000_000n : 1n),
      0n,
    )
    if (Object.values(scaled).every(Number.isSafeInteger)) expect(known(scaled, prices)).toBe(exact)
  },
)

test.prop([arbitraryUsage, arbitraryUsage, oneBand])(
  'two entries together differ from one by less than a nano-unit of rounding each',
  (a, b, prices) => {
    const difference = known(a, prices) + known(b, prices) - known(addUsage(a, b), prices)
    expect(difference >= -1n && difference <= 1n).toBe(true)
  },
)

test.prop([arbitraryUsage, fc.constantFrom(...UNITS), fc.nat(1_000_000), oneBand])(
  'more usage never costs less',
  (usage, unit, more, prices) => {
    expect(known({ ...usage, [unit]: (usage[unit] ?? 0) + more }, prices)).toBeGreaterThanOrEqual(known(usage, prices))
  },
)

test.prop([arbitraryUsage, twoBands])('the parts sum to the cost', (usage, prices) => {
  const cost = costOf({ usage, prices })
  expect(cost.kind).toBe('known')
  if (cost.kind === 'known') expect(Object.values(cost.parts).reduce((a, b) => a + b, 0n)).toBe(cost.nano)
})

test.prop([arbitraryUsage, oneBand, fc.constantFrom(...UNITS)])(
  'a used unit without a price is unknown, never a number',
  (usage, prices, unit) => {
    const { [unit]: _, ...rows } = prices.bands[0]!.rows
    const cost = costOf({
      usage: { ...usage, [unit]: (usage[unit] ?? 0) + 1 },
      prices: { ...prices, bands: [{ fromInputTokens: 0, rows }] },
    })
    expect(cost).toEqual({ kind: 'unknown', missing: [unit] })
  },
)

test.prop([arbitraryUsage, twoBands, fc.nat(100), fc.nat(100)])(
  'no text call costs more than its worst case',
  (usage, prices, slackIn, slackOut) => {
    const { searches: _, ...text } = usage
    const input = (text.input_tokens ?? 0) + (text.cache_read_tokens ?? 0) + (text.cache_write_tokens ?? 0)
    const output = (text.output_tokens ?? 0) + (text.reasoning_tokens ?? 0)
    const most = worstCase({ inputTokensAtMost: input + slackIn, outputTokensAtMost: output + slackOut, prices })
    expect(most).toBeDefined()
    expect(known(text, prices)).toBeLessThanOrEqual(most!)
  },
)

test.prop([fc.bigInt({ min: 0n, max: 10n ** 15n - 1n })])('a declared amount is read to the nano, with or without an exponent', (nano) => {
  expect(parseDeclaredNano(formatNano(nano))).toBe(nano)
  expect(parseDeclaredNano(`${nano}e-9`)).toBe(nano)
  expect(parseDeclaredNano(`${nano}.4999999e-9`)).toBe(nano)
  expect(parseDeclaredNano(`${nano}.5e-9`)).toBe(nano + 1n)
})
