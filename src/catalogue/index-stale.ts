import { eq, sql } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { productIndex, products, sources } from '../db/schema/index.ts'
import { uuids } from './filter.ts'
import { indexedSource, prepareRows, putRows } from './index-write.ts'
import { createSegmentBuilder } from './postings/builder.ts'
import { forgetDeparted, lockIndex, putSegment } from './postings/segments.ts'

export const STALE_BATCH = 500 // products a transaction

/**
 * Indexes some products again whose values or proposals changed, and forgets some that are gone. The mark of a product that the
 * list does not have yet stays until it has: whoever brings it may have read it before it was written.
 * @returns how many were taken.
 */
export async function refreshStale(tx: Tx, workspaceId: string): Promise<number> {
  const [due] = await rowsOf<{ due: boolean }>(
    tx,
    sql`select exists (select from stale_products) or exists (select from departed_products) as due`,
  )
  if (!due!.due) return 0
  const index = await lockIndex(tx, workspaceId)
  const departed = await forgetDeparted(tx, STALE_BATCH)
  const taken = await rowsOf<{ id: string; marked_ms: string | null }>(
    tx,
    sql`delete from stale_products where product_id in (
        select stale_products.product_id from stale_products join product_index on product_index.product_id = stale_products.product_id
        limit ${STALE_BATCH}::integer for update of stale_products skip locked)
      returning product_id as id, (extract(epoch from marked_at) * 1000)::bigint as marked_ms`,
  )
  if (taken.length === 0) {
    await forgetUnlisted(tx)
    return departed
  }
  const markedMs = new Map(taken.map(({ id, marked_ms: ms }) => [id, ms === null ? undefined : Number(ms)]))
  const found = await tx
    .select({ product: products, updatedAt: productIndex.updatedAt })
    .from(products)
    .innerJoin(productIndex, eq(productIndex.productId, products.id))
    .where(sql`${products.id} = any (${uuids([...markedMs.keys()])})`)
  const builder = createSegmentBuilder()
  for (const [sourceId, group] of Map.groupBy(found, ({ product }) => product.sourceId)) {
    const [source] = await tx.select().from(sources).where(eq(sources.id, sourceId)).for('update')
    const indexed = indexedSource(source!)
    const before = indexed.attributes.size
    const make = await prepareRows(
      tx,
      indexed,
      group.map(({ product, updatedAt }) => {
        const ms = markedMs.get(product.id)
        return { ...product, markedAt: ms === undefined ? updatedAt : new Date(ms) }
      }),
    )
    for (const { ordinal, terms } of await putRows(tx, workspaceId, make())) builder.add(ordinal, terms)
    if (indexed.attributes.size > before) {
      await tx
        .update(sources)
        .set({ attributes: [...indexed.attributes] })
        .where(eq(sources.id, sourceId))
    }
  }
  await putSegment(tx, index, builder)
  return Math.max(taken.length, departed)
}

/** Marks of products that no import brings any more. */
async function forgetUnlisted(tx: Tx): Promise<void> {
  await tx.execute(sql`delete from stale_products using products, sources
    where products.id = stale_products.product_id and sources.id = products.source_id and sources.content_hash <> ''
      and sources.index_import = sources.last_import and sources.indexed and products.last_seen_import <> sources.last_import
      and not exists (select from product_index where product_index.product_id = products.id)`)
}
