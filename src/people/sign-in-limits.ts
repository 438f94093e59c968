import { AppError } from '../base/errors.ts'
import type { Clock } from '../runtime/clock.ts'

const WINDOW_MS = 15 * 60_000
const MOST_REMEMBERED = 50_000

/**
 * How often signing in may fail: per person and per address it came from, in the last quarter of an hour, counted in
 * this process. An attempt counts as failed until it has succeeded, so that many at the same moment are not each the first.
 */
export function createSignInLimits(clock: Clock, { perPerson = 10, perAddress = 50 }: { perPerson?: number; perAddress?: number } = {}) {
  const attempts = new Map<string, number[]>() // when, of those that failed or are under way

  function recent(key: string): number[] {
    const since = clock.now().getTime() - WINDOW_MS
    return (attempts.get(key) ?? []).filter((at) => at > since)
  }

  function keep(key: string, times: number[]): void {
    attempts.delete(key) // and to the end: the oldest are forgotten first
    if (times.length > 0) attempts.set(key, times)
  }

  return {
    /**
     * Counts an attempt. `who`: the person it is about, as far as it says; undefined where it names nobody, and all would share one
     * count. @returns what takes it back, when it has succeeded. @throws AppError signin.too_many
     */
    begin({ who, address }: { who: string | undefined; address: string }): () => void {
      const ofPerson = who === undefined ? [] : [`person ${who}`]
      const ofAddress = `address ${address}`
      if (ofPerson.some((key) => recent(key).length >= perPerson) || recent(ofAddress).length >= perAddress)
        throw new AppError('signin.too_many', 'Signing in has failed too often. Wait 15 minutes, then try again.')
      const keys = [...ofPerson, ofAddress]
      const at = clock.now().getTime()
      for (const key of keys) keep(key, [...recent(key), at])
      for (const key of attempts.keys()) {
        if (attempts.size <= MOST_REMEMBERED) break
        attempts.delete(key)
      }
      return () => {
        for (const key of keys) {
          const times = recent(key)
          const own = times.indexOf(at)
          if (own >= 0) keep(key, times.toSpliced(own, 1))
        }
      }
    },
  }
}
export type SignInLimits = ReturnType<typeof createSignInLimits>
