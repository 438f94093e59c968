import { divideHalfUp, formatNano, NANO_PER_UNIT, parseNano } from '../../src/base/money.ts'

/**
 * A JSON number of a price table as a plain decimal, moved by whole places (6: per token -> per million). Tables hold
 * binary floats, so twelve significant digits are what their authors wrote; the rest is noise.
 */
export function toDecimal(value: number, places = 0): string {
  const [mantissa, exponent] = value.toExponential(11).split('e') as [string, string]
  const digits = mantissa.replace('.', '').replace(/0+$/, '') || '0'
  const point = Number(exponent) + 1 + places
  if (digits === '0') return '0'
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0')
  const at = Math.max(point, 1)
  const text = padded.length > at ? `${padded.slice(0, at)}.${padded.slice(at)}` : padded
  return formatNano(parseNano(text.replace(/(\.\d{9})\d+$/, '$1')))
}

/** `price` times `factor`, both plain decimals; exact to nine decimals, half up. */
export function multiply(price: string, factor: string): string {
  return formatNano(divideHalfUp(parseNano(price) * parseNano(factor), NANO_PER_UNIT))
}

/** How far two prices are apart, as a share of the larger one: 0 the same, 1 when one of them is zero. */
export function distance(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)]
  return x === y ? 0 : Math.abs(x - y) / Math.max(x, y)
}
