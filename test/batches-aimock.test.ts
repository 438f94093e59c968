import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addConnection } from '../src/contract/connections.ts'
import { readMe } from '../src/contract/people.ts'
import { addRun } from '../src/contract/runs.ts'
import { rowsOf } from '../src/db/rows.ts'
import { bringFile } from './support/bring-file.ts'
import { connectTo, EVERYTHING, productFile, RECIPE, runOver } from './support/enrichment.ts'
import { type MockProvider, startMockProvider } from './support/mock-provider.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

/** aimock's own files and batches, made by others after OpenAI's interface: each of its answers in a batch is the same two words. */
let server: TestServer
let owner: TestClient
let mock: MockProvider
beforeAll(async () => {
  mock = await startMockProvider()
  server = await startTestServer({ environment: { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host } })
  owner = await server.owner()
  await bringFile(owner, 'lamps.csv', productFile(3))
})
afterAll(async () => {
  await server?.close()
  await mock?.stop()
})

it('aimock’s batch service: submitted, followed, collected; what it says is not right, and asked for once more by usual calls', async () => {
  const body = { provider: 'openai', destination: { baseUrl: `${mock.url}/v1` }, key: 'sk-mock-0123456789abcdef01234567' }
  const { id: connectionId } = await owner.call(addConnection, { body })
  const run = await runOver(owner, { servedBy: { connectionId, model: 'gpt-4o-mini' }, recipe: RECIPE, steps: { batch: true } })
  expect(run).toMatchObject({ state: 'finished', counts: { done: 3 } })
  const workspaceId = (await owner.call(readMe)).workspace!.id
  const entries = await server.server.services.database.inWorkspace(workspaceId, (tx) =>
    rowsOf<{ tier: string | null; outcome: string; cost: string }>(
      tx,
      sql`select service_tier as tier, outcome, cost_nano::text as cost from ledger_entries where origin = ${`run:${run.id}`} order by service_tier`,
    ),
  )
  // 1 token in and 1 out in a batch; 500 and 200 in a usual call
  const batched = { tier: 'batch', outcome: 'succeeded', cost: '375' }
  const usual = { tier: null, outcome: 'succeeded', cost: String(500 * 150 + 200 * 600) }
  expect(entries).toEqual([batched, batched, batched, usual, usual, usual])
})

it('a run in batches is refused where no price of them is known: a connection’s own prices say nothing of batches', async () => {
  const connectionId = await connectTo(owner, mock.url, 'own')
  const asked = { selection: EVERYTHING, recipe: RECIPE, servedBy: { connectionId, model: 'm' }, steps: { batch: true } }
  expect(await owner.refused(addRun, { body: asked })).toMatchObject({ code: 'batch.unavailable' })
})
