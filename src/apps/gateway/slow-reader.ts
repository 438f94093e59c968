import type { ServerResponse } from 'node:http'

/** A program that takes nothing of what lies ready for so long is not there: while it is waited for, its call could not end. */
const PATIENCE_MS = 120_000

/** Until a slow reader has room again. @returns false where it is gone, or as good as gone. */
export function drained(outgoing: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    if (outgoing.destroyed) return resolve(false)
    const end = (hasRoom: boolean): void => {
      clearTimeout(tooLong)
      outgoing.off('drain', onDrain)
      outgoing.off('close', onClose)
      resolve(hasRoom)
    }
    const onDrain = (): void => end(true)
    const onClose = (): void => end(false)
    const tooLong = setTimeout(onClose, PATIENCE_MS)
    outgoing.once('drain', onDrain)
    outgoing.once('close', onClose)
  })
}
