import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as catalogue from '../../src/contract/catalogue.ts'
import { claimServer } from '../../src/contract/people.ts'
import * as review from '../../src/contract/review.ts'
import * as runs from '../../src/contract/runs.ts'
import type { Database } from '../../src/db/database.ts'
import { openDatabase } from '../../src/db/open.ts'
import { COMPILE_CACHE, type Home, makeHome } from './cli.ts'
import { openMigratedPostgres, fillDataFolder } from './databases.ts'
import { CALL_NANO, connectTo, EVERYTHING, planned, productFile, RECIPE, until as untilRun } from './enrichment.ts'
import { readTables, type Tables } from './kill-audit.ts'
import { seeded } from './kill-wire.ts'
import { type MockProvider, startMockProvider } from './mock-provider.ts'
import { makeClient, type TestClient } from './server.ts'
import { until } from './until.ts'

/** How often the server is killed while it does what. */
export interface ServerKills {
  readonly engine: Database['engine']
  readonly seed: number
  readonly products: number
  readonly kills: { readonly import: number; readonly run: number; readonly decide: number; readonly undo: number; readonly redo: number }
}

export interface ServerSummary {
  /** What does not hold, in words. */
  readonly problems: readonly string[]
  readonly kills: number
  readonly unanswered: number // requests that a kill cut off
}

const PROGRAM = fileURLToPath(new URL('programs/server.ts', import.meta.url))
const EMAIL = 'ada@example.com'
const PASSWORD = 'correct horse battery'
const LATENCY_MS = 25
const CONCURRENCY = 8

/** A server that is killed and started again on the same data and the same port, and someone signed in to it. */
interface Victim {
  readonly client: TestClient
  readonly home: Home
  readonly random: () => number
  /** How often it was killed, and how many requests got no answer. */
  counts(): { readonly kills: number; readonly unanswered: number }
  /** Kills it after up to `withinMs`, whatever has become of the work by then, and starts it again. @returns undefined: no answer came. */
  killDuring<T>(withinMs: number, work: () => Promise<T>): Promise<T | undefined>
  stop(): Promise<number | null>
}

/**
 * From an upload to an undone and redone review, with the server killed again and again on the way: each step is taken up by
 * asking for it once more, as a person would. Prints its seed.
 */
export async function killServer({ engine, seed, products, kills }: ServerKills): Promise<ServerSummary> {
  process.stdout.write(`killing a server on ${engine} with seed ${seed}\n`)
  const mock = await startMockProvider({ latencyMs: LATENCY_MS })
  const postgres = engine === 'postgres' ? await openMigratedPostgres() : undefined
  const home = makeHome({ databaseUrl: postgres?.url })
  try {
    if (!postgres) await fillDataFolder(home.file('data'))
    const victim = await startVictim({ home, mock, random: seeded(seed) })
    const { client } = victim
    const problems: string[] = []
    const check = (holds: boolean, otherwise: string): void => void (holds || problems.push(otherwise))

    await cutUpload(victim, check)
    await importFile(victim, { products, kills: kills.import, check })
    const runId = await enrich(victim, { mock, kills: kills.run })
    const { asOf } = await client.call(review.countProposals, { query: { runId } })
    const all = { decision: 'accept', filter: { runId }, asOf, overPersons: false } as const
    await inSteps(victim, kills.decide, async ({ cursor, decisionId = null }: Step) =>
      client.call(review.decideAll, { body: { ...all, continues: decisionId, cursor } }),
    )
    const of = { runId }
    await inSteps(victim, kills.undo, ({ cursor }) => client.call(review.undo, { body: { of, cursor } }))
    const undone = await client.call(review.countProposals, { query: { runId } })
    check(undone.total === 0, `${undone.total} proposals wait after the undo`)
    await inSteps(victim, kills.redo, ({ cursor }) => client.call(review.redo, { body: { of, cursor } }))
    const cancelledId = await cancelOne(victim, { mock })
    check((await victim.stop()) === 0, 'the server did not end well')

    const database = await openDatabase({
      dataDir: home.file('data'),
      databaseUrl: postgres?.url,
      log: { debug: () => undefined, warn: () => undefined },
    })
    const tables = await readTables(database)
    await database.close()
    problems.push(...auditServer(tables, { runId, cancelledId, products, mock }))
    const interrupted = tables.entries.filter(({ outcome }) => outcome === 'interrupted').length
    process.stdout.write(`on ${engine}: ${JSON.stringify({ ...victim.counts(), interrupted })}\n`)
    return { problems, ...victim.counts() }
  } finally {
    await mock.stop()
    await postgres?.remove()
    home.remove()
  }
}

async function startVictim({ home, mock, random }: { home: Home; mock: MockProvider; random: () => number }): Promise<Victim> {
  const environment = { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host, LATCHKEY_HOST: '127.0.0.1' }
  const start = async (port: string): Promise<{ child: ChildProcess; origin: string; claimToken?: string }> => {
    const own = { PATH: process.env['PATH'] ?? '', HOME: home.folder, TZ: 'UTC', NODE_COMPILE_CACHE: COMPILE_CACHE }
    const env = { ...own, ...home.environment, ...environment, LATCHKEY_PORT: port }
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    return { child, ...(JSON.parse(line) as { origin: string; claimToken?: string }) }
  }
  let server = await start('0')
  const { origin } = server
  let kills = 0
  let unanswered = 0
  const client = makeClient({ url: origin, email: EMAIL, password: PASSWORD })
  await client.call(claimServer, { body: { token: server.claimToken!, email: EMAIL, password: PASSWORD, workspaceName: 'Lamps' } })
  return {
    client,
    home,
    random,
    counts: () => ({ kills, unanswered }),
    async killDuring(withinMs, work) {
      const working = work().catch(() => void (unanswered += 1))
      await sleep(random() * withinMs)
      const ended = once(server.child, 'exit')
      server.child.kill('SIGKILL')
      await ended
      kills += 1
      server = await start(new URL(origin).port)
      return (await working) ?? undefined
    },
    async stop() {
      const ended = once(server.child, 'exit')
      server.child.kill('SIGTERM')
      return ((await ended) as [number | null])[0]
    },
  }
}

type Check = (holds: boolean, otherwise: string) => void

/** An upload that is cut off half way leaves nothing on the disk. */
async function cutUpload({ client, home, killDuring }: Victim, check: Check): Promise<void> {
  const folder = join(home.file('data'), 'uploads')
  const names = (): string[] => (existsSync(folder) ? readdirSync(folder) : [])
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new TextEncoder().encode('sku,name\n1,Lamp\n')) }) // and no end
  const upload = client.fetch('/api/v1/catalogue/files?name=cut.csv', { method: 'POST', body, duplex: 'half' }).catch(() => undefined)
  await until(() => names().length > 0)
  await killDuring(0, () => Promise.resolve())
  await upload
  check(names().length === 0, `a cut upload left ${names().join(', ')}`)
}

async function importFile(
  { client, killDuring, random }: Victim,
  { products, kills, check }: { products: number; kills: number; check: Check },
): Promise<void> {
  const bytes = productFile(products)
  const { id: fileId } = await client.call(catalogue.uploadFile, { query: { name: 'lamps.csv' }, bytes } as never)
  let importId: string | undefined
  for (let kill = 0; kill < kills; kill += 1) {
    const begun = await killDuring(30 + random() * 300, () => client.call(catalogue.startImport, { body: { fileId } }))
    importId = begun?.id ?? importId
    const { sources } = await client.call(catalogue.listSources)
    check(
      sources.every(({ importing }) => importing === null),
      'an import goes on that nobody does',
    )
    if (begun) {
      const { state, error } = await client.call(catalogue.readImport, { params: { importId: begun.id } })
      check(state === 'finished' || error?.code === 'call.interrupted', `an import is ${state} after a kill (${error?.code})`)
    }
  }
  const last = await client.call(catalogue.startImport, { body: { fileId } })
  for await (const _ of client.events(catalogue.watchImport, { params: { importId: last.id } }));
  let listed = -1
  await until(async () => {
    const { matching, index } = await client.call(catalogue.listProducts, { query: {} })
    listed = matching!
    return index.ready
  })
  check(listed === products, `${listed} of ${products} products are in the list`)
}

async function enrich({ client, killDuring, random }: Victim, { mock, kills }: { mock: MockProvider; kills: number }): Promise<string> {
  const connectionId = await connectTo(client, mock.url, 'mock')
  const servedBy = { connectionId, model: 'm' }
  const body = { selection: EVERYTHING, recipe: RECIPE, servedBy, concurrency: CONCURRENCY, startIfAtMost: '1000' }
  const { id: runId } = await client.call(runs.addRun, { body }) // it is planned, and starts by itself, through all kills
  for (let kill = 0; kill < kills; kill += 1) {
    const from = mock.requests().length
    if (kill > 0) await until(() => mock.requests().length > from + random() * 40)
    await killDuring(kill === 0 ? 200 : LATENCY_MS, () => Promise.resolve())
  }
  await untilRun(client, runId, ({ state }) => state === 'finished')
  return runId
}

interface Step {
  readonly cursor: string | null
  readonly decisionId?: string | null
}

/** Goes through to the last step; the first ones are cut off, and asked for again when no answer came. */
async function inSteps({ killDuring }: Victim, kills: number, ask: (after: Step) => Promise<Step>): Promise<void> {
  let after: Step = { cursor: null }
  for (let step = 0; step < 1_000; step += 1) {
    const answer = step < kills ? await killDuring(60, () => ask(after)) : await ask(after)
    if (!answer) continue
    if (answer.cursor === null) return
    after = answer
  }
  throw new Error('a thousand steps were not enough')
}

/** Cancels a run that is going on, and kills the server before its calls have ended. */
async function cancelOne({ client, killDuring }: Victim, { mock }: { mock: MockProvider }): Promise<string> {
  const { candidates } = (await client.call(runs.listRuns, { query: {} })).items[0]!
  const servedBy = { connectionId: candidates[0]!.connectionId, model: 'another' }
  const { id: runId } = await client.call(runs.addRun, { body: { selection: EVERYTHING, recipe: RECIPE, servedBy } })
  await planned(client, runId)
  await client.call(runs.startRun, { params: { runId } })
  const from = mock.requests().length
  await until(() => mock.requests().length > from)
  await client.call(runs.cancelRun, { params: { runId } })
  await killDuring(0, () => Promise.resolve())
  await until(async () => (await client.call(runs.readRun, { params: { runId } })).counts.waiting === 0)
  return runId
}

/** What the tables must say at the end. */
function auditServer(
  { intents, entries, consumption, budgets, items, products: rows, changes }: Tables,
  { runId, cancelledId, products, mock }: { runId: string; cancelledId: string; products: number; mock: MockProvider },
): string[] {
  const problems: string[] = []
  const equal = (what: string, is: number | bigint, should: number | bigint): void => {
    if (is !== should) problems.push(`${what}: ${is}, and not ${should}`)
  }
  const sum = (numbers: readonly (bigint | null)[]): bigint => numbers.reduce<bigint>((all, one) => all + (one ?? 0n), 0n)
  const ofRun = entries.filter(({ origin }) => origin === `run:${runId}`)
  const answered = ofRun.filter(({ outcome }) => outcome !== 'interrupted' && outcome !== 'not_sent')
  equal('products', rows.length, products)
  equal('products by identifier', new Set(rows.map(({ identifier }) => identifier)).size, products)
  equal('intents that nobody settled', intents.length, 0)
  equal('answered calls, one for each product', answered.length, products)
  equal('what they cost', sum(answered.map(({ costNano }) => costNano)), BigInt(products) * CALL_NANO)
  equal(
    'what their products cost',
    sum(items.filter((item) => item.runId === runId).map(({ costNano }) => costNano)),
    BigInt(products) * CALL_NANO,
  )
  const known = new Set(entries.map(({ id }) => id))
  equal('requests that are on no record', mock.callIds().filter((id) => !known.has(id)).length, 0)
  equal('summed cost', sum(consumption.map(({ costNano }) => costNano)), sum(entries.map(({ costNano }) => costNano)))
  for (const { id, spentNano, heldNano } of budgets) {
    equal('held by a budget', heldNano, 0n)
    equal(
      'spent of a budget',
      spentNano,
      sum(entries.filter(({ budgetIds }) => budgetIds.includes(id)).map(({ chargedNano }) => chargedNano)),
    )
  }
  equal('items of the cancelled run that wait', items.filter((item) => item.runId === cancelledId && item.settledAt === null).length, 0)
  const ownChanges = changes.filter((change) => change.runId === runId)
  const accepted = new Set(ownChanges.filter(({ state }) => state === 'accepted').map(({ id }) => id))
  equal('values', ownChanges.length, 3 * products)
  equal('values that were accepted, undone and redone', accepted.size, 3 * products)
  const written = rows.flatMap((product) => Object.values(product.written))
  equal('values in products', written.filter(({ changeId }) => accepted.has(changeId)).length, 3 * products)
  equal('other values in products', written.length, 3 * products)
  return problems
}
