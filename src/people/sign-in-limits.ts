import { AppError } from '../base/errors.ts'
import type { Clock } from '../runtime/clock.ts'

const WINDOW_MS = 15 * 60_000
const MOST_REMEMBERED = 50_000

/**
 * How often signing in may fail: per e-mail address and per address it came from, in the last quarter of an hour, counted in
 * this process. An attempt counts as failed until it has succeeded, so that many at the same moment are not each the first.
 */
export function createSignInLimits(clock: Clock, { perEmail = 10, perAddress = 50 }: { perEmail?: number; perAddress?: number } = {}) {
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
    /** Counts an attempt. @returns what takes it back, when it has succeeded. @throws AppError signin.too_many */
    begin({ email, address }: { email: string; address: string }): () => void {
      const keys = [`email ${email}`, `address ${address}`] as const
      if (recent(keys[0]).length >= perEmail || recent(keys[1]).length >= perAddress)
        throw new AppError('signin.too_many', 'Signing in has failed too often. Wait 15 minutes, then try again.')
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
