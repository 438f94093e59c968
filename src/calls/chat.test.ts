import { expect, it } from 'vitest'
import { type TestClock, testClock } from '../../test/support/clock.ts'
import type { Database } from '../db/database.ts'
import type { Settlement } from '../ledger/settlement.ts'
import type { ProviderAnswer } from '../providers/send.ts'
import { createLog } from '../runtime/log.ts'
import type { Vault } from '../vault/vault.ts'
import { chat, type ChatOutcome, type ChatRequest } from './chat.ts'
import type { RequestEnd } from './request.ts'
import { createMachines } from './machine-time.ts'
import { createPace, PATIENCE_MS } from './pace.ts'
import type { CallServices } from './services.ts'

/** What the provider answers to its `number`th call (1 is the first), at this time of the test's clock. */
type Script = (call: { number: number; nowMs: number; user: string }) => Answer
interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly takesMs?: number
  readonly onRead?: () => void // while its body comes
}

const USAGE = { prompt_tokens: 500, completion_tokens: 200, total_tokens: 700 }
const COST = 1_100_000n // nano-dollars, at 1 and 3 dollars a million
const good = (usage: unknown = USAGE): Answer => ({
  status: 200,
  body: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'model-1',
    choices: [{ index: 0, message: { role: 'assistant', content: '{"title":"Lamp"}' }, finish_reason: 'stop' }],
    usage,
  },
})
const broken: Answer = { status: 500, body: { error: { message: 'The server had an error', type: 'server_error' } } }
const overloaded: Answer = { status: 503, body: { error: { message: 'Busy', type: 'server_error' } } }
const limited = (retryAfter?: string): Answer => ({
  status: 429,
  body: { error: { message: 'Slow down', type: 'requests', code: 'rate_limit_exceeded' } },
  ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }),
})

interface Bench {
  readonly clock: TestClock
  readonly sentAtMs: number[] // when each call was sent, from the start
  readonly settled: Settlement[]
  readonly outcomes: ChatOutcome[]
  readonly lines: Record<string, unknown>[] // of the log
  ask(request?: Partial<ChatRequest<string>>): Promise<RequestEnd<string>>
  /** Asks, and lets the time go on until there is an end. */
  end(request?: Partial<ChatRequest<string>>): Promise<RequestEnd<string>>
}

/** The path of a call with everything real but the database, the key and the network; the time is the test's. */
function bench(script: Script): Bench {
  const clock = testClock()
  const startMs = clock.nowMs()
  const [sentAtMs, settled, outcomes, lines]: [number[], Settlement[], ChatOutcome[], Record<string, unknown>[]] = [[], [], [], []]
  const pace = createPace(clock)
  const connection = {
    id: 'c',
    provider: 'openai-compatible',
    slug: 'c',
    destination: { baseUrl: 'http://c' },
    sealedKey: null,
    keyVersion: 1,
  }
  const services: CallServices = {
    database: {} as Database, // nobody asks it: the ledger is below, and the connection has no key
    vault: {} as Vault,
    watch: { watch: () => () => undefined, close: () => Promise.resolve() },
    ledger: {
      intend: () => Promise.resolve({ kind: 'admitted', intendedAt: clock.now(), connection }),
      settle: (settlement) => Promise.resolve(void settled.push(settlement)),
      idle: () => Promise.resolve(),
      caughtUp: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    sender: {
      async send({ body, signal }) {
        sentAtMs.push(clock.nowMs() - startMs)
        const { messages } = JSON.parse(String(body)) as { messages: { content: string }[] }
        const answer = script({ number: sentAtMs.length, nowMs: clock.nowMs() - startMs, user: messages.at(-1)!.content })
        const sentAt = clock.now()
        await clock.sleep(answer.takesMs ?? 0, signal)
        return answerOf(answer, sentAt)
      },
      close: () => Promise.resolve(),
    },
    clock,
    log: createLog({ level: 'debug', target: { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) } }),
    paceOf: () => pace,
    machineOf: createMachines(),
  }
  const ask: Bench['ask'] = (request) =>
    chat<string>(services, {
      workspaceId: 'w',
      actor: 'command',
      origin: 'run:1',
      context: 'enrichment',
      candidate: {
        connectionId: 'c',
        provider: 'openai-compatible',
        model: 'model-1',
        rateCard: { currency: 'USD', models: { 'model-1': { input_tokens: '1', output_tokens: '3' } } },
      },
      budgetIds: [],
      currency: 'USD',
      system: 'Write.',
      user: 'name: Lamp of the secret collection',
      schema: {},
      schemaName: 'products',
      maxOutputTokens: 100,
      inputTokensAtMost: 1_000,
      outputTokensAtMost: 100,
      signal: new AbortController().signal,
      settleWith(outcome) {
        outcomes.push(outcome)
        return { value: outcome.kind, writes: [] }
      },
      ...request,
    })
  return { clock, sentAtMs, settled, outcomes, lines, ask, end: (request) => clock.runUntil(ask(request)) }
}

function answerOf({ status, body = {}, headers = {}, onRead }: Answer, sentAt: Date): ProviderAnswer {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  return {
    status,
    headers,
    sentAt,
    firstByteAt: undefined,
    readAll() {
      onRead?.()
      return Promise.resolve(bytes)
    },
    chunks: () => expect.fail('answers are read whole'),
    cancel: () => undefined,
  }
}

const detailOf = (end: RequestEnd<string>): string | undefined => ('failure' in end ? end.failure.detail : undefined)
/** The times between calls. */
const gaps = (times: readonly number[]): number[] => times.slice(1).map((time, index) => time - times[index]!)

it('a wait of nothing does not replace the pause between attempts', async () => {
  const { end, sentAtMs } = bench(({ number }) => (number < 8 ? limited('0') : good()))
  expect(await end()).toEqual({ kind: 'settled', value: 'answered' })
  // full jitter: eight pauses of which the longest is below some milliseconds do not happen
  expect(Math.max(...gaps(sentAtMs))).toBeGreaterThan(100)
})

it('those that one limit held back do not come back in the same millisecond', async () => {
  const { ask, clock, sentAtMs } = bench(({ nowMs }) => (nowMs === 0 ? limited('20') : good()))
  const ends = await clock.runUntil(Promise.all(Array.from({ length: 8 }, () => ask())))
  expect(ends.every(({ kind }) => kind === 'settled')).toBe(true)
  const later = sentAtMs.slice(8)
  expect(later).toHaveLength(8)
  expect(Math.min(...later)).toBeGreaterThanOrEqual(20_000)
  expect(new Set(later).size).toBe(8)
})

it.each([
  ['a limit', limited(), 'provider.rate_limited'],
  ['an overload', overloaded, 'provider.overloaded'],
])('%s of two minutes fails nothing: it is asked again, further and further apart', async (_, answer, code) => {
  const { end, sentAtMs, settled } = bench(({ nowMs }) => (nowMs < 120_000 ? answer : good()))
  expect(await end()).toEqual({ kind: 'settled', value: 'answered' })
  expect(sentAtMs.length).toBeGreaterThan(5)
  expect(sentAtMs.length).toBeLessThan(60)
  // each attempt is a call of its own
  expect(settled.map(({ outcome, errorCode, intent }) => [outcome, errorCode, intent.attempt])).toEqual(
    sentAtMs.map((_time, index) => (index < sentAtMs.length - 1 ? ['failed', code, index + 1] : ['succeeded', undefined, index + 1])),
  )
  expect(new Set(settled.map(({ intent }) => intent.id)).size).toBe(settled.length)
})

it.each([
  ['a limit', limited(), 'The provider limited how much may be sent, and nothing else came for 5 min.'],
  ['an overload', overloaded, 'The provider was overloaded, and nothing else came for 5 min.'],
])('%s of an hour pauses all that wait, soon after five minutes, and fails nothing', async (_, answer, happened) => {
  const { ask, clock, outcomes, sentAtMs } = bench(({ nowMs }) => (nowMs < 3_600_000 ? answer : good()))
  const ends = await clock.runUntil(Promise.all(Array.from({ length: 32 }, () => ask())))
  expect(outcomes).toEqual([])
  for (const end of ends) {
    expect(end.kind).toBe('refused')
    expect(detailOf(end)).toBe(`${happened} Continue it later: nothing that is done is paid for again.`)
  }
  const lastMs = sentAtMs.at(-1)!
  expect(lastMs).toBeGreaterThanOrEqual(PATIENCE_MS)
  expect(lastMs).toBeLessThan(PATIENCE_MS + 120_000)
  expect(sentAtMs.length).toBeLessThan(32 + 120) // one probe at a time
})

it('a server that fails for an hour pauses all that wait instead of failing them one by one', async () => {
  const { ask, clock, outcomes } = bench(({ nowMs }) => (nowMs < 3_600_000 ? broken : good()))
  const ends = await clock.runUntil(Promise.all(Array.from({ length: 64 }, () => ask())))
  expect(outcomes).toEqual([])
  expect(new Set(ends.map(({ kind }) => kind))).toEqual(new Set(['refused']))
})

it('a request that alone is turned away for minutes fails alone', async () => {
  const { ask, clock, outcomes } = bench(({ user }) => (user === 'too large' ? limited() : { ...good(), takesMs: 1_000 }))
  const large = ask({ user: 'too large' })
  let others = 0
  const working = async (): Promise<void> => {
    while (outcomes.every(({ kind }) => kind === 'answered')) {
      await ask()
      others += 1
    }
  }
  await clock.runUntil(Promise.all([large, working()]))
  expect(await large).toEqual({ kind: 'settled', value: 'failed' })
  expect(others).toBeGreaterThan(100)
})

it('a provider that asks to wait too long is not waited for: the pause says how long', async () => {
  const { ask, clock, sentAtMs, settled } = bench(() => ({ ...limited('900'), takesMs: 10 }))
  const startMs = clock.nowMs()
  const ends = await clock.runUntil(Promise.all([ask(), ask()]))
  for (const end of ends) expect(end.kind).toBe('refused')
  expect(detailOf(ends[0])).toBe('The provider asks to wait 15 min: continue it then.')
  expect(detailOf(ends[1])).toBe('The provider asks to wait 15 min: continue it then.')
  expect([sentAtMs.length, settled.length]).toEqual([2, 2])
  expect(clock.nowMs() - startMs).toBe(10) // nobody sleeps first
})

it('a server that fails is asked five times; then the request fails, and says what to do', async () => {
  const { end, sentAtMs, outcomes } = bench(() => broken)
  expect(await end()).toEqual({ kind: 'settled', value: 'failed' })
  expect(sentAtMs).toHaveLength(5)
  expect(outcomes).toMatchObject([
    {
      failure: {
        code: 'provider.failed',
        detail: 'The provider failed at each of 5 attempts. It can be tried again.',
      },
    },
  ])
})

it('attempts that failed of different things are not said to be alike', async () => {
  const { end, outcomes } = bench(({ number }) => (number === 1 ? overloaded : broken))
  await end()
  expect(outcomes).toMatchObject([{ failure: { detail: expect.stringContaining('The provider failed at the last of 5 attempts.') } }])
})

it('a failed answer that carries limits with room is no wait', async () => {
  const headers = { 'x-ratelimit-reset-requests': '8m38s', 'x-ratelimit-remaining-requests': '99' }
  const { end, sentAtMs } = bench(({ number }) => (number === 1 ? { ...broken, headers } : good()))
  expect(await end()).toEqual({ kind: 'settled', value: 'answered' })
  expect(sentAtMs[1]).toBeLessThan(1_001)
})

it("a request's cost is that of all its attempts, and unknown where one of them is", async () => {
  const malformed: Answer = { status: 200, body: { ...(good().body as object), choices: 'none' } }
  const paid = bench(({ number }) => (number === 1 ? limited('1') : number === 2 ? good(USAGE) : good()))
  await paid.end()
  expect(paid.outcomes).toMatchObject([{ kind: 'answered', cost: { nano: COST, currency: 'USD' } }]) // a 429 is free
  const twice = bench(({ number }) => (number === 1 ? malformed : good()))
  await twice.end()
  expect(twice.settled.map(({ cost }) => cost?.nano)).toEqual([COST, COST])
  expect(twice.outcomes).toMatchObject([{ kind: 'answered', cost: { nano: 2n * COST, currency: 'USD' } }])
  const failed = bench(() => malformed)
  await failed.end()
  expect(failed.outcomes).toMatchObject([{ kind: 'failed', cost: { nano: 2n * COST } }])
  const unknown = bench(({ number }) => (number === 1 ? broken : good()))
  await unknown.end()
  expect(unknown.outcomes).toMatchObject([{ kind: 'answered', cost: undefined }])
})

it('a call that is cut off after its usage came keeps its cost', async () => {
  const stop = new AbortController()
  const unreadable = { ...(good().body as object), choices: 'none' }
  const { end, settled } = bench(() => ({ status: 200, body: unreadable, onRead: () => stop.abort(new Error('interrupted')) }))
  expect(await end({ signal: stop.signal })).toEqual({ kind: 'cancelled' })
  expect(settled).toMatchObject([{ outcome: 'cancelled', cost: { nano: COST }, usage: { input_tokens: 500 } }])
})

it('each call is one line of the log: failed ones at info with what the provider said, nothing at warn', async () => {
  const { end, lines, settled } = bench(({ number }) => (number === 1 ? limited('1') : { ...good(), takesMs: 40 }))
  await end()
  const common = { connectionId: 'c', model: 'model-1', origin: 'run:1' }
  expect(lines).toMatchObject([
    { ...common, level: 'info', msg: 'call failed', callId: settled[0]!.intent.id, attempt: 1, outcome: 'failed', status: 429 },
    { ...common, level: 'debug', msg: 'call settled', callId: settled[1]!.intent.id, attempt: 2, outcome: 'succeeded', status: 200 },
  ])
  expect(lines[0]).toMatchObject({ code: 'provider.rate_limited', excerpt: 'Slow down' })
  expect(lines.map(({ durationMs }) => durationMs)).toEqual([0, 40])
  expect(JSON.stringify(lines)).not.toMatch(/Lamp|Write\./)
})

it.each<[string, Answer]>([
  ['repeats the prompt', { status: 422, body: { detail: [{ msg: 'bad value', input: 'name: Lamp of the secret collection' }] } }],
  ['repeats a part of it', { status: 400, body: { error: { message: 'cannot parse "of the secret collection"' } } }],
  [
    'is what the model said',
    {
      status: 200,
      body: { choices: [{ index: 0, message: { role: 'assistant', content: null, refusal: 'I will not write of a Lamp.' } }] },
    },
  ],
])('a failure that %s is logged without its words', async (_, answer) => {
  const { end, lines } = bench(() => answer)
  await end()
  expect(lines).toMatchObject([{ level: 'info', msg: 'call failed', outcome: 'failed' }])
  expect(JSON.stringify(lines)).not.toMatch(/Lamp|secret collection/)
})

/** `count` requests by 64 workers. @returns the calls each took, how many failed, and the seconds it all took. */
async function runOf(count: number, script: Script): Promise<{ callsEach: number; failed: number; seconds: number }> {
  const { ask, clock, sentAtMs, outcomes } = bench(script)
  let asked = 0
  const worker = async (): Promise<void> => {
    while (asked < count) {
      asked += 1
      await ask()
    }
  }
  await clock.runUntil(Promise.all(Array.from({ length: 64 }, worker)))
  expect(outcomes).toHaveLength(count)
  const failed = outcomes.filter(({ kind }) => kind === 'failed').length
  return { callsEach: sentAtMs.length / count, failed, seconds: sentAtMs.at(-1)! / 1_000 }
}

it('at 20 % of failing calls nearly every request succeeds, at 1.25 calls each', async () => {
  const random = seeded(20_261_120)
  const ran = await runOf(1_500, () => ({ ...(random() < 0.2 ? broken : good()), takesMs: 500 + random() * 1_000 }))
  expect(ran.failed).toBeLessThan(5) // 0.2^5 of them
  expect(ran.callsEach).toBeLessThan(1.3) // 1 / (1 - 0.2) is what the success of all takes
  expect(ran.seconds).toBeLessThan(100) // 64 at a time take 30 s
})

it('a limit of calls per time is kept to with few refused calls, and nothing fails', async () => {
  const random = seeded(7)
  let [window, inWindow] = [0, 0]
  const ran = await runOf(1_000, ({ nowMs }) => {
    if (Math.floor(nowMs / 10_000) !== window) [window, inWindow] = [Math.floor(nowMs / 10_000), 0]
    if ((inWindow += 1) <= 200) return { ...good(), takesMs: 500 + random() * 1_000 }
    return { ...limited(String(10 - Math.floor((nowMs % 10_000) / 1_000))), takesMs: 50 }
  })
  expect(ran.failed).toBe(0)
  expect(ran.callsEach).toBeLessThan(1.2)
  expect(ran.seconds).toBeLessThan(100) // 50 s at the least
})

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

it('what an answer’s headers say of its limits paces the calls after it', async () => {
  const headers = { 'x-ratelimit-limit-requests': '3', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '20s' }
  const { end, sentAtMs } = bench(() => ({ ...good(), headers }))
  await end()
  await end()
  expect(sentAtMs).toEqual([0, 20_000])
})
