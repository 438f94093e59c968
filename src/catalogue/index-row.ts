import type { SourceMapping } from '../contract/mapping.ts'
import type { productIndex, SourceColumns, WrittenValue } from '../db/schema/index.ts'
import { currentValues, isEmptyValue } from './current.ts'
import { foldText, textsOf, wordsOf } from './words.ts'

/** A product, as its row of the index is made from it. */
export interface IndexedProduct {
  readonly id: string
  readonly identifier: string
  readonly row: number
  readonly imported: Readonly<Record<string, unknown>>
  readonly written: Readonly<Record<string, WrittenValue>>
  readonly importedAt: Date
  readonly markedAt?: Date | undefined // when its values were last written
}

export interface IndexedSource {
  readonly id: string
  readonly workspaceId: string
  readonly columns: SourceColumns
  readonly mapping: SourceMapping | null
  /** Grows with every attribute that is new; its order stays. */
  readonly attributes: AttributePlaces
}

/** An attribute's place is its bit in `product_index.filled`. */
export interface AttributePlaces {
  readonly names: string[]
  readonly places: Map<string, number>
}

export const attributePlaces = (names: readonly string[]): AttributePlaces => ({
  names: [...names],
  places: new Map(names.map((name, place) => [name, place])),
})

const MAX_NAME = 300 // characters, of name and family
const MAX_WORDS = 20_000 // characters: a text longer than that is searched in its beginning

/** The row of the index for a product's current values. */
export function indexRow(source: IndexedSource, product: IndexedProduct): typeof productIndex.$inferInsert {
  const values = currentValues({ ...product, mapping: source.mapping })
  const filled = [...values].filter(([, { value }]) => !isEmptyValue(value)).map(([attribute]) => placeOf(source.attributes, attribute))
  const readable = [...values].filter(([attribute]) => attribute !== source.columns.picture) // nobody looks for an address
  const text = [product.identifier, ...readable.flatMap(([, { value }]) => textsOf(value))].join(' ')
  const name = shortText(source.columns.name === null ? undefined : values.get(source.columns.name)?.value)
  return {
    productId: product.id,
    workspaceId: source.workspaceId,
    sourceId: source.id,
    row: product.row,
    identifier: product.identifier,
    name,
    nameKey: foldText(name ?? product.identifier),
    family: shortText(source.columns.family === null ? undefined : values.get(source.columns.family)?.value),
    filled: bits(filled),
    words: ` ${wordsOf(foldText(text)).join(' ').slice(0, MAX_WORDS)} `,
    updatedAt: latestOf(product),
  }
}

function placeOf({ names, places }: AttributePlaces, attribute: string): number {
  const known = places.get(attribute)
  if (known !== undefined) return known
  places.set(attribute, names.length)
  return names.push(attribute) - 1
}

/** As PostgreSQL's get_bit counts: bit n is in byte n / 8, from its low end. */
function bits(places: readonly number[]): Uint8Array {
  const bytes = new Uint8Array((Math.max(-1, ...places) >> 3) + 1)
  for (const place of places) bytes[place >> 3]! |= 1 << (place & 7)
  return bytes
}

export const hasBit = (bytes: Uint8Array, place: number): boolean => (((bytes[place >> 3] ?? 0) >> (place & 7)) & 1) === 1

/** The first text in a value, on one line. */
function shortText(value: unknown): string | null {
  const text = textsOf(value).find((entry) => entry.trim() !== '')
  if (text === undefined) return null
  const line = text.trim().replace(/\s+/g, ' ')
  return line.length > MAX_NAME ? line.slice(0, MAX_NAME - 1).toWellFormed() + '…' : line
}

/** A change's id begins with its time (UUID version 7, milliseconds). */
function latestOf({ importedAt, written, markedAt }: IndexedProduct): Date {
  const times = Object.values(written).map(({ changeId }) => Number.parseInt(changeId.replaceAll('-', '').slice(0, 12), 16))
  return new Date(Math.max(importedAt.getTime(), markedAt?.getTime() ?? 0, ...times))
}
