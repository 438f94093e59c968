import { describe, expect, it } from 'vitest'
import { testClock } from '../../test/support/clock.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import { readRateLimits } from '../providers/rate-limits.ts'
import { createPace, type PaceReport } from './pace.ts'

// A provider that counts requests and tokens, turns away what is too much, and says what remains as real ones do. No 429 has a
// Retry-After here: only what is learned from headers keeps calls from running into limits.

type Headers = Record<string, string>
const LIMITED: ProviderFailure = { code: 'provider.rate_limited', detail: 'text', retryable: true }
const MINUTE = 60_000

interface Counter {
  /** Takes so much, or says that it is too much. */
  take(amount: number, nowMs: number): boolean
  headers(nowMs: number): Headers
}

/** So much in each window, counted from its beginning. */
function window({ limit, ms, say }: { limit: number; ms: number; say: (left: number, resetsInMs: number) => Headers }): Counter {
  let began = 0
  let used = 0
  const renew = (nowMs: number): void => {
    if (nowMs < began + ms) return
    began = nowMs - (nowMs % ms)
    used = 0
  }
  return {
    take(amount, nowMs) {
      renew(nowMs)
      if (used + amount > limit) return false
      used += amount
      return true
    },
    headers(nowMs) {
      renew(nowMs)
      return say(limit - used, began + ms - nowMs)
    },
  }
}

/** A bucket that fills all the time; its reset is when it would be full. */
function bucket({ limit, ms, say }: { limit: number; ms: number; say: (left: number, fullInMs: number) => Headers }): Counter {
  let left = limit
  let at = 0
  const fill = (nowMs: number): void => {
    left = Math.min(limit, left + ((nowMs - at) * limit) / ms)
    at = nowMs
  }
  return {
    take(amount, nowMs) {
      fill(nowMs)
      if (left < amount) return false
      left -= amount
      return true
    },
    headers(nowMs) {
      fill(nowMs)
      return say(Math.floor(left), ((limit - left) * ms) / limit)
    },
  }
}

const openAi =
  (kind: string, limit: number) =>
  (left: number, resetsInMs: number): Headers => ({
    [`x-ratelimit-limit-${kind}`]: String(limit),
    [`x-ratelimit-remaining-${kind}`]: String(left),
    [`x-ratelimit-reset-${kind}`]: `${Math.ceil(resetsInMs)}ms`,
  })
const mistral =
  (kind: string, limit: number) =>
  (left: number): Headers => ({
    [`x-ratelimit-limit-${kind}-minute`]: String(limit),
    [`x-ratelimit-remaining-${kind}-minute`]: String(left),
  })
const cerebras =
  (kind: string, limit: number) =>
  (left: number, resetsInMs: number): Headers => ({
    ...mistral(kind, limit)(left),
    [`x-ratelimit-reset-${kind}-minute`]: (resetsInMs / 1000).toFixed(3),
  })

interface Served {
  readonly tookMs: number
  readonly refusedAt: readonly number[]
  readonly startedAt: readonly number[]
}

/** Workers that ask for `items` calls of about `tokens` each. */
async function serve({
  requests,
  tokens,
  items,
  tokensPerCall = 100,
  concurrency = 32,
  startMs = 0,
}: {
  requests: Counter
  tokens?: Counter
  items: number
  tokensPerCall?: number
  concurrency?: number
  startMs?: number
}): Promise<Served> {
  const clock = testClock()
  const beganMs = clock.nowMs() - startMs
  const now = (): number => clock.nowMs() - beganMs
  const pace = createPace(clock)
  const { signal } = new AbortController()
  const refusedAt: number[] = []
  const startedAt: number[] = []
  let given = 0

  const call = async (): Promise<boolean> => {
    const turn = await pace.begin({ signal, askedAtMs: clock.nowMs(), model: 'm' })
    if (turn.kind === 'given_up') throw new Error('given up')
    startedAt.push(now())
    const amount = Math.round(tokensPerCall * (0.7 + 0.6 * Math.random()))
    const isServed = (tokens?.take(amount, now()) ?? true) && requests.take(1, now())
    const headers = { ...requests.headers(now()), ...tokens?.headers(now()) }
    await clock.sleep(isServed ? 500 + 1_500 * Math.random() : 20)
    const limits = readRateLimits(headers, clock.nowMs())
    if (!isServed) refusedAt.push(startedAt.at(-1)!)
    const report: PaceReport = isServed ? { kind: 'succeeded', limits } : { kind: 'limited', failure: LIMITED, limits }
    turn.end(report)
    return isServed
  }
  const worker = async (): Promise<void> => {
    while (given < items) {
      given += 1
      while (!(await call())) await clock.sleep(500)
    }
  }
  await clock.runUntil(Promise.all(Array.from({ length: concurrency }, worker)))
  return { tookMs: now() - startMs, refusedAt, startedAt }
}

const afterFirstWindow = ({ refusedAt }: Served): number => refusedAt.filter((ms) => ms >= MINUTE).length

describe('calls at learned limits', () => {
  it.each([
    ['windows, as OpenAI’s headers tell them', window, openAi],
    ['windows with their name, as Cerebras tells them', window, cerebras],
    ['windows whose end nobody tells, as Mistral’s', window, mistral],
    ['buckets, as OpenAI and Groq have them', bucket, openAi],
    ['buckets with the minute’s name', bucket, cerebras],
  ])('%s: no request too many after the first window, and hardly slower than allowed', async (_, counter, say) => {
    const requests = counter({ limit: 60, ms: MINUTE, say: say('requests', 60) })
    const served = await serve({ requests, items: 300 })
    expect(afterFirstWindow(served)).toBe(0)
    // 300 at 60 a minute: the first 60 at once, so 4 minutes and what the last calls take,
    // six of them two seconds apart.
    expect(served.tookMs).toBeLessThan(4.5 * MINUTE)
  })

  it.each([
    ['windows', window],
    ['buckets', bucket],
  ])('tokens in %s: what a call takes is learned too', async (_, counter) => {
    const requests = counter({ limit: 1_000, ms: MINUTE, say: openAi('requests', 1_000) })
    const tokens = counter({ limit: 6_000, ms: MINUTE, say: openAi('tokens', 6_000) })
    const served = await serve({ requests, tokens, items: 290 }) // about 100 tokens each, so 60 a minute; they differ by 30 %
    expect(afterFirstWindow(served)).toBe(0)
    expect(served.tookMs).toBeLessThan(5 * MINUTE)
  })

  it('requests of a day that refill, as Groq’s: the next call waits seconds, not until midnight', async () => {
    const day = 86_400_000
    const requests = bucket({ limit: 14_400, ms: day, say: openAi('requests', 14_400) })
    for (let used = 0; used < 14_390; used += 1) requests.take(1, 0)
    const served = await serve({ requests, items: 20, concurrency: 4 })
    expect(served.refusedAt.length).toBeLessThanOrEqual(2)
    expect(served.tookMs).toBeLessThan(80_000) // 10 at once, 10 at one in 6 s
  })

  it('the last tenth of a window is spread, and the next window begins at once', async () => {
    const requests = window({ limit: 40, ms: MINUTE, say: openAi('requests', 40) })
    const served = await serve({ requests, items: 80, concurrency: 16 })
    const last = served.startedAt.slice(36, 40) // a tenth
    const gaps = last.slice(1).map((ms, index) => ms - last[index]!)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2_000)
    expect(served.startedAt[40]).toBeGreaterThanOrEqual(MINUTE)
    expect(served.startedAt[55]).toBeLessThan(MINUTE + 2_500)
    expect(served.refusedAt).toEqual([])
    expect(served.tookMs).toBeLessThan(1.4 * MINUTE)
  })

  it('more that wait than a window has left are spread over the rest of its time', async () => {
    const requests = window({ limit: 40, ms: MINUTE, say: openAi('requests', 40) })
    const served = await serve({ requests, items: 200, concurrency: 64 })
    const second = served.startedAt.filter((ms) => ms >= MINUTE && ms < 2 * MINUTE)
    expect(second.length).toBeGreaterThan(35)
    expect(second.at(-1)).toBeGreaterThan(1.8 * MINUTE)
    expect(second[Math.floor(second.length / 2)]).toBeGreaterThan(1.3 * MINUTE)
    expect(afterFirstWindow(served)).toBe(0)
  })

  it('what fits into what remains is not slowed down', async () => {
    const requests = window({ limit: 60, ms: MINUTE, say: openAi('requests', 60) })
    const served = await serve({ requests, items: 50, concurrency: 10 })
    expect(served.refusedAt).toEqual([])
    expect(served.tookMs).toBeLessThan(14_000) // five rounds of at most two seconds, unevenly
  })

  it('another model has limits of its own', async () => {
    const clock = testClock()
    const pace = createPace(clock)
    const { signal } = new AbortController()
    const begin = (model: string) => pace.begin({ signal, askedAtMs: clock.nowMs(), model })
    const turn = await begin('one')
    if (turn.kind !== 'begun') throw new Error('not begun')
    turn.end({ kind: 'succeeded', limits: [{ kind: 'requests', limit: 5, remaining: 0, resetsInMs: 40_000 }] })
    const [held, free] = [begin('one'), begin('other')]
    expect((await free).kind).toBe('begun') // though the one that waits came first
    expect(clock.sleepers()).toBe(1)
    await clock.advance(40_000)
    expect((await held).kind).toBe('begun')
  })

  it('headers that say nothing of remains, or of an end, change nothing', async () => {
    const clock = testClock()
    const pace = createPace(clock)
    const { signal } = new AbortController()
    const begin = () => pace.begin({ signal, askedAtMs: clock.nowMs(), model: 'm' })
    const first = await begin()
    if (first.kind !== 'begun') throw new Error('not begun')
    first.end({
      kind: 'succeeded',
      limits: [
        { kind: 'requests', limit: 60 },
        { kind: 'tokens', limit: 10, remaining: 10 },
      ],
    })
    for (let number = 0; number < 200; number += 1) expect((await begin()).kind).toBe('begun')
    expect(clock.sleepers()).toBe(0)
  })

  it('a limit that opens in an hour is left to the provider’s own word', async () => {
    const clock = testClock()
    const pace = createPace(clock)
    const turn = pace.tryBegin('m')!
    turn.end({ kind: 'succeeded', limits: [{ kind: 'requests', limit: 5, remaining: 0, resetsInMs: 3_000_000 }] })
    expect(pace.tryBegin('m')).toBeDefined()
  })
})
