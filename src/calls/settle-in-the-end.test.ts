import { expect, it } from 'vitest'
import { testClock } from '../../test/support/clock.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Settlement } from '../ledger/settlement.ts'
import { settleInTheEnd } from './settle-in-the-end.ts'

const SETTLEMENT = {} as Settlement

/** A ledger whose database is away for the first `times` tries. */
function awayFor(times: number) {
  const clock = testClock()
  const seen = { tries: 0 }
  const settle = (): Promise<void> => {
    seen.tries += 1
    return seen.tries > times ? Promise.resolve() : Promise.reject(new Error(`away ${seen.tries}`))
  }
  return { clock, seen, services: { clock, ledger: { settle } as unknown as Ledger } }
}
const never = new AbortController().signal

it('a call is settled when the database is back', async () => {
  const { clock, seen, services } = awayFor(3)
  await clock.runUntil(settleInTheEnd(services, SETTLEMENT, never))
  expect(seen.tries).toBe(4)
})

it('it gives up before its intent counts as left by a crash, and says why', async () => {
  const { clock, seen, services } = awayFor(1_000)
  const begunMs = clock.nowMs()
  await expect(clock.runUntil(settleInTheEnd(services, SETTLEMENT, never))).rejects.toThrow('away 7')
  expect(seen.tries).toBe(7)
  expect(clock.nowMs() - begunMs).toBeLessThan(14 * 60_000)
})

it('a server that stops waits for nothing', async () => {
  const { clock, seen, services } = awayFor(1_000)
  const closing = new AbortController()
  const settling = settleInTheEnd(services, SETTLEMENT, closing.signal)
  closing.abort()
  await expect(settling).rejects.toThrow('away 1')
  expect([seen.tries, clock.sleepers()]).toEqual([1, 0])
})
