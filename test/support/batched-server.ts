import { type SQL, sql } from 'drizzle-orm'
import { addConnection } from '../../src/contract/connections.ts'
import { readMe } from '../../src/contract/people.ts'
import { rowsOf } from '../../src/db/rows.ts'
import { bringFile } from './bring-file.ts'
import { productFile } from './enrichment.ts'
import type { BatchDialectName } from './mock-batch-dialects.ts'
import { type MockBatches, startMockBatches } from './mock-batches.ts'
import type { Script } from './mock-provider.ts'
import { startTestServer, type TestClient, type TestServer } from './server.ts'

const KEY = 'sk-mock-0123456789abcdef01234567'

/** Batch prices in nano-dollars per token, as the providers publish them; a usual call costs twice that. */
export const BATCH_PROVIDERS = [
  { id: 'openai', base: '/v1', model: 'gpt-4o-mini', input: 75n, output: 300n },
  { id: 'anthropic', base: '', model: 'claude-haiku-4-5', input: 500n, output: 2_500n },
  { id: 'mistral', base: '/v1', model: 'mistral-small-2603', input: 75n, output: 300n },
  { id: 'gemini', base: '/v1beta', model: 'gemini-3.5-flash-lite', input: 150n, output: 1_250n },
] as const satisfies readonly { id: BatchDialectName; base: string; model: string; input: bigint; output: bigint }[]

export interface Entry {
  readonly id: string
  readonly outcome: string
  readonly code: string | null
  readonly cost: string | null
  readonly list: string | null
  readonly tier: string | null
}

/** A server with connections to mocks of batch services, and products to run over. */
export interface BatchedServer {
  readonly server: TestServer
  readonly owner: TestClient
  readonly mocks: Readonly<Record<string, MockBatches>>
  readonly connections: Readonly<Record<string, string>> // ids
  rows<Row>(query: SQL): Promise<Row[]>
  entriesOf(runId: string): Promise<Entry[]>
  /** What must be so when nothing is under way: no intent, no request of a batch, nothing held. @returns what is not. */
  leftovers(): Promise<string[]>
  close(): Promise<void>
}

export async function startBatchedServer({
  names = ['openai'],
  products,
  file = productFile(products),
  on = 'pglite',
  script,
}: {
  names?: readonly BatchDialectName[]
  products: number
  file?: string // with so many products
  on?: 'pglite' | 'postgres'
  script?: Script
}): Promise<BatchedServer> {
  const mocks = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await startMockBatches(name, script ? { script } : {})] as const)),
  )
  const hosts = Object.values(mocks).map(({ url }) => new URL(url).host)
  const server = await startTestServer({ on, environment: { LATCHKEY_PRIVATE_HOSTS: hosts.join(',') } })
  const owner = await server.owner()
  const workspaceId = (await owner.call(readMe)).workspace!.id
  const connections: Record<string, string> = {}
  for (const name of names) {
    const { base } = BATCH_PROVIDERS.find(({ id }) => id === name)!
    const destination = { baseUrl: `${mocks[name]!.url}${base}` }
    connections[name] = (await owner.call(addConnection, { body: { provider: name, slug: name, destination, key: KEY } })).id
  }
  await bringFile(owner, 'products.csv', file)
  const rows = <Row>(query: SQL): Promise<Row[]> => server.server.services.database.inWorkspace(workspaceId, (tx) => rowsOf<Row>(tx, query))
  return {
    server,
    owner,
    mocks,
    connections,
    rows,
    entriesOf: (runId) =>
      rows<Entry>(sql`select id, outcome, error_code as code, cost_nano::text as cost, list_cost_nano::text as list, service_tier as tier
                      from ledger_entries where origin = ${`run:${runId}`} order by id`),
    async leftovers() {
      const [found] = await rows<{ intents: number; requests: number; live: number; leased: number; held: string }>(sql`select
        (select count(*)::integer from call_intents) as intents,
        (select count(*)::integer from provider_batch_requests) as requests,
        (select count(*)::integer from provider_batches where state <> 'ended') as live,
        (select count(*)::integer from run_items where state = 'leased') as leased,
        (select coalesce(sum(held_nano), 0)::text from budget_windows) as held`)
      return Object.entries(found!).flatMap(([what, count]) => (Number(count) === 0 ? [] : [`${what}: ${count}`]))
    },
    async close() {
      await server.close()
      for (const mock of Object.values(mocks)) await mock.stop()
    },
  }
}
