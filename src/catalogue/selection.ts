import { asc, eq, sql } from 'drizzle-orm'
import type { ProductSelection } from '../contract/catalogue.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { productIndex, products } from '../db/schema/index.ts'
import { conditionsOf, ordinalsArray, uuids, whereAll } from './filter.ts'
import { withMappings } from './mappings.ts'
import { type Bitmap, countMembers, membersOf, newBitmap, removeMember, addMember } from './postings/bitmap.ts'
import { readPostings } from './postings/read.ts'
import { withParents } from './parents.ts'
import type { ProductValues } from './values.ts'

/** What a run can be over: what a person selected, or the stale values that a refresh took. */
export type RunSelection = ProductSelection | { readonly refreshId: string }

/** A product of a selection. `row` is its place in its file; products of several files may share one. */
export interface SelectedProduct extends ProductValues {
  readonly id: string
  readonly ordinal: number // its place in the selection
  readonly sourceId: string
  readonly parentId: string | null
  readonly identifier: string
  readonly row: number
  readonly name: string | null
  readonly family: string | null
}

/**
 * A page of the products that a selection holds, in the order of their ordinals, after the one of `afterOrdinal`. Products that
 * the last import no longer brought are in no selection; ids of another workspace, or of nothing, are left out. Call
 * `refreshCatalogueIndex` (index.ts) first, so that products just imported and values just written count. A page that is not full
 * is the last one.
 */
export async function selectedProducts(
  tx: Tx,
  { selection, afterOrdinal = -1, limit }: { selection: RunSelection; afterOrdinal?: number | undefined; limit: number },
): Promise<SelectedProduct[]> {
  const members = await selectedMembers(tx, selection)
  const page: SelectedProduct[] = []
  for (let after = afterOrdinal; page.length < limit;) {
    const ordinals = membersOf(members, { from: after + 1, most: limit - page.length })
    if (ordinals.length === 0) return page
    page.push(...(await productsOf(tx, ordinals))) // fewer, where one left the list a moment ago
    after = ordinals.at(-1)!
  }
  return page
}

async function productsOf(tx: Tx, ordinals: readonly number[]): Promise<SelectedProduct[]> {
  const page = await tx
    .select({
      id: products.id,
      ordinal: productIndex.ordinal,
      sourceId: products.sourceId,
      parentId: products.parentId,
      identifier: products.identifier,
      row: products.row,
      name: productIndex.name,
      family: productIndex.family,
      imported: products.imported,
      written: products.written,
    })
    .from(productIndex)
    .innerJoin(products, eq(products.id, productIndex.productId))
    .where(sql`${productIndex.ordinal} = any (${ordinalsArray(ordinals)})`)
    .orderBy(asc(productIndex.ordinal))
  return withParents(tx, await withMappings(tx, page))
}

/** How many products a selection holds now. */
export async function countSelected(tx: Tx, selection: RunSelection): Promise<number> {
  return countMembers(await selectedMembers(tx, selection))
}

async function selectedMembers(tx: Tx, selection: RunSelection): Promise<Bitmap> {
  if (!('filter' in selection)) {
    const ordinals = 'ids' in selection ? await ordinalsOf(tx, selection.ids) : await ordinalsOfRefresh(tx, selection.refreshId)
    const chosen = newBitmap(Math.max(-1, ...ordinals) + 1)
    for (const ordinal of ordinals) addMember(chosen, ordinal)
    return chosen
  }
  const conditions = conditionsOf(selection.filter)
  const postings = await readPostings(
    tx,
    conditions.map(({ wanted }) => wanted),
  )
  const members = whereAll(conditions, postings)
  for (const ordinal of await ordinalsOf(tx, selection.except)) if (ordinal < postings.ordinals) removeMember(members, ordinal)
  return members
}

async function ordinalsOfRefresh(tx: Tx, refreshId: string): Promise<number[]> {
  const rows = await rowsOf<{ ordinal: number }>(
    tx,
    sql`select distinct ordinal from product_index join stale_values on stale_values.product_id = product_index.product_id
      where stale_values.refresh_id = ${refreshId}::uuid`,
  )
  return rows.map(({ ordinal }) => ordinal)
}

async function ordinalsOf(tx: Tx, ids: readonly string[]): Promise<number[]> {
  if (ids.length === 0) return []
  const rows = await rowsOf<{ ordinal: number }>(tx, sql`select ordinal from product_index where product_id = any (${uuids(ids)})`)
  return rows.map(({ ordinal }) => ordinal)
}
