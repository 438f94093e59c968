import type { WrittenValue } from '../db/schema/index.ts'
import type { Place } from './values.ts'

/** Whether a value says nothing: absent, blank, an empty list or object. */
export function isEmptyValue(value: unknown): boolean {
  if (value === null || value === undefined) return true
  if (typeof value === 'string') return value.trim() === ''
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** The place that a key of `products.written` names: "description@en", or "colour@" where there is no locale. */
export function readWrittenKey(key: string): Place {
  const at = key.lastIndexOf('@')
  return { attribute: key.slice(0, at), locale: key.slice(at + 1) || null }
}

/** What an attribute of a product says now, and what was laid over the import for it, if anything was. */
export interface AttributeValue {
  readonly value: unknown // null: nothing
  readonly written?: WrittenValue
  readonly locale?: string | null
}

/**
 * A product's attributes as they stand, in the order of its file: what was written lies over what was imported, the latest where
 * several locales were written. Of each place the rules of `currentValue` hold: a generated null says nothing, a person's clears,
 * and one of kind `imported` gives the word back to the source.
 */
export function currentValues({
  imported,
  written,
}: {
  readonly imported: Readonly<Record<string, unknown>>
  readonly written: Readonly<Record<string, WrittenValue>>
}): Map<string, AttributeValue> {
  const values = new Map<string, AttributeValue>(Object.entries(imported).map(([attribute, value]) => [attribute, { value }]))
  const latest = Object.entries(written)
    .map(([key, entry]) => ({ ...readWrittenKey(key), entry }))
    // What was written for no locale lies under what was written for one; ids sort by time.
    .sort((a, b) => Number(a.locale !== null) - Number(b.locale !== null) || (a.entry.changeId < b.entry.changeId ? -1 : 1))
  for (const { attribute, locale, entry } of latest) {
    if (entry.kind === 'imported') values.set(attribute, { value: imported[attribute] ?? null, written: entry, locale })
    else if (entry.value !== null || entry.kind === 'person') values.set(attribute, { value: entry.value, written: entry, locale })
  }
  return values
}
