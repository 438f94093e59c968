import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEmptyPostgres } from '../../test/support/databases.ts'
import { describeOnEachEngine } from '../../test/support/engines.ts'
import { migrate, readMigrations } from './migrate.ts'
import { openEngine, prepareEngine } from './open.ts'
import { ensureRoles } from './roles.ts'
import { type Engine, runStatement, runTransaction } from './session.ts'

// An upgrade from each schema that people may have: `landed/<last migration>.sql` fills it with one installation's data.

const silent = { debug: (): void => undefined, warn: (): void => undefined }
const LANDED = new URL('./landed/', import.meta.url)
const WORKSPACE = '00000000-0000-7000-8000-00000000000a'

describeOnEachEngine('an upgrade', (name) => {
  describe.each(readdirSync(LANDED).map((file) => file.slice(0, 4)))('from %s', (last) => {
    let engine: Engine
    let remove: () => Promise<void> | void
    let before: Record<string, unknown[]>

    beforeAll(async () => {
      const postgres = name === 'postgres' ? await openEmptyPostgres() : undefined
      const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-upgrade-'))
      remove = postgres ? postgres.remove : () => rmSync(dataDir, { recursive: true, force: true })
      engine = await openEngine({ dataDir, databaseUrl: postgres?.url, log: silent })
      await ensureRoles(engine)
      const upTo = readMigrations().findIndex(({ tag }) => tag.startsWith(last))
      await migrate(engine, readMigrations().slice(0, upTo + 1))
      const script = readFileSync(new URL(`${last}.sql`, LANDED), 'utf8')
      await runTransaction(engine, 'BEGIN; SET LOCAL ROLE latchkey_system', async (connection) => {
        for (const statement of script.split(/;\n/)) if (statement.trim() !== '') await connection.query(statement)
      })
      before = await contents(engine)
      await prepareEngine(engine)
    })
    afterAll(async () => {
      await engine?.close()
      await remove?.()
    })

    it('keeps every value of every row', async () => {
      const after = await contents(engine)
      const held = Object.entries(asMigrated(before)).filter(([, rows]) => rows.length > 0)
      expect(held.length).toBeGreaterThan(10)
      for (const [table, rows] of held) {
        const columns = Object.keys(rows[0] as object)
        const kept = after[table]!.map((row) =>
          Object.fromEntries(columns.map((column) => [column, (row as Record<string, unknown>)[column]])),
        )
        expect(sorted(kept), table).toEqual(sorted(rows)) // a new column may change their order
      }
    })

    it('shows a workspace its own rows, and no other', async () => {
      const count = async (workspaceId: string): Promise<string> => {
        const { rows } = await runTransaction(
          engine,
          `BEGIN; SET LOCAL ROLE latchkey_workspace; SET LOCAL latchkey.workspace = '${workspaceId}'`,
          (connection) => connection.query('select count(*)::text as count from products'),
        )
        return (rows[0] as { count: string }).count
      }
      expect(await count(WORKSPACE)).toBe('2')
      expect(await count('00000000-0000-7000-8000-00000000000b')).toBe('0')
    })
  })
})

/**
 * What budgets had spent and held stands in their windows now, which have the same ids (0011). The index of the catalogue is made
 * anew from the products (0020).
 */
function asMigrated(tables: Record<string, unknown[]>): Record<string, unknown[]> {
  const rows = tables['public.budgets'] as Record<string, unknown>[]
  const sources = tables['public.sources'] as Record<string, unknown>[]
  const pick = (columns: readonly string[]) => rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])))
  return {
    ...tables,
    'public.product_index': [],
    'public.sources': sources.map((source) => ({
      ...source,
      ...('indexed' in source && { index_import: null, index_row: 0, indexed: false }),
    })),
    'public.budgets': pick(['id', 'workspace_id', 'scope', 'currency', 'limit_nano']),
    'public.budget_windows': pick(['id', 'workspace_id', 'spent_nano', 'held_nano']),
  }
}

const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).toSorted()

/** Every table's rows, as JSON. */
async function contents(engine: Engine): Promise<Record<string, unknown[]>> {
  const { rows: tables } = await runStatement(
    engine,
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname in ('public', 'keyring') and c.relname <> 'latchkey_migrations' order by 1`,
  )
  const found: [string, unknown[]][] = []
  for (const { name } of tables as { name: string }[]) {
    const { rows } = await runTransaction(engine, 'BEGIN; SET LOCAL ROLE latchkey_system', (connection) =>
      connection.query(`select to_jsonb(t) as row from ${name} t`),
    )
    found.push([name, (rows as { row: unknown }[]).map(({ row }) => row)])
  }
  return Object.fromEntries(found)
}
