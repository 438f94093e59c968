import { type Reader, readNumber, writeNumber } from './posting.ts'

/**
 * Terms and their postings in the order of the terms, in pages that the database finds by their first term. An entry says how
 * many bytes its term shares with the one before it, how many follow and which, then its posting.
 *
 * Terms are written in UTF-8 and held in memory as strings of one character a byte, which sort as the database sorts bytes.
 */
export interface Page {
  readonly firstTerm: string
  readonly body: Uint8Array<ArrayBuffer>
}

/** A row of the database stays in its table up to 2 kB. A single entry may be longer. */
const PAGE_BYTES = 1_850
const MOST_HEAD = 10 // bytes of the two numbers before a term

/** @param onPage called with each page as soon as it is full */
export function createPageWriter(onPage: (page: Page) => void) {
  let buffer = new Uint8Array(PAGE_BYTES)
  let used = 0
  let firstTerm = ''
  let lastTerm = ''

  function end(): void {
    if (used > 0) onPage({ firstTerm, body: buffer.slice(0, used) })
    used = 0
  }

  /** Terms come in their order. */
  function add(term: string, posting: Uint8Array): void {
    if (used + MOST_HEAD + term.length + posting.length > PAGE_BYTES) end()
    if (used === 0) {
      firstTerm = term
      lastTerm = ''
      const needed = MOST_HEAD + term.length + posting.length
      if (needed > buffer.length) buffer = new Uint8Array(needed)
    }
    const shared = sharedLength(lastTerm, term)
    used = writeNumber(buffer, writeNumber(buffer, used, shared), term.length - shared)
    for (let index = shared; index < term.length; index += 1) buffer[used++] = term.charCodeAt(index)
    buffer.set(posting, used)
    used += posting.length
    lastTerm = term
  }

  return { add, end }
}

export function sharedLength(one: string, other: string): number {
  const most = Math.min(one.length, other.length)
  let shared = 0
  while (shared < most && one.charCodeAt(shared) === other.charCodeAt(shared)) shared += 1
  return shared
}

/** The next term of a page; its posting is next in the reader, and to be read or skipped before the term after it. */
export function readTerm(reader: Reader, before: string): string {
  const shared = readNumber(reader)
  const length = readNumber(reader)
  let rest = ''
  for (let index = 0; index < length; index += 1) rest += String.fromCharCode(reader.bytes[reader.at + index]!)
  reader.at += length
  return shared === 0 ? rest : before.slice(0, shared) + rest
}
