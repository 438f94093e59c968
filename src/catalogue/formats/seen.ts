import { randomInt } from 'node:crypto'

/**
 * Which identifiers a file has brought so far, and on which line: 12 bytes an identifier at most half full, so a
 * million need about 25 MB. Keeps 64-bit hashes, seeded anew for every file so that nobody can prepare a collision;
 * among a million identifiers two share one by chance once in 37 million files.
 */
export function createSeenSet() {
  const seedA = randomInt(2 ** 32)
  const seedB = randomInt(2 ** 32)
  let capacity = 1 << 12
  let high = new Uint32Array(capacity)
  let low = new Uint32Array(capacity)
  let lines = new Uint32Array(capacity) // 0: free
  let count = 0

  /** The place of a hash, or the free place where it belongs. */
  function slotOf(hashHigh: number, hashLow: number): number {
    let slot = hashLow & (capacity - 1)
    while (lines[slot] !== 0 && (high[slot] !== hashHigh || low[slot] !== hashLow)) slot = (slot + 1) & (capacity - 1)
    return slot
  }

  function grow(): void {
    const old = { high, low, lines, capacity }
    capacity *= 2
    high = new Uint32Array(capacity)
    low = new Uint32Array(capacity)
    lines = new Uint32Array(capacity)
    for (let i = 0; i < old.capacity; i += 1) {
      if (old.lines[i] === 0) continue
      const slot = slotOf(old.high[i]!, old.low[i]!)
      high[slot] = old.high[i]!
      low[slot] = old.low[i]!
      lines[slot] = old.lines[i]!
    }
  }

  /** Remembers an identifier. @returns the line that brought it before; 0 when it is new. */
  function add(identifier: string, line: number): number {
    const slot = find(identifier)
    if (lines[slot] !== 0) return lines[slot]!
    high[slot] = foundHigh
    low[slot] = foundLow
    lines[slot] = line
    count += 1
    if (count * 2 > capacity) grow()
    return 0
  }

  /** @returns the line that brought an identifier; 0 when none did. */
  const lineOf = (identifier: string): number => (count === 0 ? 0 : lines[find(identifier)]!)

  let foundHigh = 0
  let foundLow = 0

  /** The slot of an identifier, whose hash is in `foundHigh` and `foundLow` then. */
  function find(identifier: string): number {
    let a = seedA
    let b = seedB
    for (let i = 0; i < identifier.length; i += 1) {
      const unit = identifier.charCodeAt(i)
      a = Math.imul(a ^ unit, 0x9e3779b1)
      b = Math.imul(b ^ unit, 0x5f356495)
      a ^= b >>> 15
      b ^= a >>> 13
    }
    a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
    b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
    foundHigh = a >>> 0
    foundLow = b >>> 0
    return slotOf(foundHigh, foundLow)
  }

  return { add, lineOf }
}
