import { sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { rowsOf } from '../../db/rows.ts'
import { bitsInByte, type Bitmap, newBitmap } from './bitmap.ts'
import { readTerm } from './page.ts'
import { countPosting, endOfMask, type Mask, readMask, type Reader, skipPosting, unitePosting } from './posting.ts'
import { type Term, type Wanted, WIDE } from './terms.ts'

/** What the segments say of the terms that were asked for. */
export interface Postings {
  /** One more than the highest ordinal: how long the bitmaps are. */
  readonly ordinals: number
  /** All products of the list. */
  readonly standing: () => Bitmap
  /** The products that have any of the terms asked for at a place. */
  readonly having: (place: number) => Bitmap
  /** How many of some products stand in each segment that has any of them. */
  readonly spread: (members: Bitmap) => ReadonlyMap<number, number>
  /** How many products have each of the terms asked for at a place; of those in `within`, where it is given. */
  readonly counts: (place: number, within: Bitmap | undefined) => Map<Term, number>
}

/**
 * Reads the pages of some terms from all segments, in one statement, so that what others write meanwhile is either all in it or
 * not at all. Of each segment: the last page that begins at or before the first term, and those that begin before the last one.
 * `limit` and `order by` keep the planner from joining the pages in any other way than segment by segment, by their key.
 * @param among the segments to read, of those there still are; all of them where it is absent
 */
export async function readPostings(tx: Tx, wanted: readonly Wanted[], among?: readonly number[]): Promise<Postings> {
  const rows = await rowsOf<{ place: number; segment: number; body: Uint8Array }>(
    tx,
    sql`
    with segment as materialized (select id, members from index_segments where ready${among ? sql` and id = any (${`{${among.join(',')}}`}::integer[])` : sql``}),
      wanted as materialized (
        select place, first, last, wide from jsonb_to_recordset(${JSON.stringify(wanted.map(toRow))}::jsonb) as wanted(place integer, first bytea, last bytea, wide bytea)
      )
    select -1 as place, id as segment, members as body from segment
    union all
    select wanted.place, segment.id, page.body from segment cross join wanted
      left join lateral (
        select body from index_pages where segment_id = segment.id and first_term = wanted.wide limit 1
      ) as whole on true
      cross join lateral (
        select whole.body where whole.body is not null
        union all
        (select body from index_pages where whole.body is null and segment_id = segment.id and first_term <= wanted.first
          order by first_term desc limit 1)
        union all
        (select body from index_pages where whole.body is null and segment_id = segment.id
            and first_term > wanted.first and first_term < wanted.last
          order by first_term)
      ) as page`,
  )
  const masks = new Map<number, Mask>()
  for (const { place, segment, body } of rows) if (place === -1) masks.set(segment, readMask(body))
  const ordinals = Math.max(0, ...[...masks.values()].map(endOfMask))
  const pages = Map.groupBy(
    rows.filter(({ place }) => place >= 0),
    ({ place }) => place,
  )
  const each = (place: number, visit: (reader: Reader, mask: Mask, term: Term) => void): void => {
    for (const { segment, body } of pages.get(place) ?? [])
      readPage(body, wanted[place]!, (reader, term) => visit(reader, masks.get(segment)!, term))
  }
  return {
    ordinals,
    standing() {
      const all = newBitmap(ordinals)
      for (const { fromByte, bytes } of masks.values()) for (let at = 0; at < bytes.length; at += 1) all[fromByte + at]! |= bytes[at]!
      return all
    },
    having(place) {
      const found = newBitmap(ordinals)
      each(place, (reader, mask) => unitePosting(reader, mask, found))
      return found
    },
    spread(members) {
      const found = new Map<number, number>()
      for (const [segment, { fromByte, bytes }] of masks) {
        let count = 0
        for (let at = 0; at < bytes.length; at += 1) count += bitsInByte(bytes[at]! & (members[fromByte + at] ?? 0))
        if (count > 0) found.set(segment, count)
      }
      return found
    },
    counts(place, within) {
      const counts = new Map<Term, number>()
      each(place, (reader, mask, term) => counts.set(term, (counts.get(term) ?? 0) + countPosting(reader, mask, within)))
      return counts
    },
  }
}

const toRow = ({ first, last, wide }: Wanted, place: number): Record<string, unknown> => ({
  place,
  first: hex(first),
  ...(last === undefined ? {} : { last: hex(last) }),
  ...(wide === undefined ? {} : { wide: hex(wide) }),
})

const hex = (term: Term): string => `\\x${Buffer.from(term, 'latin1').toString('hex')}`

/** Calls `visit` for each entry that is wanted; it has to read the posting. */
function readPage(bytes: Uint8Array, { first, last, wide }: Wanted, visit: (reader: Reader, term: Term) => void): void {
  const reader = { bytes, at: 0 }
  for (let term = ''; reader.at < bytes.length;) {
    term = readTerm(reader, term)
    const isWanted = term === first || term === wide || (last !== undefined && term > first && term < last)
    if (isWanted) visit(reader, term)
    else if (term > first && !term.startsWith(WIDE)) return
    else skipPosting(reader)
  }
}
