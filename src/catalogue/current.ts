import type { WrittenValue } from '../db/schema/index.ts'

/** Whether a value says nothing: absent, blank, an empty list or object. */
export function isEmptyValue(value: unknown): boolean {
  if (value === null || value === undefined) return true
  if (typeof value === 'string') return value.trim() === ''
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** The attribute of a key of `products.written` ("description@en"), and its locale. */
export function readWrittenKey(key: string): { attribute: string; locale: string } {
  const at = key.lastIndexOf('@')
  return { attribute: key.slice(0, at), locale: key.slice(at + 1) }
}

export interface CurrentValue {
  readonly value: unknown
  /** What was laid over the import; absent: the import's own value. */
  readonly written?: WrittenValue
  readonly locale?: string
}

/**
 * A product's values as they stand: what was written lies over what was imported, the latest where several locales were written.
 * A written null lies over nothing: it says that the product's data were too thin for a value.
 */
export function currentValues(product: {
  readonly imported: Readonly<Record<string, unknown>>
  readonly written: Readonly<Record<string, WrittenValue>>
}): Map<string, CurrentValue> {
  const values = new Map<string, CurrentValue>(Object.entries(product.imported).map(([attribute, value]) => [attribute, { value }]))
  const latest = Object.entries(product.written).sort(([, a], [, b]) => (a.changeId < b.changeId ? -1 : 1)) // ids sort by time
  for (const [key, written] of latest) {
    if (written.value === null) continue
    const { attribute, locale } = readWrittenKey(key)
    values.set(attribute, { value: written.value, written, locale })
  }
  return values
}
