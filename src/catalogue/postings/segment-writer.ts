import { addMember, type Bitmap, membersOf, newBitmap } from './bitmap.ts'
import { createCountWriter } from './counts.ts'
import { createPageWriter, type Page, sharedLength } from './page.ts'
import { encodePosting } from './posting.ts'
import { WIDE, WORD } from './terms.ts'

/** Words that begin alike are read one after another up to so many bytes; of more, their union is written too. */
const MOST_RANGE_BYTES = 32_768
const LONGEST_PREFIX = 24 // bytes

interface Open {
  readonly start: number // where the members of its words begin in `pending`
  bytes: number
}

/**
 * Writes the pages of a segment from its terms in their order. Beside the terms themselves: for each beginning of a word that so
 * many words share that reading them all would take long, one entry with the products of all of them (`WIDE`). So the search for
 * a few letters, or for the first digits of a million article numbers, reads about as much as the search for a word.
 */
export function createSegmentWriter(onPage: (page: Page) => void) {
  const pages = createPageWriter(onPage)
  const counts = createCountWriter()
  const open: Open[] = [] // open[n]: the beginning of n + 1 bytes of the last word
  const pending: ArrayLike<number>[] = []
  let lastWord = ''

  function closeDownTo(depth: number): void {
    while (open.length > depth) {
      const { start, bytes } = open.pop()!
      const parent = open.at(-1)
      if (parent) parent.bytes += bytes
      if (bytes <= MOST_RANGE_BYTES) continue
      const together = unionOf(pending.slice(start))
      pending.length = start
      pending.push(together)
      const posting = encodePosting(together)
      const isWhole = !isContinuation(lastWord, open.length + 1)
      if (isWhole && posting.length * 2 < bytes) onPage(singleEntry(WIDE + lastWord.slice(0, open.length + 1), posting))
    }
    if (depth === 0) pending.length = 0
  }

  function addWord(word: string, members: ArrayLike<number>, bytes: number): void {
    closeDownTo(sharedLength(lastWord.slice(0, LONGEST_PREFIX), word))
    while (open.length < Math.min(word.length, LONGEST_PREFIX)) open.push({ start: pending.length, bytes: 0 })
    pending.push(members)
    open.at(-1)!.bytes += bytes + word.length
    lastWord = word
  }

  return {
    /** @param members in their order, each once, at least one */
    add(term: string, members: ArrayLike<number>): void {
      const posting = encodePosting(members)
      pages.add(term, posting)
      counts.add(term, members.length)
      if (term.startsWith(WORD)) addWord(term.slice(WORD.length), members, posting.length)
    },
    /** @returns the counts to be kept beside the segment */
    end(): Uint8Array<ArrayBuffer> {
      closeDownTo(0)
      pages.end()
      return counts.end()
    },
  }
}

/** Whether a character of UTF-8 goes on at this place. */
const isContinuation = (bytes: string, at: number): boolean => (bytes.charCodeAt(at) & 0xc0) === 0x80

function unionOf(sets: readonly ArrayLike<number>[]): number[] {
  let highest = 0
  for (const set of sets) highest = Math.max(highest, set[set.length - 1]!)
  const together: Bitmap = newBitmap(highest + 1)
  for (const set of sets) for (let index = 0; index < set.length; index += 1) addMember(together, set[index]!)
  return membersOf(together)
}

function singleEntry(term: string, posting: Uint8Array): Page {
  let page: Page | undefined
  const writer = createPageWriter((written) => (page = written))
  writer.add(term, posting)
  writer.end()
  return page!
}
