import { AppError } from '../base/errors.ts'
import type { Clock } from '../runtime/clock.ts'

const WINDOW_MS = 15 * 60_000
const MOST_REMEMBERED = 50_000

/**
 * How often signing in may fail: per e-mail address and per address it came from, in the last quarter of an hour, counted in
 * this process. Successes are not counted, so that nobody is shut out of their own account by signing in often.
 */
export function createSignInLimits(clock: Clock, { perEmail = 10, perAddress = 50 }: { perEmail?: number; perAddress?: number } = {}) {
  const failures = new Map<string, number[]>()

  function recent(key: string): number[] {
    const since = clock.now().getTime() - WINDOW_MS
    return (failures.get(key) ?? []).filter((at) => at > since)
  }

  const keysOf = ({ email, address }: { email: string; address: string }): [string, number][] => [
    [`email ${email}`, perEmail],
    [`address ${address}`, perAddress],
  ]

  return {
    /** @throws AppError signin.too_many */
    check(who: { email: string; address: string }): void {
      if (keysOf(who).every(([key, most]) => recent(key).length < most)) return
      throw new AppError('signin.too_many', 'Signing in has failed too often. Wait 15 minutes, then try again.')
    },
    failed(who: { email: string; address: string }): void {
      for (const [key] of keysOf(who)) {
        const times = [...recent(key), clock.now().getTime()]
        failures.delete(key) // and to the end: the oldest are forgotten first
        failures.set(key, times)
      }
      for (const key of failures.keys()) {
        if (failures.size <= MOST_REMEMBERED) break
        failures.delete(key)
      }
    },
  }
}
export type SignInLimits = ReturnType<typeof createSignInLimits>
