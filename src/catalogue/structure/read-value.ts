import { isObject } from '../../base/json.ts'
import { unitOf, type Unit } from '../../base/units.ts'

/** What catalogues write for a value, read as what it means. Each reader gives undefined for what it cannot read. */

const SPACES = /[\s\u00A0\u2007\u2009\u202F]/g
const NUMBER = String.raw`[-+−]?(?:\d{1,3}(?:[ \u00A0\u2007\u2009\u202F'’.,]\d{3})+|\d+)?(?:[.,]\d+)?`
const WHOLE_NUMBER = new RegExp(`^${NUMBER}$`)
const NUMBER_AND_WORD = new RegExp(`^(${NUMBER})\\s*([^\\d\\s.,].{0,30})$`, 'u')
const WORD_AND_NUMBER = new RegExp(`^([^\\d\\s.,+−-]{1,10})\\s*(${NUMBER})$`, 'u')

/** "1 234,5", "1,234.5", "-3": the last of two different signs is the decimal one; a lone comma or point before three digits groups them. */
export function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string') return undefined
  const text = value.trim().replace('−', '-')
  if (!/\d/.test(text) || !WHOLE_NUMBER.test(text)) return undefined
  const plain = text.replace(SPACES, '').replaceAll(/['’]/g, '')
  const decimal = plain.lastIndexOf(',') > plain.lastIndexOf('.') ? ',' : '.'
  const grouping = decimal === ',' ? '.' : ','
  const signs = plain.replaceAll(/[^.,]/g, '')
  const groupsOnly = new Set(signs).size === 1 && (signs.length > 1 || (decimal === ',' && /^[-+]?[1-9]\d{0,2},\d{3}$/.test(plain)))
  const number = Number(groupsOnly ? plain.replaceAll(decimal, '') : plain.replaceAll(grouping, '').replace(decimal, '.'))
  return Number.isFinite(number) ? number : undefined
}

/** How many decimals a number is written with. */
export const decimalsOf = (value: number): number => {
  const [digits, exponent = '0'] = String(value).split('e')
  return Math.max(0, (digits!.split('.')[1]?.length ?? 0) - Number(exponent))
}

export interface Measurement {
  readonly amount: number
  readonly unit: string | undefined // as it is written; undefined: a number alone
  readonly known: Unit | undefined // undefined: no unit, or none that is known
}

const MONEY_DIMENSIONS = new Set(['money', 'pounds', 'money-eur'])

/** "12,5 kg", { amount: 12.5, unit: "KILOGRAM" }, or a number alone. */
export function readMeasurement(value: unknown): Measurement | undefined {
  if (isObject(value)) {
    const amount = readNumber(value['amount'])
    const unit = value['unit']
    if (amount === undefined || (unit !== undefined && unit !== null && typeof unit !== 'string')) return undefined
    return measured(amount, unit ?? undefined)
  }
  const bare = readNumber(value)
  if (bare !== undefined) return measured(bare, undefined)
  const found = typeof value === 'string' ? NUMBER_AND_WORD.exec(value.trim()) : null
  const amount = found ? readNumber(found[1]) : undefined
  return amount === undefined ? undefined : measured(amount, found![2]!.trim())
}

function measured(amount: number, unit: string | undefined): Measurement {
  const known = unit === undefined || unit === '' ? undefined : unitOf(unit)
  return { amount, unit: unit === '' ? undefined : unit, known: known && MONEY_DIMENSIONS.has(known.dimension) ? undefined : known }
}

export interface Price {
  readonly amount: number
  readonly currency: string | undefined // ISO 4217
}

const SIGNS: Readonly<Record<string, string>> = {
  '€': 'EUR',
  $: 'USD',
  US$: 'USD',
  '£': 'GBP',
  '¥': 'JPY',
  zł: 'PLN',
  Kč: 'CZK',
  '₹': 'INR',
  '₺': 'TRY',
  '₽': 'RUB',
}

const currencyOf = (text: string): string | undefined => SIGNS[text] ?? (/^[A-Z]{3}$/.test(text) ? text : undefined)

/** "12.99 EUR", "€ 12,99", { amount, currency }, { EUR: "12.99", USD: "14" }, a list of them, or a number alone. */
export function readPrices(value: unknown): readonly Price[] | undefined {
  if (Array.isArray(value)) {
    const read = value.map(readPrices)
    return read.length > 0 && read.every((prices) => prices !== undefined) ? read.flat() : undefined
  }
  if (isObject(value)) return pricesOfObject(value)
  const bare = readNumber(value)
  if (bare !== undefined) return [{ amount: bare, currency: undefined }]
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  const [before, after] = [WORD_AND_NUMBER.exec(text), NUMBER_AND_WORD.exec(text)]
  const [number, sign] = before ? [before[2], before[1]] : [after?.[1], after?.[2]]
  const currency = currencyOf(sign?.trim() ?? '')
  const amount = readNumber(number)
  return amount === undefined || currency === undefined ? undefined : [{ amount, currency }]
}

function pricesOfObject(value: Readonly<Record<string, unknown>>): readonly Price[] | undefined {
  if ('amount' in value) {
    const amount = readNumber(value['amount'])
    const currency = typeof value['currency'] === 'string' ? currencyOf(value['currency']) : undefined
    return amount === undefined || ((value['currency'] ?? undefined) !== undefined && currency === undefined)
      ? undefined
      : [{ amount, currency }]
  }
  const prices = Object.entries(value).map(([sign, number]) => ({ amount: readNumber(number), currency: currencyOf(sign) }))
  return prices.length > 0 && prices.every((price): price is Price => price.amount !== undefined && price.currency !== undefined)
    ? prices
    : undefined
}

const YES = new Set(['true', 'yes', 'y', '1', 'ja', 'oui', 'si', 'sí', 'sì', 'tak', 'on', 'نعم'])
const NO = new Set(['false', 'no', 'n', '0', 'nein', 'non', 'nee', 'não', 'nie', 'off', 'لا'])

export function readBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  const word = typeof value === 'string' || typeof value === 'number' ? String(value).trim().toLowerCase() : ''
  return YES.has(word) ? true : NO.has(word) ? false : undefined
}

const DATES: readonly { pattern: RegExp; order: readonly [year: number, month: number, day: number] }[] = [
  { pattern: /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]\d{2}:\d{2}.*)?$/, order: [1, 2, 3] },
  { pattern: /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$/, order: [3, 2, 1] },
  { pattern: /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/, order: [3, 1, 2] },
  { pattern: /^(\d{4})(\d{2})(\d{2})$/, order: [1, 2, 3] },
]

/** A calendar day, YYYY-MM-DD. A day before its month is tried first; what is no day of the calendar is no date. */
export function readDate(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  for (const { pattern, order } of DATES) {
    const found = pattern.exec(text)
    if (!found) continue
    const [year, month, day] = order.map((group) => Number(found[group])) as [number, number, number]
    const date = new Date(Date.UTC(year, month - 1, day))
    if (year >= 1800 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day) return date.toISOString().slice(0, 10)
  }
  return undefined
}

const PICTURE_NAME = /\.(jpe?g|png|gif|webp|avif|svg|bmp|tiff?|heic)(?:$|[?#])/i

/** An address or a path that names a picture. `loose`: any address will do, as shops serve pictures without an ending. */
export function isPicture(value: unknown, { loose = false }: { loose?: boolean } = {}): boolean {
  if (typeof value !== 'string' || value.trim() === '' || value.length > 2_000) return false
  const text = value.trim()
  if (/^https?:\/\/\S+$/i.test(text)) return URL.canParse(text) && (loose || PICTURE_NAME.test(text))
  return /^[^\s:<>]+$/.test(text) && PICTURE_NAME.test(text)
}

const PICTURE_DIVIDER = /[\s,;|]+(?=https?:\/\/|\/|[\w-]+\/)/i

/** The addresses and paths in a value, several in one cell divided by commas, blanks or the like. */
export function picturesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(picturesIn)
  if (typeof value !== 'string') return []
  return value.split(PICTURE_DIVIDER).flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))
}

/** A table's rows: objects, or JSON that says the same. */
export function readTable(value: unknown): readonly Readonly<Record<string, unknown>>[] | undefined {
  if (typeof value === 'string') {
    if (!/^\s*\[\s*[{[]/.test(value)) return undefined
    try {
      return readTable(JSON.parse(value))
    } catch {
      return undefined
    }
  }
  return Array.isArray(value) && value.length > 0 && value.every(isObject) ? value : undefined
}

/** The entries of a value that holds several: a list, or a text divided by commas, semicolons, bars or lines. */
export function entriesOf(value: unknown): string[] {
  const parts = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[,;|\n]/) : [value]
  return parts.flatMap((part) => {
    const text = typeof part === 'string' || typeof part === 'number' || typeof part === 'boolean' ? String(part).trim() : ''
    return text === '' ? [] : [text]
  })
}

const TAG = /<(?:p|br|b|i|u|ul|ol|li|div|span|strong|em|table|tr|td|h[1-6]|a|img|sup|sub|font)\b[^<>]*>/i

/** Whether a text is marked up, as product descriptions are. */
export const hasMarkup = (value: unknown): boolean => typeof value === 'string' && TAG.test(value)

/** A marked-up text without its marks. */
export const withoutMarkup = (text: string): string =>
  !/[<&]|\s\s|[^\S ]/.test(text)
    ? text.trim()
    : text
        .replaceAll(/<(?:script|style)\b[\s\S]*?<\/(?:script|style)>/gi, ' ')
        .replaceAll(/<[^<>]*>/g, ' ')
        .replaceAll(/&(?:nbsp|#160);/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim()
