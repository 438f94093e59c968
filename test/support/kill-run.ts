import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Database } from '../../src/db/database.ts'
import { type CliResult, type Home, makeHome, reportOf, startCli } from './cli.ts'
import { openEmptyPostgres } from './databases.ts'
import { auditAtRest, type Evidence, phaseOf, readTables, type Tables } from './kill-audit.ts'
import { auditAtEnd, type LastReport } from './kill-end.ts'
import { guessedPace, type KillMoment, momentOf, type Pace, stepsOf } from './kill-moments.ts'
import { seeded, startWire, type Wire } from './kill-wire.ts'
import { lookAt } from './look-at.ts'
import { goodAnswer, type MockProvider, type MockUsage, type Script, startMockProvider } from './mock-provider.ts'

/** One command, killed at these moments, and started again until it ends by itself. */
export interface KillScenario {
  readonly engine: Database['engine']
  readonly products: number
  readonly perCall: number
  readonly concurrency: number
  readonly moments: readonly KillMoment[]
  readonly seed: number
  /** US dollars: first a cap that ends the command with exit code 3, then one that lets it finish. */
  readonly caps?: readonly [string, string]
  readonly script?: Script
}

export interface KillSummary {
  readonly problems: readonly string[] // what the checker found; empty is good
  readonly kills: number
  readonly phases: Readonly<Record<string, number>> // how far the work was at each kill
  readonly requests: number
  readonly interrupted: number
  readonly exitCodes: readonly (number | null)[] // of the starts that were not killed, in order
  readonly seconds: number
}

const LATENCY_MS = { least: 20, most: 60 }
const FIELDS = ['title', 'description', 'attributes']
/** gpt-4o-mini: 0.15 and 0.60 US dollars per million tokens. @see https://openai.com/api/pricing, as in the price book */
const MODEL = 'gpt-4o-mini'
const PRICE = { inputNano: 150n, outputNano: 600n }

/** What an answer reports as used: another number for nearly every question, so that a mix-up shows in the money. */
const usageOf = (user: string): MockUsage => ({ input: 300 + user.length, output: 100 + (user.length % 97) })

/** Everything one scenario stands on. */
interface Stage {
  readonly scenario: KillScenario
  readonly random: () => number
  readonly wire: Wire
  readonly mock: MockProvider
  readonly answered: ReadonlySet<string> // identifiers of the products in good answers
  readonly home: Home
  readonly url: string | undefined // of PostgreSQL
  readonly evidence: Evidence & { readonly intentsAtKills: Map<string, Tables['intents'][number]> }
}

/** Answers that a provider under load gives: too many requests now and then, and its own errors more often. */
export const sometimesFailing: Script = ({ number }) => {
  if (number % 151 === 0) return { status: 429, message: 'Rate limit reached', type: 'rate_limit_error', retryAfterSeconds: 1 }
  return number % 37 === 0 ? { status: 500, message: 'The server had an error', type: 'server_error' } : undefined
}

export async function killRun(scenario: KillScenario): Promise<KillSummary> {
  const random = seeded(scenario.seed)
  const wire = startWire(random, LATENCY_MS)
  const answered = new Set<string>()
  const script: Script = (request) => {
    const reply = scenario.script?.(request)
    if (reply === undefined) for (const identifier of identifiersIn(request.user)) answered.add(identifier)
    return reply
  }
  const mock = await startMockProvider({ usage: usageOf, onRequest: wire.onRequest, script })
  const postgres = scenario.engine === 'postgres' ? await openEmptyPostgres() : undefined
  const home = makeHome({ databaseUrl: postgres?.url })
  writeFileSync(home.file('in.csv'), catalogueText(scenario.products))
  const { concurrency } = scenario
  const evidence = {
    wire: wire.records,
    answers: () => answersOf(mock),
    price: PRICE,
    fields: FIELDS,
    concurrency,
    intentsAtKills: new Map(),
  }
  try {
    const summary = await untilItEnds({ scenario, random, wire, mock, answered, home, url: postgres?.url, evidence })
    const { problems, ...figures } = summary
    const line = JSON.stringify({ ...figures, problems: problems.length })
    process.stdout.write(`killed ${scenario.engine} with seed ${scenario.seed}: ${line}\n`)
    return summary
  } finally {
    await mock.stop()
    home.remove()
    await postgres?.remove()
  }
}

async function untilItEnds(stage: Stage): Promise<KillSummary> {
  const { scenario, wire, evidence } = stage
  const startedMs = performance.now()
  const moments = [...scenario.moments]
  const caps: string[] = [...(scenario.caps ?? [])]
  const pace = guessedPace()
  const phases: Record<string, number> = {}
  const exitCodes: (number | null)[] = []
  const problems: string[] = []
  let kills = 0
  let runIsOpen = false // what the last look at the tables said
  let last: LastReport | undefined
  while (!last || moments.length > 0) {
    const { result, open } = await startAndKill(stage, { moments, cap: caps[0], pace, finished: last !== undefined })
    const found = await look(stage, async (database) => {
      const tables = await readTables(database)
      if (open) for (const intent of tables.intents) evidence.intentsAtKills.set(intent.id, intent)
      const isOpen = tables.runs.some(({ state }) => state === 'running' || state === 'paused')
      return { phase: phaseOf(tables), isOpen, problems: auditAtRest(tables, evidence, open ?? []) }
    })
    const number = kills + exitCodes.length + 1
    problems.push(...(found?.problems ?? []).map((problem) => `after start ${number}: ${problem}`))
    if (open) {
      kills += 1
      moments.shift()
      const phase = found?.phase ?? 'opening'
      phases[phase] = (phases[phase] ?? 0) + 1
    } else {
      exitCodes.push(result.code)
      if (result.code === 3 && caps.length > 1) caps.shift()
      else if (result.code === 0) last ??= { report: reportOf(result), resumes: runIsOpen }
      else throw new Error(`the command ended with ${result.code}: ${result.stderr.slice(-2_000)}${result.stdout.slice(0, 2_000)}`)
    }
    runIsOpen = found?.isOpen ?? false
  }
  problems.push(...(await atTheEnd(stage, caps[0], last)))
  return {
    problems,
    kills,
    phases,
    requests: wire.records.length,
    interrupted: evidence.intentsAtKills.size,
    exitCodes,
    seconds: Math.round((performance.now() - startedMs) / 1_000),
  }
}

/** The whole is looked at, and the command is run once more, which must cost nothing and change nothing. */
async function atTheEnd(stage: Stage, cap: string | undefined, last: LastReport): Promise<string[]> {
  const { evidence, wire, home } = stage
  const outputFile = home.file('out.csv')
  const catalogue = new Map(identifiers(stage.scenario.products).map((identifier) => [identifier, expectedTexts(identifier)]))
  const requests = wire.records.length
  const again = await start(stage, cap).result
  const audited = await look(stage, async (database) =>
    auditAtEnd({ database, tables: await readTables(database), evidence, outputFile, catalogue, last }),
  )
  const calls = reportOf(again)['calls']
  const paid = again.code !== 0 || calls !== 0 || wire.records.length !== requests
  return [
    ...(audited ?? ['there is no database']),
    ...(paid ? [`once more, the command ended with ${again.code} after ${String(calls)} calls`] : []),
  ]
}

/** One start of the command, killed at the next moment unless it ends before. `open`: the calls without an answer at the kill. */
async function startAndKill(
  stage: Stage,
  { moments, cap, pace, finished }: { moments: readonly KillMoment[]; cap: string | undefined; pace: Pace; finished: boolean },
): Promise<{ result: CliResult; open: string[] | undefined }> {
  const { wire, scenario, answered } = stage
  const since = wire.records.length
  const begunMs = performance.now()
  const running = start(stage, cap)
  const steps = stepsOf(running)
  let over = false
  let open: string[] | undefined
  void wire.arrivals(1).then(() => {
    if (!over) Object.assign(pace, { firstRequestMs: performance.now() - begunMs, firstRequestIsKnown: true })
  })
  if (moments.length > 0) {
    const moment = finished
      ? sleep(stage.random() * pace.wholeMs)
      : momentOf(moments, { ...stage, pace, steps, left: () => scenario.products - answered.size, perCall: scenario.perCall })
    void moment.then(() => {
      if (over) return
      // Nothing is answered between these two lines: what is open now cannot have been settled.
      const unanswered = wire.open(since)
      if (running.child.kill('SIGKILL')) open = unanswered
    })
  }
  const result = await running.result
  over = true
  if (result.signal === null) pace.wholeMs = performance.now() - begunMs
  else if (!pace.importIsKnown && moments[0] === 'import') pace.importMs *= 1.5
  else if (!pace.firstRequestIsKnown) pace.firstRequestMs *= 1.3
  return { result, open: result.signal === 'SIGKILL' ? open : undefined }
}

function start({ scenario, mock, home }: Stage, cap: string | undefined): ReturnType<typeof startCli> {
  const address = ['--provider', 'openai', '--base-url', `${mock.url}/v1`, '--model', MODEL, '--key-env', 'MOCK_KEY']
  const work = [
    '--fields',
    FIELDS.join(),
    '--per-call',
    String(scenario.perCall),
    '--concurrency',
    String(scenario.concurrency),
    '--no-siblings',
  ]
  const money = cap === undefined ? [] : ['--cap', cap]
  return startCli(['enrich', home.file('in.csv'), '--out', home.file('out.csv'), ...address, ...work, ...money, '--yes', '--json'], {
    home,
    environment: { MOCK_KEY: 'sk-mock-0123456789abcdef0123456789', LATCHKEY_LOG_LEVEL: 'info' },
  })
}

/**
 * Looks at the tables as the command left them.
 * @returns undefined when there is no database yet.
 */
async function look<T>({ home, url }: Stage, at: (database: Database) => Promise<T>): Promise<T | undefined> {
  const pgdata = join(home.folder, 'data', 'pgdata')
  if (url === undefined ? !existsSync(join(pgdata, 'PG_VERSION')) : !(await settledPostgres(url))) return undefined
  return lookAt(home.folder, url, at)
}

/** Waits until the server has noticed that its clients are dead. @returns whether there are tables. */
async function settledPostgres(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (;;) {
      const { rows } = await client.query<{ others: string; tables: string | null }>(
        `select count(*)::text as others, to_regclass('public.products')::text as tables
         from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      )
      if (rows[0]!.others === '0') return rows[0]!.tables !== null
      await sleep(10)
    }
  } finally {
    await client.end()
  }
}

const identifiers = (products: number): string[] => Array.from({ length: products }, (_, index) => `A-${index + 1}`)
const identifiersIn = (user: string): string[] => [...new Set(user.match(/\bA-\d+\b/g))]

const recordOf = (identifier: string): string => `name: Lantern ${identifier}`
const catalogueText = (products: number): string =>
  ['sku,name,colour,material', ...identifiers(products).map((identifier) => `${identifier},Lantern ${identifier},red,steel`), ''].join('\n')

/** The texts that the mock writes for a product. */
const expectedTexts = (identifier: string) => JSON.parse(goodAnswer([], recordOf(identifier))) as { title: string; description: string }

function answersOf(mock: MockProvider): Map<string, { identifiers: string[]; usage: MockUsage }> {
  return new Map(
    mock.requests().flatMap(({ headers, body }) => {
      const { messages } = body as { messages: { role: string; content: string }[] }
      const user = messages.findLast(({ role }) => role === 'user')!.content
      return [[headers['x-client-request-id'] ?? '', { identifiers: identifiersIn(user), usage: usageOf(user) }]]
    }),
  )
}
