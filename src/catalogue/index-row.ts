import type { SourceMapping } from '../contract/mapping.ts'
import type { productIndex, SourceColumns } from '../db/schema/index.ts'
import { categoriesIn } from './categories.ts'
import { heldPlaces, isEmptyValue, valuesAmong } from './current.ts'
import {
  belowQualities,
  completeIn,
  inCategory,
  incompleteIn,
  isVariant,
  ofFamily,
  ofQuality,
  ofSource,
  type Term,
  withAttribute,
  withFlagged,
  withMisfit,
  withMisfits,
  withProposals,
  withStale,
  wordTerms,
} from './postings/terms.ts'
import { measuredPlaces, standingOf } from './structure/measure.ts'
import type { Structure } from './structure/model.ts'
import type { ProductValues } from './values.ts'
import { foldText, textsOf, wordsOf } from './words.ts'

/** A product, as what the index knows of it is made from it. */
export interface IndexedProduct extends Omit<ProductValues, 'mapping'> {
  readonly id: string
  readonly identifier: string
  readonly row: number
  readonly parentId: string | null
  readonly importedAt: Date
  readonly markedAt?: Date | undefined // when its values were last written
}

export interface IndexedSource {
  readonly id: string
  readonly workspaceId: string
  readonly columns: SourceColumns
  readonly categories: readonly string[] // attributes that say which categories a product is in
  readonly mapping: SourceMapping | null
  /** Grows with every attribute that is new; its order stays. */
  readonly attributes: Set<string>
}

/** What waits for a person at a product, and whether a value of it is stale. */
export interface Waiting {
  readonly what: 'nothing' | 'proposals' | 'flagged'
  readonly stale: boolean
}

export const NOTHING_WAITS: Waiting = { what: 'nothing', stale: false }

export type IndexRow = Omit<typeof productIndex.$inferInsert, 'ordinal'>

const MAX_NAME = 300 // characters, of name and family
const MAX_TEXT = 20_000 // characters: a text longer than that is searched in its beginning

/**
 * Everything that the index knows of a product: its row for the list, and the terms that it is found by. A new filter adds its
 * terms here, made in postings/terms.ts, and asks for them in filter.ts.
 */
export function indexProduct(
  source: IndexedSource,
  product: IndexedProduct,
  { waiting, structure }: { waiting: Waiting; structure: Structure },
): { row: IndexRow; terms: Set<Term> } {
  const places = heldPlaces({ ...product, mapping: source.mapping })
  const values = valuesAmong(places)
  const { columns, attributes } = source
  const name = shortText(columns.name === null ? undefined : values.get(columns.name)?.value)
  const family = shortText(columns.family === null ? undefined : values.get(columns.family)?.value)
  const terms = new Set<Term>([ofSource(source.id), ofFamily(family)])
  if (waiting.what !== 'nothing') terms.add(withProposals)
  if (waiting.what === 'flagged') terms.add(withFlagged)
  if (waiting.stale) terms.add(withStale)
  if (product.parentId !== null) terms.add(isVariant)
  const { quality, complete, incomplete, misfits } = standingOf(structure, {
    columns,
    product: measuredPlaces(columns, product.identifier, places),
    flagged: waiting.what === 'flagged',
  })
  terms.add(ofQuality(quality))
  for (const term of belowQualities(quality)) terms.add(term)
  for (const attribute of source.categories) {
    for (const category of categoriesIn(values.get(attribute)?.value)) terms.add(inCategory(category))
  }
  for (const place of complete) terms.add(completeIn(place))
  for (const place of incomplete) terms.add(incompleteIn(place))
  if (misfits.length > 0) terms.add(withMisfits)
  for (const attribute of misfits) terms.add(withMisfit(attribute))
  const texts = [product.identifier]
  for (const [attribute, { value }] of values) {
    if (isEmptyValue(value)) continue
    attributes.add(attribute)
    terms.add(withAttribute(attribute))
    if (attribute !== columns.picture) texts.push(...textsOf(value)) // nobody looks for an address
  }
  for (const word of wordsOf(foldText(texts.join(' ').slice(0, MAX_TEXT)))) for (const term of wordTerms(word)) terms.add(term)
  const row = {
    productId: product.id,
    workspaceId: source.workspaceId,
    sourceId: source.id,
    row: product.row,
    identifier: product.identifier,
    name,
    nameKey: foldText(name ?? product.identifier)
      .slice(0, MAX_NAME)
      .toWellFormed(),
    family,
    quality,
    updatedAt: latestOf(product),
  }
  return { row, terms }
}

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
