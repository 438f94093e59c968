import { and, asc, count, eq, gt, inArray, ne, sql } from 'drizzle-orm'
import type { Database, Tx } from '../db/database.ts'
import { givenRows } from '../db/bulk.ts'
import { rowsOf } from '../db/rows.ts'
import { imports, productIndex, products, type SourceColumns, sources, staleProducts } from '../db/schema/index.ts'
import { guessColumns } from './columns.ts'
import { uuids } from './filter.ts'
import { columnNames, type FileFormat } from './formats/format.ts'
import { attributesOfColumns } from './mapping.ts'
import { inferStructure } from './structure/infer-source.ts'
import { attributePlaces, type IndexedProduct, type IndexedSource, indexRow } from './index-row.ts'

/**
 * The index behind the list (`product_index`) follows the products: an import by the source's own mark, row after row of the
 * file, and written values by the marks in `stale_products`. Neither costs an import anything.
 */

const BATCH = 500 // products a transaction

const under = new WeakMap<Database, Map<string, Promise<void>>>()
const stopped = new WeakSet<Database>()

/**
 * Brings a workspace's index up to date, in short transactions. Callers at the same time share one pass, and what was written
 * since it began is taken along.
 */
export function refreshCatalogueIndex(database: Database, workspaceId: string): Promise<void> {
  const ofDatabase = under.get(database) ?? new Map<string, Promise<void>>()
  under.set(database, ofDatabase)
  const running = ofDatabase.get(workspaceId)
  if (running) return running.then(() => followWritten(database, workspaceId))
  const pass = refresh(database, workspaceId).finally(() => ofDatabase.delete(workspaceId))
  ofDatabase.set(workspaceId, pass)
  return pass
}

/** Takes up to 500 products along whose values were written, though a pass is under way: what a person just wrote is there. */
export const refreshWritten = (database: Database, workspaceId: string): Promise<number> => database.inWorkspace(workspaceId, refreshStale)

/** Before the database closes: passes under way end with the batch they are at, and go on from there after the next start. */
export async function stopCatalogueIndex(database: Database): Promise<void> {
  stopped.add(database)
  const passes = under.get(database)
  if (passes) await Promise.allSettled(passes.values())
}

async function refresh(database: Database, workspaceId: string): Promise<void> {
  await followWritten(database, workspaceId)
  for (const sourceId of await database.inWorkspace(workspaceId, sourcesBehind)) {
    if (!stopped.has(database)) await inferStructure(database, { workspaceId, sourceId, columnsOf })
    while (!stopped.has(database) && (await database.inWorkspace(workspaceId, (tx) => followSource(tx, sourceId))));
  }
}

async function followWritten(database: Database, workspaceId: string): Promise<void> {
  while (!stopped.has(database) && (await database.inWorkspace(workspaceId, refreshStale)) === BATCH);
}

/** Sources whose last import is whole and not all in the index. One under way has no hash yet. */
const behind = and(
  ne(sources.contentHash, ''),
  sql`(${sources.indexImport} is distinct from ${sources.lastImport} or not ${sources.indexed})`,
)

async function sourcesBehind(tx: Tx): Promise<string[]> {
  const found = await tx.select({ id: sources.id }).from(sources).where(behind).orderBy(sources.id)
  return found.map(({ id }) => id)
}

/** How far the index is. */
export interface IndexState {
  readonly ready: boolean
  readonly indexed: number // products known as they are now
  readonly products: number
}

export async function readIndexState(tx: Tx): Promise<IndexState> {
  const [stale] = await tx.select({ count: count() }).from(staleProducts)
  const late = await tx.select().from(sources).where(behind)
  const [known] = await tx
    .select({ count: count() })
    .from(productIndex)
    .where(
      late.length === 0
        ? undefined
        : sql`not (${inArray(
            productIndex.sourceId,
            late.map(({ id }) => id),
          )})`,
    )
  let total = known!.count
  let done = Math.max(0, known!.count - stale!.count)
  for (const source of late) {
    const ofImport = and(eq(products.sourceId, source.id), eq(products.lastSeenImport, source.lastImport))
    const [all] = await tx.select({ count: count() }).from(products).where(ofImport)
    total += all!.count
    if (source.indexImport !== source.lastImport) continue
    const [passed] = await tx
      .select({ count: count() })
      .from(products)
      .where(and(ofImport, sql`${products.row} <= ${source.indexRow}`))
    done += passed!.count
  }
  const running = await tx.select({ counts: imports.counts }).from(imports).where(eq(imports.state, 'running'))
  for (const { counts } of running) total += counts.new // what it has brought so far, and the list does not have yet
  return { ready: late.length === 0 && stale!.count === 0 && running.length === 0, indexed: done, products: total }
}

/** The next batch of a source's last import. @returns whether there is more. */
async function followSource(tx: Tx, sourceId: string): Promise<boolean> {
  const [source] = await tx
    .select()
    .from(sources)
    .where(and(eq(sources.id, sourceId), behind))
    .for('update')
  if (!source) return false
  const fresh = source.indexImport !== source.lastImport
  const afterRow = fresh ? 0 : source.indexRow
  const page = await tx
    .select()
    .from(products)
    .where(and(eq(products.sourceId, sourceId), eq(products.lastSeenImport, source.lastImport), gt(products.row, afterRow)))
    .orderBy(asc(products.row))
    .limit(BATCH)
  const indexed = indexedSource(source)
  await putRows(tx, indexed, page)
  const whole = page.length < BATCH
  if (whole) {
    await tx.execute(sql`delete from product_index using products
      where products.id = product_index.product_id and product_index.source_id = ${sourceId}::uuid
        and products.last_seen_import <> ${source.lastImport}::uuid`)
  }
  const { columns, attributes } = indexed
  const followed = page.at(-1)?.row ?? afterRow
  await tx
    .update(sources)
    .set({ columns, attributes: attributes.names, indexImport: source.lastImport, indexRow: followed, indexed: whole })
    .where(eq(sources.id, sourceId))
  return !whole
}

/** Makes the rows of some products anew whose values changed. @returns how many marks were taken. */
async function refreshStale(tx: Tx): Promise<number> {
  const taken = await rowsOf<{ id: string; marked_ms: string }>(
    tx,
    sql`delete from stale_products where product_id in (select product_id from stale_products limit ${BATCH}::integer for update skip locked)
      returning product_id as id, (extract(epoch from marked_at) * 1000)::bigint as marked_ms`,
  )
  if (taken.length === 0) return 0
  const markedAt = new Map(taken.map(({ id, marked_ms: ms }) => [id, new Date(Number(ms))]))
  const found = await tx
    .select({ product: products })
    .from(products)
    .innerJoin(productIndex, eq(productIndex.productId, products.id))
    .where(sql`${products.id} = any (${uuids([...markedAt.keys()])})`)
  for (const [sourceId, group] of Map.groupBy(found, ({ product }) => product.sourceId)) {
    const [source] = await tx.select().from(sources).where(eq(sources.id, sourceId)).for('update')
    const indexed = indexedSource(source!)
    await putRows(
      tx,
      indexed,
      group.map(({ product }) => ({ ...product, markedAt: markedAt.get(product.id) })),
    )
    await tx.update(sources).set({ attributes: indexed.attributes.names }).where(eq(sources.id, sourceId))
  }
  return taken.length
}

function indexedSource(source: typeof sources.$inferSelect): IndexedSource {
  const { id, workspaceId, attributes, format, mapping } = source
  const ofFile = attributesOfColumns(mapping, columnNames(format as unknown as FileFormat))
  const inOrder = [...new Set([...attributes, ...ofFile])] // places given once stay
  return { id, workspaceId, columns: columnsOf(source), mapping, attributes: attributePlaces(inOrder) }
}

/** What a person chose, or a guess. */
export function columnsOf({
  columns,
  format,
  mapping,
}: Pick<typeof sources.$inferSelect, 'columns' | 'format' | 'mapping'>): SourceColumns {
  if (columns) return columns
  const file = format as unknown as FileFormat
  return guessColumns(attributesOfColumns(mapping, columnNames(file)), attributesOfColumns(mapping, file.textColumns))
}

async function putRows(tx: Tx, source: IndexedSource, page: readonly IndexedProduct[]): Promise<void> {
  if (page.length === 0) return
  const rows = page.map((product) => indexRow(source, product))
  await tx.execute(sql`
    insert into product_index (product_id, workspace_id, source_id, row, identifier, name, name_key, family, filled, words, updated_at)
    select product_id, workspace_id, source_id, row, identifier, name, name_key, family, filled, words, updated_at
    from ${givenRows(productIndex, rows)}
    on conflict (product_id) do update set row = excluded.row, name = excluded.name, name_key = excluded.name_key, family = excluded.family,
      filled = excluded.filled, words = excluded.words, updated_at = excluded.updated_at`)
}
