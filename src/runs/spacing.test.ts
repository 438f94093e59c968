import { expect, it } from 'vitest'
import type { Clock } from '../runtime/clock.ts'
import { createSpacing } from './spacing.ts'

/** A clock that the test moves, and a provider whose calls all take equally long. */
function simulate({ concurrency, callMs, forMs }: { concurrency: number; callMs: number; forMs: number }) {
  let nowMs = 0
  const clock: Clock = { now: () => new Date(nowMs), sleep: () => Promise.resolve() }
  const spacing = createSpacing({ clock, concurrency })
  let free = concurrency
  let starts = 0
  const ends: number[] = []
  const startsByMs: number[] = []
  for (; nowMs < forMs; nowMs += 1) {
    while (ends[0] !== undefined && ends[0] <= nowMs) {
      ends.shift()
      spacing.ended(callMs)
      free += 1
    }
    let now = 0
    for (; free > 0 && spacing.waitMs() === 0; free -= 1) {
      spacing.started()
      ends.push(nowMs + callMs)
      now += 1
    }
    starts += now
    startsByMs.push(now)
  }
  return { starts, startsByMs }
}

it('parts a crowd that comes back together, once', () => {
  const { startsByMs } = simulate({ concurrency: 64, callMs: 1_000, forMs: 10_000 })
  expect(startsByMs[0]).toBe(64) // nothing is known yet
  expect(Math.max(...startsByMs.slice(1))).toBe(16)
})

it.each([1, 2, 3, 8, 64, 1_000])('holds nobody back for longer than that: %i at a time', (concurrency) => {
  const { starts } = simulate({ concurrency, callMs: 1_000, forMs: 100_000 })
  expect(starts).toBeGreaterThan(concurrency * 100 * 0.99)
})

it('waits a quarter of a second at the most, however long calls take', () => {
  const { startsByMs } = simulate({ concurrency: 8, callMs: 60_000, forMs: 62_000 })
  const second = startsByMs.slice(60_000)
  expect(second.reduce((a, b) => a + b)).toBe(8)
  expect(second.findLastIndex((count) => count > 0)).toBeLessThanOrEqual(750)
})
