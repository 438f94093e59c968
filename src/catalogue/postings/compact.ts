import { and, asc, eq, gt, lt, sql } from 'drizzle-orm'
import type { Database, Tx } from '../../db/database.ts'
import { indexPages, indexSegments } from '../../db/schema/index.ts'
import type { KeptCounts } from './counts.ts'
import { mergeSegments } from './merge.ts'
import type { Page } from './page.ts'
import { encodePosting } from './posting.ts'
import { createSegmentWriter } from './segment-writer.ts'
import { beginSegment, lockIndex, putPages, readSegments, removeSegments, type Segment, standing } from './segments.ts'
import { WIDE } from './terms.ts'

/** Segments of more products than half of this are not merged again until that many of their products have left them. */
const LARGEST = 65_536
const MOST_UNMERGED = 16
const PAGES_AT_A_TIME = 32
const PAGES_A_WRITE = 200
const FORSAKEN = sql`now() - interval '15 minutes'` // no merge takes that long: its process ended

/**
 * Merges small segments into one, when there are many: a question reads a page or so of each. In short transactions, with one
 * page of each segment in memory; what becomes of their products meanwhile is taken along. Where the process ends in the midst of it,
 * or someone else changed which segments there are, what was written is removed, and the old ones stay as they are.
 * @returns whether something was merged: there may be more to do
 */
export async function compactSegments(
  database: Database,
  { workspaceId, signal, leastSegments = MOST_UNMERGED }: { workspaceId: string; signal: () => boolean; leastSegments?: number },
): Promise<boolean> {
  const begun = await database.inWorkspace(workspaceId, async (tx) => {
    const sizes = await tx
      .select({ id: indexSegments.id, products: indexSegments.products })
      .from(indexSegments)
      .where(eq(indexSegments.ready, true))
      .orderBy(asc(indexSegments.products), asc(indexSegments.id))
    const ids = new Set(chooseSegments(sizes, leastSegments))
    if (ids.size === 0) return undefined
    const chosen = (await readSegments(tx)).filter((segment) => ids.has(segment.id))
    const index = await lockIndex(tx, workspaceId)
    await removeForsaken(tx)
    return { chosen, id: await beginSegment(tx, index) }
  })
  if (!begun) return false
  const { chosen, id } = begun
  let pages: Page[] = []
  const write = (): Promise<void> => {
    const some = pages
    pages = []
    return database.inWorkspace(workspaceId, (tx) => putPages(tx, { workspaceId, segmentId: id, pages: some }))
  }
  const writer = createSegmentWriter((page) => pages.push(page))
  const ends = new AbortController()
  let kept: KeptCounts
  try {
    const counts = await mergeSegments(
      chosen.map(({ id: segmentId, mask }) => ({ mask, pages: pagesOf(database, { workspaceId, segmentId }) })),
      writer,
      {
        afterEach: () => {
          if (signal()) ends.abort()
          ends.signal.throwIfAborted()
          return pages.length >= PAGES_A_WRITE ? write() : undefined
        },
      },
    )
    await write()
    kept = { counts, counted: chosen.reduce((sum, { products }) => sum + products, 0) }
  } catch (error) {
    await database.inWorkspace(workspaceId, (tx) => removeSegments(tx, [id]))
    if (ends.signal.aborted) return false
    throw error
  }
  return database.inWorkspace(workspaceId, (tx) => finish(tx, { workspaceId, id, chosen: chosen.map((segment) => segment.id), kept }))
}

/** The smallest first, as many as make one that is not too large; none while there are few. */
function chooseSegments(segments: readonly Pick<Segment, 'id' | 'products'>[], least: number): number[] {
  const small = segments.filter(({ products }) => products <= LARGEST / 2)
  if (small.length < least) return []
  let total = 0
  return small.flatMap(({ id, products }, place) => {
    total += products
    return total <= LARGEST || place < 2 ? id : []
  })
}

/** The merged segment takes the place of the others, unless one of them is there no longer. */
async function finish(
  tx: Tx,
  { workspaceId, id, chosen, kept }: { workspaceId: string; id: number; chosen: readonly number[]; kept: KeptCounts },
): Promise<boolean> {
  await lockIndex(tx, workspaceId)
  const now = (await readSegments(tx)).filter((segment) => chosen.includes(segment.id))
  const own = await tx.select({ id: indexSegments.id }).from(indexSegments).where(eq(indexSegments.id, id))
  if (now.length < chosen.length || own.length === 0) {
    await removeSegments(tx, [id])
    return false
  }
  const members = now.flatMap(({ mask }) => standing(mask)).sort((a, b) => a - b)
  await removeSegments(tx, chosen)
  await tx
    .update(indexSegments)
    .set({ members: encodePosting(members), products: members.length, ready: true, ...kept })
    .where(eq(indexSegments.id, id))
  return true
}

async function removeForsaken(tx: Tx): Promise<void> {
  const forsaken = await tx
    .select({ id: indexSegments.id })
    .from(indexSegments)
    .where(and(eq(indexSegments.ready, false), lt(indexSegments.madeAt, FORSAKEN)))
  await removeSegments(
    tx,
    forsaken.map(({ id }) => id),
  )
}

async function* pagesOf(
  database: Database,
  { workspaceId, segmentId }: { workspaceId: string; segmentId: number },
): AsyncGenerator<Uint8Array> {
  for (let after: Uint8Array = new Uint8Array(); ;) {
    const pages = await database.inWorkspace(workspaceId, (tx) =>
      tx
        .select({ firstTerm: indexPages.firstTerm, body: indexPages.body })
        .from(indexPages)
        .where(and(eq(indexPages.segmentId, segmentId), gt(indexPages.firstTerm, after), lt(indexPages.firstTerm, Buffer.from(WIDE))))
        .orderBy(asc(indexPages.firstTerm))
        .limit(PAGES_AT_A_TIME),
    )
    for (const { body } of pages) yield body
    if (pages.length < PAGES_AT_A_TIME) return
    after = pages.at(-1)!.firstTerm
  }
}
