import { createHash, randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { readMigrations } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/open.ts'
import { workspaces } from '../../src/db/schema/index.ts'
import { newId } from '../../src/runtime/ids.ts'
import { onceFor, postgresAbsence, startCluster } from './postgres-cluster.ts'
import { requireAll } from './shared.ts'

/** A fresh, migrated database of one suite. */
export interface TestDatabase {
  readonly database: Database
  /** PostgreSQL: its DATABASE_URL, as a role that owns the database and is no superuser. */
  readonly url?: string
  /** PGlite: its data folder. */
  readonly dataDir?: string
  /** Makes a workspace. @returns its id. */
  workspaceId(): Promise<string>
  /** Closes and removes it; done by itself when the suite is over. */
  destroy(): Promise<void>
}

const silent = { debug: (): void => undefined, warn: (): void => undefined }
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/latchkey-test/', import.meta.url))

/**
 * Runs a suite twice, on PGlite and on PostgreSQL. `open` gives a fresh database; call it in `beforeAll` or in a test.
 * Without PostgreSQL its half is skipped with the reason, and fails when LATCHKEY_REQUIRE_ALL=1.
 */
export function describeOnEachDatabase(name: string, suite: (open: () => Promise<TestDatabase>) => void): void {
  describe(`${name} (PGlite)`, () => suite(disposing(openOnPglite)))
  const absence = postgresAbsence()
  if (absence === undefined) describe(`${name} (PostgreSQL)`, () => suite(disposing(openOnPostgres)))
  else if (requireAll) it(`${name} (PostgreSQL)`, () => expect(absence).toBeUndefined())
  else describe.skip(`${name} (PostgreSQL; skipped: ${absence})`, () => suite(openOnPostgres))
}

function disposing(open: () => Promise<TestDatabase>): () => Promise<TestDatabase> {
  const opened: TestDatabase[] = []
  afterAll(async () => {
    for (const one of opened) await one.destroy()
  })
  return async () => {
    const one = await open()
    opened.push(one)
    return one
  }
}

/** A copy of a migrated data folder, which is made once for each state of the migrations. */
export async function openOnPglite(): Promise<TestDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-db-'))
  await fillDataFolder(dataDir)
  const database = await openDatabase({ dataDir, databaseUrl: undefined, log: silent })
  return { dataDir, ...once(database, () => rmSync(dataDir, { recursive: true, force: true })) }
}

/** A database of its own in the run's cluster, copied from a migrated one. */
export async function openOnPostgres(): Promise<TestDatabase> {
  const { url, remove } = await openMigratedPostgres()
  const database = await openDatabase({ dataDir: tmpdir(), databaseUrl: url, log: silent })
  return { url, ...once(database, remove) }
}

/** As `openOnPostgres`, for who opens it: a server, or a command. Migrating takes longer than most tests do. */
export async function openMigratedPostgres(): Promise<{ url: string; remove: () => Promise<void> }> {
  const urlOf = await startCluster()
  const template = 'latchkey_template'
  await onceFor(process.env['LATCHKEY_TEST_CLUSTER']!, 'template', async () => {
    await administer(urlOf('postgres'), `create database ${template}`)
    const database = await openDatabase({ dataDir: tmpdir(), databaseUrl: urlOf(template), log: silent })
    await database.close()
  })
  const name = `test_${randomBytes(8).toString('hex')}`
  await administer(urlOf('postgres'), `create database ${name} template ${template}`)
  return { url: urlOf(name), remove: () => administer(urlOf('postgres'), `drop database ${name} with (force)`) }
}

/** An empty database in the run's cluster, as nobody has migrated it. `user` owns it: an ordinary role, made if it is new. */
export async function openEmptyPostgres(user?: string): Promise<{ url: string; administratorUrl: string; remove: () => Promise<void> }> {
  const urlOf = await startCluster()
  const name = `empty_${randomBytes(8).toString('hex')}`
  const administratorUrl = urlOf('postgres', 'postgres')
  if (user !== undefined) await administer(administratorUrl, `create role ${user} login`)
  await administer(administratorUrl, `create database ${name} owner ${user ?? 'latchkey_owner'}`)
  const remove = async (): Promise<void> => {
    await administer(administratorUrl, `drop database ${name} with (force)`)
    if (user !== undefined) await administer(administratorUrl, `drop role ${user}`)
  }
  return { url: urlOf(name, user), administratorUrl, remove }
}

function once(database: Database, remove: () => void | Promise<void>): Pick<TestDatabase, 'database' | 'workspaceId' | 'destroy'> {
  let destroyed: Promise<void> | undefined
  const destroy = async (): Promise<void> => {
    await database.close()
    await remove()
  }
  return {
    database,
    destroy: () => (destroyed ??= destroy()),
    async workspaceId() {
      const id = newId()
      await database.asSystem('a workspace for a test', (tx) => tx.insert(workspaces).values({ id, name: 'Test', slug: id }))
      return id
    },
  }
}

/** Makes a data folder what it is after the migrations, which is quicker than to migrate; the folder itself where it is missing. */
export async function fillDataFolder(dataDir: string): Promise<void> {
  mkdirSync(dataDir, { mode: 0o700, recursive: true })
  cpSync(join(await pgliteTemplate(), 'pgdata'), join(dataDir, 'pgdata'), { recursive: true })
}

/** A migrated data folder, made once for each state of the migrations. */
async function pgliteTemplate(): Promise<string> {
  const lockfile = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')
  const pglite = /"node_modules\/@electric-sql\/pglite": \{\s*"version": "([^"]+)"/.exec(lockfile)?.[1]
  const key = createHash('sha256')
    .update(JSON.stringify([pglite, readMigrations()]))
    .digest('hex')
    .slice(0, 16)
  const template = join(CACHE, `pglite-${key}`)
  if (existsSync(template)) return template
  mkdirSync(CACHE, { recursive: true })
  const unfinished = mkdtempSync(join(CACHE, 'unfinished-'))
  const database = await openDatabase({ dataDir: unfinished, databaseUrl: undefined, log: silent })
  await database.close()
  try {
    renameSync(unfinished, template)
  } catch (error) {
    if (!existsSync(template)) throw error
    rmSync(unfinished, { recursive: true, force: true }) // another test process was first
  }
  return template
}

/** Runs one statement that cannot be in a transaction. */
export async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
