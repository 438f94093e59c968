import { and, asc, eq, inArray, lt, sql } from 'drizzle-orm'
import { insertMany } from '../../db/bulk.ts'
import type { Tx } from '../../db/database.ts'
import { catalogueIndexes, departedProducts, indexPages, indexSegments } from '../../db/schema/index.ts'
import { type Bitmap, membersOf, newBitmap, removeMember } from './bitmap.ts'
import type { SegmentBuilder } from './builder.ts'
import type { Page } from './page.ts'
import { encodePosting, type Mask, readMask, standsIn } from './posting.ts'
import { WIDE } from './terms.ts'

/**
 * The segments of a workspace's index. Whoever writes to them holds the workspace's row in `catalogue_indexes` until the end of
 * the transaction (`lockIndex`): writers take turns, readers wait for nobody.
 */
export interface Segment {
  readonly id: number
  readonly mask: Mask
  readonly products: number
}

/** Smaller segments are taken into a new one in memory, so that edits one by one do not leave a segment each. */
const MOST_IN_MEMORY = 4_096
const ALWAYS_TAKEN = 32
const PAGES_A_STATEMENT = 256

export type LockedIndex = typeof catalogueIndexes.$inferSelect

export async function lockIndex(tx: Tx, workspaceId: string): Promise<LockedIndex> {
  const read = () => tx.select().from(catalogueIndexes).where(eq(catalogueIndexes.workspaceId, workspaceId)).for('update')
  const [known] = await read()
  if (known) return known
  await tx.insert(catalogueIndexes).values({ workspaceId }).onConflictDoNothing()
  const [made] = await read()
  return made!
}

/** Numbers for products that have none yet. @returns the first of them. */
export async function takeOrdinals(tx: Tx, { workspaceId }: LockedIndex, count: number): Promise<number> {
  const [taken] = await tx
    .update(catalogueIndexes)
    .set({ nextOrdinal: sql`${catalogueIndexes.nextOrdinal} + ${count}` })
    .where(eq(catalogueIndexes.workspaceId, workspaceId))
    .returning({ next: catalogueIndexes.nextOrdinal })
  return taken!.next - count
}

async function takeSegmentId(tx: Tx, { workspaceId }: LockedIndex): Promise<number> {
  const [taken] = await tx
    .update(catalogueIndexes)
    .set({ nextSegment: sql`${catalogueIndexes.nextSegment} + 1` })
    .where(eq(catalogueIndexes.workspaceId, workspaceId))
    .returning({ next: catalogueIndexes.nextSegment })
  return taken!.next - 1
}

/** Those that are ready, the smallest first. */
export async function readSegments(tx: Tx): Promise<Segment[]> {
  const found = await tx
    .select({ id: indexSegments.id, members: indexSegments.members, products: indexSegments.products })
    .from(indexSegments)
    .where(eq(indexSegments.ready, true))
    .orderBy(asc(indexSegments.products), asc(indexSegments.id))
  return found.map(({ id, members, products }) => ({ id, products, mask: readMask(members) }))
}

/** How many products the list holds. */
export async function countIndexed(tx: Tx): Promise<number> {
  const [sum] = await tx
    .select({ products: sql<number>`coalesce(sum(${indexSegments.products}), 0)::integer` })
    .from(indexSegments)
    .where(eq(indexSegments.ready, true))
  return sum!.products
}

/** Adds what was gathered as a segment; its products stand in no other from then on. */
export async function putSegment(tx: Tx, index: LockedIndex, builder: SegmentBuilder): Promise<void> {
  const added = builder.members()
  if (added.length === 0) return
  const others = await standDown(tx, await readSegments(tx), added)
  const taken: number[] = []
  let total = added.length
  for (const { id, mask, products } of others) {
    if (products > Math.max(3 * total, ALWAYS_TAKEN) || total + products > MOST_IN_MEMORY) break
    builder.absorb({ bodies: await pagesOf(tx, id), mask, standing: standing(mask) })
    total += products
    taken.push(id)
  }
  await removeSegments(tx, taken)
  const id = await takeSegmentId(tx, index)
  const members = encodePosting(builder.members())
  const { pages, counts } = builder.write()
  await tx.insert(indexSegments).values({
    workspaceId: index.workspaceId,
    id,
    members,
    products: total,
    ready: true,
    counts,
    counted: total,
  })
  await putPages(tx, { workspaceId: index.workspaceId, segmentId: id, pages })
}

export async function putPages(
  tx: Tx,
  { workspaceId, segmentId, pages }: { workspaceId: string; segmentId: number; pages: readonly Page[] },
): Promise<void> {
  for (let from = 0; from < pages.length; from += PAGES_A_STATEMENT) {
    const rows = pages.slice(from, from + PAGES_A_STATEMENT).map(({ firstTerm, body }) => ({
      workspaceId,
      segmentId,
      firstTerm: Buffer.from(firstTerm, 'latin1'),
      body,
    }))
    await insertMany(tx, indexPages, rows)
  }
}

/** Products stand in these segments no longer. @returns the segments that still have any, the smallest first. */
export async function standDown(tx: Tx, segments: readonly Segment[], ordinals: readonly number[]): Promise<Segment[]> {
  const left: Segment[] = []
  const empty: number[] = []
  for (const segment of segments) {
    const leaving = ordinals.filter((ordinal) => standsIn(segment.mask, ordinal))
    if (leaving.length === 0) {
      left.push(segment)
      continue
    }
    const products = segment.products - leaving.length
    if (products === 0) {
      empty.push(segment.id)
      continue
    }
    const members = encodePosting(standing(segment.mask, leaving))
    await tx.update(indexSegments).set({ members, products }).where(eq(indexSegments.id, segment.id))
    left.push({ id: segment.id, products, mask: readMask(members) })
  }
  await removeSegments(tx, empty)
  return left.sort((a, b) => a.products - b.products)
}

/** The members of a mask, without some of them. */
export function standing({ fromByte, bytes }: Mask, without: readonly number[] = []): number[] {
  const own: Bitmap = newBitmap(bytes.length * 8)
  own.set(bytes)
  for (const ordinal of without) removeMember(own, ordinal - fromByte * 8)
  return membersOf(own).map((place) => place + fromByte * 8)
}

async function pagesOf(tx: Tx, segmentId: number): Promise<Uint8Array[]> {
  const pages = await tx
    .select({ body: indexPages.body })
    .from(indexPages)
    .where(and(eq(indexPages.segmentId, segmentId), lt(indexPages.firstTerm, Buffer.from(WIDE))))
    .orderBy(asc(indexPages.firstTerm))
  return pages.map(({ body }) => body)
}

export async function removeSegments(tx: Tx, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await tx.delete(indexPages).where(inArray(indexPages.segmentId, [...ids]))
  await tx.delete(indexSegments).where(inArray(indexSegments.id, [...ids]))
}

/** Products that left the list leave the segments, `most` of them at most. @returns how many. */
export async function forgetDeparted(tx: Tx, most: number): Promise<number> {
  const some = tx.select({ ordinal: departedProducts.ordinal }).from(departedProducts).limit(most)
  const gone = await tx
    .delete(departedProducts)
    .where(inArray(departedProducts.ordinal, some))
    .returning({ ordinal: departedProducts.ordinal })
  const ordinals = gone.map(({ ordinal }) => ordinal)
  if (ordinals.length > 0) await standDown(tx, await readSegments(tx), ordinals)
  return ordinals.length
}

/** Adds a segment that is not ready yet, and whose members are not known. */
export async function beginSegment(tx: Tx, index: LockedIndex): Promise<number> {
  const id = await takeSegmentId(tx, index)
  const nothing = { members: new Uint8Array(), products: 0, counts: new Uint8Array(), counted: 0 }
  await tx.insert(indexSegments).values({ workspaceId: index.workspaceId, id, ready: false, ...nothing })
  return id
}
