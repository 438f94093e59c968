import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeOnEachDatabase, openEmptyPostgres, type TestDatabase } from '../../test/support/databases.ts'
import { postgresAbsence } from '../../test/support/postgres-cluster.ts'
import { migrate, readMigrations, type Migration } from './migrate.ts'
import { openEngine, prepareEngine } from './open.ts'
import { openPglite } from './pglite-client.ts'
import { PGLITE_MAJOR } from './pglite-settings.ts'
import * as schema from './schema/index.ts'
import { runStatement, type Engine } from './session.ts'

const silent = { debug: (): void => undefined, warn: (): void => undefined }
const known = readMigrations()
const extra = (tag: string, ...statements: string[]): Migration => ({ tag, hash: tag, statements })

it('has a migration for everything that the schema says', async () => {
  const journal = new URL('./migrations/meta/', import.meta.url)
  const last = known.at(-1)!.tag.slice(0, 4)
  const before = JSON.parse(readFileSync(new URL(`${last}_snapshot.json`, journal), 'utf8')) as Parameters<typeof generateMigration>[0]
  const missing = await generateMigration(before, generateDrizzleJson(schema, before.id, ['public', 'keyring']))
  expect(missing, 'run `npm run generate:migration -- --name <what changed>`').toEqual([])
})

describeOnEachDatabase('migrations', (open) => {
  let test: TestDatabase
  let engine: Engine
  beforeAll(async () => {
    test = await open()
    await test.database.close()
    engine = await openEngine({ dataDir: test.dataDir ?? tmpdir(), databaseUrl: test.url, log: silent })
  })
  afterAll(() => engine.close())

  const applied = async (): Promise<string[]> => {
    const { rows } = await runStatement(engine, 'select tag from latchkey_migrations order by position')
    return (rows as { tag: string }[]).map(({ tag }) => tag)
  }
  const exists = async (table: string): Promise<boolean> => {
    const { rows } = await runStatement(engine, 'select to_regclass($1) is not null as there', [table])
    return (rows[0] as { there: boolean }).there
  }

  it('does nothing when all are applied', async () => {
    await migrate(engine)
    expect(await applied()).toEqual(known.map(({ tag }) => tag))
  })

  it('leaves nothing of one that fails half-way, and goes on from there once it is repaired', async () => {
    const good = extra('0100_good', 'create table good (id int)')
    const broken = extra('0101_broken', 'create table half (id int)', 'select 1 / 0')
    await expect(migrate(engine, [...known, good, broken])).rejects.toThrow('division by zero')
    expect(await applied()).toEqual([...known.map(({ tag }) => tag), '0100_good'])
    expect(await exists('half')).toBe(false)
    await migrate(engine, [...known, good, extra('0101_broken', 'create table half (id int)')])
    expect(await exists('half')).toBe(true)
  })

  it('refuses a database that is newer than the code', async () => {
    await expect(migrate(engine, known)).rejects.toMatchObject({
      code: 'database.mismatch',
      detail: expect.stringContaining('newer than this version of Latchkey: it has the migration 0100_good'),
    })
  })

  it('refuses a database whose applied migration has another content', async () => {
    const changed = [{ ...known[0]!, hash: 'changed' }, ...known.slice(1)]
    await expect(migrate(engine, changed)).rejects.toMatchObject({
      code: 'database.mismatch',
      detail: expect.stringContaining(known[0]!.tag),
    })
  })

  it('applies each once when several start together', async () => {
    const history = [
      ...known,
      extra('0100_good'),
      extra('0101_broken'),
      extra('0102_slow', 'select pg_sleep(0.3)', 'create table slow (id int)'),
      extra('0103_last', 'create table last (id int)'),
    ]
    const others =
      test.url === undefined
        ? []
        : await Promise.all([1, 2].map(() => openEngine({ dataDir: tmpdir(), databaseUrl: test.url, log: silent })))
    await Promise.all([engine, engine, ...others].map((one) => migrate(one, history)))
    expect(await applied()).toEqual(history.map(({ tag }) => tag))
    for (const other of others) await other.close()
  })
})

describe.skipIf(postgresAbsence() !== undefined)('an empty PostgreSQL database', () => {
  it('is prepared once by processes that start together', async () => {
    const { url, remove } = await openEmptyPostgres()
    const engines = await Promise.all([1, 2, 3, 4].map(() => openEngine({ dataDir: tmpdir(), databaseUrl: url, log: silent })))
    await Promise.all(engines.map(prepareEngine))
    const { rows } = await runStatement(engines[0]!, 'select count(*)::int as count from latchkey_migrations')
    expect(rows).toEqual([{ count: known.length }])
    for (const engine of engines) await engine.close()
    await remove()
  })

  it('is refused when it holds tables of the same names that are not ours', async () => {
    const { url, remove } = await openEmptyPostgres()
    const engine = await openEngine({ dataDir: tmpdir(), databaseUrl: url, log: silent })
    await runStatement(engine, 'create table products (id int)')
    await expect(prepareEngine(engine)).rejects.toMatchObject({
      code: 'database.mismatch',
      detail: expect.stringContaining('a database of its own'),
    })
    await engine.close()
    await remove()
  })
})

describe('a PGlite folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-folder-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('of another PostgreSQL version is refused, with what to do', async () => {
    const pgdata = join(folder, 'pgdata')
    mkdirSync(pgdata)
    writeFileSync(join(pgdata, 'PG_VERSION'), '17\n')
    await expect(openPglite(pgdata)).rejects.toMatchObject({
      code: 'database.mismatch',
      detail: expect.stringContaining('written by PostgreSQL 17'),
    })
  })

  it('that is no database is left alone', async () => {
    const pgdata = join(folder, 'other')
    mkdirSync(pgdata)
    writeFileSync(join(pgdata, 'mine.txt'), 'mine')
    await expect(openPglite(pgdata)).rejects.toMatchObject({ code: 'database.mismatch' })
    expect(readFileSync(join(pgdata, 'mine.txt'), 'utf8')).toBe('mine')
  })

  it('that was left half-made by a crash is made again', async () => {
    const pgdata = join(folder, 'again')
    mkdirSync(`${pgdata}.new`)
    writeFileSync(join(`${pgdata}.new`, 'PG_VERSION'), PGLITE_MAJOR)
    const engine = await openPglite(pgdata)
    const { rows } = await runStatement(engine, `select current_setting('server_version_num')::int / 10000 as major`)
    expect(rows).toEqual([{ major: Number(PGLITE_MAJOR) }])
    await engine.close()
  })
})
