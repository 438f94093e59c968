import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { revokeConnection } from '../src/contract/connections.ts'
import * as contract from '../src/contract/runs.ts'
import type { RunView } from '../src/contract/runs.ts'
import { BATCH_PROVIDERS, type BatchedServer, startBatchedServer } from './support/batched-server.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { EVERYTHING, planned, RECIPE, runOver, stopped } from './support/enrichment.ts'
import type { MockBatches } from './support/mock-batches.ts'
import { goodAnswer, type Script } from './support/mock-provider.ts'
import { until } from './support/until.ts'

const PRODUCTS = 120
const [{ model, input, output }] = BATCH_PROVIDERS

describeOnEachEngine('runs in batches that do not go to their end by themselves', (engine) => {
  let on: BatchedServer
  let mock: MockBatches
  let script: Script
  let number = 0
  beforeAll(async () => {
    on = await startBatchedServer({ products: PRODUCTS, on: engine, script: (request) => script(request) })
    mock = on.mocks['openai']!
  })
  afterAll(() => on?.close())
  beforeEach(() => {
    Object.assign(mock, { ending: { end: 'completed' }, held: false, disturb: (lines: readonly string[]) => lines })
    mock.faults.splice(0)
    mock.batches.splice(0)
    mock.billed.clear()
    mock.provider.mock.clearRequests()
    script = () => undefined
    number += 1
  })

  const body = (more: Record<string, unknown> = {}) => ({
    servedBy: { connectionId: on.connections['openai'], model },
    recipe: { ...RECIPE, instructions: `Number ${number}.` },
    steps: { batch: true },
    ...more,
  })
  /** Starts a run, and waits until its batch is at the provider. */
  async function submitted(more: Record<string, unknown> = {}): Promise<string> {
    mock.held = true
    const { id } = await on.owner.call(contract.addRun, { body: { selection: EVERYTHING, ...body(more) } as never })
    await planned(on.owner, id)
    await on.owner.call(contract.startRun, { params: { runId: id } })
    await until(
      async () => (await on.rows(sql`select 1 from provider_batches where run_id = ${id}::uuid and state = 'submitted'`)).length > 0,
    )
    return id
  }
  const view = (runId: string): Promise<RunView> => on.owner.call(contract.readRun, { params: { runId } })
  const isQuiet = (): Promise<void> => until(async () => (await on.leftovers()).length === 0)
  const outcomes = async (runId: string): Promise<Record<string, number>> => {
    const found = await on.entriesOf(runId)
    return Object.fromEntries(
      [...Map.groupBy(found, ({ outcome, tier }) => `${tier ?? 'usual'} ${outcome}`)].map(([key, all]) => [key, all.length]),
    )
  }

  it('paused by a person: the provider is told to stop, what is done is kept, the rest goes out again when they resume it', async () => {
    mock.ending = { end: 'completed', done: 50 }
    const runId = await submitted()
    await until(() => mock.batches[0]!.results.length === 50)
    await on.owner.call(contract.pauseRun, { params: { runId } })
    await isQuiet()
    expect(mock.batches.map(({ state }) => state)).toEqual(['cancelled'])
    await until(async () => (await view(runId)).counts.done > 0)
    expect(await view(runId)).toMatchObject({ state: 'paused', pause: { code: 'run.paused' }, counts: { done: 50, waiting: 70 } })
    Object.assign(mock, { ending: { end: 'completed' }, held: false })
    await on.owner.call(contract.resumeRun, { params: { runId } })
    expect(await stopped(on.owner, runId)).toMatchObject({ state: 'finished', counts: { done: PRODUCTS } })
    expect(await outcomes(runId)).toEqual({ 'batch succeeded': PRODUCTS, 'batch cancelled': 70 })
    expect(mock.batches.map(({ requests }) => requests.length)).toEqual([70, 120])
    expect(await on.leftovers()).toEqual([])
  })

  it('cancelled: what is done is kept, and nothing is left of the rest', async () => {
    mock.ending = { end: 'completed', done: 30 }
    const runId = await submitted()
    await until(() => mock.batches[0]!.results.length === 30)
    await on.owner.call(contract.cancelRun, { params: { runId } })
    await isQuiet()
    await until(async () => (await view(runId)).counts.waiting === 0)
    expect(await view(runId)).toMatchObject({ state: 'cancelled', counts: { done: 30 } })
    expect(await outcomes(runId)).toEqual({ 'batch succeeded': 30, 'batch cancelled': 90 })
    expect(mock.batches).toHaveLength(1)
  })

  it('a server that stops leaves its batch where it is, and the next one collects it', async () => {
    const runId = await submitted()
    await on.server.restart()
    mock.held = false
    expect(await stopped(on.owner, runId)).toMatchObject({ state: 'finished', counts: { done: PRODUCTS } })
    expect(mock.batches).toHaveLength(1)
    expect(mock.asked.filter((step) => step === 'cancel')).toEqual(['cancel', 'cancel']) // of the tests before
    expect(await outcomes(runId)).toEqual({ 'batch succeeded': PRODUCTS })
    expect(await on.leftovers()).toEqual([])
  })

  // Answers that cost nearly as much as was set aside leave room for two batches only: each is waited for, on the database that most have.
  if (engine === 'pglite')
    it('a cap lets as many in as it has room for; more follow when those are paid for; then it is reached', async () => {
      const tokens = { prompt_tokens: 500, completion_tokens: 1_600, total_tokens: 2_100 }
      script = ({ ids, user }) => ({ content: goodAnswer(ids, user), usage: tokens })
      const run = await runOver(on.owner, body({ cap: '0.008' }))
      expect(run).toMatchObject({ state: 'paused', pause: { code: 'budget.exceeded' } })
      const spent = BigInt(run.counts.done) * (500n * input + 1_600n * output)
      expect(run.spent.amount).toBe((Number(spent) / 1e9).toString())
      expect(spent).toBeLessThanOrEqual(8_000_000n)
      expect(mock.batches.length).toBeGreaterThan(1)
      const asked = mock.batches.flatMap(({ requests }) => requests).length
      expect(mock.billed.size).toBe(asked)
      await on.owner.call(contract.changeRunCap, { params: { runId: run.id }, body: { cap: null } })
      await on.owner.call(contract.resumeRun, { params: { runId: run.id } })
      expect(await stopped(on.owner, run.id)).toMatchObject({ state: 'finished', counts: { done: PRODUCTS } })
      expect((await on.entriesOf(run.id)).filter(({ outcome }) => outcome === 'succeeded')).toHaveLength(PRODUCTS)
      expect(await on.leftovers()).toEqual([])
    })

  it('answers that are not right are asked for once more by usual calls; errors inside a batch end as they would elsewhere', async () => {
    let stumbles = 1
    script = ({ user }) => {
      if (/Brand7\b/.test(user)) return { status: 400, message: 'no', type: 'invalid_request_error' }
      if (/Brand8\b/.test(user) && stumbles-- > 0) return { status: 500, message: 'later', type: 'server_error' }
      if (/Brand9\b/.test(user) && !user.includes('not accepted')) return { content: '{"title": 1}' }
      return undefined
    }
    const run = await runOver(on.owner, body())
    expect(run).toMatchObject({ state: 'finished', counts: { done: PRODUCTS - 1, failed: 1 } })
    expect(await outcomes(run.id)).toEqual({ 'batch succeeded': PRODUCTS - 2, 'batch failed': 2, 'usual succeeded': 2 })
    const failed = (await on.entriesOf(run.id)).filter(({ outcome }) => outcome === 'failed')
    expect(failed.map(({ code, cost }) => `${code} ${cost}`).toSorted()).toEqual(['provider.failed 0', 'provider.request_refused 0'])
  })

  it('a connection that is revoked meanwhile: the run says so, and what the batch cost is not known', async () => {
    const runId = await submitted()
    const connectionId = on.connections['openai']!
    await on.owner.call(revokeConnection, { params: { connectionId } })
    const asked = mock.asked.length
    await until(async () => (await view(runId)).state === 'paused')
    expect(await view(runId)).toMatchObject({ pause: { code: 'batch.unreachable' }, counts: { done: 0, waiting: PRODUCTS } })
    expect(mock.asked.length - asked).toBeLessThanOrEqual(1) // one may have been under way
    const entries = await on.entriesOf(runId)
    expect(new Set(entries.map(({ outcome, cost }) => `${outcome} ${cost}`))).toEqual(new Set(['interrupted null']))
    expect(entries).toHaveLength(PRODUCTS)
    expect(await on.leftovers()).toEqual([])
  })
})
