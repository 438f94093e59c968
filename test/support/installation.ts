import { type SQL, sql } from 'drizzle-orm'
import type { RunSavingsView } from '../../src/contract/runs.ts'
import { openDatabase } from '../../src/db/open.ts'
import { type CliResult, type Home, makeHome, type RunningCli, startCli } from './cli.ts'
import { openMigratedPostgres, fillDataFolder } from './databases.ts'
import { postgresAbsence } from './postgres-cluster.ts'
import { expectNoSecret } from './sweep.ts'

const silent = { debug: (): void => undefined, warn: (): void => undefined }

/** What `latchkey enrich --json` prints: the keys, and what else a script may want. */
export interface EnrichReport {
  readonly products: number
  readonly succeeded: number
  readonly flagged: number
  readonly failed: number
  readonly waiting: number
  readonly failures: readonly { product: string; row: number; code: string; reason: string }[]
  readonly flags: readonly {
    product: string
    row: number
    field: string
    value: unknown
    reason: string
    text: string
    accepted: boolean
  }[]
  readonly rejected: readonly { line: number; reason: { text: string } }[]
  readonly calls: number
  readonly usage: Readonly<Record<string, number>>
  readonly quoted: { readonly currency: string; readonly low: string | null; readonly high: string | null }
  readonly cost: { readonly currency: string; readonly amount: string | null }
  readonly costUnknownCalls: number
  readonly resumed: boolean
  readonly seconds: number
  readonly paused: { readonly code: string; readonly detail: string } | null
  readonly interrupted: boolean
  readonly written: { readonly rows: number; readonly changedCells: number } | null
  readonly practice: boolean
  readonly savings: RunSavingsView | null
}

export interface Enriched extends CliResult {
  readonly report: EnrichReport
}

/** A home with a migrated database, and everything that commands said there, so that all of it can be swept at the end. */
export interface Installation {
  readonly home: Home
  /** Starts `latchkey ARGS`, with the log at its most talkative. */
  start(args: readonly string[], environment?: Readonly<Record<string, string>>): RunningCli
  run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<CliResult>
  /** `latchkey enrich FILE ... --yes --json`, whose report is read. */
  enrich(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Enriched>
  /** Rows of one query over all workspaces; no command may be running. */
  rows(query: SQL): Promise<Record<string, unknown>[]>
  /** Proves that these secrets are in no file, no row and no output of this installation (KEY-1). */
  expectNoSecret(secrets: readonly string[]): Promise<void>
  remove(): Promise<void>
}

/** On PGlite from a copied data folder, which is quicker than a new one; on PostgreSQL where `on` asks for it and it is there. */
export async function makeInstallation({ on = 'pglite' }: { on?: 'pglite' | 'postgres' } = {}): Promise<Installation> {
  const postgres = on === 'postgres' && postgresAbsence() === undefined ? await openMigratedPostgres() : undefined
  const home = makeHome({ databaseUrl: postgres?.url })
  const dataDir = home.file('data')
  if (!postgres) await fillDataFolder(dataDir)
  const outputs: Record<string, string> = {}
  let number = 0
  const start: Installation['start'] = (args, environment = {}) => {
    const running = startCli(args, { home, environment: { LATCHKEY_LOG_LEVEL: 'debug', ...environment } })
    const name = `command ${(number += 1)}: ${args.join(' ').slice(0, 60)}`
    const result = running.result.then((ended) => {
      outputs[`${name}, standard output`] = ended.stdout
      outputs[`${name}, standard error`] = ended.stderr
      return ended
    })
    return { child: running.child, result }
  }
  const withDatabase = async <T>(work: (database: Awaited<ReturnType<typeof openDatabase>>) => Promise<T>): Promise<T> => {
    const database = await openDatabase({ dataDir, databaseUrl: postgres?.url, log: silent })
    try {
      return await work(database)
    } finally {
      await database.close()
    }
  }
  const rowsOf = (database: Awaited<ReturnType<typeof openDatabase>>, query: SQL): Promise<Record<string, unknown>[]> =>
    database.asSystem('a test looks', async (tx) => ((await tx.execute(query)) as { rows: Record<string, unknown>[] }).rows)
  return {
    home,
    start,
    run: (args, environment) => start(args, environment).result,
    async enrich(args, environment) {
      const ended = await start(['enrich', ...args, '--yes', '--json'], environment).result
      return { ...ended, report: parseReport(ended) }
    },
    rows: (query) => withDatabase((database) => rowsOf(database, query)),
    async expectNoSecret(secrets) {
      const dump = await withDatabase(async (database) => {
        const tables = await rowsOf(
          database,
          sql`select format('%I.%I', schemaname, tablename) as name from pg_tables 
              where schemaname not in ('pg_catalog', 'information_schema') and has_table_privilege(format('%I.%I', schemaname, tablename), 'select')`,
        )
        if (tables.length < 14) throw new Error(`only ${tables.length} tables can be seen`)
        const texts: Record<string, string> = {}
        for (const name of tables.map((table) => String(table['name']))) {
          const rows = await rowsOf(database, sql`select to_jsonb(whole)::text as row from ${sql.raw(name)} as whole`)
          texts[`table ${name}`] = rows.map(({ row }) => String(row)).join('\n')
        }
        return texts
      })
      if (!dump['table public.connections']) throw new Error('no connection: nothing was sealed here')
      expectNoSecret(secrets, { texts: { ...outputs, ...dump }, paths: [home.folder] })
    },
    async remove() {
      home.remove()
      await postgres?.remove()
    },
  }
}

function parseReport({ stdout, stderr }: CliResult): EnrichReport {
  const end = `standard error said: ${stderr.slice(-3_000)}`
  let report: EnrichReport | { error: unknown }
  try {
    report = JSON.parse(stdout) as EnrichReport | { error: unknown }
  } catch {
    throw new Error(`no JSON on standard output; ${end}`)
  }
  if ('error' in report) throw new Error(`an error and no report; ${end}`)
  return report
}

/** What a mock listens on, as a command line gives it. */
export const atAddress = (url: string, path = '/v1'): string[] => ['--base-url', `${url}${path}`]
