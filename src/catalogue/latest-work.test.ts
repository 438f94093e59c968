import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openOnPglite, type TestDatabase } from '../../test/support/databases.ts'
import { rowsOf } from '../db/rows.ts'
import { newId } from '../runtime/ids.ts'
import { latestWork } from './changes.ts'

const PRODUCTS = 20_000

let test: TestDatabase
let workspaceId: string
beforeAll(async () => {
  test = await openOnPglite()
  workspaceId = await test.workspaceId()
  const sourceId = newId()
  await test.database.asSystem('a large catalogue', async (tx) => {
    await tx.execute(sql`insert into sources (id, workspace_id, location, format, content_hash, imported_hash, last_import)
      values (${sourceId}, ${workspaceId}, '/large.csv', '{}', '', '', ${newId()})`)
    await tx.execute(sql`insert into products (id, workspace_id, source_id, identifier, row, imported, last_seen_import)
      select gen_random_uuid(), ${workspaceId}::uuid, ${sourceId}::uuid, number, number, '{}', ${newId()}::uuid from generate_series(1, ${PRODUCTS}::integer) number`)
    await tx.execute(sql`insert into value_changes (id, workspace_id, product_id, attribute, locale, value, state, flags, provenance, work_hash)
      select gen_random_uuid(), ${workspaceId}::uuid, id, 'title', 'en', '"A lamp"', 'accepted', '[]', '{"kind":"practice"}', 'hash' from products`)
  })
}, 60_000)
afterAll(() => test.destroy())

it('reads the values of a page of products by their index, not by reading the whole table', async () => {
  const { found, seqScans } = await test.database.inWorkspace(workspaceId, async (tx) => {
    const page = await rowsOf<{ id: string }>(tx, sql`select id from products order by row limit 500`)
    const latest = await latestWork(tx, {
      productIds: page.map(({ id }) => id),
      attributes: [{ attribute: 'title', locale: 'en', channel: null }],
    })
    const [scans] = await rowsOf<{ count: number }>(
      tx,
      sql`select seq_scan::integer as count from pg_stat_xact_user_tables where relname = 'value_changes'`,
    )
    return { found: latest.size, seqScans: scans!.count }
  })
  expect({ found, seqScans }).toEqual({ found: 500, seqScans: 0 })
})
