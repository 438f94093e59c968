import { LLMock } from '@copilotkit/aimock'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { formatNano } from '../src/base/money.ts'
import type { Candidate } from '../src/calls/call.ts'
import { type EmbeddedPart, embed, type EmbedEnd, type EmbedRequest } from '../src/calls/embed.ts'
import type { CallServices } from '../src/calls/services.ts'
import { resultWrite } from '../src/ledger/settlement.ts'
import { type CallBench, startCallBench } from './support/call-bench.ts'
import { openOnPglite, type TestDatabase } from './support/databases.ts'
import { type OtherAnswer, startMockEmbeddings, tokensFor, vectorFor } from './support/mock-embeddings.ts'
import type { RawRequest, RawServer } from './support/raw-server.ts'
import { newSecret } from './support/sweep.ts'

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `article number ${at}`)

describe('embeddings along the path of a call', () => {
  let database: TestDatabase
  let bench: CallBench
  let mock: RawServer
  const aimock = new LLMock({ port: 0, logLevel: 'silent' })
  let other: (request: RawRequest) => OtherAnswer = () => undefined
  beforeAll(async () => {
    mock = await startMockEmbeddings((request) => other(request))
    await aimock.start()
    database = await openOnPglite()
    bench = await startCallBench(database, [mock.url, aimock.url])
  })
  beforeEach(async () => {
    other = () => undefined
    await bench.entries()
  })
  afterAll(async () => {
    await mock?.stop()
    await aimock.stop()
    await bench?.close()
    await database?.destroy()
  })

  const connect = (provider: string, model: string, key = newSecret({ prefix: 'good-' })): Promise<Candidate> =>
    bench.candidate({ provider, model, baseUrl: `${mock.url}/${provider}`, key: provider === 'ollama' ? undefined : key })
  const run = (
    candidate: Candidate,
    texts: readonly string[],
    more: Partial<EmbedRequest> = {},
    services: CallServices = bench.services,
  ): Promise<EmbedEnd> =>
    embed(services, {
      workspaceId: bench.workspaceId,
      actor: 'test',
      origin: 'test',
      context: 'embeddings',
      candidate,
      budgetIds: [],
      currency: 'USD',
      signal: new AbortController().signal,
      texts,
      purpose: 'document',
      ...more,
    })

  it.each([
    ['openai', 'text-embedding-3-small', 20n], // nano-dollars a token, as published
    ['voyage', 'voyage-3.5', 60n],
    ['cohere', 'embed-v4.0', 120n],
    ['bedrock', 'amazon.titan-embed-text-v2:0', 20n],
    ['bedrock', 'cohere.embed-v4:0', 120n],
    ['jina', 'jina-embeddings-v3', 50n],
    ['ollama', 'nomic-embed-text', undefined],
  ])('%s %s: vectors in the order of their texts, with what they used and cost', async (provider, model, price) => {
    const texts = ['a lamp', 'a chair of oak', 'a table for six']
    const candidate = await connect(provider, model)
    const end = await run(candidate, texts)
    expect(end).toMatchObject({ kind: 'embedded', vectors: texts.map(vectorFor) })
    const entries = await bench.entries()
    const tokens = entries.map(({ usage }) => usage?.input_tokens ?? NaN)
    expect(tokens.reduce((a, b) => a + b)).toBe(tokensFor(texts))
    for (const [at, entry] of entries.entries()) {
      expect(entry).toMatchObject({
        outcome: 'succeeded',
        context: 'embeddings',
        requestedModel: model,
        usage: { input_tokens: tokens[at] },
        usageSource: 'reported',
        costNano: price === undefined ? null : BigInt(tokens[at]!) * price,
      })
    }
    expect(end.parts.map(({ callId }) => callId)).toEqual(entries.map(({ id }) => id))
    expect(end.parts.map(({ cost }) => cost && formatNano(cost.nano))).toEqual(
      entries.map(({ costNano }) => (costNano === null ? undefined : formatNano(costNano))),
    )
  })

  it.each([
    ['openai', 'text-embedding-3-small', '/v1'],
    ['azure', 'my-embeddings', '/openai'],
    ['mistral', 'mistral-embed', '/v1'],
    ['cohere', 'embed-v4.0', ''],
  ])('aimock as %s: its vectors, and of its tokens nothing where it counts none', async (provider, model, path) => {
    aimock.clearFixtures()
    aimock.onEmbedding(/.*/, { embedding: [0.25, -0.5, 0.125] })
    const texts = ['a lamp', 'a chair']
    const key = newSecret({ prefix: 'key-' })
    const apiVersion = provider === 'azure' ? '2024-10-21' : undefined
    const end = await run(await bench.candidate({ provider, model, baseUrl: aimock.url + path, key, apiVersion }), texts)
    expect(end).toMatchObject({ kind: 'embedded', vectors: texts.map(() => [0.25, -0.5, 0.125]) })
    const [entry] = await bench.entries()
    expect(entry).toMatchObject({ outcome: 'succeeded', requestedModel: model })
    if (!entry!.usage) expect(entry!.costNano).toBeNull()
    expect(entry!.usage).not.toEqual({ input_tokens: 0 })
  })

  it('what Gemini does not count is unknown, and so is its cost', async () => {
    const end = await run(await connect('gemini', 'gemini-embedding-001'), ['a lamp'])
    expect(end).toMatchObject({ kind: 'embedded', vectors: [vectorFor('a lamp')], parts: [{ usage: undefined, cost: undefined }] })
    expect(await bench.entries()).toMatchObject([{ outcome: 'succeeded', usage: null, costNano: null }])
  })

  it('many texts are several calls, within the provider’s bounds', async () => {
    const texts = numbered(150)
    const before = mock.requests.length
    const end = await run(await connect('openai', 'text-embedding-3-small'), texts)
    expect(end).toMatchObject({ kind: 'embedded', vectors: texts.map(vectorFor) })
    const sent = mock.requests.slice(before).map(({ body }) => (JSON.parse(body) as { input: string[] }).input.length)
    expect(sent).toEqual([64, 64, 22])
    expect(end.parts.map(({ from }) => from)).toEqual([0, 64, 128])
    expect(await bench.entries()).toHaveLength(3)
  })

  it('rows are written with the entry of the call that made them, also when the next call fails', async () => {
    const written: number[] = []
    const writer = (_tx: unknown, rows: readonly number[]): Promise<void> => Promise.resolve(void written.push(...rows))
    other = ({ body }) => (body.includes('article number 70') ? { status: 400, body: { error: { message: 'too long' } } } : undefined)
    const writesOf = ({ from }: EmbeddedPart) => [resultWrite(writer, [from])]
    const end = await run(await connect('openai', 'text-embedding-3-small'), numbered(150), { writesOf })
    expect(end).toMatchObject({ kind: 'failed', failure: { code: 'provider.request_refused' }, parts: [{ from: 0 }] })
    expect(end.parts[0]!.vectors).toHaveLength(64)
    expect(written).toEqual([0])
    expect((await bench.entries()).map(({ outcome }) => outcome)).toEqual(['succeeded', 'failed'])
  })

  it('a call that failed for the provider’s sake is made again; each attempt has its entry', async () => {
    let left = 1
    other = () => (left-- > 0 ? { status: 500, body: { error: { message: 'The server had an error' } } } : undefined)
    const end = await run(await connect('openai', 'text-embedding-3-small'), ['a lamp'])
    expect(end.kind).toBe('embedded')
    expect((await bench.entries()).map(({ outcome, attempt }) => [outcome, attempt])).toEqual([
      ['failed', 1],
      ['succeeded', 2],
    ])
  })

  it('an answer that has not one vector for each text is paid for, asked for once more, and fails', async () => {
    const usage = { prompt_tokens: 4, total_tokens: 4 }
    other = () => ({ status: 200, body: { data: [{ index: 0, embedding: [0.1] }], model: 'text-embedding-3-small', usage } })
    const end = await run(await connect('openai', 'text-embedding-3-small'), ['a lamp', 'a chair'])
    expect(end).toMatchObject({ kind: 'failed', failure: { code: 'provider.answer_malformed' }, parts: [] })
    expect(await bench.entries()).toMatchObject([
      { outcome: 'failed', costNano: 80n },
      { outcome: 'failed', costNano: 80n },
    ])
  })

  it('vectors of two lengths are not mixed', async () => {
    let number = 0
    other = ({ body }) => {
      const { input } = JSON.parse(body) as { input: string[] }
      number += 1
      const embedding = number === 1 ? [0.1, 0.2] : [0.1, 0.2, 0.3]
      return { status: 200, body: { data: input.map((_, index) => ({ index, embedding })), usage: { prompt_tokens: 1, total_tokens: 1 } } }
    }
    const end = await run(await connect('openai', 'text-embedding-3-small'), numbered(70))
    expect(end).toMatchObject({ kind: 'failed', failure: { code: 'provider.answer_malformed' }, parts: [{ from: 0 }] })
  })

  it('a wrong key refuses all, and stands in no entry', async () => {
    const key = newSecret({ prefix: 'wrong-' })
    const end = await run(await connect('voyage', 'voyage-4', key), ['a lamp'])
    expect(end).toMatchObject({ kind: 'refused', failure: { code: 'provider.bad_key' } })
    const entries = await bench.entries()
    expect(entries).toMatchObject([{ outcome: 'failed', errorCode: 'provider.bad_key', costNano: 0n }])
    expect(JSON.stringify(entries, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(key)
  })

  it('what is asked of a query is said to providers that make a difference', async () => {
    await run(await connect('voyage', 'voyage-4'), ['which lamp?'], { purpose: 'query', dimensions: 4 })
    expect(JSON.parse(mock.requests.at(-1)!.body)).toEqual({
      model: 'voyage-4',
      input: ['which lamp?'],
      input_type: 'query',
      output_dimension: 4,
      truncation: false,
    })
  })

  it.each([
    ['openai', 'text-embedding-3-small'],
    ['voyage', 'voyage-4'],
  ])('what is set aside for a call of %s is known, and no less than it costs', async (provider, model) => {
    const setAside: (bigint | undefined)[] = []
    const { ledger } = bench.services
    const watched: CallServices = {
      ...bench.services,
      ledger: { ...ledger, intend: (intent) => (setAside.push(intent.worstCaseNano), ledger.intend(intent)) },
    }
    const texts = ['a lamp', 'Stehlampe, höhenverstellbar', 'مصباح مكتب', '灯', 'Eine Lampe aus Holz. '.repeat(200)]
    await run(await connect(provider, model), texts, {}, watched)
    const entries = await bench.entries()
    expect(setAside).toHaveLength(entries.length)
    for (const [at, { costNano }] of entries.entries()) expect(setAside[at]).toBeGreaterThanOrEqual(costNano!)
  })

  it('a call that is given up is cancelled, with what was made before it', async () => {
    const giveUp = new AbortController()
    other = ({ body }) => {
      if (body.includes('article number 70')) giveUp.abort()
      return undefined
    }
    const end = await run(await connect('openai', 'text-embedding-3-small'), numbered(150), { signal: giveUp.signal })
    expect(end).toMatchObject({ kind: 'cancelled', parts: [{ from: 0 }] })
    expect((await bench.entries()).map(({ outcome }) => outcome)).toEqual(['succeeded', 'cancelled'])
  })

  it('dimensions that a provider cannot choose, empty texts and no texts never leave', async () => {
    const before = mock.requests.length
    const candidate = { connectionId: 'none', provider: 'together', model: 'm', rateCard: null }
    await expect(run(candidate, ['a lamp'], { dimensions: 4 })).rejects.toThrow('no dimensions can be chosen')
    await expect(run(candidate, ['a lamp', ''])).rejects.toThrow(RangeError)
    await expect(run({ ...candidate, provider: 'anthropic' }, ['a lamp'])).rejects.toThrow('makes no embeddings')
    expect(await run(candidate, [])).toEqual({ kind: 'embedded', vectors: [], parts: [] })
    expect(mock.requests).toHaveLength(before)
    expect(await bench.entries()).toEqual([])
  })
})
