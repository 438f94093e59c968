import { groupDigits } from './text.ts'

/** An amount of money: whole nano-units (1 USD = 1,000,000,000) of one currency (ISO 4217). Never a float. */
export interface Money {
  readonly nano: bigint
  readonly currency: string
}

/** Nano is nine decimals. */
export const NANO_DECIMALS = 9
export const NANO_PER_UNIT = 1_000_000_000n

/**
 * Reads a plain decimal ("0.15", "-3", "12.000000001") as nano-units.
 * @throws RangeError for anything else: exponents, separators, more than nine decimals.
 */
export function parseNano(decimal: string): bigint {
  const match = /^(-?)(\d{1,15})(?:\.(\d{1,9}))?$/.exec(decimal)
  if (!match) throw new RangeError(`not an amount of money: ${JSON.stringify(decimal)}`)
  const [, sign, whole, fraction = ''] = match
  const nano = BigInt(whole!) * NANO_PER_UNIT + BigInt(fraction.padEnd(9, '0'))
  return sign ? -nano : nano
}

/**
 * A decimal of 0 and more as JSON writes numbers ("0.15", "8.1e-05") in units of 10^-`decimals`, rounded half up: what
 * providers declare comes with exponents and with the tails of floats ("0.0076509169000000005"). Undefined for anything else.
 */
export function parseScaled(text: string, decimals: number): bigint | undefined {
  const match = /^(\d{1,15})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text)
  if (!match) return undefined
  const [, whole, fraction = '', exponent = '0'] = match
  const digits = BigInt(whole! + fraction)
  const shift = Number(exponent) - fraction.length + decimals
  return shift >= 0 ? digits * 10n ** BigInt(shift) : divideHalfUp(digits, 10n ** BigInt(-shift))
}

/** Nano-units as an exact plain decimal without trailing zeros: 216000n -> "0.000216", 0n -> "0". */
export function formatNano(nano: bigint): string {
  const sign = nano < 0n ? '-' : ''
  const absolute = nano < 0n ? -nano : nano
  const fraction = (absolute % NANO_PER_UNIT).toString().padStart(9, '0').replace(/0+$/, '')
  return `${sign}${absolute / NANO_PER_UNIT}${fraction ? `.${fraction}` : ''}`
}

/** Divides rounding half up (away from zero on a tie, as invoices do). `divisor` is positive. */
export function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  const negative = dividend < 0n
  const absolute = negative ? -dividend : dividend
  const quotient = (2n * absolute + divisor) / (2n * divisor)
  return negative ? -quotient : quotient
}

/**
 * Splits `total` over `weights` by largest remainder, so that the shares sum to `total` exactly: the cost of a call
 * that served k products, per product. With no positive weight the shares are as equal as whole nano-units allow.
 */
export function splitNano(total: bigint, weights: readonly bigint[]): bigint[] {
  if (weights.length === 0) return []
  const sum = weights.reduce((a, b) => a + b, 0n)
  const effective = sum > 0n ? weights : weights.map(() => 1n)
  const divisor = sum > 0n ? sum : BigInt(weights.length)
  const shares = effective.map((weight, index) => ({ index, share: (total * weight) / divisor, rest: (total * weight) % divisor }))
  let left = total - shares.reduce((a, { share }) => a + share, 0n)
  const byRest = [...shares].sort((a, b) => (a.rest < b.rest ? 1 : a.rest > b.rest ? -1 : a.index - b.index))
  for (const entry of byRest) {
    if (left === 0n) break
    entry.share += 1n
    left -= 1n
  }
  return shares.map(({ share }) => share)
}

const SYMBOLS: Record<string, string> = { USD: '$', EUR: '€', GBP: '£' }

/**
 * Money for people: two decimals from one unit up, then four significant digits ("$12.35", "$0.0042"), "$0" for nothing.
 * Exact amounts are for machines: `formatNano`.
 */
export function formatMoney({ nano, currency }: Money): string {
  const sign = nano < 0n ? '-' : ''
  const absolute = nano < 0n ? -nano : nano
  const symbol = SYMBOLS[currency]
  const text = absolute >= NANO_PER_UNIT ? twoDecimals(absolute) : significantDigits(absolute, 4)
  return symbol ? `${sign}${symbol}${text}` : `${sign}${text} ${currency}`
}

function twoDecimals(nano: bigint): string {
  const cents = divideHalfUp(nano, NANO_PER_UNIT / 100n)
  return `${groupDigits(String(cents / 100n), ',')}.${(cents % 100n).toString().padStart(2, '0')}`
}

function significantDigits(nano: bigint, digits: number): string {
  const length = nano.toString().length
  const drop = 10n ** BigInt(Math.max(0, length - digits))
  const rounded = divideHalfUp(nano, drop) * drop
  if (rounded >= NANO_PER_UNIT) return twoDecimals(rounded)
  return formatNano(rounded)
}
