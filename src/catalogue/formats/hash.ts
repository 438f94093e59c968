import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { unreadable } from './file-errors.ts'

/** SHA-256 of a file's bytes, hex: tells whether it is still the one that was imported. @throws AppError file.unreadable */
export async function hashFile(path: string, options: { signal?: AbortSignal } = {}): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(1 << 20)
  try {
    await using file = await open(path, 'r')
    for (;;) {
      options.signal?.throwIfAborted()
      const { bytesRead } = await file.read(buffer, 0, buffer.length)
      if (bytesRead === 0) return hash.digest('hex')
      hash.update(buffer.subarray(0, bytesRead))
    }
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw unreadable(path, error)
  }
}
