import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openOnPglite, type TestDatabase } from '../../test/support/databases.ts'
import { newId } from '../runtime/ids.ts'
import { insertMany } from './bulk.ts'
import { openEngine, prepareEngine } from './open.ts'
import { SYSTEM_ROLE, WORKSPACE_ROLE } from './roles.ts'
import { workspaces } from './schema/index.ts'
import { runStatement, runTransaction } from './session.ts'
import { withUpkeep } from './upkeep.ts'

let test: TestDatabase

beforeAll(async () => {
  test = await openOnPglite()
})
afterAll(() => test.destroy())

const statisticsOf = async (): Promise<{ rows: number; dead: number }> => {
  const result = (await test.database.asSystem('test', (tx) =>
    tx.execute(sql`select reltuples::integer as rows, n_dead_tup::integer as dead from pg_class join pg_stat_user_tables on relid = pg_class.oid
      where pg_class.relname = 'workspaces'`),
  )) as { rows: unknown[] }
  return result.rows[0] as { rows: number; dead: number }
}

it('keeps the planner informed and removes dead rows, as a table grows and changes', { timeout: 60_000 }, async () => {
  const rows = Array.from({ length: 6_000 }, (_, index) => ({ id: newId(), slug: `workspace-${index}`, name: 'one of many' }))
  await test.database.asSystem('test', (tx) => insertMany(tx, workspaces, rows))
  await expect.poll(statisticsOf, { timeout: 30_000 }).toMatchObject({ rows: 6_000 })

  await test.database.asSystem('test', (tx) => tx.update(workspaces).set({ name: 'changed' }))
  await expect.poll(statisticsOf, { timeout: 30_000 }).toMatchObject({ rows: 6_000, dead: 0 })
})

it('steps back afterwards: a statement outside any scope sees no row', { timeout: 60_000 }, async () => {
  const other = await openOnPglite()
  await other.database.close()
  const tended = Promise.withResolvers<void>()
  const log = { debug: (_: object, message: string) => message === 'tables tended' && tended.resolve(), warn: () => undefined }
  const engine = withUpkeep(await openEngine({ dataDir: other.dataDir!, databaseUrl: undefined, log }), log)
  await prepareEngine(engine)
  await runTransaction(engine, `BEGIN; SET LOCAL ROLE ${SYSTEM_ROLE}`, (connection) =>
    connection.query(`insert into workspaces (id, slug, name) select gen_random_uuid(), 'w' || n, 'w' from generate_series(1, 6000) as n`),
  )
  await tended.promise
  const { rows } = await runStatement(engine, `select current_user::text as role, (select count(*)::integer from workspaces) as seen`)
  expect(rows).toEqual([{ role: WORKSPACE_ROLE, seen: 0 }])
  await engine.close()
  await other.destroy()
})
