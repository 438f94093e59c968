import { decodePosting, type Mask } from './posting.ts'
import { readTerm } from './page.ts'
import { createSegmentWriter } from './segment-writer.ts'
import type { Page } from './page.ts'
import { type Term, WIDE } from './terms.ts'

interface AbsorbedSegment {
  readonly bodies: readonly Uint8Array[] // of its pages
  readonly mask: Mask
  readonly standing: readonly number[] // the members of the mask
}

/** Gathers the terms of a few thousand products in memory, and writes them as the pages of one segment. */
export function createSegmentBuilder() {
  const postings = new Map<Term, number[]>()
  const members: number[] = []

  function add(ordinal: number, terms: Iterable<Term>): void {
    members.push(ordinal)
    for (const term of terms) {
      const posting = postings.get(term)
      if (posting) posting.push(ordinal)
      else postings.set(term, [ordinal])
    }
  }

  /** Takes what still stands in another segment along. */
  function absorb({ bodies, mask, standing }: AbsorbedSegment): void {
    for (const ordinal of standing) members.push(ordinal)
    for (const bytes of bodies) {
      const reader = { bytes, at: 0 }
      for (let term = ''; reader.at < bytes.length;) {
        term = readTerm(reader, term)
        const more = decodePosting(reader, mask)
        if (more.length === 0 || term.startsWith(WIDE)) continue
        const posting = postings.get(term)
        if (posting) for (const ordinal of more) posting.push(ordinal)
        else postings.set(term, more)
      }
    }
  }

  /** The segment's pages, and the counts to be kept beside it. */
  function write(): { pages: Page[]; counts: Uint8Array<ArrayBuffer> } {
    const pages: Page[] = []
    const writer = createSegmentWriter((page) => pages.push(page))
    for (const term of [...postings.keys()].sort()) writer.add(term, ascending(postings.get(term)!))
    return { pages, counts: writer.end() }
  }

  return {
    add,
    absorb,
    write,
    /** In their order. */
    members: (): number[] => ascending(members),
    /** Forgets products that someone else indexed meanwhile. */
    without(others: ReadonlySet<number>): void {
      if (others.size === 0) return
      for (const [term, posting] of postings) {
        const rest = posting.filter((ordinal) => !others.has(ordinal))
        if (rest.length > 0) postings.set(term, rest)
        else postings.delete(term)
      }
      const rest = members.filter((ordinal) => !others.has(ordinal))
      members.splice(0, members.length, ...rest)
    },
  }
}

export type SegmentBuilder = ReturnType<typeof createSegmentBuilder>

function ascending(numbers: number[]): number[] {
  for (let index = 1; index < numbers.length; index += 1) {
    if (numbers[index]! < numbers[index - 1]!) return numbers.sort((a, b) => a - b)
  }
  return numbers
}
