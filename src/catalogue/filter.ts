import { eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { ProductFilter } from '../contract/catalogue.ts'
import type { Tx } from '../db/database.ts'
import { productIndex, sources } from '../db/schema/index.ts'
import { foldText, wordsOf } from './words.ts'

/** Ids as an array in one parameter, whatever their number. */
export const uuids = (ids: readonly string[]): SQL =>
  sql`array(select value::uuid from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`

/** What a filter asks of `product_index`, as conditions of a query over it; undefined: everything matches. */
export async function matches(tx: Tx, filter: ProductFilter): Promise<SQL | undefined> {
  const { search, sourceId, family, missing, proposals, flagged } = filter
  const conditions = [
    sourceId === undefined ? undefined : eq(productIndex.sourceId, sourceId),
    family === undefined ? undefined : family === '' ? isNull(productIndex.family) : eq(productIndex.family, family),
    ...searchConditions(search ?? ''),
    missing === undefined ? undefined : await missingCondition(tx, missing),
    proposals === undefined ? undefined : proposals ? waiting() : sql`not ${waiting()}`,
    flagged === undefined ? undefined : flagged ? waiting(FLAGGED) : sql`not ${waiting(FLAGGED)}`,
  ].filter((condition) => condition !== undefined)
  return conditions.length === 0 ? undefined : sql.join(conditions, sql` and `)
}

/** Every word that a person typed occurs, anywhere in a word of the product; position, not LIKE: nothing in it is a pattern. */
function searchConditions(search: string): SQL[] {
  return wordsOf(foldText(search)).map((word) => sql`position(${word} in ${productIndex.words}) > 0`)
}

const FLAGGED = sql` and value_changes.flags <> '[]'::jsonb`

/** Has a proposal; served by the index of those that wait. */
function waiting(more: SQL = sql``): SQL {
  return sql`${productIndex.productId} in (select value_changes.product_id from value_changes where value_changes.state = 'proposed'${more})`
}

/** A source that has no such attribute misses it in every product. */
async function missingCondition(tx: Tx, attribute: string): Promise<SQL> {
  const known = await tx.select({ id: sources.id, attributes: sources.attributes }).from(sources)
  const places = known.flatMap(({ id, attributes }) => {
    const place = attributes.indexOf(attribute)
    return place < 0 ? [] : [{ id, place }]
  })
  if (places.length === 0) return sql`true`
  const filled = places.map(({ id, place }) => sql`(${eq(productIndex.sourceId, id)} and ${bitIsSet(place)})`)
  return sql`not (${sql.join(filled, sql` or `)})`
}

/** `case`, because get_bit refuses a place behind the end, and conditions have no order otherwise. */
const bitIsSet = (place: number): SQL =>
  sql`case when octet_length(${productIndex.filled}) > ${place >> 3} then get_bit(${productIndex.filled}, ${place}) = 1 else false end`
