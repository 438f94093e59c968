import type { Given } from '../review/value-text.ts'

/** What typed editors begin from, and what they give: in the shape of what stands there, so that its file keeps its own way of writing. */

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const plain = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''

export interface AmountDraft {
  readonly amount: string
  readonly unit: string
}

/** "12,5 kg", { amount, unit }, or a number alone. */
export function amountDraft(value: unknown): AmountDraft {
  if (isRecord(value)) return { amount: plain(value['amount']), unit: plain(value['unit']) }
  const [, amount = plain(value), unit = ''] = /^\s*([-+−]?[\d.,'’\s]*\d)\s*(\D.*)?$/u.exec(plain(value)) ?? []
  return { amount: amount.trim(), unit: unit.trim() }
}

export function amountValue({ amount, unit }: AmountDraft, like: unknown): Given {
  if (isRecord(like) || unit === '') return isRecord(like) ? { amount: amount.trim(), unit } : amount.trim()
  return `${amount.trim()} ${unit}`
}

/** A price by its currencies; '' where it names none. */
export function pricesDraft(value: unknown, currencies: readonly string[]): Record<string, string> {
  const known = Object.fromEntries(currencies.map((currency) => [currency, '']))
  if (isRecord(value)) {
    if ('amount' in value) return { ...known, [plain(value['currency'])]: plain(value['amount']) }
    return { ...known, ...Object.fromEntries(Object.entries(value).map(([currency, amount]) => [currency, plain(amount)])) }
  }
  const text = plain(value).trim()
  const [currency = ''] = /\b[A-Z]{3}\b/.exec(text) ?? []
  if (text === '') return Object.keys(known).length > 0 ? known : { '': '' }
  return { ...known, [currency || (currencies[0] ?? '')]: text.replace(currency, '').trim() }
}

/** @returns null when every amount is empty */
export function pricesValue(prices: Readonly<Record<string, string>>, like: unknown): Given | null {
  const filled = Object.entries(prices).flatMap(([currency, amount]) => (amount.trim() === '' ? [] : [[currency, amount.trim()] as const]))
  if (filled.length === 0) return null
  if (isRecord(like) && 'amount' in like) return { amount: filled[0]![1], currency: filled[0]![0] }
  if (isRecord(like) || filled.length > 1) return Object.fromEntries(filled)
  const [currency, amount] = filled[0]!
  return currency === '' ? amount : `${amount} ${currency}`
}

const SPELLINGS = [
  ['1', '0'],
  ['true', 'false'],
  ['yes', 'no'],
  ['ja', 'nein'],
  ['oui', 'non'],
  ['Yes', 'No'],
  ['TRUE', 'FALSE'],
] as const

export function isYes(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  const text = plain(value).trim().toLowerCase()
  const at = SPELLINGS.find((spelling) => spelling.some((word) => word.toLowerCase() === text))
  return at && at[0].toLowerCase() === text
}

/** Yes or no, as the file spells them. */
export function booleanValue(yes: boolean, like: unknown): Given {
  const spelling = SPELLINGS.find((words) => words.some((word) => word === like))
  return spelling ? spelling[yes ? 0 : 1] : yes
}

/** The entries of a value that holds several. */
export const entriesOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value.map(plain) : plain(value).split(/[,;|\n]/)).flatMap((entry) => entry.trim() || [])

export const entriesValue = (entries: readonly string[], like: unknown): Given => (Array.isArray(like) ? [...entries] : entries.join(','))

export type TableRow = Readonly<Record<string, string>>

export function rowsOf(value: unknown): TableRow[] {
  if (typeof value === 'string') {
    try {
      return rowsOf(JSON.parse(value))
    } catch {
      return []
    }
  }
  if (!Array.isArray(value)) return []
  return value.filter(isRecord).map((row) => Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, plain(cell)])))
}

export const rowsValue = (rows: readonly TableRow[], like: unknown): Given =>
  typeof like === 'string' ? JSON.stringify(rows) : rows.map((row) => ({ ...row }))
