import { expect, it } from 'vitest'
import { testClock, turns } from '../../test/support/clock.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import { createPace, LONGEST_WAIT_MS, type Pace, type PaceReport, type PaceTurn, PATIENCE_MS } from './pace.ts'

const never = new AbortController().signal
const NOW_MS = testClock().nowMs()

const succeeded: PaceReport = { kind: 'succeeded' }
const nothing: PaceReport = { kind: 'nothing' }
const usedUp = (resetsInMs: number): PaceReport => ({
  kind: 'succeeded',
  limits: [{ kind: 'requests', limit: 100, remaining: 0, resetsInMs }],
})
const limited = (retryAfterMs?: number): PaceReport => ({ kind: 'limited', failure: failure('provider.rate_limited', retryAfterMs) })
const failed = (retryAfterMs?: number): PaceReport => ({ kind: 'failed', failure: failure('provider.failed', retryAfterMs) })

function failure(code: ProviderFailure['code'], retryAfterMs?: number): ProviderFailure {
  return { code, detail: 'text', retryable: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

interface Asked {
  readonly begun: PaceTurn[]
  readonly refused: unknown[]
  readonly givenUp: ProviderFailure[]
}

/** Asks for `count` calls at once. @returns what has become of them so far; it goes on. */
async function ask(pace: Pace, count: number, { signal = never, askedAtMs = NOW_MS } = {}): Promise<Asked> {
  const asked: Asked = { begun: [], refused: [], givenUp: [] }
  for (let index = 0; index < count; index += 1) {
    void pace.begin({ signal, askedAtMs, model: 'm' }).then(
      (turn) => (turn.kind === 'begun' ? asked.begun.push(turn) : asked.givenUp.push(turn.failure)),
      (error: unknown) => asked.refused.push(error),
    )
  }
  await turns()
  return asked
}

/** A pace at which `most` calls may be in flight, and none is: a limit was met at twice as many, and more than half of the rest went well. */
async function limitedTo(pace: Pace, most: number): Promise<void> {
  const { begun } = await ask(pace, most * 2)
  begun.forEach((turn, index) => turn.end(index === 0 ? limited() : nothing))
}

/** How many of `count` that ask now may begin; they end at once, saying nothing. */
async function widthOf(pace: Pace, count = 200): Promise<number> {
  const stop = new AbortController()
  const { begun } = await ask(pace, count, { signal: stop.signal })
  const width = begun.length
  stop.abort()
  for (const turn of begun) turn.end(nothing)
  await turns()
  return width
}

/** Calls that succeed as fast as the pace lets them, until so many have. */
async function succeedFor(pace: Pace, count: number, callers = 200): Promise<void> {
  const stop = new AbortController()
  const asked = await ask(pace, count + callers, { signal: stop.signal })
  for (let index = 0; index < count; index += 1) {
    asked.begun[index]!.end(succeeded)
    await turns()
  }
  stop.abort()
  for (const turn of asked.begun.slice(count)) turn.end(nothing)
  await turns()
}

it('holds nobody back until the provider asks for it', async () => {
  const pace = createPace(testClock())
  expect((await ask(pace, 500)).begun).toHaveLength(500)
})

it('what a provider asks of one call holds back all of them, for as long as it says', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  const { begun } = await ask(pace, 4)
  begun[0]!.end(limited(30_000))
  const waiting = await ask(pace, 1)
  for (const turn of begun.slice(1)) turn.end(succeeded)
  await clock.advance(29_999)
  expect(waiting.begun).toHaveLength(0)
  await clock.advance(1)
  expect(waiting.begun).toHaveLength(1)
})

it('the longest of several waits holds', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  const { begun } = await ask(pace, 3)
  for (const [index, ms] of [10_000, LONGEST_WAIT_MS, 1_000].entries()) begun[index]!.end(failed(ms))
  const waiting = await ask(pace, 1)
  await clock.advance(LONGEST_WAIT_MS - 1)
  expect(waiting.begun).toHaveLength(0)
  await clock.advance(1)
  expect(waiting.begun).toHaveLength(1)
})

it('an answer that used up a limit holds the others back until it opens', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  const { begun } = await ask(pace, 1)
  begun[0]!.end(usedUp(7_000))
  const waiting = await ask(pace, 1)
  await clock.advance(6_999)
  expect(waiting.begun).toHaveLength(0)
  await clock.advance(1)
  expect(waiting.begun).toHaveLength(1)
})

it('what was held back starts one after another, not in the same millisecond', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  await limitedTo(pace, 16)
  const { begun } = await ask(pace, 1)
  begun[0]!.end(usedUp(2_000))
  const startedAt: number[] = []
  for (let index = 0; index < 16; index += 1)
    void pace.begin({ signal: never, askedAtMs: NOW_MS, model: 'm' }).then(() => startedAt.push(clock.nowMs()))
  await clock.advance(2_000)
  expect(startedAt).toHaveLength(1)
  await clock.advance(1_000)
  expect(startedAt).toHaveLength(16)
  expect(new Set(startedAt).size).toBe(16)
})

it('a limit halves how many may be in flight; the others begin as those end', async () => {
  const pace = createPace(testClock())
  await limitedTo(pace, 8)
  const asked = await ask(pace, 20)
  expect(asked.begun).toHaveLength(8)
  asked.begun[0]!.end(nothing)
  await turns()
  expect(asked.begun).toHaveLength(9) // woken by the end of another, not by the clock
})

it('a burst of limits cuts once: what was under way together met the same limit', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  const { begun } = await ask(pace, 64)
  begun.forEach((turn, index) => turn.end(index % 7 === 0 ? limited() : succeeded)) // 10 of 64
  expect(await widthOf(pace)).toBe(32)
})

it('comes back quickly to near where the limit was met, then feels its way', async () => {
  const pace = createPace(testClock())
  await limitedTo(pace, 32) // met at 64
  await succeedFor(pace, 16)
  expect(await widthOf(pace)).toBe(48)
  await succeedFor(pace, 19)
  expect(await widthOf(pace)).toBe(48)
  await succeedFor(pace, 1)
  expect(await widthOf(pace)).toBe(49)
})

it('successes widen only what is used to the full', async () => {
  const pace = createPace(testClock())
  await limitedTo(pace, 8)
  for (let index = 0; index < 100; index += 1) (await ask(pace, 1)).begun[0]!.end(succeeded)
  expect(await widthOf(pace)).toBe(8)
})

it('when a third of the recent calls failed a quarter fewer may be in flight, and a few successes make up for it', async () => {
  const pace = createPace(testClock())
  const { begun } = await ask(pace, 64)
  begun.forEach((turn, index) => turn.end(index % 5 < 2 ? failed() : succeeded))
  expect(await widthOf(pace)).toBe(Math.floor((64 - 15) * 0.75)) // the storm was seen at the seventh failure, the 16th to end
  await succeedFor(pace, 13)
  expect(await widthOf(pace)).toBe(49)
})

it('single failures cut nothing', async () => {
  const pace = createPace(testClock())
  const { begun } = await ask(pace, 64)
  begun.forEach((turn, index) => turn.end(index % 5 === 0 ? failed() : succeeded))
  expect(await widthOf(pace)).toBe(200)
})

it('one call at a time is always allowed', async () => {
  const pace = createPace(testClock())
  for (let index = 0; index < 5; index += 1) {
    const { begun } = await ask(pace, 1)
    begun[0]!.end(limited())
  }
  expect(await widthOf(pace)).toBe(1)
})

it('many waiters cost one timer, and each is woken once', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  const { begun } = await ask(pace, 1)
  begun[0]!.end(limited(60_000))
  const stop = new AbortController()
  const asked = await ask(pace, 300, { signal: stop.signal })
  expect(clock.sleepers()).toBe(1)
  stop.abort()
  await turns()
  expect([asked.refused.length, clock.sleepers()]).toEqual([300, 0]) // nothing is left that keeps the process
})

it('a call that is called off waits no longer, and takes no place', async () => {
  const pace = createPace(testClock())
  await limitedTo(pace, 1)
  const running = await ask(pace, 1)
  const stop = new AbortController()
  const calledOff = await ask(pace, 3, { signal: stop.signal })
  const patient = await ask(pace, 1)
  const reason = new Error('interrupted')
  stop.abort(reason)
  await turns()
  expect(calledOff).toEqual({ begun: [], refused: [reason, reason, reason], givenUp: [] })
  running.begun[0]!.end(nothing)
  await turns()
  expect(patient.begun).toHaveLength(1)
  expect((await ask(pace, 1, { signal: stop.signal })).refused).toEqual([reason])
})

it('when most recent calls failed one probe at a time goes out, further and further apart, until one succeeds', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  const { begun } = await ask(pace, 40)
  begun.slice(0, 11).forEach((turn) => turn.end(failed()))
  const waiting = await ask(pace, 30)
  begun.slice(11, 30).forEach((turn) => turn.end(failed()))
  await clock.advance(30_000)
  expect(waiting.begun).toHaveLength(1)
  begun.slice(30).forEach((turn) => turn.end(succeeded)) // began before: it says nothing of now
  await clock.advance(30_000)
  expect(waiting.begun).toHaveLength(1)
  for (let probes = 1; probes < 6; probes += 1) {
    waiting.begun[probes - 1]!.end(failed())
    await clock.advance(30_000)
    expect(waiting.begun).toHaveLength(probes + 1)
  }
  waiting.begun[5]!.end(succeeded)
  await clock.advance(1_000)
  expect(waiting.begun).toHaveLength(30)
})

it('half of the recent calls may fail without that', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  const { begun } = await ask(pace, 40)
  begun.forEach((turn, index) => turn.end(index % 2 === 0 ? failed() : succeeded))
  expect(await widthOf(pace)).toBeGreaterThan(1)
})

it('a connection that gives nothing but trouble for minutes is given up: all that wait learn it at once', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  const first = await ask(pace, 1)
  first.begun[0]!.end(limited())
  await clock.advance(PATIENCE_MS - 1)
  const second = await ask(pace, 3)
  second.begun[0]!.end(limited())
  await turns()
  expect(second.begun).toHaveLength(2) // nobody is given up before
  await clock.advance(1)
  const third = await ask(pace, 3)
  second.begun[1]!.end(limited())
  await turns()
  expect(third.givenUp.length + second.givenUp.length).toBe(4)
  expect(third.givenUp[0]).toMatchObject({ code: 'provider.rate_limited' })
  expect((await ask(pace, 1)).givenUp).toHaveLength(1) // asked before: it has waited as long
  await clock.advance(1)
  expect((await ask(pace, 1, { askedAtMs: clock.nowMs() })).begun).toHaveLength(1) // a new one may try
})

it('a success in between is a new beginning', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  for (const report of [limited(), succeeded, limited()]) {
    const { begun } = await ask(pace, 1)
    begun[0]!.end(report)
    await clock.advance(PATIENCE_MS - 1)
  }
  expect(pace.givenUpSince(0)).toBeUndefined()
})

it('failures of single calls among few do not give a connection up', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  for (let index = 0; index < 10; index += 1) {
    const { begun } = await ask(pace, 1)
    begun[0]!.end(failed())
    await clock.advance(PATIENCE_MS)
  }
  expect(pace.givenUpSince(0)).toBeUndefined()
})

it('a wait that is too long is not waited for, by nobody', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  const { begun } = await ask(pace, 2)
  await clock.advance(1)
  begun[1]!.end(nothing)
  begun[0]!.end(limited(900_000))
  const waiting = await ask(pace, 2, { askedAtMs: clock.nowMs() })
  expect(waiting.givenUp).toHaveLength(2)
  await clock.advance(600_000)
  const later = await ask(pace, 1, { askedAtMs: clock.nowMs() })
  expect(later).toEqual({ begun: [], refused: [], givenUp: [] }) // five minutes are waited for
  await clock.advance(300_000)
  expect(later.begun).toHaveLength(1)
})

it('a wait that the provider asked for can be called off', async () => {
  const pace = createPace(testClock())
  const { begun } = await ask(pace, 1)
  begun[0]!.end(limited(60_000))
  const stop = new AbortController()
  const asked = await ask(pace, 1, { signal: stop.signal })
  stop.abort(new Error('interrupted'))
  await turns()
  expect(asked.refused).toHaveLength(1)
})

it('six calls that began one after another and all failed are an outage: answers of calls that began before are none of its end', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  const before = await ask(pace, 20)
  const { begun } = await ask(pace, 6)
  for (const [index, turn] of begun.entries()) {
    expect(pace.isOpen()).toBe(false)
    turn.end(failed())
    before.begun[index]!.end(succeeded)
  }
  expect(pace.isOpen()).toBe(true)
  expect(pace.state().circuit).toMatchObject({ openSinceMs: NOW_MS, failedProbes: 0 })
})

it('limits that a burst meets together are no outage', async () => {
  const pace = createPace(testClock())
  const { begun } = await ask(pace, 10)
  for (const turn of begun) turn.end(limited())
  expect(pace.isOpen()).toBe(false)
})

it('a circuit that nobody asks any more closes: what comes next finds out by itself', async () => {
  const clock = testClock()
  const pace = createPace(clock)
  const { begun } = await ask(pace, 12)
  for (const turn of begun) turn.end(failed())
  const waiting = await ask(pace, 1)
  pace.lapse()
  expect(pace.isOpen()).toBe(true) // somebody waits
  await clock.advance(1_000)
  waiting.begun[0]!.end(nothing)
  pace.lapse()
  expect([pace.isOpen(), await widthOf(pace, 3)]).toEqual([false, 3])
})
