import type { Clock } from '../runtime/clock.ts'

/** A provider that asks for more patience than this is not waited for: the run pauses and says so. */
export const LONGEST_WAIT_MS = 5 * 60_000

/**
 * One connection's pace, shared by all its calls in this process: a 429 with Retry-After holds every call back, not
 * only the one that heard it, and halves how many may be in flight; each stretch of successes gives one back.
 */
export interface Pace {
  /** Waits until a call may start; `end` must be called when it is over. */
  begin(signal: AbortSignal): Promise<void>
  end(result: 'succeeded' | 'limited' | 'failed', retryAfterMs?: number): void
}

const SUCCESSES_PER_STEP = 20

/** A pace that lets everything through until the provider asks for less. */
export function createPace(clock: Clock): Pace {
  let notBefore = 0
  let most = Number.POSITIVE_INFINITY
  let inFlight = 0
  let successes = 0
  let waiting: (() => void)[] = []
  const wake = (): void => {
    const woken = waiting
    waiting = []
    for (const resolve of woken) resolve()
  }
  return {
    async begin(signal) {
      for (;;) {
        signal.throwIfAborted()
        const waitMs = notBefore - clock.now().getTime()
        if (waitMs > 0) await clock.sleep(waitMs, signal)
        else if (inFlight >= most) await Promise.race([new Promise<void>((resolve) => waiting.push(resolve)), clock.sleep(1_000, signal)])
        else break
      }
      inFlight += 1
    },
    end(result, retryAfterMs) {
      inFlight -= 1
      if (result === 'limited') {
        most = Math.max(1, Math.floor(Math.min(most, inFlight + 1) / 2))
        successes = 0
      } else if (result === 'succeeded' && ++successes >= SUCCESSES_PER_STEP) {
        most += 1
        successes = 0
      }
      if (retryAfterMs) notBefore = Math.max(notBefore, clock.now().getTime() + Math.min(retryAfterMs, LONGEST_WAIT_MS))
      wake()
    },
  }
}
