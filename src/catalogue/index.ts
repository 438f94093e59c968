import { and, eq, ne, sql } from 'drizzle-orm'
import type { Database, Tx } from '../db/database.ts'
import { imports, sources, staleProducts } from '../db/schema/index.ts'
import { followSource } from './index-source.ts'
import { refreshStale, STALE_BATCH } from './index-stale.ts'
import { columnsOf } from './index-write.ts'
import { compactSegments } from './postings/compact.ts'
import { keepCounts } from './postings/counts.ts'
import { inferStructure } from './structure/infer-source.ts'

/**
 * The index behind the list (`product_index` and its segments of postings) follows the products: an import by the source's own
 * mark, row after row of the file, and written values and proposals by the marks in `stale_products`. Neither costs an import
 * anything.
 */

interface Passes {
  readonly running: Promise<void>
  next?: Promise<void>
}
const under = new WeakMap<Database, Map<string, Passes>>()
const stopped = new WeakSet<Database>()

/**
 * Brings a workspace's index up to date, in short transactions. A pass under way may be past what was just changed: who calls
 * meanwhile waits for the one after it, which they all share.
 */
export function refreshCatalogueIndex(database: Database, workspaceId: string): Promise<void> {
  const ofDatabase = under.get(database) ?? new Map<string, Passes>()
  under.set(database, ofDatabase)
  const passes = ofDatabase.get(workspaceId)
  if (passes) return (passes.next ??= passes.running.catch(() => undefined).then(() => refreshCatalogueIndex(database, workspaceId)))
  const running = refresh(database, workspaceId).finally(() => ofDatabase.delete(workspaceId))
  ofDatabase.set(workspaceId, { running })
  return running
}

/** Takes up to 500 products along whose values were written, though a pass is under way: what a person just wrote is there. */
export const refreshWritten = (database: Database, workspaceId: string): Promise<number> =>
  database.inWorkspace(workspaceId, (tx) => refreshStale(tx, workspaceId))

/** Before the database closes: passes under way end with the batch they are at, and go on from there after the next start. */
export async function stopCatalogueIndex(database: Database): Promise<void> {
  stopped.add(database)
  const passes = under.get(database)
  if (passes) await Promise.allSettled(Array.from(passes.values(), ({ running, next }) => next ?? running))
}

async function refresh(database: Database, workspaceId: string): Promise<void> {
  const signal = (): boolean => stopped.has(database)
  if (signal()) return
  await followWritten(database, workspaceId)
  for (const sourceId of await database.inWorkspace(workspaceId, sourcesBehind)) {
    if (!signal()) await inferStructure(database, { workspaceId, sourceId, columnsOf })
    await followSource(database, {
      workspaceId,
      sourceId,
      signal,
      afterEach: async () => {
        await followWritten(database, workspaceId)
        await compactSegments(database, { workspaceId, signal })
      },
    })
  }
  await followWritten(database, workspaceId)
  while (!signal() && (await compactSegments(database, { workspaceId, signal })));
  await keepCounts(database, { workspaceId, signal })
}

async function followWritten(database: Database, workspaceId: string): Promise<void> {
  while (!stopped.has(database) && (await refreshWritten(database, workspaceId)) >= STALE_BATCH);
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

/** Counted no further: an index that is so far behind says so with a lower bound. */
const MOST_STALE = 10_000

export async function readIndexState(tx: Tx): Promise<IndexState> {
  const some = tx.select({ id: staleProducts.productId }).from(staleProducts).limit(MOST_STALE).as('some')
  const [stale] = await tx.select({ count: sql<number>`count(*)::integer` }).from(some)
  // Before the sources: an import that ends in between is not taken for one that was never there.
  const running = await tx.select({ counts: imports.counts }).from(imports).where(eq(imports.state, 'running'))
  const known = await tx
    .select({
      products: sources.products,
      row: sources.indexRow,
      isBegun: sql<boolean>`coalesce(${sources.indexImport} = ${sources.lastImport}, false)`,
      isBehind: sql<boolean>`coalesce(${behind}, false)`,
    })
    .from(sources)
  let products = 0
  let indexed = -stale!.count
  for (const source of known) {
    products += source.products
    indexed += !source.isBehind ? source.products : source.isBegun ? Math.min(source.row, source.products) : 0
  }
  for (const { counts } of running) products += counts.new // what it has brought so far, and the list does not have yet
  const isLate = known.some(({ isBehind }) => isBehind)
  return { ready: !isLate && stale!.count === 0 && running.length === 0, indexed: Math.max(0, indexed), products }
}
