import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** One chat request as it arrived at the mock. */
export interface WireRecord {
  readonly callId: string // '' when the request names none
  /** The status of its answer, once the whole of it was handed over. */
  answered?: number
}

/** What the mock's own wire saw, whatever became of the client: the mock's journal leaves out clients that went away. */
export interface Wire {
  readonly records: readonly WireRecord[]
  onRequest(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** The ids of the requests after the first `since` that have no answer yet. */
  open(since: number): string[]
  /** Resolves when so many more requests have arrived. */
  arrivals(count: number): Promise<void>
}

/** Each request waits between `least` and `most` milliseconds for its answer. */
export function startWire(random: () => number, { least, most }: { least: number; most: number }): Wire {
  const records: WireRecord[] = []
  const waiting = new Set<{ at: number; resolve: () => void }>()
  return {
    records,
    async onRequest(request, response) {
      const id = request.headers['x-client-request-id']
      const record: WireRecord = { callId: typeof id === 'string' ? id : '' }
      records.push(record)
      response.once('finish', () => (record.answered = response.statusCode))
      for (const entry of waiting) {
        if (records.length < entry.at) continue
        waiting.delete(entry)
        entry.resolve()
      }
      await sleep(least + random() * (most - least))
    },
    open: (since) =>
      records
        .slice(since)
        .filter(({ answered }) => answered === undefined)
        .map(({ callId }) => callId),
    arrivals: (count) => new Promise((resolve) => waiting.add({ at: records.length + count, resolve })),
  }
}

/** Numbers from 0 to 1, the same for the same seed. @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c (mulberry32) */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
