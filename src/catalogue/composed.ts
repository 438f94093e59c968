import type { ColumnsAt } from '../db/schema/index.ts'

/** Values that a file holds in several columns, taken apart again for its cells. */

/** What each column of a place is to hold for a value. `now`: what a column holds, for objects of which one member is meant. */
export function cellsOfValue(columns: ColumnsAt, value: unknown, now: (column: string) => unknown): Record<string, unknown> {
  const cells: Record<string, unknown> = {}
  const put = (source: readonly string[] | string | undefined, part: unknown): void => {
    if (source === undefined || typeof source === 'string') return // a unit that the mapping knows stands in no column
    const [column, member] = source
    if (member === undefined) cells[column!] = part
    else {
      const before = Object.hasOwn(cells, column!) ? cells[column!] : now(column!)
      cells[column!] = { ...(isRecord(before) ? before : {}), [member]: part }
    }
  }
  if (columns[''] !== undefined) put(columns[''], value)
  else {
    const parts = partsOf(columns, value)
    for (const [part, source] of Object.entries(columns)) {
      if (Object.hasOwn(parts, part)) put(source, parts[part])
    }
  }
  return cells
}

/** What a value says for each part; parts that it does not speak of are left as they are. */
function partsOf(columns: ColumnsAt, value: unknown): Record<string, unknown> {
  const parts = Object.keys(columns)
  if (value === null) return Object.fromEntries(parts.map((part) => [part, null]))
  if (isRecord(value)) return Object.fromEntries(parts.map((part) => [part, value[part] ?? null]))
  if (columns['amount'] !== undefined) return amountParts(value)
  return priceParts(parts, value)
}

/** "2.5 kg" as its amount and unit; a number alone leaves the unit as it is. */
function amountParts(value: unknown): Record<string, unknown> {
  if (typeof value !== 'string') return { amount: value }
  const [, amount, unit] = /^\s*([+-]?[\d.,]*\d)\s*(\D\S*)?\s*$/.exec(value) ?? []
  if (amount === undefined) return { amount: value }
  return unit === undefined ? { amount } : { amount, unit }
}

/** "12.99 EUR" in the column of its currency; a number alone in the first one. */
function priceParts(currencies: readonly string[], value: unknown): Record<string, unknown> {
  const text = String(value)
  const named = currencies.find((currency) => text.includes(currency))
  if (named === undefined) return { [currencies[0]!]: value }
  return { [named]: text.replace(named, '').trim() }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
