import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { divideHalfUp, formatMoney, formatNano, parseNano, parseScaled, splitNano } from './money.ts'

const nano = fc.bigInt({ min: -(10n ** 24n) + 1n, max: 10n ** 24n - 1n })

describe('plain decimals', () => {
  test.prop([nano])('parseNano inverts formatNano', (amount) => {
    expect(parseNano(formatNano(amount))).toBe(amount)
  })

  it.each(['', ' 1', '1e3', '1,5', '.5', '1.', '+1', '0.0000000001', '0x10', 'NaN'])('%j is not an amount', (text) => {
    expect(() => parseNano(text)).toThrow(RangeError)
  })

  it.each<[string, number, bigint | undefined]>([
    ['8.1e-05', 9, 81_000n],
    ['0.0076509169000000005', 9, 7_650_917n],
    ['5e-10', 9, 1n], // half up
    ['4.9e-10', 9, 0n],
    ['1E3', 0, 1_000n],
    ['2.5', 0, 3n],
    ['-1', 9, undefined],
    ['', 9, undefined],
    ['1.2.3', 9, undefined],
  ])('%s in units of 10^-%i', (text, decimals, units) => {
    expect(parseScaled(text, decimals)).toBe(units)
  })
})

describe('rounding', () => {
  it.each<[bigint, bigint, bigint]>([
    [5n, 2n, 3n],
    [-5n, 2n, -3n], // away from zero, as invoices do
    [4n, 3n, 1n],
    [5n, 3n, 2n],
    [0n, 7n, 0n],
  ])('%i / %i is %i', (dividend, divisor, quotient) => {
    expect(divideHalfUp(dividend, divisor)).toBe(quotient)
  })

  test.prop([fc.bigInt({ min: 0n, max: 10n ** 15n }), fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 50 })])(
    'shares sum to the total, and none is further from its exact part than one nano-unit',
    (total, weights) => {
      const shares = splitNano(total, weights)
      expect(shares.reduce((a, b) => a + b, 0n)).toBe(total)
      const sum = weights.reduce((a, b) => a + b, 0n)
      shares.forEach((share, index) => {
        const exact = sum > 0n ? (total * weights[index]!) / sum : total / BigInt(weights.length)
        expect(share === exact || share === exact + 1n).toBe(true)
      })
    },
  )
})

it.each<[bigint, string, string]>([
  [0n, 'USD', '$0'],
  [4_200_000n, 'USD', '$0.0042'],
  [12_345_000_000n, 'USD', '$12.35'],
  [1_234_567_891_000_000n, 'EUR', '€1,234,567.89'],
  [999_999_999n, 'USD', '$1.00'], // rounded up to a whole unit: shown like one
  [-1_500_000_000n, 'CHF', '-1.50 CHF'],
])('%i nano-%s for people is %s', (amount, currency, text) => {
  expect(formatMoney({ nano: amount, currency })).toBe(text)
})
