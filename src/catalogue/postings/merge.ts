import { decodePosting, type Mask, type Reader } from './posting.ts'
import { readTerm } from './page.ts'
import type { createSegmentWriter } from './segment-writer.ts'

/** A segment to be merged: its pages in the order of their terms, without its wide entries, which the merged one makes anew. */
export interface MergedSegment {
  readonly mask: Mask
  readonly pages: AsyncIterator<Uint8Array>
}

interface Cursor {
  readonly mask: Mask
  readonly pages: AsyncIterator<Uint8Array>
  reader: Reader
  term: string
  done: boolean
}

/** Writes what still stands in several segments as one, a page of each in memory at a time. @returns the counts to be kept. */
export async function mergeSegments(
  segments: readonly MergedSegment[],
  writer: ReturnType<typeof createSegmentWriter>,
  { afterEach }: { afterEach: () => Promise<void> | undefined },
): Promise<Uint8Array<ArrayBuffer>> {
  const cursors = segments.map(({ mask, pages }): Cursor => ({ mask, pages, reader: NOTHING, term: '', done: false }))
  for (const cursor of cursors) await advance(cursor)
  for (;;) {
    let least: string | undefined
    for (const { term, done } of cursors) if (!done && (least === undefined || term < least)) least = term
    if (least === undefined) break
    const sets: number[][] = []
    for (const cursor of cursors) {
      if (cursor.done || cursor.term !== least) continue
      const members = decodePosting(cursor.reader, cursor.mask)
      if (members.length > 0) sets.push(members)
      if (!advanceInPage(cursor)) await advance(cursor)
    }
    if (sets.length > 0) writer.add(least, together(sets))
    const pause = afterEach()
    if (pause) await pause
  }
  return writer.end()
}

const NOTHING: Reader = { bytes: new Uint8Array(), at: 0 }

function advanceInPage(cursor: Cursor): boolean {
  const { reader } = cursor
  if (reader.at >= reader.bytes.length) return false
  cursor.term = readTerm(reader, cursor.term)
  return true
}

async function advance(cursor: Cursor): Promise<void> {
  const next = await cursor.pages.next()
  if (next.done) {
    cursor.done = true
    return
  }
  cursor.reader = { bytes: next.value, at: 0 }
  cursor.term = readTerm(cursor.reader, '')
}

/** A product stands in one segment alone, so that no member comes twice. */
function together(sets: readonly number[][]): number[] {
  if (sets.length === 1) return sets[0]!
  const all = sets.flat()
  for (let index = 1; index < all.length; index += 1) if (all[index]! < all[index - 1]!) return all.sort((a, b) => a - b)
  return all
}
