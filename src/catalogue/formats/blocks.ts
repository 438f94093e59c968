import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { unreadable } from './file-errors.ts'
import type { Codec } from './encoding.ts'
import type { Scanned, Scanner, Units } from './scan.ts'

/**
 * A stretch of a file with the rows in it. Blocks follow each other without a gap; their bytes are in scanned form
 * (UTF-16 BE swapped to LE) and are good only until the next block is asked for.
 */
export interface Block extends Scanned {
  readonly bytes: Buffer // the first `consumed` units of it are this block's
  readonly oddByte: Buffer | undefined // the half character at the end of a cut UTF-16 file; only in the last block
}

const BLOCK_BYTES = 1 << 20

export interface BlockSource {
  blocks(): AsyncGenerator<Block, void, undefined>
  /** SHA-256 of everything, hex; reads what is left of the file. For use after, or instead of, the last block. */
  contentHash(): Promise<string>
  /** How far the file has been read. */
  bytesRead(): number
  close(): Promise<void>
}

/** Opens a file for one pass. Memory is bounded by the scanner's longest row. @throws AppError file.unreadable */
export async function openBlocks(
  path: string,
  { scanner, codec, signal }: { scanner: Scanner; codec: Codec; signal?: AbortSignal },
): Promise<BlockSource> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(path, error)
  })
  const hash = createHash('sha256')
  let ended = false
  let total = 0

  /** Fills `target` from `from` on; fewer bytes only at the end of the file. */
  async function fill(target: Buffer, from: number): Promise<number> {
    let filled = from
    while (filled < target.length && !ended) {
      signal?.throwIfAborted()
      const { bytesRead } = await file.read(target, filled, target.length - filled).catch((error: unknown) => {
        throw unreadable(path, error)
      })
      if (bytesRead === 0) ended = true
      else hash.update(target.subarray(filled, filled + bytesRead))
      filled += bytesRead
      total += bytesRead
    }
    return filled
  }

  async function* blocks(): AsyncGenerator<Block, void, undefined> {
    const { unitBytes, swapped } = codec
    let buffer = Buffer.from(new ArrayBuffer(BLOCK_BYTES))
    let filled = 0
    for (;;) {
      const before = filled
      filled = await fill(buffer, filled)
      if (filled === 0) return
      const units = Math.floor(filled / unitBytes)
      if (swapped) buffer.subarray(Math.floor(before / 2) * 2, units * 2).swap16()
      const scanned = scanner.scan(unitsOf(buffer, unitBytes), units, ended)
      const consumedBytes = scanned.consumed * unitBytes
      const oddByte = ended && filled > units * unitBytes ? Buffer.from(buffer.subarray(units * unitBytes, filled)) : undefined
      if (scanned.rows.length > 0 || oddByte) yield { ...scanned, bytes: buffer, oddByte }
      if (ended) return
      if (consumedBytes === 0) {
        const larger = Buffer.from(new ArrayBuffer(buffer.length * 2))
        buffer.copy(larger, 0, 0, filled)
        buffer = larger
      } else {
        buffer.copyWithin(0, consumedBytes, filled)
        filled -= consumedBytes
      }
    }
  }

  async function contentHash(): Promise<string> {
    const rest = Buffer.allocUnsafe(BLOCK_BYTES)
    while (!ended) await fill(rest, 0)
    return hash.digest('hex')
  }

  return { blocks, contentHash, bytesRead: () => total, close: () => file.close() }
}

/** The same bytes as code units. The buffer must start at its ArrayBuffer's start. */
export const unitsOf = (buffer: Buffer, unitBytes: 1 | 2): Units =>
  unitBytes === 1 ? buffer : new Uint16Array(buffer.buffer, buffer.byteOffset, Math.floor(buffer.length / 2))
