import { describe, expect, it } from 'vitest'
import { testClock } from '../../test/support/clock.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import { createPace } from './pace.ts'
import { afterFailure, type Tries } from './retry.ts'

// Server errors at 20 %, and how many calls they cost. One call for each item, so that nothing hides a retry.

const FAILURE: ProviderFailure = { code: 'provider.failed', detail: 'text', retryable: true }
const SHARE = 0.2

interface Scenario {
  readonly items: number
  readonly concurrency: number
  readonly answersInMs: number
  readonly failsInMs: number
  readonly isDown: (sinceStartMs: number) => boolean
}

/** Workers ask for items as a run does, each item as the path of a call retries it; the time is the test's. */
async function work({ items, concurrency, answersInMs, failsInMs, isDown }: Scenario) {
  const clock = testClock()
  const startMs = clock.nowMs()
  const pace = createPace(clock)
  const { signal } = new AbortController()
  let [calls, failed, given] = [0, 0, 0]

  const attempt = async (askedAtMs: number, tries: Tries | undefined): Promise<Tries | 'done'> => {
    const turn = await pace.begin({ signal, askedAtMs, model: 'm' })
    if (turn.kind === 'given_up') throw new Error('given up')
    calls += 1
    const isBad = isDown(clock.nowMs() - startMs)
    await clock.sleep((isBad ? failsInMs : answersInMs) * (0.8 + 0.4 * Math.random()))
    turn.end(isBad ? { kind: 'failed', failure: FAILURE } : { kind: 'succeeded' })
    if (!isBad) return 'done'
    return {
      codes: [...(tries?.codes ?? []), FAILURE.code],
      inOutage: (tries?.inOutage ?? 0) + (pace.isOpen() ? 1 : 0),
      firstEndedAtMs: tries?.firstEndedAtMs ?? clock.nowMs(),
      cost: undefined,
    }
  }
  const serve = async (): Promise<void> => {
    const askedAtMs = clock.nowMs()
    let tries: Tries | undefined
    for (;;) {
      const end = await attempt(askedAtMs, tries)
      if (end === 'done') return
      tries = end
      const next = afterFailure({ failure: FAILURE, tries, givenUp: pace.givenUpSince(askedAtMs), nowMs: clock.nowMs() })
      if (next.kind !== 'again') return void (failed += 1)
      await clock.sleep(next.waitMs)
    }
  }
  const worker = async (): Promise<void> => {
    while (given < items) {
      given += 1
      await serve()
    }
  }
  await clock.runUntil(Promise.all(Array.from({ length: concurrency }, worker)))
  return { callsPerItem: calls / items, failed, tookMs: clock.nowMs() - startMs }
}

/** Down for the last fifth of every period. */
const outages =
  (periodMs: number) =>
  (ms: number): boolean =>
    ms % periodMs >= periodMs * (1 - SHARE)

describe('no retry storm', () => {
  it.each([
    { periodMs: 30_000, concurrency: 8, answersInMs: 300, failsInMs: 20 },
    { periodMs: 60_000, concurrency: 8, answersInMs: 2_000, failsInMs: 1_000 },
    { periodMs: 60_000, concurrency: 64, answersInMs: 2_000, failsInMs: 20 },
    { periodMs: 300_000, concurrency: 4, answersInMs: 2_000, failsInMs: 20 },
    { periodMs: 300_000, concurrency: 64, answersInMs: 10_000, failsInMs: 1_000 },
  ])(
    'down for 20 % of the time, every $periodMs ms, with $concurrency at once: at most 1.2 calls per item, and none fails',
    async (scenario) => {
      const perPeriod = (scenario.periodMs * (1 - SHARE) * scenario.concurrency) / scenario.answersInMs
      const items = Math.round(perPeriod * 5)
      const { callsPerItem, failed, tookMs } = await work({ ...scenario, items, isDown: outages(scenario.periodMs) })
      expect(callsPerItem).toBeLessThanOrEqual(1.2)
      expect(failed).toBe(0)
      expect(tookMs).toBeLessThan(scenario.periodMs * 5 * 2) // not bought with waiting: five periods would do
    },
  )

  // Each item needs 1 / (1 - 0.2) = 1.25 calls on average if none is to fail: fewer calls would be items left undone.
  it.each([4, 64])('20 % of calls fail, each by chance, %i at once: 1.25 calls per item, which is what it takes', async (concurrency) => {
    const scenario = { items: 10_000, concurrency, answersInMs: 1_000, failsInMs: 300, isDown: () => Math.random() < SHARE }
    const { callsPerItem, failed } = await work(scenario)
    expect(callsPerItem).toBeGreaterThan(1.22)
    expect(callsPerItem).toBeLessThan(1.28) // 1.25 and five standard deviations
    expect(failed).toBeLessThan(20) // 0.2 to the fifth of 10,000 is 3
  })

  it('an outage of minutes costs no more than its first calls and one probe every while', async () => {
    const isDown = (ms: number): boolean => ms >= 10_000 && ms < 190_000
    const { callsPerItem, failed } = await work({ items: 2_000, concurrency: 32, answersInMs: 1_000, failsInMs: 20, isDown })
    expect(failed).toBe(0)
    expect((callsPerItem - 1) * 2_000).toBeLessThan(40)
  })
})
