import { and, asc, eq, gt, lte, ne, or, sql } from 'drizzle-orm'
import { canonicalJson } from '../base/json.ts'
import type { Database, Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { catalogueIndexes, productIndex, products, sources } from '../db/schema/index.ts'
import { matchingProducts, ordinalsArray, uuids } from './filter.ts'
import { indexedSource, type KnownProduct, prepareRows, putRows } from './index-write.ts'
import type { IndexedSource } from './index-row.ts'
import { hasMember } from './postings/bitmap.ts'
import { createSegmentBuilder } from './postings/builder.ts'
import { standsIn } from './postings/posting.ts'
import { lockIndex, putSegment, readSegments } from './postings/segments.ts'

/** Rows of the file whose products become a segment together; larger ones are fewer, and take more memory. */
const ROWS_A_SEGMENT = 4_096
const ROWS_A_TRANSACTION = 512

type Source = typeof sources.$inferSelect

/** A stretch of a source's last import. */
interface Stretch {
  readonly source: Source
  readonly indexed: IndexedSource
  readonly afterRow: number
  readonly upToRow: number
  readonly isLast: boolean
  readonly all: boolean // also products that are as they were
  readonly nextSegment: number // segments from this number on were written since the stretch began
}

/**
 * Brings the index up to a source's last import, stretch after stretch of its file. Who is cut off goes on with the stretch that
 * was not finished. Products that are as they were when they were indexed are passed over, unless all are to be indexed again.
 */
export async function followSource(
  database: Database,
  {
    workspaceId,
    sourceId,
    signal,
    afterEach,
  }: { workspaceId: string; sourceId: string; signal: () => boolean; afterEach: () => Promise<void> },
): Promise<void> {
  while (!signal()) {
    const stretch = await database.inWorkspace(workspaceId, (tx) => nextStretch(tx, sourceId))
    if (!stretch) return
    const builder = createSegmentBuilder()
    const known = await putStretch(database, stretch, signal)
    for (const { ordinal, terms } of known) builder.add(ordinal, terms)
    if (signal()) return
    if (stretch.isLast) await removeGone(database, stretch, { workspaceId, signal, coming: known })
    if (signal()) return
    await database.inWorkspace(workspaceId, (tx) => finishStretch(tx, stretch, { builder, known }))
    await afterEach()
  }
}

/**
 * Writes the rows of a stretch. While those of one transaction are made, the database reads the next ones and writes the last
 * ones. What is written to a product in between is noticed at the end (`indexedMeanwhile`).
 */
async function putStretch(database: Database, stretch: Stretch, signal: () => boolean): Promise<KnownProduct[]> {
  const { indexed, afterRow, upToRow } = stretch
  const { workspaceId } = indexed
  const prepare = (from: number) =>
    settled(
      database.inWorkspace(workspaceId, async (tx) =>
        prepareRows(tx, indexed, await readRows(tx, stretch, from, Math.min(from + ROWS_A_TRANSACTION, upToRow))),
      ),
    )
  const known: KnownProduct[] = []
  let read = afterRow < upToRow ? prepare(afterRow) : undefined
  let written: Promise<KnownProduct[]> = Promise.resolve([])
  try {
    for (let from = afterRow; read && !signal(); from += ROWS_A_TRANSACTION) {
      const make = await read
      const next = from + ROWS_A_TRANSACTION
      read = next < upToRow ? prepare(next) : undefined
      const made = make()
      known.push(...(await written))
      written = settled(database.inWorkspace(workspaceId, (tx) => putRows(tx, workspaceId, made)))
    }
    known.push(...(await written))
  } finally {
    await Promise.allSettled([read, written])
  }
  return known
}

/** A promise that may fail before somebody waits for it. */
function settled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

async function nextStretch(tx: Tx, sourceId: string): Promise<Stretch | undefined> {
  const [source] = await tx.select().from(sources).where(eq(sources.id, sourceId))
  if (!source || source.contentHash === '' || (source.indexed && source.indexImport === source.lastImport)) return undefined
  const isBegun = source.indexImport === source.lastImport
  const afterRow = isBegun ? source.indexRow : 0
  const [end] = await tx
    .select({ row: products.row })
    .from(products)
    .where(and(eq(products.sourceId, sourceId), eq(products.lastSeenImport, source.lastImport)))
    .orderBy(sql`${products.row} desc`)
    .limit(1)
  const lastRow = end?.row ?? 0
  const upToRow = Math.min(afterRow + ROWS_A_SEGMENT, lastRow)
  const [index] = await tx.select({ next: catalogueIndexes.nextSegment }).from(catalogueIndexes)
  return {
    source,
    indexed: indexedSource(source),
    afterRow,
    upToRow: Math.max(afterRow, upToRow),
    isLast: upToRow >= lastRow,
    all: source.indexAll || source.indexImport === null,
    nextSegment: index?.next ?? 1,
  }
}

async function readRows(tx: Tx, { source, all }: Stretch, from: number, upTo: number): Promise<(typeof products.$inferSelect)[]> {
  const found = await tx
    .select({ product: products })
    .from(products)
    .leftJoin(productIndex, eq(productIndex.productId, products.id))
    .where(
      and(
        eq(products.sourceId, source.id),
        eq(products.lastSeenImport, source.lastImport),
        gt(products.row, from),
        lte(products.row, upTo),
        all
          ? undefined
          : or(
              sql`${productIndex.productId} is null`,
              sql`${products.parentId} is not null`, // its parent may say otherwise
              ne(productIndex.row, products.row),
              sql`date_trunc('milliseconds', ${products.importedAt}) > ${productIndex.updatedAt}`,
            ),
      ),
    )
    .orderBy(asc(products.row))
  return found.map(({ product }) => product)
}

/** The stretch is in the index, unless the source was imported again or someone else finished it. */
async function finishStretch(
  tx: Tx,
  stretch: Stretch,
  { builder, known }: { builder: ReturnType<typeof createSegmentBuilder>; known: readonly KnownProduct[] },
): Promise<void> {
  const { source, indexed, upToRow, isLast, all } = stretch
  const index = await lockIndex(tx, source.workspaceId)
  const [now] = await tx.select().from(sources).where(eq(sources.id, source.id)).for('update')
  const isSame =
    now?.lastImport === source.lastImport &&
    now.contentHash === source.contentHash &&
    now.indexImport === source.indexImport &&
    now.indexRow === source.indexRow &&
    now.indexed === source.indexed &&
    canonicalJson([now.columns, now.mapping]) === canonicalJson([source.columns, source.mapping]) // what a person said meanwhile holds
  if (!isSame) return
  builder.without(await indexedMeanwhile(tx, stretch, known))
  await putSegment(tx, index, builder)
  const attributes = [...new Set([...now.attributes, ...indexed.attributes])]
  const followed = { indexImport: source.lastImport, indexRow: upToRow, indexAll: all && !isLast, indexed: isLast }
  await tx
    .update(sources)
    .set({ columns: indexed.columns, attributes, ...followed })
    .where(eq(sources.id, source.id))
}

/**
 * Products that were written, and indexed for that, after they were read here: what was read may be older. They are marked once
 * more and left to that. Merged segments count as new, so that there may be some too many.
 */
async function indexedMeanwhile(tx: Tx, { nextSegment, source }: Stretch, known: readonly KnownProduct[]): Promise<Set<number>> {
  const since = (await readSegments(tx)).filter(({ id }) => id >= nextSegment)
  const met = known.filter(({ ordinal }) => since.some(({ mask }) => standsIn(mask, ordinal)))
  if (met.length > 0) {
    await tx.execute(sql`insert into stale_products (product_id, workspace_id, marked_at)
      select product_id, ${source.workspaceId}::uuid, null from product_index where ordinal = any (${ordinalsArray(met.map(({ ordinal }) => ordinal))})
      order by product_id on conflict (product_id) do update set marked_at = stale_products.marked_at`)
  }
  return new Set(met.map(({ ordinal }) => ordinal))
}

/** Products that the import no longer brought leave the list. Their rows are looked for only where there are more than came. */
async function removeGone(
  database: Database,
  { source }: Stretch,
  { workspaceId, signal, coming }: { workspaceId: string; signal: () => boolean; coming: readonly KnownProduct[] },
): Promise<void> {
  const matching = await database.inWorkspace(workspaceId, (tx) => matchingProducts(tx, { sourceId: source.id }))
  const had = matching!.count
  const added = coming.filter(({ ordinal }) => !hasMember(matching!.members, ordinal)).length
  if (had + added <= source.products) return
  for (let after: ListedRow | undefined = { row: -1, id: source.id }; after && !signal();) {
    const from: ListedRow = after
    after = await database.inWorkspace(workspaceId, (tx) => removeGoneAfter(tx, source, from))
  }
}

interface ListedRow {
  readonly row: number
  readonly id: string
}

/** @returns where to go on; undefined: that was all. */
async function removeGoneAfter(tx: Tx, { id: sourceId, lastImport }: Source, { row, id }: ListedRow): Promise<ListedRow | undefined> {
  const some = await rowsOf<ListedRow & { gone: boolean }>(
    tx,
    sql`select listed.row, listed.product_id as id, products.last_seen_import <> ${lastImport}::uuid as gone
      from (select row, product_id from product_index where source_id = ${sourceId}::uuid and (row, product_id) > (${row}::integer, ${id}::uuid)
        order by row, product_id limit ${ROWS_A_SEGMENT}::integer) as listed join products on products.id = listed.product_id
      order by listed.row, listed.product_id`,
  )
  const gone = some.filter((one) => one.gone).map((one) => one.id)
  if (gone.length > 0) await tx.delete(productIndex).where(sql`${productIndex.productId} = any (${uuids(gone)})`)
  return some.length === ROWS_A_SEGMENT ? some.at(-1) : undefined
}
