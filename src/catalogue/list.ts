import { eq, type SQL, sql } from 'drizzle-orm'
import type { PictureView, ProductFilter, ProductRowView } from '../contract/catalogue.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { productIndex, products, sources } from '../db/schema/index.ts'
import { currentValues, isEmptyValue } from './current.ts'
import { writeKey } from './cursor.ts'
import { matchingProducts, uuids } from './filter.ts'
import { columnsOf } from './index-write.ts'
import { shownText } from './look.ts'
import { nearestOf } from './nearest.ts'
import { forward, keyOf, type ListOrder, readCursor, type Side } from './order.ts'
import { withParents } from './parents.ts'
import { picturesOf } from './pictures.ts'
import { countIndexed } from './postings/segments.ts'

/** One page of the products that match, with the values of `attributes`; with how many match, where it is the first. */
export async function listProducts(
  tx: Tx,
  {
    filter,
    order,
    attributes,
    cursor,
    limit,
  }: { filter: ProductFilter; order: ListOrder; attributes: readonly string[]; cursor?: string | undefined; limit: number },
): Promise<{ items: ProductRowView[]; nextCursor: string | null; matching: number | null }> {
  const from = cursor === undefined ? undefined : readCursor(cursor, order)
  const matching = await matchingProducts(tx, filter)
  const ids = await nearestOf(tx, { filter, matching, order, from, side: forward(order), limit: limit + 1 })
  const page = await rowsInOrder(tx, ids.slice(0, limit))
  return {
    items: await productRows(tx, page, attributes),
    nextCursor: ids.length > limit && page.length > 0 ? writeKey(keyOf(page.at(-1)!, order)) : null,
    matching: from ? null : matching ? matching.count : await countIndexed(tx),
  }
}

/** The rows of some products, in the order of their ids as given. */
async function rowsInOrder(tx: Tx, ids: readonly string[]): Promise<Listed[]> {
  if (ids.length === 0) return []
  const rows = await tx
    .select()
    .from(productIndex)
    .where(sql`${productIndex.productId} = any (${uuids(ids)})`)
  const byId = new Map(rows.map((row) => [row.productId, row]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

type Listed = typeof productIndex.$inferSelect

async function productRows(tx: Tx, page: readonly Listed[], attributes: readonly string[]): Promise<ProductRowView[]> {
  if (page.length === 0) return []
  const ids = uuids(page.map(({ productId }) => productId))
  const stored = await tx
    .select({
      id: products.id,
      sourceId: products.sourceId,
      parentId: products.parentId,
      imported: products.imported,
      written: products.written,
    })
    .from(products)
    .where(sql`${products.id} = any (${ids})`)
  const waiting = await waitingProposals(tx, ids)
  const ofSource = new Map((await tx.select().from(sources)).map((source) => [source.id, source]))
  const whole = await withParents(
    tx,
    stored.map((product) => ({ ...product, mapping: ofSource.get(product.sourceId)?.mapping ?? null })),
  )
  const byId = new Map(whole.map((product) => [product.id, product]))
  const columns = new Map(Array.from(ofSource, ([id, source]) => [id, columnsOf(source)]))
  return page.map((row) => {
    const current = currentValues(byId.get(row.productId)!)
    const picture = columns.get(row.sourceId)?.picture
    return {
      id: row.productId,
      sourceId: row.sourceId,
      identifier: row.identifier,
      row: row.row,
      name: row.name,
      family: row.family,
      quality: row.quality,
      picture: (picture ? firstPicture(current.get(picture)?.value) : undefined) ?? null,
      ...(waiting.get(row.productId) ?? { proposals: 0, flagged: 0 }),
      updatedAt: row.updatedAt.toISOString(),
      values: Object.fromEntries(
        attributes.flatMap((attribute) => {
          const value = current.get(attribute)?.value
          return isEmptyValue(value) ? [] : [[attribute, shownText(value)]]
        }),
      ),
    }
  })
}

const firstPicture = (value: unknown): PictureView | undefined => picturesOf(value)[0]

interface Waiting {
  readonly proposals: number
  readonly flagged: number
}

/** How many proposals wait at each of these products. */
async function waitingProposals(tx: Tx, ids: SQL): Promise<Map<string, Waiting>> {
  const rows = await rowsOf<Waiting & { id: string }>(
    tx,
    sql`select product_id as id, count(*)::integer as proposals, count(*) filter (where flags <> '[]'::jsonb)::integer as flagged
      from value_changes where state = 'proposed' and product_id = any (${ids}) group by product_id`,
  )
  return new Map(rows.map(({ id, proposals, flagged }) => [id, { proposals, flagged }]))
}

interface Neighbour {
  readonly id: string
  readonly name: string | null
  readonly identifier: string
}

/** The products before and after one in a list; null at its ends, and for one that the list does not hold. */
export async function neighboursOf(
  tx: Tx,
  { productId, filter, order }: { productId: string; filter: ProductFilter; order: ListOrder },
): Promise<{ previous: Neighbour | null; next: Neighbour | null }> {
  const [row] = await tx.select().from(productIndex).where(eq(productIndex.productId, productId))
  if (!row) return { previous: null, next: null }
  const matching = await matchingProducts(tx, filter)
  const nearest = async (side: Side): Promise<Neighbour | null> => {
    const ids = await nearestOf(tx, { filter, matching, order, from: keyOf(row, order), side, limit: 1 })
    const [found] = await rowsInOrder(tx, ids)
    return found ? { id: found.productId, name: found.name, identifier: found.identifier } : null
  }
  const [back, on] = forward(order) === 'after' ? (['before', 'after'] as const) : (['after', 'before'] as const)
  return { previous: await nearest(back), next: await nearest(on) }
}
