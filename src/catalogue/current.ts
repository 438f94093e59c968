import type { WrittenValue } from '../db/schema/index.ts'
import { isInheritedAt, placesOfImport, shownAt } from './mapping.ts'
import { languageOf, type Place, readWrittenKey, writtenKey } from './place.ts'
import { type ProductValues, speaks } from './values.ts'

export { readWrittenKey } from './place.ts'

/** Whether a value says nothing: absent, blank, an empty list or object. */
export function isEmptyValue(value: unknown): boolean {
  if (value === null || value === undefined) return true
  if (typeof value === 'string') return value.trim() === ''
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** What an attribute of a product says now, and what was laid over the import for it, if anything was. */
export interface AttributeValue {
  readonly value: unknown // null: nothing
  readonly written?: WrittenValue
  readonly locale?: string | null // it was written for
  readonly inheritedFrom?: number // which of its parents says so, 0 the nearest; absent: the product itself
}

/** What a product says at one of its file's places, or where something was written that the file has no columns for. */
export interface PlacedValue extends AttributeValue {
  readonly place: Place
  readonly key: string
}

interface Entry {
  readonly place: Place
  readonly key: string
  readonly entry: WrittenValue
  readonly rank: number // of two that were written for a place the higher one speaks, of equals the latest
}

/**
 * A product's values as they stand, place by place, in the order of its file; places that say nothing are left out. A place of the
 * file shows what was written for it, else for a more general one (the language, no locale, no channel). What was written for a
 * place that the file has no columns of its own for shows where they are, over what was written for less; the latest of several.
 */
export function currentPlaces(product: ProductValues): PlacedValue[] {
  const { imported, written, mapping } = product
  const values = new Map<string, PlacedValue>(placesOfImport(mapping, imported).map((each) => [each.key, each]))
  const keys = Object.keys(written)
  if (keys.length === 0) return [...values.values()]
  const shown = new Map<string, { place: Place; entries: Entry[] }>()
  for (const key of keys) {
    const place = readWrittenKey(key)
    for (const { at, rank } of showsAt(product, { place, key, known: values })) {
      const target = shown.get(writtenKey(at)) ?? { place: at, entries: [] }
      shown.set(writtenKey(at), target)
      target.entries.push({ place, key, entry: written[key]!, rank })
    }
  }
  for (const [key, { place, entries }] of shown) {
    const spoken = entries.sort(byRankAndTime).findLast(({ entry }) => speaks(entry))
    if (!spoken) continue
    const value = spoken.entry.kind === 'imported' ? (values.get(key)?.value ?? null) : spoken.entry.value
    values.set(key, { place, key, value, written: spoken.entry, locale: spoken.place.locale })
  }
  return [...values.values()]
}

/** The same with what a variant has from its parents where it says nothing itself. What a person cleared stays empty. */
export function heldPlaces(product: ProductValues): PlacedValue[] {
  const own = currentPlaces(product)
  if (!product.parents) return own
  const values = new Map(own.map((each) => [each.key, each]))
  for (const [level, parent] of product.parents.entries()) {
    for (const value of currentPlaces(parent)) {
      const before = values.get(value.key)
      const lacks = before === undefined || (isEmptyValue(before.value) && !before.written)
      if (lacks && !isEmptyValue(value.value) && isInheritedAt(parent.mapping, value.key))
        values.set(value.key, { ...value, inheritedFrom: level })
    }
  }
  return [...values.values()]
}

/** Ids sort by time. */
const byRankAndTime = (a: Entry, b: Entry): number => a.rank - b.rank || (a.entry.changeId < b.entry.changeId ? -1 : 1)

/** The places at which what was written for one shows. */
function showsAt(
  { mapping }: ProductValues,
  { place, key, known }: { place: Place; key: string; known: ReadonlyMap<string, unknown> },
): { at: Place; rank: number }[] {
  const base = { attribute: place.attribute, locale: null, channel: null }
  const alone = writtenKey(base)
  if (mapping === null) return [{ at: base, rank: key === alone ? 0 : 1 }]
  const shown = shownAt(mapping, place)
  if (shown.length > 0) return shown.map(({ at, rank }) => ({ at: at.place, rank }))
  return known.has(alone) ? [{ at: base, rank: key === alone ? 0 : 1 }] : [{ at: place, rank: 0 }]
}

/**
 * A product's attributes as they stand, in the order of its file, each with one value. Where a file has several places for an
 * attribute it is, of `locale` if one is given, that of the locale, then of its language, then of none, then of any.
 */
export const currentValues = (product: ProductValues, { locale }: { locale?: string } = {}): Map<string, AttributeValue> =>
  valuesAmong(heldPlaces(product), locale)

/** The same, of a product whose `heldPlaces` are at hand. */
export function valuesAmong(places: readonly PlacedValue[], locale?: string): Map<string, AttributeValue> {
  const values = new Map<string, PlacedValue>()
  for (const value of places) {
    const other = values.get(value.place.attribute)
    if (!other || speaksBetter(value, other, locale)) values.set(value.place.attribute, value)
  }
  return values
}

/** Whether a value stands for its attribute rather than another one does that comes before it in the file. */
function speaksBetter(value: PlacedValue, other: PlacedValue, locale: string | undefined): boolean {
  const [nearness, before] = [nearnessOf(value, locale), nearnessOf(other, locale)]
  if (nearness !== before) return nearness > before
  if ((value.inheritedFrom === undefined) !== (other.inheritedFrom === undefined)) return value.inheritedFrom === undefined
  if (value.written && other.written) return value.written.changeId > other.written.changeId
  return value.written !== undefined && other.written === undefined
}

function nearnessOf({ place }: PlacedValue, locale: string | undefined): number {
  if (locale === undefined) return 0
  if (place.locale === locale) return 3
  if (place.locale === null) return 1
  return languageOf(place.locale) === languageOf(locale) ? 2 : 0
}

/** What the source says of a product, one value an attribute, chosen in the same way. */
export const importedValues = (
  product: Pick<ProductValues, 'imported' | 'mapping'>,
  { locale }: { locale?: string } = {},
): Record<string, unknown> =>
  product.mapping === null
    ? { ...product.imported }
    : Object.fromEntries(
        Array.from(currentValues({ ...product, written: {} }, locale === undefined ? {} : { locale }), ([name, { value }]) => [
          name,
          value,
        ]),
      )
