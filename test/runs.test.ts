import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { addConnection } from '../src/contract/connections.ts'
import { listNotices, readNotices } from '../src/contract/notices.ts'
import { readMe } from '../src/contract/people.ts'
import * as contract from '../src/contract/runs.ts'
import type { RunProgressView } from '../src/contract/runs.ts'
import { rowsOf } from '../src/db/rows.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { bringFile } from './support/bring-file.ts'
import { assign, CALL_NANO, connectTo, EVERYTHING, planned, productFile, RECIPE, runOver, stopped, until } from './support/enrichment.ts'
import { goodAnswer, type MockProvider, type Script, startMockProvider } from './support/mock-provider.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

const nano = (amount: string): bigint => {
  const [whole, fraction = ''] = amount.split('.')
  return BigInt(whole!) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
}

describeOnEachEngine('runs over a selection', (on) => {
  let server: TestServer
  let owner: TestClient
  let first: string
  let second: string
  let workspaceId: string
  const mocks: MockProvider[] = []
  const scripts: { first: Script; second: Script } = { first: () => undefined, second: () => undefined }
  /** While it is shut, requests to the first mock wait for an answer. */
  const gate = { arrived: 0, wait: undefined as Promise<void> | undefined }

  beforeAll(async () => {
    mocks.push(
      await startMockProvider({ script: (request) => scripts.first(request), onRequest: () => ((gate.arrived += 1), gate.wait) }),
      await startMockProvider({ script: (request) => scripts.second(request) }),
    )
    const hosts = mocks.map(({ url }) => new URL(url).host).join(',')
    server = await startTestServer({ on, environment: { LATCHKEY_PRIVATE_HOSTS: hosts } })
    owner = await server.owner()
    workspaceId = (await owner.call(readMe)).workspace!.id
    first = await connectTo(owner, mocks[0]!.url, 'first')
    second = await connectTo(owner, mocks[1]!.url, 'second')
    await bringFile(owner, 'lamps.csv', productFile(12))
  })
  afterAll(async () => {
    await server?.close()
    for (const mock of mocks) await mock.stop()
  })
  afterEach(() => {
    scripts.first = () => undefined
    scripts.second = () => undefined
    gate.wait = undefined
    gate.arrived = 0
    for (const { mock } of mocks) mock.clearRequests()
  })

  const rows = <Row>(query: ReturnType<typeof sql>): Promise<Row[]> =>
    server.server.services.database.inWorkspace(workspaceId, (tx) => rowsOf<Row>(tx, query))
  const changesOf = (runId: string) =>
    rows<{ state: string; decision: string | null; model: string; flags: number }>(
      sql`select state, decision, provenance ->> 'model' as model, jsonb_array_length(flags) as flags from value_changes where run_id = ${runId}::uuid`,
    )
  const onFirst = (model: string) => ({ servedBy: { connectionId: first, model } })

  it('is planned with its quote, spends nothing before it is started, and writes proposals only', async () => {
    const made = await owner.call(contract.addRun, { body: { selection: EVERYTHING, recipe: RECIPE, ...onFirst('m-1') } })
    expect(made).toMatchObject({ state: 'ready', selected: 12, practice: false })
    const ready = await planned(owner, made.id)
    expect(ready.counts).toEqual({ total: 12, waiting: 12, done: 0, flagged: 0, failed: 0, unchanged: 0 })
    expect(ready).toMatchObject({ spent: { currency: 'USD', amount: '0' }, cap: null })
    const { quote } = await owner.call(contract.readRun, { params: { runId: made.id } })
    expect(quote).toMatchObject({ products: 12, calls: 12, prices: { kind: 'own' } })
    expect(nano(quote!.cost!.low)).toBeLessThan(nano(quote!.cost!.high))
    expect(mocks[0]!.requests()).toEqual([])

    const watched = owner.events(contract.watchRun, { params: { runId: made.id } })
    expect((await watched.next()).value).toMatchObject({ state: 'ready', ratePerMinute: null, secondsLeft: null })
    await owner.call(contract.startRun, { params: { runId: made.id } })
    const end = await stopped(owner, made.id)
    expect(end).toMatchObject({ state: 'finished', counts: { total: 12, waiting: 0, done: 12 } })
    let last: RunProgressView | undefined
    for await (const progress of watched) last = progress
    expect(last).toMatchObject({ state: 'finished', counts: end.counts, spent: end.spent })
    expect(nano(end.spent.amount)).toBe(12n * CALL_NANO)
    const changes = await changesOf(made.id)
    expect(changes).toHaveLength(36)
    expect(new Set(changes.map(({ state, decision }) => `${state} ${decision}`))).toEqual(new Set(['proposed null']))
    const [written] = await rows<{ count: number }>(sql`select count(*)::integer as count from products where written <> '{}'::jsonb`)
    expect(written!.count).toBe(0)
  })

  it('pays for nothing that is there already, and says how many that are', async () => {
    const { id } = await owner.call(contract.addRun, { body: { selection: EVERYTHING, recipe: RECIPE, ...onFirst('m-1') } })
    expect((await planned(owner, id)).counts).toMatchObject({ total: 0, unchanged: 12 })
    expect(await owner.refused(contract.startRun, { params: { runId: id } })).toMatchObject({ code: 'run.wrong_state' })
  })

  it('has a receipt that is exact, and the same by each of its parts', async () => {
    const run = await runOver(owner, { ...onFirst('m-receipt'), recipe: { ...RECIPE, perCall: 5 } })
    const receipt = await owner.call(contract.readRunReceipt, { params: { runId: run.id } })
    expect(receipt).toMatchObject({
      calls: 3,
      retries: 0,
      unknownCostCalls: 0,
      unknownCalls: [],
      usage: { input_tokens: 1500, output_tokens: 600 },
    })
    for (const lines of [receipt.byModel, receipt.byConnection, receipt.byOutcome, [receipt]]) {
      expect(lines.reduce((sum, { cost }) => sum + cost.reduce((all, { amount }) => all + nano(amount), 0n), 0n)).toBe(3n * CALL_NANO)
      expect(lines.reduce((sum, { calls }) => sum + calls, 0)).toBe(3)
    }
    expect(receipt.byPart.map(({ part }) => part)).toEqual(['product', 'system'])
    expect(receipt.quoted).toEqual({ currency: run.quoted!.currency, low: run.quoted!.low, high: run.quoted!.high })
    const shared = receipt.saved.steps.find(({ step }) => step === 'perCall')!
    const system = receipt.byPart.find(({ part }) => part === 'system')!.tokens
    expect(shared).toMatchObject({ count: 9, unknown: null }) // twelve products in three calls
    expect(nano(shared.saved!.amount)).toBe((BigInt(system) * 1_000n * 9n) / 3n) // at the connection's own price of input
    expect(nano(receipt.saved.without!.amount)).toBe(3n * CALL_NANO + nano(receipt.saved.saved!.amount))
  })

  it('runs a canary first, tells the person, and runs the rest when they approve it', async () => {
    const run = await runOver(owner, { ...onFirst('m-canary'), canary: 3 })
    expect(run).toMatchObject({ state: 'paused', waitsForApproval: true, pause: { code: 'run.canary_done' } })
    expect(run.counts).toMatchObject({ done: 3, waiting: 9 })
    expect(mocks[0]!.requests()).toHaveLength(3)
    const width = ({ low, high }: { low: number; high: number }): number => high - low
    expect(width(run.quoteAfterCanary!.outputTokens)).toBeLessThan(width(run.quote!.outputTokens))
    const { items, unread } = await owner.call(listNotices)
    expect(items[0]).toMatchObject({ kind: 'run.waits', subject: `run:${run.id}`, readAt: null })
    expect(await owner.call(readNotices, { body: {} })).toEqual({ unread: 0 })
    expect(unread).toBeGreaterThan(0)

    await owner.call(contract.resumeRun, { params: { runId: run.id } })
    expect(await stopped(owner, run.id)).toMatchObject({ state: 'finished', counts: { done: 12 } })
    expect((await owner.call(listNotices)).items[0]).toMatchObject({ kind: 'run.finished' })
  })

  it('stops at its cap, and goes on when the cap is raised and someone resumes it', async () => {
    const run = await runOver(owner, { ...onFirst('m-cap'), cap: '0.005' })
    expect(run).toMatchObject({ state: 'paused', pause: { code: 'budget.exceeded' }, cap: { amount: '0.005' } })
    expect(nano(run.spent.amount)).toBeLessThanOrEqual(5_000_000n)
    expect(run.counts.waiting).toBeGreaterThan(0)
    await owner.call(contract.changeRunCap, { params: { runId: run.id }, body: { cap: '1' } })
    await owner.call(contract.resumeRun, { params: { runId: run.id } })
    expect(await stopped(owner, run.id)).toMatchObject({ state: 'finished', counts: { done: 12 }, cap: { amount: '1' } })
    expect(mocks[0]!.requests()).toHaveLength(12)
    const beyond = { selection: EVERYTHING, recipe: RECIPE, ...onFirst('m-cap'), cap: '1000000000' } // more than a budget can count
    expect(await owner.refused(contract.addRun, { body: beyond })).toMatchObject({ code: 'request.invalid' })
  })

  it('lists what failed with its reason, and tries it again: one, or all', async () => {
    scripts.first = ({ user }) => (/Brand[23]\b/.test(user) ? { status: 400, message: 'no', type: 'invalid_request_error' } : undefined)
    const run = await runOver(owner, onFirst('m-retry'))
    expect(run).toMatchObject({ state: 'finished', counts: { done: 10, failed: 2 } })
    const failed = await owner.call(contract.listRunItems, { params: { runId: run.id }, query: { state: 'failed' } })
    expect(failed.items.map(({ identifier, code }) => `${identifier} ${code}`).sort()).toEqual([
      'P2 provider.request_refused',
      'P3 provider.request_refused',
    ])
    scripts.first = () => undefined
    await owner.call(contract.retryRun, { params: { runId: run.id }, body: { position: failed.items[1]!.position } })
    expect((await stopped(owner, run.id)).counts).toMatchObject({ done: 11, failed: 1 })
    await owner.call(contract.retryRun, { params: { runId: run.id }, body: {} })
    expect((await stopped(owner, run.id)).counts).toMatchObject({ done: 12, failed: 0 })
    expect(await owner.refused(contract.retryRun, { params: { runId: run.id }, body: {} })).toMatchObject({ code: 'run.wrong_state' })
  })

  it('pauses, keeps what was under way, and resumes; cancelled, it drops the rest', async () => {
    const open = Promise.withResolvers<void>()
    gate.wait = open.promise
    const { id: runId } = await owner.call(contract.addRun, {
      body: { selection: EVERYTHING, recipe: RECIPE, ...onFirst('m-pause'), concurrency: 2 },
    })
    await planned(owner, runId)
    await owner.call(contract.startRun, { params: { runId } })
    while (gate.arrived === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    const paused = await owner.call(contract.pauseRun, { params: { runId } })
    expect(paused).toMatchObject({ state: 'paused', pause: { code: 'run.paused' } })
    open.resolve()
    const kept = await until(owner, runId, ({ counts }) => counts.done >= 1)
    expect(kept).toMatchObject({ state: 'paused' })
    expect(kept.counts.waiting).toBeGreaterThan(0)
    gate.wait = undefined
    await owner.call(contract.resumeRun, { params: { runId } })
    expect(await stopped(owner, runId)).toMatchObject({ state: 'finished', counts: { done: 12 } })
    expect(mocks[0]!.requests()).toHaveLength(12)

    const other = await owner.call(contract.addRun, { body: { selection: EVERYTHING, recipe: RECIPE, ...onFirst('m-cancel') } })
    await planned(owner, other.id)
    expect(await owner.call(contract.cancelRun, { params: { runId: other.id } })).toMatchObject({ state: 'cancelled' })
    const [left] = await rows<{ count: number }>(sql`select count(*)::integer as count from run_items where run_id = ${other.id}::uuid`)
    expect(left!.count).toBe(0)
    expect(await owner.refused(contract.resumeRun, { params: { runId: other.id } })).toMatchObject({ code: 'run.wrong_state' })
  })

  it('gives each product to the candidate whose rules fit, and what that one flags to the next', async () => {
    await assign(owner, [
      { connectionId: first, model: 'cheap', rules: { inputCharacters: { atMost: 10_000 } } },
      { connectionId: second, model: 'premium', rules: { flaggedByFirst: true } },
    ])
    // The first one makes up a number for two products, and gives a third nothing that can be read.
    scripts.first = ({ ids, user }) => {
      if (/Brand4\b/.test(user)) return { content: 'no JSON' }
      if (/Brand[57]\b/.test(user))
        return { content: goodAnswer(ids, user).replace('offers this article', 'offers this article with 7731 W') }
      return undefined
    }
    const run = await runOver(owner, {})
    expect(run).toMatchObject({ state: 'finished', counts: { total: 12, done: 12, flagged: 0, failed: 0 } })
    expect(run.candidates).toMatchObject([
      { connectionSlug: 'first', model: 'cheap', items: 12 },
      { connectionSlug: 'second', model: 'premium', quote: { cost: { low: '0' } } },
    ])
    expect(mocks[1]!.requests()).toHaveLength(3)
    const standing = (await changesOf(run.id)).filter(({ state }) => state === 'proposed')
    expect(standing.filter(({ model }) => model === 'premium')).toHaveLength(9)
    expect(standing.every(({ flags }) => flags === 0)).toBe(true)
    // 12 first questions, one of them asked again, and three second looks.
    expect(nano(run.spent.amount)).toBe(16n * CALL_NANO)
    const items = await owner.call(contract.listRunItems, { params: { runId: run.id }, query: {} })
    expect(items.items.reduce((sum, { cost }) => sum + nano(cost!.amount), 0n)).toBe(16n * CALL_NANO)
    // Both models have one price: to ask the first one before has cost what the second looks did.
    const { saved } = await owner.call(contract.readRunReceipt, { params: { runId: run.id } })
    const looks = saved.steps.find(({ step }) => step === 'cheapFirst')!
    expect(looks).toMatchObject({ count: 9, because: null, saved: { amount: '-0.0027' } })
    expect(looks.quoted).not.toBeNull()
  })

  it('lists products that no candidate’s rules fit as failed, and asks nobody about them', async () => {
    await assign(owner, [{ connectionId: first, model: 'only', rules: { families: ['Chairs'] } }])
    const run = await runOver(owner, {})
    expect(run.counts).toMatchObject({ total: 12, failed: 12 })
    expect(mocks[0]!.requests()).toEqual([])
    const { items } = await owner.call(contract.listRunItems, {
      params: { runId: run.id },
      query: { state: 'failed', limit: '1' },
    } as never)
    expect(items).toMatchObject([{ code: 'assignment.missing' }])
  })

  it('goes on after the server was restarted, and pays for nothing twice', async () => {
    const open = Promise.withResolvers<void>()
    gate.wait = open.promise
    const { id: runId } = await owner.call(contract.addRun, {
      body: { selection: EVERYTHING, recipe: RECIPE, ...onFirst('m-restart'), concurrency: 3 },
    })
    await planned(owner, runId)
    await owner.call(contract.startRun, { params: { runId } })
    while (gate.arrived === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    setTimeout(() => open.resolve(), 200)
    await server.restart()
    gate.wait = undefined
    expect(await stopped(owner, runId)).toMatchObject({ state: 'finished', counts: { done: 12 } })
    expect(mocks[0]!.requests()).toHaveLength(12)
  })

  it('quotes a selection on several models side by side, and does not guess a price', async () => {
    const unpriced = await owner.call(addConnection, {
      body: { provider: 'openai-compatible', slug: 'unpriced', destination: { baseUrl: `${mocks[0]!.url}/v1` } },
    })
    const models = [
      { connectionId: first, model: 'm-restart' }, // who wrote last
      { connectionId: second, model: 'm-2' },
      { connectionId: unpriced.id, model: 'm-3' },
    ]
    const { selected, counted, quotes } = await owner.call(contract.quoteSelection, {
      body: { selection: EVERYTHING, recipe: RECIPE, models },
    })
    expect({ selected, counted }).toEqual({ selected: 12, counted: 12 })
    expect(quotes).toMatchObject([
      { model: 'm-restart', unchanged: 12, quote: { products: 0, cost: { low: '0', high: '0' } } },
      { model: 'm-2', unchanged: 0, quote: { products: 12 } },
      { model: 'm-3', quote: { cost: null, perProduct: null, prices: null } },
    ])
    expect(quotes[2]!.quote.reasons.map(({ code }) => code)).toContain('price_unknown')
    expect(mocks[0]!.requests()).toEqual([])
  })

  it('tries a recipe on one product with one call, shows all of it, and keeps nothing in the product', async () => {
    const [product] = await rows<{ id: string }>(sql`select id from products order by row limit 1`)
    const body = { productId: product!.id, recipe: RECIPE, ...onFirst('m-trial') } as never
    const before = await rows(sql`select count(*) from value_changes`)
    const quoted = await owner.call(contract.quoteTrial, { body })
    expect(quoted.user).toContain('Brand1')
    scripts.first = ({ ids, user }) => ({ content: goodAnswer(ids, user).replace('this article', 'this 99 kg article') })
    const trial = await owner.call(contract.tryRecipe, { body })
    expect(trial).toMatchObject({
      system: quoted.system,
      user: quoted.user,
      usage: { input_tokens: 500, output_tokens: 200 },
      failure: null,
    })
    expect(nano(trial.cost!.amount)).toBe(CALL_NANO)
    expect(nano(trial.cost!.amount)).toBeLessThanOrEqual(nano(quoted.atMost!.amount))
    expect(trial.values.find(({ field }) => field === 'description')).toMatchObject({
      problem: null,
      flags: [{ reason: 'number_not_in_source', text: '99 kg' }],
    })
    expect(await rows(sql`select count(*) from value_changes`)).toEqual(before)
    scripts.first = () => ({ status: 401, message: 'bad key', type: 'invalid_request_error', code: 'invalid_api_key' })
    expect(await owner.call(contract.tryRecipe, { body })).toMatchObject({ answer: null, failure: { code: 'provider.bad_key' } })
  })

  it('is nothing that another workspace can see, quote, change or watch', async () => {
    const stranger = await server.stranger()
    const { items } = await owner.call(contract.listRuns, { query: {} })
    expect(items.length).toBeGreaterThan(5)
    expect((await stranger.call(contract.listRuns, { query: {} })).items).toEqual([])
    const params = { runId: items[0]!.id }
    for (const route of [contract.readRun, contract.readRunReceipt, contract.watchRun, contract.pauseRun, contract.cancelRun])
      expect(await stranger.refused(route as typeof contract.readRun, { params })).toMatchObject({ status: 404, code: 'run.missing' })
  })
})
