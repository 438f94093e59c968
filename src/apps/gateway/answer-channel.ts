/** Between a call that writes an answer and a program that reads it: the call waits while the program is slow. */
export interface AnswerChannel {
  /** Resolves when there is room for more, at once when nobody reads any more. */
  put(text: string): Promise<void>
  /** The next bytes; undefined at the end. @throws what the call failed with. */
  next(): Promise<Uint8Array | undefined>
  /** No more comes; `failure`: because of this. */
  close(failure?: Error): void
  /** Nobody reads on: what is still put is dropped. `onDropped` is told of its bytes. */
  release(onDropped: (bytes: number) => void): void
  /** When the first bytes have come. */
  readonly begun: Promise<void>
}

/** So much may wait for a slow program. */
const ROOM_BYTES = 64 * 1024

export function createAnswerChannel(): AnswerChannel {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  let queue: Uint8Array[] = []
  let queuedBytes = 0
  let isClosed = false
  let failure: Error | undefined
  let onDropped: ((bytes: number) => void) | undefined
  let wakeReader: (() => void) | undefined
  let wakeWriter: (() => void) | undefined
  return {
    begun,
    async put(text) {
      const bytes = Buffer.from(text)
      if (onDropped) return onDropped(bytes.byteLength)
      queue.push(bytes)
      queuedBytes += bytes.byteLength
      begin()
      wakeReader?.()
      while (queuedBytes > ROOM_BYTES && !onDropped) {
        await new Promise<void>((wake) => {
          wakeWriter = wake
        })
      }
    },
    async next() {
      while (queue.length === 0 && !isClosed) {
        await new Promise<void>((wake) => {
          wakeReader = wake
        })
      }
      const [first, ...others] = queue
      if (first) {
        queue = []
        queuedBytes = 0
        wakeWriter?.()
        return others.length === 0 ? first : Buffer.concat([first, ...others])
      }
      if (failure) throw failure
      return undefined
    },
    close(reason) {
      isClosed = true
      failure = reason
      wakeReader?.()
    },
    release(told) {
      onDropped = told
      queue = []
      queuedBytes = 0
      wakeWriter?.()
    },
  }
}
