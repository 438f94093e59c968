import type { SourceColumns } from '../../db/schema/index.ts'
import { heldPlaces, isEmptyValue, type PlacedValue } from '../current.ts'
import type { Place } from '../place.ts'
import type { ProductValues } from '../values.ts'
import { textsOf } from '../words.ts'
import { completenessOf, isComplete, type MeasuredProduct } from './completeness.ts'
import { type Misfit, misfitOf } from './fit.ts'
import type { Structure } from './model.ts'
import { qualityOf } from './quality.ts'

/** A product as its row has it, with the mapping of its source. */
interface StoredProduct extends ProductValues {
  readonly identifier: string
}

/** A product's current values by place, also those that a variant has from its parents, with its family as its source's columns name it. */
export const measuredProduct = (columns: SourceColumns, product: StoredProduct): MeasuredProduct =>
  measuredPlaces(columns, product.identifier, heldPlaces(product))

/** The same, of a product whose `heldPlaces` are at hand. */
export function measuredPlaces(columns: SourceColumns, identifier: string, places: readonly PlacedValue[]): MeasuredProduct {
  const values = places.map(({ place: { attribute, locale, channel }, value }) => ({ attribute, locale, channel, value }))
  const named = values.find(({ attribute, value }) => attribute === columns.family && !isEmptyValue(value))
  const family = textsOf(named?.value).find((text) => text.trim() !== '')
  return { identifier, family: family?.trim() ?? null, values }
}

/** What the list filters by and the pages count: made whenever a product's row of the index is. */
export interface Standing {
  readonly quality: number // 0 to 100
  readonly complete: readonly string[] // places as `placeKey` names them
  readonly incomplete: readonly string[]
  readonly misfits: readonly string[] // attributes with a value that does not fit its type
}

/** "ecommerce/de-DE"; "" where the catalogue has no channels. */
export const placeKey = ({ channel, locale }: { readonly channel: string | null; readonly locale: string | null }): string =>
  channel === null ? '' : `${channel}/${locale ?? ''}`

/** How a product stands against its structure. */
export function standingOf(
  structure: Structure,
  { columns, product, flagged }: { columns: SourceColumns; product: MeasuredProduct; flagged: boolean },
): Standing {
  const standings = completenessOf(structure, product)
  return {
    quality: qualityOf(structure, product, { ...columns, flagged }).score,
    complete: standings.filter(isComplete).map(placeKey),
    incomplete: standings.filter((standing) => !isComplete(standing)).map(placeKey),
    misfits: [...new Set(misfitsOf(structure, product).map(({ attribute }) => attribute))],
  }
}

/** A product's values that do not fit the type of their attribute. */
export function misfitsOf(structure: Structure, { values }: MeasuredProduct): (Place & { readonly misfit: Misfit })[] {
  return values.flatMap(({ attribute, locale, channel, value }) => {
    const known = structure.attributes.get(attribute)
    const misfit = known && misfitOf(known, value)
    return misfit === undefined ? [] : [{ attribute, locale, channel, misfit }]
  })
}
