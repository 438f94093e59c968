import { type SQL, sql } from 'drizzle-orm'
import type { ProductFilter } from '../contract/catalogue.ts'
import type { Tx } from '../db/database.ts'
import { productIndex } from '../db/schema/index.ts'
import { type Bitmap, countMembers, intersect, membersOf, subtract } from './postings/bitmap.ts'
import { type Postings, readPostings } from './postings/read.ts'
import {
  belowQuality,
  completeIn,
  inCategory,
  incompleteIn,
  ofFamily,
  ofSource,
  type Wanted,
  wantedWord,
  withAttribute,
  withFlagged,
  withMisfit,
  withMisfits,
  isVariant,
  withProposals,
  withStale,
} from './postings/terms.ts'
import { foldText, wordsOf } from './words.ts'

/** Ids as an array in one parameter, whatever their number. */
export const uuids = (ids: readonly string[]): SQL =>
  sql`array(select value::uuid from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`

export const ordinalsArray = (ordinals: readonly number[]): SQL => sql`${`{${ordinals.join(',')}}`}::integer[]`

/** One condition of a filter: products that have the terms asked for, or any of them; `lacks`: those that have none of them. */
export interface Condition {
  readonly wanted: Wanted
  readonly lacks?: boolean
}

/** What a filter asks for; all of it has to hold. A new filter is one more condition, on terms that index-row.ts gives products. */
export function conditionsOf(filter: ProductFilter): Condition[] {
  const { search, sourceId, family, category, missing, proposals, flagged, stale, variants, complete, incomplete, qualityBelow, unfit } =
    filter
  return [
    ...wordsOf(foldText(search ?? ''))
      .flatMap(wantedWord)
      .map((wanted) => ({ wanted })),
    ...(sourceId === undefined ? [] : [{ wanted: { first: ofSource(sourceId) } }]),
    ...(family === undefined ? [] : [{ wanted: { first: ofFamily(family === '' ? null : family) } }]),
    ...(category === undefined ? [] : [{ wanted: { first: inCategory(category) } }]),
    ...(missing === undefined ? [] : [{ wanted: { first: withAttribute(missing) }, lacks: true }]),
    ...(proposals === undefined ? [] : [{ wanted: { first: withProposals }, lacks: !proposals }]),
    ...(flagged === undefined ? [] : [{ wanted: { first: withFlagged }, lacks: !flagged }]),
    ...(stale === undefined ? [] : [{ wanted: { first: withStale }, lacks: !stale }]),
    ...(variants === undefined ? [] : [{ wanted: { first: isVariant }, lacks: !variants }]),
    ...(complete === undefined ? [] : [{ wanted: { first: completeIn(complete) } }]),
    ...(incomplete === undefined ? [] : [{ wanted: { first: incompleteIn(incomplete) } }]),
    ...(qualityBelow === undefined ? [] : [{ wanted: belowQuality(qualityBelow) }]),
    ...(unfit === undefined ? [] : [{ wanted: { first: unfit === '' ? withMisfits : withMisfit(unfit) } }]),
  ]
}

/** The products that match a filter, by their ordinals. */
export interface Matching {
  readonly members: Bitmap
  readonly count: number
}

/** @returns undefined for a filter that asks for nothing: every product matches. */
export async function matchingProducts(tx: Tx, filter: ProductFilter): Promise<Matching | undefined> {
  const conditions = conditionsOf(filter)
  if (conditions.length === 0) return undefined
  const postings = await readPostings(
    tx,
    conditions.map(({ wanted }) => wanted),
  )
  const members = whereAll(conditions, postings)
  return { members, count: countMembers(members) }
}

/** The products for which all conditions hold; the postings are those of their terms, in their order, from `place` on. */
export function whereAll(conditions: readonly Condition[], postings: Postings, place = 0): Bitmap {
  let members: Bitmap | undefined
  const lacking: number[] = []
  for (const [index, { lacks }] of conditions.entries()) {
    if (lacks) lacking.push(place + index)
    else if (members) intersect(members, postings.having(place + index))
    else members = postings.having(place + index)
  }
  members ??= postings.standing()
  for (const at of lacking) subtract(members, postings.having(at))
  return members
}

/** So many are given to the database one by one; of more, the whole set. */
const FEW = 1_000

/** Whether the product of a row of `product_index` is in a set; `ordinal`: its column, where it has another name. */
export function isAmong({ members, count }: Matching, ordinal: SQL = sql`${productIndex.ordinal}`): SQL {
  if (count <= FEW) return sql`${ordinal} = any (${ordinalsArray(membersOf(members))})`
  // `case`, because get_bit refuses a place behind the end, and conditions have no order otherwise.
  return sql`case when ${ordinal} < ${members.length * 8}::integer then get_bit(${members}::bytea, ${ordinal}) = 1 else false end`
}

/** What a filter asks of `product_index`, as a condition of a query over it; undefined: everything matches. */
export async function matches(tx: Tx, filter: ProductFilter): Promise<SQL | undefined> {
  const matching = await matchingProducts(tx, filter)
  return matching && isAmong(matching)
}
