/**
 * A set of ordinals, as bits: ordinal n is bit n of the bytes, counted from the low end of each byte, as PostgreSQL's get_bit
 * counts. A million products are 125 kB. All bitmaps of one question have the same length.
 */
export type Bitmap = Uint8Array<ArrayBuffer>

/** An empty set with room for the ordinals below `ordinals`. */
export const newBitmap = (ordinals: number): Bitmap => new Uint8Array(((ordinals + 31) >>> 5) << 2)

export const hasMember = (bitmap: Uint8Array, ordinal: number): boolean => (((bitmap[ordinal >>> 3] ?? 0) >>> (ordinal & 7)) & 1) === 1

export function addMember(bitmap: Bitmap, ordinal: number): void {
  bitmap[ordinal >>> 3]! |= 1 << (ordinal & 7)
}

export function removeMember(bitmap: Bitmap, ordinal: number): void {
  bitmap[ordinal >>> 3]! &= ~(1 << (ordinal & 7))
}

/** Four bytes at a time: their order within a word does not matter to these. */
const wordsOf = (bitmap: Bitmap): Uint32Array => new Uint32Array(bitmap.buffer, bitmap.byteOffset, bitmap.byteLength >>> 2)

export function intersect(bitmap: Bitmap, other: Bitmap): void {
  const [words, others] = [wordsOf(bitmap), wordsOf(other)]
  for (let word = 0; word < words.length; word += 1) words[word]! &= others[word] ?? 0
}

export function subtract(bitmap: Bitmap, other: Bitmap): void {
  const [words, others] = [wordsOf(bitmap), wordsOf(other)]
  for (let word = 0; word < others.length; word += 1) words[word]! &= ~others[word]!
}

export function countMembers(bitmap: Bitmap): number {
  let count = 0
  for (const word of wordsOf(bitmap)) count += bitsIn(word)
  return count
}

/** How many bits of a word of 32 are set. */
function bitsIn(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

const BITS_OF_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => bitsIn(byte))
export const bitsInByte = (byte: number): number => BITS_OF_BYTE[byte]!

/** The members in their order, from `from` on, `most` of them at most. */
export function membersOf(bitmap: Uint8Array, { from = 0, most = Infinity }: { from?: number; most?: number } = {}): number[] {
  const members: number[] = []
  let byte = from >>> 3
  let bits = (bitmap[byte] ?? 0) & (0xff << (from & 7))
  for (;;) {
    for (; bits !== 0; bits &= bits - 1) {
      if (members.length >= most) return members
      members.push(byte * 8 + 31 - Math.clz32(bits & -bits))
    }
    byte += 1
    while (byte < bitmap.length && bitmap[byte] === 0) byte += 1
    if (byte >= bitmap.length) return members
    bits = bitmap[byte]!
  }
}
