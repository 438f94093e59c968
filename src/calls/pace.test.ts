import { expect, it } from 'vitest'
import type { Clock } from '../runtime/clock.ts'
import { createPace, LONGEST_WAIT_MS, type Pace } from './pace.ts'

const never = new AbortController().signal

/** A clock that stands still until it is told to go on. */
function stoppedClock(): Clock & { advance(ms: number): Promise<void> } {
  let nowMs = Date.UTC(2026, 0, 5)
  let sleepers: { at: number; wake: () => void }[] = []
  return {
    now: () => new Date(nowMs),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error)
        sleepers.push({ at: nowMs + ms, wake: resolve })
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      }),
    async advance(ms) {
      nowMs += ms
      const due = sleepers.filter(({ at }) => at <= nowMs)
      sleepers = sleepers.filter(({ at }) => at > nowMs)
      for (const { wake } of due) wake()
      await turns()
    },
  }
}

/** Lets everything happen that waits for nothing. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

/** Asks for `count` calls at once. @returns how many of them have begun so far. */
async function ask(pace: Pace, count: number, signal: AbortSignal = never): Promise<{ begun: number; refused: number }> {
  const seen = { begun: 0, refused: 0 }
  for (let index = 0; index < count; index += 1) {
    void pace.begin(signal).then(
      () => (seen.begun += 1),
      () => (seen.refused += 1),
    )
  }
  await turns()
  return seen
}

/** A pace at which `most` calls may be in flight, and none is. */
async function limitedTo(pace: Pace, most: 1 | 2 | 4 | 8): Promise<void> {
  await ask(pace, most * 2)
  pace.end('limited')
  for (let index = 1; index < most * 2; index += 1) pace.end('failed')
}

it('holds nobody back until the provider asks for it', async () => {
  const pace = createPace(stoppedClock())
  expect((await ask(pace, 500)).begun).toBe(500)
})

it('what a provider asks of one call holds back all of them, for as long as it says', async () => {
  const clock = stoppedClock()
  const pace = createPace(clock)
  await ask(pace, 4)
  pace.end('limited', 30_000)
  const waiting = await ask(pace, 1)
  for (let index = 0; index < 3; index += 1) pace.end('succeeded')
  await clock.advance(29_999)
  expect(waiting.begun).toBe(0)
  await clock.advance(1)
  expect(waiting.begun).toBe(1)
})

it('the longest of several waits holds, and none is longer than five minutes', async () => {
  const clock = stoppedClock()
  const pace = createPace(clock)
  await ask(pace, 3)
  pace.end('failed', 10_000)
  pace.end('failed', 3_600_000)
  pace.end('failed', 1_000)
  const waiting = await ask(pace, 1)
  await clock.advance(LONGEST_WAIT_MS - 1)
  expect(waiting.begun).toBe(0)
  await clock.advance(1)
  expect(waiting.begun).toBe(1)
})

it('a limit halves how many may be in flight; the others begin as those end', async () => {
  const pace = createPace(stoppedClock())
  await limitedTo(pace, 8)
  const asked = await ask(pace, 20)
  expect(asked.begun).toBe(8)
  pace.end('succeeded')
  await turns()
  expect(asked.begun).toBe(9) // woken by the end of another, not by the clock
})

it('one call at a time is always allowed', async () => {
  const pace = createPace(stoppedClock())
  await limitedTo(pace, 1)
  for (let index = 0; index < 5; index += 1) {
    expect((await ask(pace, 1)).begun).toBe(1)
    pace.end('limited')
  }
})

it('twenty successes give one place back; failures give none', async () => {
  const pace = createPace(stoppedClock())
  await limitedTo(pace, 2)
  const asked = await ask(pace, 200)
  for (let index = 0; index < 19; index += 1) pace.end('succeeded')
  for (let index = 0; index < 19; index += 1) pace.end('failed')
  await turns()
  expect(asked.begun).toBe(2 + 38)
  pace.end('succeeded')
  await turns()
  expect(asked.begun).toBe(2 + 39 + 1)
})

it('a call that is called off waits no longer, and takes no place', async () => {
  const clock = stoppedClock()
  const pace = createPace(clock)
  await limitedTo(pace, 1)
  await ask(pace, 1)
  const stop = new AbortController()
  const calledOff = await ask(pace, 3, stop.signal)
  const patient = await ask(pace, 1)
  stop.abort(new Error('interrupted'))
  await turns()
  expect(calledOff).toEqual({ begun: 0, refused: 3 })
  pace.end('succeeded')
  await turns()
  expect(patient.begun).toBe(1)
  expect(await ask(pace, 1, stop.signal)).toEqual({ begun: 0, refused: 1 })
})

it('a wait that the provider asked for can be called off', async () => {
  const pace = createPace(stoppedClock())
  await ask(pace, 1)
  pace.end('limited', 60_000)
  const stop = new AbortController()
  const asked = await ask(pace, 1, stop.signal)
  stop.abort(new Error('interrupted'))
  await turns()
  expect(asked).toEqual({ begun: 0, refused: 1 })
})
