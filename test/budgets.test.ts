import { afterAll, beforeAll, expect, it } from 'vitest'
import * as contract from '../src/contract/budgets.ts'
import { listNotices } from '../src/contract/notices.ts'
import { readMe } from '../src/contract/people.ts'
import * as runs from '../src/contract/runs.ts'
import { auditEntries } from '../src/db/schema/index.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { bringFile } from './support/bring-file.ts'
import { connectTo, EVERYTHING, planned, productFile, runOver } from './support/enrichment.ts'
import { type MockProvider, startMockProvider } from './support/mock-provider.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

const PRODUCTS = 6

describeOnEachEngine('budgets and rate limits', (on) => {
  let server: TestServer
  let owner: TestClient
  let mock: MockProvider
  let connectionId: string
  let userId: string
  beforeAll(async () => {
    mock = await startMockProvider()
    server = await startTestServer({ on, environment: { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host } })
    owner = await server.owner()
    userId = (await owner.call(readMe)).user.id
    connectionId = await connectTo(owner, mock.url, 'mock')
    await bringFile(owner, 'lamps.csv', productFile(PRODUCTS))
  })
  afterAll(async () => {
    await server?.close()
    await mock?.stop()
  })

  const run = (client: TestClient) => runOver(client, { servedBy: { connectionId, model: 'gpt-4o-mini' }, concurrency: 2 })
  const read = (budgetId: string) => owner.call(contract.readBudget, { params: { budgetId } })

  it('one of a member pauses that member’s runs, by session and by token, and nobody else’s; raised, they go on', async () => {
    const { id } = await owner.call(contract.addBudget, {
      body: { name: 'Ada', limit: '0', period: 'month', covers: { memberIds: [userId], contexts: ['enrichment'] } },
    })
    const stopped = await run(owner)
    expect(stopped).toMatchObject({ state: 'paused', pause: { code: 'budget.exceeded', budget: { id, name: 'Ada' } }, counts: { done: 0 } })
    expect((await run(await owner.withToken())).pause).toMatchObject({ budget: { id } })
    expect((await run(await server.member('editor'))).state).toBe('finished')
    expect((await read(id)).window).toMatchObject({ spent: { amount: '0' }, held: { amount: '0' } })
    await owner.call(contract.changeBudget, { params: { budgetId: id }, body: { limit: '1' } })
    await owner.call(runs.resumeRun, { params: { runId: stopped.id } })
    await until(async () => (await owner.call(runs.readRun, { params: { runId: stopped.id } })).state === 'finished')
    const spent = (await owner.call(runs.readRun, { params: { runId: stopped.id } })).spent
    expect(spent.amount).not.toBe('0')
    expect(await read(id)).toMatchObject({ window: { spent, held: { amount: '0' } }, windows: [{ spent }] })
    await owner.call(contract.removeBudget, { params: { budgetId: id } })
    expect(await owner.refused(contract.readBudget, { params: { budgetId: id } })).toMatchObject({ code: 'budget.missing' })
    expect((await owner.call(contract.restoreBudget, { params: { budgetId: id } })).window.spent).toEqual(spent)
    await owner.call(contract.removeBudget, { params: { budgetId: id } })
  })

  it('a run waits for a rate limit, and comes to its end', async () => {
    const { id } = await owner.call(contract.addRateLimit, { body: { name: 'Slowly', counts: 'requests', perMinute: 600, burst: 2 } })
    const { id: runId } = await owner.call(runs.addRun, {
      body: {
        selection: EVERYTHING,
        recipe: { fields: [{ name: 'title', type: 'text', column: 'again' }] },
        servedBy: { connectionId, model: 'gpt-4o-mini' },
      },
    })
    await planned(owner, runId)
    await owner.call(runs.startRun, { params: { runId } })
    await until(async () => (await owner.call(runs.readRun, { params: { runId } })).state !== 'running')
    expect(await owner.call(runs.readRun, { params: { runId } })).toMatchObject({
      state: 'finished',
      counts: { total: PRODUCTS, unchanged: 0, failed: 0, waiting: 0 },
    })
    await owner.call(contract.removeRateLimit, { params: { rateLimitId: id } })
  })

  it('owners and admins are told once when a budget is used up, and what people did stands in the audit log', async () => {
    const admin = await server.member('admin')
    const editor = await server.member('editor')
    const { id } = await owner.call(contract.addBudget, { body: { name: 'Tiny', limit: '0.0000001', period: 'total' } })
    await bringFile(owner, 'more.csv', productFile(2, 'Q'))
    await run(owner)
    const about = async (client: TestClient) =>
      (await client.call(listNotices)).items
        .filter(({ subject }) => subject.startsWith(`budget:${id}:`))
        .map(({ subject, text }) => [subject, text])
    expect(await about(owner)).toEqual([[`budget:${id}:100`, 'Tiny']])
    expect(await about(admin)).toEqual([[`budget:${id}:100`, 'Tiny']])
    expect(await about(editor)).toEqual([])
    const { workspace } = await owner.call(readMe)
    const added = await server.server.services.database.inWorkspace(workspace!.id, (tx) => tx.select().from(auditEntries))
    expect(
      added.filter(({ subject }) => subject === `budget:${id}`).map(({ action, actor, detail }) => ({ action, actor, detail })),
    ).toEqual([
      {
        action: 'budget.added',
        actor: `user:${userId}`,
        detail: { name: 'Tiny', limit: '0.0000001', currency: 'USD', period: 'total', covers: {} },
      },
    ])
  })

  it('what it should cover must be there', async () => {
    const covers = { contexts: ['enrichment', 'typo'] }
    expect(await owner.refused(contract.addBudget, { body: { name: 'x', limit: '1', period: 'day', covers } })).toMatchObject({
      code: 'request.invalid',
      issues: [{ path: 'body.covers.contexts.1', message: 'is not in this workspace' }],
    })
  })
})
