import { addMember, type Bitmap, bitsInByte, hasMember, newBitmap } from './bitmap.ts'

/**
 * A posting: the ordinals of one term in one segment, as bytes. First a number: how many members follow, or 0 for a bitmap or a
 * run. Members follow as their differences; a bitmap as the byte it begins at, its length in bytes and its bytes; a run, which is
 * members without a gap, as its first one, a length of 0, and how many they are: what a file brought is little to read, whatever
 * its size. Numbers take seven bits a byte, the lowest first, the highest bit saying that more follow. Whichever is shorter is
 * written.
 */

/** A place in bytes that are read. */
export interface Reader {
  readonly bytes: Uint8Array
  at: number
}

/** Which members of a segment still stand there: those indexed again since, and those gone, are not among them. */
export interface Mask {
  readonly fromByte: number // of the bitmap of all ordinals
  readonly bytes: Uint8Array
}

export function readNumber(reader: Reader): number {
  const { bytes } = reader
  const first = bytes[reader.at]!
  if (first < 128) {
    reader.at += 1
    return first
  }
  let value = 0
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[reader.at++]!
    if (byte < 128) return value + byte * factor
    value += (byte - 128) * factor
  }
}

export const sizeOfNumber = (value: number): number =>
  value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : value < 268_435_456 ? 4 : 5

/** @returns where to go on. */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  let rest = value
  let next = at
  while (rest >= 128) {
    bytes[next++] = (rest % 128) + 128
    rest = Math.floor(rest / 128)
  }
  bytes[next++] = rest
  return next
}

/** Of fewer members a list is as short. */
const SHORTEST_RUN = 4

function encodeRun(first: number, count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(2 + sizeOfNumber(first) + sizeOfNumber(count))
  writeNumber(bytes, writeNumber(bytes, 1, first) + 1, count)
  return bytes
}

/** @param members in their order, each once, at least one */
export function encodePosting(members: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const [first, last] = [members[0]!, members[members.length - 1]!]
  if (members.length >= SHORTEST_RUN && last - first + 1 === members.length) return encodeRun(first, members.length)
  let listed = sizeOfNumber(members.length) + sizeOfNumber(first)
  for (let index = 1; index < members.length; index += 1) listed += sizeOfNumber(members[index]! - members[index - 1]! - 1)
  const fromByte = first >>> 3
  const length = (last >>> 3) - fromByte + 1
  const bitmapped = 1 + sizeOfNumber(fromByte) + sizeOfNumber(length) + length
  if (bitmapped < listed) {
    const bytes = new Uint8Array(bitmapped)
    const start = writeNumber(bytes, writeNumber(bytes, 1, fromByte), length)
    for (let index = 0; index < members.length; index += 1) {
      const member = members[index]!
      bytes[start + (member >>> 3) - fromByte]! |= 1 << (member & 7)
    }
    return bytes
  }
  const bytes = new Uint8Array(listed)
  let at = writeNumber(bytes, writeNumber(bytes, 0, members.length), first)
  for (let index = 1; index < members.length; index += 1) at = writeNumber(bytes, at, members[index]! - members[index - 1]! - 1)
  return bytes
}

/** Calls `each` with the members in their order; the reader stands behind the posting after that. */
function eachMember(reader: Reader, each: (member: number) => void): void {
  const count = readNumber(reader)
  if (count > 0) {
    let member = -1
    for (let index = 0; index < count; index += 1) each((member += readNumber(reader) + 1))
    return
  }
  const fromByte = readNumber(reader)
  const length = readNumber(reader)
  if (length === 0) {
    const end = fromByte + readNumber(reader)
    for (let member = fromByte; member < end; member += 1) each(member)
    return
  }
  for (let byte = 0; byte < length; byte += 1) {
    for (let bits = reader.bytes[reader.at + byte]!; bits !== 0; bits &= bits - 1) {
      each((fromByte + byte) * 8 + 31 - Math.clz32(bits & -bits))
    }
  }
  reader.at += length
}

export function skipPosting(reader: Reader): void {
  const count = readNumber(reader)
  if (count > 0) {
    for (let left = count; left > 0; left -= 1) while (reader.bytes[reader.at++]! >= 128);
    return
  }
  readNumber(reader)
  const length = readNumber(reader)
  if (length === 0) readNumber(reader)
  reader.at += length
}

export const standsIn = ({ fromByte, bytes }: Mask, member: number): boolean => {
  const place = member - fromByte * 8
  return place >= 0 && hasMember(bytes, place)
}

/** The members that the mask lets through. */
export function decodePosting(reader: Reader, mask: Mask): number[] {
  const members: number[] = []
  eachMember(reader, (member) => {
    if (standsIn(mask, member)) members.push(member)
  })
  return members
}

/** Adds the members that the mask lets through. */
export function unitePosting(reader: Reader, mask: Mask, into: Bitmap): void {
  if (reader.bytes[reader.at] !== 0) {
    eachMember(reader, (member) => {
      if (standsIn(mask, member)) addMember(into, member)
    })
    return
  }
  const { bytes, fromByte, behind } = readBitmap(reader)
  const [start, end] = overlap({ fromByte, length: bytes.length - behind - fromByte }, mask)
  for (let byte = start; byte < end; byte += 1) into[byte]! |= bytes[behind + byte]! & mask.bytes[byte - mask.fromByte]!
}

/** A bitmap or a run, as bytes of which that at `behind + n` is byte n of the bitmap of all ordinals; the reader stands behind it. */
function readBitmap(reader: Reader): { readonly bytes: Uint8Array; readonly fromByte: number; readonly behind: number } {
  reader.at += 1
  const from = readNumber(reader)
  const length = readNumber(reader)
  if (length === 0) {
    const fromByte = from >>> 3
    return { bytes: bitsFrom(from - fromByte * 8, readNumber(reader)), fromByte, behind: -fromByte }
  }
  reader.at += length
  return { bytes: reader.bytes.subarray(0, reader.at), fromByte: from, behind: reader.at - length - from }
}

/** A bitmap of `count` members from `first` on. */
function bitsFrom(first: number, count: number): Bitmap {
  const bytes = newBitmap(first + count)
  const end = first + count
  let member = first
  while (member < end && (member & 7) !== 0) addMember(bytes, member++)
  bytes.fill(0xff, member >>> 3, end >>> 3)
  for (member = Math.max(member, end & ~7); member < end; member += 1) addMember(bytes, member)
  return bytes
}

/** How many members the mask lets through that are in `within`; undefined: all of them. */
export function countPosting(reader: Reader, mask: Mask, within: Bitmap | undefined): number {
  let count = 0
  if (reader.bytes[reader.at] !== 0) {
    let member = -1
    for (let left = readNumber(reader); left > 0; left -= 1) {
      member += readNumber(reader) + 1
      if ((!within || hasMember(within, member)) && standsIn(mask, member)) count += 1
    }
    return count
  }
  const { bytes, fromByte, behind } = readBitmap(reader)
  const [start, end] = overlap({ fromByte, length: bytes.length - behind - fromByte }, mask)
  for (let byte = start; byte < end; byte += 1) {
    const wanted = within ? within[byte]! : 255
    if (wanted !== 0) count += bitsInByte(bytes[behind + byte]! & mask.bytes[byte - mask.fromByte]! & wanted)
  }
  return count
}

const overlap = ({ fromByte, length }: { fromByte: number; length: number }, mask: Mask): [number, number] => [
  Math.max(fromByte, mask.fromByte),
  Math.min(fromByte + length, mask.fromByte + mask.bytes.length),
]

/** A segment's members are kept as a posting too. */
export function readMask(posting: Uint8Array): Mask {
  const reader = { bytes: posting, at: 0 }
  if (posting[0] === 0) {
    const { bytes, fromByte, behind } = readBitmap(reader)
    return { fromByte, bytes: bytes.subarray(behind + fromByte) }
  }
  const members: number[] = []
  eachMember(reader, (member) => members.push(member))
  const fromByte = members[0]! >>> 3
  const bytes = newBitmap(members.at(-1)! + 1 - fromByte * 8)
  for (const member of members) addMember(bytes, member - fromByte * 8)
  return { fromByte, bytes }
}

/** One more than the highest ordinal that a mask has room for. */
export const endOfMask = ({ fromByte, bytes }: Mask): number => (fromByte + bytes.length) * 8
