import { eq, sql } from 'drizzle-orm'
import pg from 'pg'
import { beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { newId } from '../runtime/ids.ts'
import type { Tx } from './database.ts'
import { openEngine, prepareEngine } from './open.ts'
import { budgets, ledgerEntries, products, runItems, workspaces } from './schema/index.ts'
import { runStatement } from './session.ts'
import { sqlStateOf } from './statement-error.ts'

// ISO-3: a forgotten WHERE shows nothing of another workspace. Code that forges SET ROLE or set_config inside its own
// transaction is not held back by row-level security; that no input can become SQL is the business of the query builder.

const silent = { debug: (): void => undefined, warn: (): void => undefined }
const rowsOf = async <T>(result: unknown): Promise<T[]> => ((await result) as { rows: T[] }).rows

/** Every table of ours that holds a workspace's rows, from the catalogue: a table added later is found by itself. */
const TENANT_TABLES = sql`
  select format('%I.%I', n.nspname, c.relname) as name, c.oid::int as oid, c.relrowsecurity as enabled, c.relforcerowsecurity as forced
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    and (c.oid = 'public.workspaces'::regclass
         or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped))
  order by name`
interface TenantTable {
  readonly name: string
  readonly oid: number
  readonly enabled: boolean
  readonly forced: boolean
}

/** One row in every tenant table, each of its UUIDs equal to `id`: that makes all foreign keys fit. */
async function seedEveryTable(test: TestDatabase, id: string): Promise<void> {
  const tables = await test.database.asSystem('seed', async (tx) => {
    await tx.execute(sql`insert into master_keys (id, source, check_value, status) values (${id}, 'file', '', 'active')`)
    await tx.execute(
      sql`insert into users (id, name, email, email_verified, created_at, updated_at) values (${id}, 'A', ${id}, true, now(), now())`,
    )
    return rowsOf<TenantTable>(tx.execute(TENANT_TABLES))
  })
  let left = tables
  for (let round = 0; left.length > 0 && round < tables.length; round++) {
    const still: TenantTable[] = []
    for (const table of left) await test.database.asSystem('seed', (tx) => seed(tx, table, id)).catch(() => still.push(table))
    left = still
  }
  expect(left.map(({ name }) => name)).toEqual([])
}

async function seed(tx: Tx, { name, oid }: TenantTable, id: string): Promise<void> {
  const columns = await rowsOf<{ column: string; type: string }>(
    tx.execute(sql`select attname as column, format_type(atttypid, null) as type from pg_attribute
      where attrelid = ${oid} and attnum > 0 and not attisdropped and attnotnull and not atthasdef`),
  )
  const values = columns.map(
    ({ type }) => sql`${type === 'bytea' ? `\\x${id.replaceAll('-', '')}` : (SAMPLES[type] ?? id)}::${sql.raw(type)}`,
  )
  const names = columns.map(({ column }) => sql.identifier(column))
  await tx.execute(sql`insert into ${sql.raw(name)} (${sql.join(names, sql`, `)}) values (${sql.join(values, sql`, `)})`)
}
const SAMPLES: Record<string, string> = {
  smallint: '1',
  integer: '1',
  bigint: '1',
  numeric: '1',
  jsonb: '{}',
  'text[]': '{}',
  boolean: 'true',
  'timestamp with time zone': '2026-01-01T00:00:00Z',
}

describeOnEachDatabase('isolation of workspaces', (open) => {
  let test: TestDatabase
  let tables: TenantTable[]
  const mine = newId()
  const theirs = newId()

  beforeAll(async () => {
    test = await open()
    await seedEveryTable(test, mine)
    await seedEveryTable(test, theirs)
    tables = await test.database.asSystem('catalogue', (tx) => rowsOf<TenantTable>(tx.execute(TENANT_TABLES)))
  })

  const countIn = (workspaceId: string, { name }: TenantTable, condition = sql`true`): Promise<number> =>
    test.database.inWorkspace(workspaceId, async (tx) => {
      const [row] = await rowsOf<{ rows: number }>(tx.execute(sql`select count(*)::int as rows from ${sql.raw(name)} where ${condition}`))
      return row!.rows
    })
  const ownerColumn = ({ name }: TenantTable) => sql.identifier(name === 'public.workspaces' ? 'id' : 'workspace_id')

  it('is enabled and forced on every table that has a workspace, with a policy for each role', async () => {
    expect(tables.length).toBeGreaterThanOrEqual(13)
    const policies = await test.database.asSystem('catalogue', (tx) =>
      rowsOf<{ oid: number; role: string; permissive: boolean }>(
        tx.execute(sql`select polrelid::int as oid, r.rolname as role, polpermissive as permissive
          from pg_policy cross join unnest(polroles) as member (id) join pg_roles r on r.oid = member.id`),
      ),
    )
    for (const { name, oid, enabled, forced } of tables) {
      const roles = policies.filter((policy) => policy.oid === oid).map(({ role }) => role)
      expect({ name, enabled, forced, roles: roles.toSorted() }).toEqual({
        name,
        enabled: true,
        forced: true,
        roles: ['latchkey_system', 'latchkey_workspace'],
      })
    }
  })

  it('grants a workspace nothing but those tables', async () => {
    const granted = await test.database.asSystem('catalogue', (tx) =>
      rowsOf<{ name: string }>(
        tx.execute(sql`select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
            and has_table_privilege('latchkey_workspace', c.oid, 'SELECT, INSERT, UPDATE, DELETE') order by name`),
      ),
    )
    expect(granted.map(({ name }) => name)).toEqual(tables.map(({ name }) => name))
  })

  it('uses roles that cannot sign in, are no superusers, and cannot bypass it', async () => {
    const roles = await test.database.asSystem('catalogue', (tx) =>
      rowsOf(
        tx.execute(sql`select rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole,
            (select count(*)::int from pg_auth_members where member = pg_roles.oid) as memberships
          from pg_roles where rolname like 'latchkey\\_%' and not rolcanlogin order by rolname`),
      ),
    )
    const harmless = { rolcanlogin: false, rolsuper: false, rolbypassrls: false, rolcreaterole: false, memberships: 0 }
    expect(roles).toEqual([
      { rolname: 'latchkey_system', ...harmless },
      { rolname: 'latchkey_workspace', ...harmless },
    ])
  })

  it('shows a query without a condition the own rows only, on every table', async () => {
    for (const table of tables) {
      expect([table.name, await countIn(mine, table)]).toEqual([table.name, 1])
      expect([table.name, await countIn(mine, table, sql`${ownerColumn(table)} = ${theirs}`)]).toEqual([table.name, 0])
      expect([table.name, await countIn(newId(), table)]).toEqual([table.name, 0])
    }
  })

  it('shows the system all rows', async () => {
    const count = (tx: Tx) => tx.$count(budgets)
    expect(await test.database.asSystem('count', count)).toBe(2)
  })

  it('shows a session outside any scope no row of any table', async () => {
    if (test.url === undefined) {
      await test.database.close()
      const engine = await openEngine({ dataDir: test.dataDir!, databaseUrl: undefined, log: silent })
      await prepareEngine(engine)
      for (const { name } of tables) expect([name, (await runStatement(engine, `select 1 from ${name}`)).rows]).toEqual([name, []])
      await engine.close()
      test = await open()
      await seedEveryTable(test, mine)
      await seedEveryTable(test, theirs)
      return
    }
    const owner = new pg.Client({ connectionString: test.url })
    await owner.connect()
    for (const { name } of tables) expect([name, (await owner.query(`select 1 from ${name}`)).rows]).toEqual([name, []])
    await owner.query('begin; set local role latchkey_workspace')
    for (const { name } of tables) expect([name, (await owner.query(`select 1 from ${name}`)).rows]).toEqual([name, []])
    await owner.end()
  })

  it('changes and deletes no foreign row', async () => {
    const changed = await test.database.inWorkspace(mine, async (tx) => {
      const updated = await tx.update(budgets).set({ scope: 'taken' }).where(eq(budgets.workspaceId, theirs)).returning()
      const deleted = await tx.delete(budgets).where(eq(budgets.id, theirs)).returning()
      return [...updated, ...deleted]
    })
    expect(changed).toEqual([])
    expect(await countIn(theirs, { name: 'public.budgets' } as TenantTable, sql`scope is distinct from 'taken'`)).toBe(1)
  })

  it('refuses to insert into another workspace, or to move a row there', async () => {
    const insert = test.database.inWorkspace(mine, (tx) =>
      tx.insert(budgets).values({ id: newId(), workspaceId: theirs, scope: 'x', currency: 'USD' }),
    )
    expect(sqlStateOf(await insert.catch((error: unknown) => error))).toBe('42501')
    const move = test.database.inWorkspace(mine, (tx) => tx.update(budgets).set({ workspaceId: theirs }))
    expect(sqlStateOf(await move.catch((error: unknown) => error))).toBe('42501')
  })

  it('lets nobody rewrite the ledger', async () => {
    const rewrite = (tx: Tx) => tx.update(ledgerEntries).set({ costNano: 0n })
    for (const attempt of [test.database.inWorkspace(mine, rewrite), test.database.asSystem('rewrite', rewrite)]) {
      expect(sqlStateOf(await attempt.catch((error: unknown) => error))).toBe('42501')
    }
    const remove = test.database.inWorkspace(mine, (tx) => tx.delete(ledgerEntries))
    expect(sqlStateOf(await remove.catch((error: unknown) => error))).toBe('42501')
  })

  it('takes nothing but a UUID for a workspace', async () => {
    await expect(test.database.inWorkspace(`${mine}'; reset role; --`, (tx) => tx.select().from(workspaces))).rejects.toThrow(TypeError)
  })

  it('still finds rows by their indexes', async () => {
    await test.database.asSystem('many rows', async (tx) => {
      await tx.execute(sql`insert into products (id, workspace_id, source_id, identifier, row, imported, last_seen_import)
        select gen_random_uuid(), w, w, n::text, n, '{}', w from generate_series(2, 4000) n, (values (${mine}::uuid), (${theirs}::uuid)) as v (w)`)
      await tx.execute(sql`insert into run_items (run_id, position, workspace_id, subject_id, work_hash)
        select w, n, w, gen_random_uuid(), n::text from generate_series(2, 4000) n, (values (${mine}::uuid), (${theirs}::uuid)) as v (w)`)
    })
    const plans = await test.database.inWorkspace(mine, async (tx) => {
      const queries = {
        productById: tx.select().from(products).where(eq(products.id, mine)).getSQL(),
        productByIdentifier: sql`select * from products where source_id = ${mine} and identifier = '7'`,
        productPage: sql`select * from products where source_id = ${mine} and row > 100 order by row limit 100`,
        waitingItems: sql`select * from ${runItems} where run_id = ${mine} and state = 'waiting' order by position limit 10`,
        itemByKey: sql`select * from ${runItems} where run_id = ${mine} and position = 5`,
      }
      const lines: [string, string][] = []
      for (const [name, query] of Object.entries(queries)) {
        const plan = await rowsOf<Record<'QUERY PLAN', string>>(tx.execute(sql`explain ${query}`))
        lines.push([name, plan.map((row) => row['QUERY PLAN']).join('\n')])
      }
      return lines
    })
    for (const [name, plan] of plans) {
      expect([name, plan]).toEqual([name, expect.stringMatching(/Index (Only )?Scan/)])
      expect([name, plan]).toEqual([name, expect.not.stringContaining('Seq Scan')])
    }
  })
})
