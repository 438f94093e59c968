import { and, eq, ne, type SQL, sql } from 'drizzle-orm'
import type { Database, Tx } from '../../db/database.ts'
import { rowsOf } from '../../db/rows.ts'
import { indexSegments } from '../../db/schema/index.ts'
import { createPageWriter, readTerm } from './page.ts'
import { countPosting, type Mask, type Reader, readMask, readNumber, sizeOfNumber, writeNumber } from './posting.ts'
import { type Term, WORD } from './terms.ts'

/**
 * How many products of a segment have each of its terms, but for words: kept beside the segment, so that what all products of a
 * catalogue say is a sum of a few numbers a segment. `counted` says how many products stood in it then. A segment's products only
 * leave, so that its counts are right as long as that is how many it has; of another one they are taken from its pages.
 */
export interface KeptCounts {
  readonly counts: Uint8Array<ArrayBuffer>
  readonly counted: number
}

const isKept = (term: Term): boolean => term < WORD

/** Gathers counts, terms in their order. */
export function createCountWriter() {
  const bodies: Uint8Array[] = []
  const pages = createPageWriter(({ body }) => bodies.push(body))
  return {
    add(term: Term, count: number): void {
      if (count === 0 || !isKept(term)) return
      const bytes = new Uint8Array(sizeOfNumber(count))
      writeNumber(bytes, 0, count)
      pages.add(term, bytes)
    },
    end(): Uint8Array<ArrayBuffer> {
      pages.end()
      return new Uint8Array(Buffer.concat(bodies))
    },
  }
}

/** How many products of the list have each term, words left out. */
export async function readCounts(tx: Tx): Promise<Map<Term, number>> {
  const sums = new Map<Term, number>()
  await visitCounts(tx, sql`ready`, (term, count) => sums.set(term, (sums.get(term) ?? 0) + count))
  return sums
}

/** Counts segments anew that products have left, each in a transaction of its own. */
export async function keepCounts(
  database: Database,
  { workspaceId, signal }: { workspaceId: string; signal: () => boolean },
): Promise<void> {
  const behind = await database.inWorkspace(workspaceId, (tx) =>
    tx
      .select({ id: indexSegments.id })
      .from(indexSegments)
      .where(and(eq(indexSegments.ready, true), ne(indexSegments.counted, indexSegments.products))),
  )
  for (const { id } of behind) {
    if (signal()) return
    await database.inWorkspace(workspaceId, async (tx) => {
      const [segment] = await tx
        .select({ products: indexSegments.products })
        .from(indexSegments)
        .where(eq(indexSegments.id, id))
        .for('update')
      if (!segment) return // merged meanwhile
      const writer = createCountWriter()
      await visitCounts(tx, sql`id = ${id}::integer`, (term, count) => writer.add(term, count))
      await tx.update(indexSegments).set({ counts: writer.end(), counted: segment.products }).where(eq(indexSegments.id, id))
    })
  }
}

/**
 * Visits the counts of some segments, term by term, a segment's own each. In one statement, so that what others write meanwhile is
 * either all in it or not at all; written as readPostings has it (read.ts).
 */
async function visitCounts(tx: Tx, which: SQL, visit: (term: Term, count: number) => unknown): Promise<void> {
  const rows = await rowsOf<{ segment: number; what: 'counts' | 'members' | 'page'; body: Uint8Array }>(
    tx,
    sql`
    with segment as materialized (select id, members, counts, counted = products as is_kept from index_segments where ${which})
    select id as segment, 'counts' as what, counts as body from segment where is_kept
    union all
    select id, 'members', members from segment where not is_kept
    union all
    select segment.id, 'page', page.body from segment cross join lateral (
        select body from index_pages where not segment.is_kept and segment_id = segment.id and first_term < ${Buffer.from(WORD)}
          order by first_term
      ) as page`,
  )
  const masks = new Map<number, Mask>()
  for (const { segment, what, body } of rows) if (what === 'members') masks.set(segment, readMask(body))
  for (const { segment, what, body } of rows) {
    if (what === 'members') continue
    const reader: Reader = { bytes: body, at: 0 }
    for (let term = ''; reader.at < body.length;) {
      term = readTerm(reader, term)
      if (!isKept(term)) break // words follow on the same page
      visit(term, what === 'counts' ? readNumber(reader) : countPosting(reader, masks.get(segment)!, undefined))
    }
  }
}
