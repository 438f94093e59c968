import type { Clock } from '../../src/runtime/clock.ts'

/** A clock of which the test alone turns the hands. */
export interface TestClock extends Clock {
  readonly nowMs: () => number
  /** Goes on by `ms`; whoever sleeps till then wakes, in the order of their times. */
  advance(ms: number): Promise<void>
  /** The hands jump by `ms`, and nobody wakes before they go on: a machine that was asleep. */
  skip(ms: number): void
  /** Goes from one sleeper's time to the next, whenever nothing else happens, until `work` ends. */
  runUntil<T>(work: Promise<T>): Promise<T>
  /** How many sleep now. */
  sleepers(): number
}

/** A clock that stands still until it is told to go on. */
export function testClock(): TestClock {
  let nowMs = Date.UTC(2026, 0, 5)
  const sleeping = new Set<{ readonly at: number; readonly wake: () => void }>()
  const next = (): { at: number; wake: () => void } | undefined => {
    let first: { at: number; wake: () => void } | undefined
    for (const sleeper of sleeping) if (!first || sleeper.at < first.at) first = sleeper
    return first
  }
  const goTo = async (at: number): Promise<void> => {
    for (let sleeper = next(); sleeper && sleeper.at <= at; sleeper = next()) {
      nowMs = Math.max(nowMs, sleeper.at)
      sleeper.wake()
      await turns()
    }
    nowMs = Math.max(nowMs, at)
  }
  return {
    now: () => new Date(nowMs),
    nowMs: () => nowMs,
    sleepers: () => sleeping.size,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error)
        const onAbort = (): void => {
          sleeping.delete(sleeper)
          reject(signal!.reason as Error)
        }
        const wake = (): void => {
          sleeping.delete(sleeper)
          signal?.removeEventListener('abort', onAbort)
          resolve()
        }
        const sleeper = { at: nowMs + ms, wake }
        sleeping.add(sleeper)
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
    async advance(ms) {
      await goTo(nowMs + ms)
      await turns()
    },
    skip(ms) {
      nowMs += ms
    },
    async runUntil(work) {
      let ended = false
      void work.then(
        () => (ended = true),
        () => (ended = true),
      )
      while (!ended) {
        await idle()
        const sleeper = next()
        if (!ended && sleeper) await goTo(sleeper.at)
      }
      return work
    },
  }
}

/** Lets everything happen that waits for nothing. */
export const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

/** The same where something may wait for a turn of the event loop, as streams do. */
const idle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
