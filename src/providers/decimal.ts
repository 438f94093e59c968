import { divideHalfUp, formatNano } from '../base/money.ts'

const NANO_DECIMALS = 9

/**
 * A number from JSON as a plain decimal of at most nine decimals, rounded half up: 1.4e-7 is "0.00000014". Starts from
 * the shortest text that gives the number back, which is what the provider wrote; no float arithmetic.
 * Undefined for what is no amount: negative, not finite, 1e15 and more, not a number.
 */
export function plainDecimal(value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0 || value >= 1e15) return undefined
  return formatNano(toUnits(value, NANO_DECIMALS))
}

/** The sum of two numbers from JSON, added before it is rounded. Undefined where `plainDecimal` is for either. */
export function sumDecimal(a: unknown, b: unknown): string | undefined {
  if (plainDecimal(a) === undefined || plainDecimal(b) === undefined) return undefined
  const decimals = 30
  const sum = toUnits(a as number, decimals) + toUnits(b as number, decimals)
  return formatNano(divideHalfUp(sum, 10n ** BigInt(decimals - NANO_DECIMALS)))
}

/** The number in units of 10^-decimals, rounded half up. */
function toUnits(value: number, decimals: number): bigint {
  const [, whole = '0', fraction = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))!
  const shift = Number(exponent) - fraction.length + decimals
  const digits = BigInt(whole + fraction)
  return shift >= 0 ? digits * 10n ** BigInt(shift) : divideHalfUp(digits, 10n ** BigInt(-shift))
}
