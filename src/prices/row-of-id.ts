import { loadBook, rowsOf } from './book.ts'

/** Where the price of a row was published. */
export interface RowSource {
  readonly title: string
  readonly url: string | null
  readonly checkedAt: string // YYYY-MM-DD
}

/**
 * The source of a price row that an entry names. Undefined when the book no longer has the row: what the row's id says of its
 * price stays true of the day on which it was used.
 */
export function sourceOfRow(provider: string, rowId: string): RowSource | undefined {
  const book = loadBook(provider)
  if (!book) return undefined
  for (const line of book.prices) {
    const row = rowsOf(book, line).find(({ id }) => id === rowId)
    if (!row) continue
    const sources = row.source.split('+').flatMap((key) => book.sources[key] ?? [])
    return { title: sources.map(({ title }) => title).join(', '), url: sources[0]?.url ?? null, checkedAt: row.checkedAt }
  }
  return undefined
}

/** The unit as which a provider bills another one: reasoning as output. */
export const billedAs = (provider: string, unit: string): string | undefined =>
  (loadBook(provider)?.billedAs as Readonly<Record<string, string>> | undefined)?.[unit]
