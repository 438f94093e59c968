import { divideHalfUp, formatNano, NANO_DECIMALS, parseScaled } from '../base/money.ts'

/**
 * A number from JSON as a plain decimal of at most nine decimals, rounded half up: 1.4e-7 is "0.00000014". Starts from
 * the shortest text that gives the number back, which is what the provider wrote; no float arithmetic.
 * Undefined for what is no amount: negative, not finite, 1e15 and more, not a number.
 */
export function plainDecimal(value: unknown): string | undefined {
  const nano = scaled(value, NANO_DECIMALS)
  return nano === undefined ? undefined : formatNano(nano)
}

/** Decimals kept of numbers that are added: more than any amount has. */
const SUM_DECIMALS = 30

/** The sum of two numbers from JSON, added before it is rounded. Undefined where `plainDecimal` is for either. */
export function sumDecimal(a: unknown, b: unknown): string | undefined {
  const [first, second] = [scaled(a, SUM_DECIMALS), scaled(b, SUM_DECIMALS)]
  if (first === undefined || second === undefined) return undefined
  return formatNano(divideHalfUp(first + second, 10n ** BigInt(SUM_DECIMALS - NANO_DECIMALS)))
}

function scaled(value: unknown, decimals: number): bigint | undefined {
  return typeof value === 'number' && value >= 0 && value < 1e15 ? parseScaled(String(value), decimals) : undefined
}
