import { expect, it } from 'vitest'
import { testClock } from '../../test/support/clock.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Settlement } from '../ledger/settlement.ts'
import type { Log } from '../runtime/log.ts'
import { settleInTheEnd, settleUnwaited } from './settle-call.ts'

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

it('what could not be settled is said once in the log, with the call', async () => {
  const { seen, services } = awayFor(1_000)
  const errors: unknown[] = []
  const log = { error: (fields: object) => errors.push(fields) } as unknown as Log
  const ended = { request: { origin: 'gateway' }, settlement: { intent: { id: 'call-1' } } as Settlement, sent: () => '' }
  settleUnwaited({ ...services, log }, ended, AbortSignal.abort())
  await new Promise((resolve) => setImmediate(resolve))
  expect({ errors, tries: seen.tries }).toEqual({ errors: [{ error: new Error('away 1'), callId: 'call-1' }], tries: 1 })
})
