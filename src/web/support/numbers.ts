import { divideHalfUp, NANO_PER_UNIT, parseNano } from '../../base/money.ts'
import type { MoneyView } from '../../contract/route.ts'

/** Significant digits of an amount below one unit. */
const DIGITS_BELOW_ONE = 4

const formatters = new Map<string, Intl.NumberFormat>()

/** Making an Intl formatter costs more than using it a thousand times. */
function formatter(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const name = `${language} ${JSON.stringify(options)}`
  const known = formatters.get(name)
  if (known) return known
  const made = new Intl.NumberFormat(language, options)
  formatters.set(name, made)
  return made
}

/** 216000n with 4 digits -> 216000n, 1234567n -> 1235000n: half up, as money is rounded everywhere. */
function significant(nano: bigint, digits: number): bigint {
  const length = (nano < 0n ? -nano : nano).toString().length
  const unit = 10n ** BigInt(Math.max(0, length - digits))
  return divideHalfUp(nano, unit) * unit
}

/** An exact decimal for Intl, which takes strings of any length without making floats of them. */
const decimalText = (nano: bigint): Intl.StringNumericLiteral => {
  const absolute = nano < 0n ? -nano : nano
  const fraction = (absolute % NANO_PER_UNIT).toString().padStart(9, '0')
  return `${nano < 0n ? '-' : ''}${absolute / NANO_PER_UNIT}.${fraction}` as Intl.StringNumericLiteral
}

/**
 * Money for people: two decimals from one unit up, then four significant digits and no fewer than two decimals: "$12.35", "$0.40",
 * "$0.0042", "$0" for nothing.
 * `amount` is an exact decimal of at most nine places; the currency always stands with it.
 */
export function formatMoney({ amount, currency }: MoneyView, language: string): string {
  const nano = parseNano(amount)
  const absolute = nano < 0n ? -nano : nano
  const cents = divideHalfUp(nano, NANO_PER_UNIT / 100n) * (NANO_PER_UNIT / 100n)
  const small = significant(nano, DIGITS_BELOW_ONE)
  const reachesOne = (small < 0n ? -small : small) >= NANO_PER_UNIT // 0.99999 is shown as 1.00
  const base = { style: 'currency', currency, currencyDisplay: 'narrowSymbol', numberingSystem: 'latn' } as const
  if (nano === 0n) return formatter(language, { ...base, maximumFractionDigits: 0 }).format(0)
  if (absolute >= NANO_PER_UNIT || reachesOne) {
    return formatter(language, { ...base, minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(decimalText(cents))
  }
  return formatter(language, { ...base, minimumFractionDigits: 2, maximumFractionDigits: 9 }).format(decimalText(small))
}

/** Nothing to pay: what a quote calls free. */
export const isFree = ({ amount }: MoneyView): boolean => parseNano(amount) === 0n

/** A whole number with the separators of the language. Thin spaces where the language uses spaces. */
export function formatCount(count: number | bigint, language: string): string {
  return formatter(language, { maximumFractionDigits: 0, numberingSystem: 'latn' }).format(count)
}

/** A share of a whole: "12 %" as the language writes it; a share that is not nothing is never shown as 0 %. */
export function formatShare(share: number, language: string): string {
  const options = { style: 'percent', maximumFractionDigits: 0, numberingSystem: 'latn' } as const
  if (share > 0 && share < 0.01) return `<${formatter(language, options).format(0.01)}`
  if (share < 1 && share > 0.99) return `>${formatter(language, options).format(0.99)}`
  return formatter(language, options).format(share)
}

/** The most that a share can be, to a tenth of a percent and never less than it is: 0.04831 -> "4.9 %". */
export const formatMostShare = (share: number, language: string): string =>
  formatter(language, { style: 'percent', maximumFractionDigits: 1, numberingSystem: 'latn' } as const).format(
    Math.ceil(share * 1_000) / 1_000,
  )

const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const

/** A file's size in units of 1,000. */
export function formatBytes(bytes: number, language: string): string {
  const step = Math.min(SIZES.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const options = { style: 'unit', unit: SIZES[step]!, unitDisplay: step === 0 ? 'long' : 'short', numberingSystem: 'latn' } as const
  return formatter(language, { ...options, maximumFractionDigits: step === 0 ? 0 : 1 }).format(bytes / 1000 ** step)
}

/** A span of time in its two largest units: "1 h 5 min", "40 s". */
export function formatDuration(ms: number, language: string): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'day'],
    [Math.floor(seconds / 3_600) % 24, 'hour'],
    [Math.floor(seconds / 60) % 60, 'minute'],
    [seconds % 60, 'second'],
  ]
  const first = parts.findIndex(([value]) => value > 0)
  const shown = first === -1 ? parts.slice(-1) : parts.slice(first, first + 2).filter(([value], index) => index === 0 || value > 0)
  return shown
    .map(([value, unit]) => formatter(language, { style: 'unit', unit, unitDisplay: 'short', numberingSystem: 'latn' }).format(value))
    .join(' ')
}
