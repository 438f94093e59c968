import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { assignedCandidates, candidatesFor } from '../src/assignments/resolve.ts'
import type { ChatOutcome } from '../src/calls/chat.ts'
import type { RequestEnd } from '../src/calls/request.ts'
import { chatWithFallback, type FallbackRequest } from '../src/calls/fallback.ts'
import { FALLBACK_CLASSES, type FallbackClass, replaceAssignment } from '../src/contract/assignments.ts'
import { addConnection, revokeConnection } from '../src/contract/connections.ts'
import { readMe } from '../src/contract/people.ts'
import { rowsOf } from '../src/db/rows.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { type MockProvider, type Reply, startMockProvider } from './support/mock-provider.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

const ANY = { family: null, missing: [], inputCharacters: 100 }
const PRICES = { currency: 'USD', models: { '*': { input_tokens: '1', output_tokens: '2' } } }
const COST = 900_000n // nano-dollars: 500 tokens in and 200 out, at 1 and 2 dollars a million

describeOnEachEngine('fallback', (on) => {
  let server: TestServer
  let owner: TestClient
  let workspaceId: string
  const replies: { first: Reply | undefined; second: Reply | undefined } = { first: undefined, second: undefined }
  const mocks: MockProvider[] = []
  const ids: string[] = []

  beforeAll(async () => {
    mocks.push(await startMockProvider({ script: () => replies.first }), await startMockProvider({ script: () => replies.second }))
    const hosts = [...mocks.map(({ url }) => new URL(url).host), '127.0.0.1:1024'].join(',')
    server = await startTestServer({ on, environment: { LATCHKEY_PRIVATE_HOSTS: hosts } })
    owner = await server.owner()
    workspaceId = (await owner.call(readMe)).workspace!.id
    for (const { url } of mocks) {
      const body = { provider: 'openai-compatible', destination: { baseUrl: `${url}/v1` }, prices: PRICES }
      ids.push((await owner.call(addConnection, { body })).id)
    }
  })
  afterAll(async () => {
    await server?.close()
    for (const mock of mocks) await mock.stop()
  })
  afterEach(() => {
    replies.first = undefined
    replies.second = undefined
    for (const mock of mocks) mock.mock.clearRequests()
  })

  const assign = async (fallbackOn: FallbackClass[], first = ids[0]!): Promise<void> => {
    const { version } = await owner.call(replaceAssignment, { params: { context: 'chat' }, body: { version: known, candidates: [] } })
    known = (
      await owner.call(replaceAssignment, {
        params: { context: 'chat' },
        body: {
          version,
          candidates: [
            { connectionId: first, model: 'first', fallbackOn },
            { connectionId: ids[1]!, model: 'second' },
          ],
        },
      })
    ).version
  }
  let known = 0

  interface Asked {
    readonly end: RequestEnd<string>
    readonly settled: { outcome: ChatOutcome; model: string }[]
    readonly entries: { requested_model: string; outcome: string; error_code: string | null; cost_nano: string | null }[]
  }
  let number = 0
  const ask = async (change: Partial<FallbackRequest<string>> = {}): Promise<Asked> => {
    const { services } = server.server
    const settled: Asked['settled'] = []
    const origin = `test-${(number += 1)}`
    const candidates = await services.database.inWorkspace(workspaceId, (tx) => assignedCandidates(tx, 'chat'))
    const end = await chatWithFallback<string>(
      services,
      {
        workspaceId,
        actor: 'test',
        origin,
        context: 'chat',
        budgetIds: [],
        currency: 'USD',
        system: 'Write.',
        user: 'name: Lamp',
        schema: {},
        schemaName: 'answer',
        maxOutputTokens: 100,
        inputTokensAtMost: 1_000,
        outputTokensAtMost: 100,
        signal: new AbortController().signal,
        settleWith: (outcome, candidate) => {
          settled.push({ outcome, model: candidate.model })
          return { value: outcome.kind, writes: [] }
        },
        ...change,
      },
      candidatesFor(candidates, ANY),
    )
    const entries = await services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<Asked['entries'][number]>(
        tx,
        sql`select requested_model, outcome, error_code, cost_nano::text from ledger_entries where origin = ${origin} order by intended_at, id`,
      ),
    )
    return { end, settled, entries }
  }
  const models = (entries: Asked['entries']): string[] => entries.map(({ requested_model }) => requested_model)

  it.each([
    ['rate_limited', { status: 429, message: 'Slow down', type: 'requests' }],
    ['overloaded', { status: 503, message: 'Busy' }],
    ['failed', { status: 500, message: 'Oh no' }],
    ['timeout', { status: 504, message: 'Too slow' }],
    ['no_credit', { status: 429, message: 'Quota', code: 'insufficient_quota' }],
  ] as const)('after %s the next one takes over where it is allowed, and each attempt is on record', async (failureClass, reply) => {
    await assign([failureClass])
    replies.first = reply
    const { end, settled, entries } = await ask()
    expect(end).toEqual({ kind: 'settled', value: 'answered' })
    expect(settled).toMatchObject([{ model: 'second', outcome: { kind: 'answered' } }])
    expect(models(entries)).toEqual(['first', 'second'])
    expect(entries.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded'])
    expect(entries[0]!.error_code).toBe(`provider.${failureClass}`)
    expect(mocks.map((mock) => mock.requests().length)).toEqual([1, 1])
  })

  it('an address where nobody answers hands over too, and its entry says it was not sent', async () => {
    const body = { provider: 'openai-compatible', destination: { baseUrl: 'http://127.0.0.1:1024/v1' } }
    const { id } = await owner.call(addConnection, { body })
    await assign(['unreachable'], id)
    const { end, entries } = await ask()
    expect(end).toEqual({ kind: 'settled', value: 'answered' })
    expect(entries.map(({ outcome }) => outcome)).toEqual(['not_sent', 'succeeded'])
  })

  it('the cost told is that of all candidates, and unknown where one is', async () => {
    await assign(['rate_limited', 'failed'])
    replies.first = { status: 429, message: 'Slow down', type: 'requests' }
    const limited = await ask()
    expect(limited.settled[0]!.outcome.cost).toMatchObject({ nano: COST, currency: 'USD' }) // a 429 is free
    replies.first = { status: 500, message: 'Oh no' }
    const failed = await ask()
    expect(failed.settled[0]!.outcome.cost).toBeUndefined() // whether a 500 is billed nobody knows
    expect(failed.entries.map(({ cost_nano }) => cost_nano)).toEqual([null, String(COST)])
  })

  it('without permission nobody takes over: the first is tried again, and refuses or fails alone', async () => {
    await assign([])
    replies.first = { status: 429, message: 'Quota', code: 'insufficient_quota' }
    const { end, entries } = await ask()
    expect(end).toMatchObject({ kind: 'refused', failure: { code: 'provider.no_credit' } })
    expect(models(entries)).toEqual(['first'])
    expect(mocks[1]!.requests()).toHaveLength(0)
  })

  it('a permission for one failure is none for another', async () => {
    await assign(['rate_limited', 'overloaded', 'failed', 'unreachable', 'timeout'])
    replies.first = { status: 429, message: 'Quota', code: 'insufficient_quota' }
    expect((await ask()).end).toMatchObject({ kind: 'refused', failure: { code: 'provider.no_credit' } })
    replies.first = { status: 401, message: 'No', code: 'invalid_api_key' }
    expect((await ask()).end).toMatchObject({ kind: 'refused', failure: { code: 'provider.bad_key' } })
    expect(mocks[1]!.requests()).toHaveLength(0)
  })

  it('after the first byte of an answer nobody takes over', async () => {
    await assign([...FALLBACK_CLASSES])
    replies.first = { fault: 'malformed' }
    const { end, settled, entries } = await ask()
    expect(end).toEqual({ kind: 'settled', value: 'failed' })
    expect(settled).toMatchObject([{ model: 'first', outcome: { kind: 'failed', failure: { code: 'provider.answer_malformed' } } }])
    expect(models(entries)).toEqual(['first', 'first']) // asked once more, as every malformed answer is
    expect(mocks[1]!.requests()).toHaveLength(0)
  })

  it('when the last one fails too, its failure is the outcome, told once', async () => {
    await assign(['no_credit'])
    replies.first = { status: 402, message: 'Pay' }
    replies.second = { status: 400, message: 'Wrong' }
    const { end, settled, entries } = await ask()
    expect(end).toEqual({ kind: 'settled', value: 'failed' })
    expect(settled).toMatchObject([{ model: 'second', outcome: { failure: { code: 'provider.request_refused' } } }])
    expect(models(entries)).toEqual(['first', 'second'])
  })

  it('each candidate is asked in its own terms', async () => {
    await assign(['no_credit'])
    replies.first = { status: 402, message: 'Pay' }
    await ask({ forCandidate: ({ model }) => ({ maxOutputTokens: model === 'second' ? 77 : 33 }) })
    const limits = mocks.map((mock) => (mock.requests()[0]!.body as { max_tokens: number }).max_tokens)
    expect(limits).toEqual([33, 77])
  })

  it('a revoked first candidate stops its records, whatever is allowed: money does not move in silence', async () => {
    const body = { provider: 'openai-compatible', destination: { baseUrl: `${mocks[0]!.url}/v1` }, label: 'Short-lived' }
    const { id } = await owner.call(addConnection, { body })
    await assign([...FALLBACK_CLASSES], id)
    await owner.call(revokeConnection, { params: { connectionId: id } })
    expect((await ask()).end).toMatchObject({ kind: 'refused', failure: { code: 'connection.revoked' } })
    expect(mocks.map((mock) => mock.requests().length)).toEqual([0, 0])
  })
})
