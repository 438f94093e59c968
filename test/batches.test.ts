import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunView } from '../src/contract/runs.ts'
import { BATCH_PROVIDERS, type BatchedServer, type Entry, startBatchedServer } from './support/batched-server.ts'
import { RECIPE, runOver } from './support/enrichment.ts'
import type { MockBatches } from './support/mock-batches.ts'

const PRODUCTS = 12
const UNITS = PRODUCTS / 2

/** A run at one of the providers, as it ended. */
interface Ended {
  readonly id: (typeof BATCH_PROVIDERS)[number]['id']
  readonly mock: MockBatches
  readonly costNano: bigint // of one request, in a batch
  readonly made: RunView
  readonly entries: readonly Entry[]
}

describe('runs in batches at OpenAI, Anthropic, Mistral and Gemini', () => {
  let on: BatchedServer
  beforeAll(async () => {
    on = await startBatchedServer({ names: BATCH_PROVIDERS.map(({ id }) => id), products: PRODUCTS })
  })
  afterAll(() => on?.close())

  let number = 0
  /** A run at each of them, all at the same time; each asks in other words than any before, so that nothing is there already. */
  async function atEach(prepare: (mock: MockBatches, id: Ended['id']) => void): Promise<Ended[]> {
    number += 1
    const ended = await Promise.all(
      BATCH_PROVIDERS.map(async ({ id, model, input, output }): Promise<Ended> => {
        const mock = on.mocks[id]!
        Object.assign(mock, { ending: { end: 'completed' }, disturb: (lines: readonly string[]) => lines })
        mock.faults.splice(0)
        mock.asked.splice(0)
        mock.batches.splice(0)
        mock.billed.clear()
        prepare(mock, id)
        const made = await runOver(on.owner, {
          servedBy: { connectionId: on.connections[id], model },
          recipe: { ...RECIPE, instructions: `Number ${number}.`, perCall: 2 },
          steps: { batch: true },
        })
        return { id, mock, costNano: 500n * input + 200n * output, made, entries: await on.entriesOf(made.id) }
      }),
    )
    expect(await on.leftovers()).toEqual([])
    for (const { id, mock } of ended) expect([id, ...mock.files]).toEqual([id]) // nothing of it stays in the account's files
    return ended
  }

  const inBatch = (entries: readonly Entry[]): Entry[] => entries.filter(({ tier }) => tier === 'batch')
  const usual = (entries: readonly Entry[]): Entry[] => entries.filter(({ tier }) => tier !== 'batch')
  const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

  it('are one batch each, collected in any order, at half the price of usual calls', async () => {
    const ended = await atEach((mock) => (mock.disturb = (lines) => lines.toReversed()))
    for (const { mock, made, entries, costNano } of ended) {
      expect(made).toMatchObject({ state: 'finished', counts: { done: PRODUCTS, waiting: 0, failed: 0 } })
      expect(entries.map((entry) => entry.id).toSorted()).toEqual([...mock.billed.keys()].toSorted())
      expect(entries).toHaveLength(UNITS)
      for (const entry of entries)
        expect(entry).toMatchObject({ outcome: 'succeeded', cost: String(costNano), list: String(costNano * 2n), tier: 'batch' })
      expect(mock.batches).toHaveLength(1)
    }
  })

  it('what a batch did not come to is asked about by usual calls when it is little, and neither lost nor paid for twice', async () => {
    const ended = await atEach((mock) => (mock.ending = { end: 'expired', done: 4 }))
    for (const { id, mock, made, entries, costNano } of ended) {
      expect(made).toMatchObject({ state: 'finished', counts: { done: PRODUCTS } })
      // Gemini hands out no results of a batch that has expired: nobody knows what of it is charged
      const answered = id === 'gemini' ? 0 : 4
      expect(inBatch(entries).filter(({ outcome }) => outcome === 'succeeded')).toHaveLength(answered)
      const expired = inBatch(entries).filter(({ outcome }) => outcome === 'failed')
      const end = ['batch.expired', id === 'gemini' ? null : '0']
      expect(expired.map(({ code, cost }) => [code, cost])).toEqual(times(UNITS - answered, end))
      const again = usual(entries).map(({ outcome, cost }) => [outcome, cost])
      expect(again).toEqual(times(UNITS - answered, ['succeeded', String(costNano * 2n)]))
      expect(mock.batches).toHaveLength(1)
    }
  })

  it('lines twice, of nobody, broken, and one that is missing: each request has exactly one entry', async () => {
    const strange = JSON.stringify({
      custom_id: 'nobody',
      metadata: { key: 'nobody' },
      response: {},
      result: { type: 'succeeded', message: {} },
    })
    const disturb = ([, second, ...rest]: readonly string[]) => [strange, second!, second!, '{"custom_id": "', '', '[]', ...rest]
    const ended = await atEach((mock) => (mock.disturb = disturb))
    for (const { mock, made, entries } of ended) {
      expect(made).toMatchObject({ state: 'finished', counts: { done: PRODUCTS } })
      expect(
        inBatch(entries)
          .map((entry) => entry.id)
          .toSorted(),
      ).toEqual([...mock.billed.keys()].toSorted())
      // it was charged, and its answer is lost: the cost is not known, and its products are asked about again
      expect(inBatch(entries).filter(({ outcome }) => outcome === 'failed')).toMatchObject([{ code: 'batch.answer_missing', cost: null }])
      expect(usual(entries)).toMatchObject([{ outcome: 'succeeded' }])
    }
  })

  it('each step may fail for a while, and a file break off: nothing is submitted or paid for twice', async () => {
    const ended = await atEach((mock, id) => {
      const isFile = id === 'openai' || id === 'mistral'
      for (const step of isFile ? (['upload', 'create', 'look'] as const) : (['create', 'look'] as const)) {
        // making a batch is asked for again only when the provider says that it was not made
        mock.faults.push({ step, with: { status: step === 'create' ? 429 : 503, retryAfterSeconds: 1 }, times: 1 })
      }
      if (isFile) mock.faults.push({ step: 'discard', with: { status: 503, retryAfterSeconds: 1 }, times: 1 })
      if (id !== 'gemini')
        mock.faults.push({ step: 'results', with: { status: 500 }, times: 1 }, { step: 'results', with: 'half', times: 1 })
    })
    for (const { mock, made, entries, costNano } of ended) {
      expect(made).toMatchObject({ state: 'finished', counts: { done: PRODUCTS } })
      expect(mock.batches).toHaveLength(1)
      expect(entries.map(({ outcome, cost }) => [outcome, cost])).toEqual(times(UNITS, ['succeeded', String(costNano)]))
      expect(mock.faults.filter((fault) => fault.times > 0)).toEqual([])
    }
  })

  it('when the answer to its making is lost on the way, a batch is found in the provider’s list, and made once', async () => {
    const ended = await atEach((mock) => mock.faults.push({ step: 'create', with: 'lost', times: 1 }))
    for (const { mock, made, entries } of ended) {
      expect(made).toMatchObject({ state: 'finished', counts: { done: PRODUCTS } })
      expect(mock.batches).toHaveLength(1)
      expect(entries.map(({ outcome }) => outcome)).toEqual(times(UNITS, 'succeeded'))
      expect(mock.asked).toContain('list')
    }
  })

  it('a batch that the provider refuses pauses the run, and costs nothing', async () => {
    const ended = await atEach((mock, id) => {
      mock.ending = { end: 'refused' }
      if (id === 'anthropic') mock.faults.push({ step: 'create', with: { status: 400 }, times: 1 }) // it looks at all requests at once
    })
    for (const { id, made, entries } of ended) {
      const code = id === 'anthropic' ? 'provider.request_refused' : 'batch.refused'
      expect(made).toMatchObject({ state: 'paused', pause: { code }, counts: { done: 0, waiting: PRODUCTS }, spent: { amount: '0' } })
      expect(entries.map(({ outcome, cost }) => [outcome, cost])).toEqual(times(UNITS, [id === 'anthropic' ? 'not_sent' : 'failed', '0']))
    }
  })
})
