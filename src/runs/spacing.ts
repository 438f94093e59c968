import type { Clock } from '../runtime/clock.ts'

/**
 * Keeps a crowd of units that ended together from starting together. Calls that take equally long and share a commit would
 * come back as one crowd for ever, and each time wait for each other's answers to be read and for one large commit.
 * Small groups stay: their calls share a commit, which costs less.
 */
export interface Spacing {
  /** How long the next start has to wait, in milliseconds; 0: not at all. */
  waitMs(): number
  started(): void
  /** A unit has ended, after so many milliseconds. */
  ended(durationMs: number): void
}

/** At most a quarter of all units start within an eighth of what one usually takes: twice as many as would if evenly spread. */
const SHARE_OF_UNITS = 1 / 4
const SHARE_OF_TIME = 1 / 8
const LONGEST_WINDOW_MS = 250
const WEIGHT_OF_LAST = 0.1

export function createSpacing({ clock, concurrency }: { clock: Clock; concurrency: number }): Spacing {
  const most = Math.ceil(concurrency * SHARE_OF_UNITS)
  let usualMs = 0
  let windowEnds = 0
  let starts = 0
  const nowMs = (): number => clock.now().getTime()
  return {
    waitMs: () => (starts < most ? 0 : Math.max(0, Math.ceil(windowEnds - nowMs()))),
    started() {
      if (nowMs() >= windowEnds) {
        windowEnds = nowMs() + Math.min(LONGEST_WINDOW_MS, usualMs * SHARE_OF_TIME)
        starts = 0
      }
      starts += 1
    },
    ended(durationMs) {
      usualMs = usualMs === 0 ? durationMs : (1 - WEIGHT_OF_LAST) * usualMs + WEIGHT_OF_LAST * durationMs
    },
  }
}
