import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import type { Database } from '../../src/db/database.ts'
import { providerBatches, providerBatchRequests } from '../../src/db/schema/index.ts'
import { type CliResult, makeHome, reportOf, startCli } from './cli.ts'
import { fillDataFolder, openMigratedPostgres } from './databases.ts'
import { productFile } from './enrichment.ts'
import { readTables, sum } from './kill-audit.ts'
import { seeded } from './kill-wire.ts'
import { lookAt } from './look-at.ts'
import { type BatchStep, startMockBatches } from './mock-batches.ts'

/**
 * When a command is killed: while it asks for this step, at its `nth` asking, `afterMs` later. The provider does what it was asked: whether
 * the command heard of it is chance.
 */
export interface BatchKill {
  readonly step?: BatchStep // absent: any
  readonly nth?: number
  readonly afterMs?: number
}

export interface BatchKillSummary {
  readonly problems: readonly string[]
  readonly kills: number
  readonly batches: number
  readonly starts: number
}

const FIELDS = ['title', 'description', 'attributes']
/** gpt-4o-mini in a batch: 0.075 and 0.30 US dollars per million tokens; the mock's answers use 500 and 200. */
const REQUEST_NANO = 500n * 75n + 200n * 300n

/** One command with --batch, killed at these moments and started again each time, until it ends by itself; then all that was written is looked at. */
export async function killBatches({
  engine,
  products,
  perCall,
  kills,
  seed,
}: {
  engine: Database['engine']
  products: number
  perCall: number
  kills: readonly BatchKill[]
  seed: number
}): Promise<BatchKillSummary> {
  const random = seeded(seed)
  const mock = await startMockBatches('openai', { latencyMs: 300 })
  const postgres = engine === 'postgres' ? await openMigratedPostgres() : undefined
  const home = makeHome({ databaseUrl: postgres?.url })
  if (!postgres) await fillDataFolder(home.file('data'))
  writeFileSync(home.file('in.csv'), productFile(products))
  const left = [...kills]
  const problems: string[] = []
  let starts = 0
  let last: CliResult
  try {
    do {
      starts += 1
      const running = startCli(
        ['enrich', home.file('in.csv'), '--out', home.file('out.csv'), '--provider', 'openai', '--base-url', `${mock.url}/v1`]
          .concat('--model', 'gpt-4o-mini', '--key-env', 'MOCK_KEY', '--fields', FIELDS.join(), '--per-call', String(perCall))
          .concat('--batch', '--no-rules', '--no-siblings', '--yes', '--json'),
        { home, environment: { MOCK_KEY: 'sk-mock-0123456789abcdef0123456789', LATCHKEY_LOG_LEVEL: 'info' } },
      )
      const kill = left[0]
      let seen = 0
      mock.onStep = (step) => {
        if (!kill || (kill.step && step !== kill.step) || (seen += 1) < (kill.nth ?? 1)) return
        mock.onStep = () => undefined
        const afterMs = kill.afterMs === undefined ? 0 : random() * kill.afterMs
        void sleep(afterMs).then(() => running.child.kill('SIGKILL'))
      }
      last = await running.result
      mock.onStep = () => undefined
      if (last.signal === 'SIGKILL') left.shift()
      else if (kill?.step && last.code === 0) problems.push(`it ended before it asked for ${kill.step}`)
      if (starts > kills.length + 3 || (last.signal !== 'SIGKILL' && last.code !== 0))
        throw new Error(`it never ended: ${last.code} ${last.stderr.slice(-1_000)}`)
    } while (last.signal === 'SIGKILL')
    if (last.code !== 0) problems.push(`it ended with ${last.code}: ${last.stderr.slice(-1_000)}`)
    else problems.push(...auditReport(reportOf(last), products))
    problems.push(
      ...(await lookAt(home.folder, postgres?.url, (database) => audit(database, { billed: new Set(mock.billed.keys()), products }))),
    )
    problems.push(...auditProvider(mock, products))
    const rows = parse(readFileSync(home.file('out.csv'), 'utf8'), { columns: true }) as Record<string, string>[]
    const written = rows.filter((row) => row['title'] && row['description'] && row['attributes'])
    if (written.length !== products) problems.push(`${written.length} of ${products} rows are written`)
    const summary = { problems, kills: kills.length - left.length, batches: mock.batches.length, starts }
    process.stdout.write(`killed in batches on ${engine} with seed ${seed}: ${JSON.stringify({ ...summary, problems: problems.length })}\n`)
    return summary
  } finally {
    await mock.stop()
    home.remove()
    await postgres?.remove()
  }
}

const auditReport = (report: Readonly<Record<string, unknown>>, products: number): string[] =>
  report['done'] === products || report['products'] === products
    ? []
    : [`the report tells of other products: ${JSON.stringify(report).slice(0, 300)}`]

/** Nothing was asked twice: each product is in one request that was worked through, and each of those came once. */
function auditProvider({ batches, billed }: Awaited<ReturnType<typeof startMockBatches>>, products: number): string[] {
  const problems = [...billed].flatMap(([id, { times }]) => (times === 1 ? [] : [`request ${id} was worked through ${times} times`]))
  const asked = new Map<string, number>()
  for (const { customId, body } of batches.flatMap(({ requests }) => requests)) {
    if (!billed.has(customId)) continue
    for (const [brand] of JSON.stringify(body).matchAll(/Brand\d+/g)) asked.set(brand, (asked.get(brand) ?? 0) + 1)
  }
  const twice = [...asked].filter(([, times]) => times > 1)
  if (asked.size !== products) problems.push(`${asked.size} of ${products} products were asked about`)
  if (twice.length > 0) problems.push(`${twice.length} products were paid for more than once`)
  return problems
}

/** Each request that was worked through has exactly one entry, with its cost; no item is lost, none written twice; nothing is held. */
async function audit(database: Database, { billed, products }: { billed: ReadonlySet<string>; products: number }): Promise<string[]> {
  const { intents, entries, items, changes, budgets, runs } = await readTables(database)
  const batches = await database.asSystem('a test audits every table', async (tx) => ({
    all: await tx.select().from(providerBatches),
    requests: await tx.select().from(providerBatchRequests),
  }))
  const problems: string[] = []
  const say = (isSo: boolean, what: string): void => void (isSo || problems.push(what))
  say(intents.length === 0, `${intents.length} intents are left`)
  say(batches.requests.length === 0, `${batches.requests.length} requests of batches are left`)
  say(
    batches.all.every(({ state }) => state === 'ended'),
    `batches are ${batches.all.map(({ state }) => state).join()}`,
  )
  const ofRun = entries.filter(({ origin }) => origin.startsWith('run:'))
  const succeeded = ofRun.filter(({ outcome }) => outcome === 'succeeded')
  say(new Set(ofRun.map(({ id }) => id)).size === ofRun.length, 'a call has two entries')
  for (const id of billed)
    say(
      succeeded.some((entry) => entry.id === id),
      `request ${id} was charged and has no entry that succeeded`,
    )
  for (const { id, costNano, outcome } of ofRun) {
    if (outcome === 'succeeded')
      say(billed.has(id) && costNano === REQUEST_NANO, `entry ${id} cost ${costNano}, charged: ${billed.has(id)}`)
    // killed between the word that it will be asked for and the asking: nobody can say whether that batch was made
    else if (outcome === 'interrupted') say(costNano === null && !billed.has(id), `interrupted entry ${id} cost ${costNano}`)
    else say(outcome === 'not_sent' && costNano === 0n, `entry ${id} is ${outcome} and cost ${costNano}`)
  }
  say(
    items.length === products && items.every(({ state }) => state === 'done'),
    `items are ${items
      .map(({ state }) => state)
      .join()
      .slice(0, 100)}`,
  )
  const accepted = changes.filter(({ state }) => state === 'accepted')
  say(accepted.length === products * FIELDS.length && changes.length === accepted.length, `${changes.length} values were written`)
  say(runs.length === 1 && runs[0]!.state === 'finished', `runs are ${runs.map(({ state }) => state).join()}`)
  for (const { id, spentNano, heldNano } of budgets) {
    const charged = sum(entries.filter(({ budgetIds }) => budgetIds.includes(id)).map(({ chargedNano }) => chargedNano))
    say(heldNano === 0n && spentNano === charged, `a budget has spent ${spentNano} of ${charged}, and holds ${heldNano}`)
  }
  return problems
}
