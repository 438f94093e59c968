import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { AppError } from '../base/errors.ts'
import { runTransaction, type Connection, type Engine } from './session.ts'
import { sqlStateOf } from './statement-error.ts'

/** One step of the schema, as drizzle-kit wrote it (or a person, for roles and policies). */
export interface Migration {
  readonly tag: string // "0000_tables"
  readonly hash: string // SHA-256 of its text, hex
  readonly statements: readonly string[]
}

const FOLDER = new URL('./migrations/', import.meta.url)
const TABLE = 'public.latchkey_migrations'
const ATTEMPTS = 10

/** The migrations of this version of the code, oldest first. */
export function readMigrations(folder: URL = FOLDER): Migration[] {
  const journal = JSON.parse(readFileSync(new URL('meta/_journal.json', folder), 'utf8')) as { entries: { idx: number; tag: string }[] }
  return journal.entries
    .toSorted((a, b) => a.idx - b.idx)
    .map(({ tag }) => {
      const text = readFileSync(new URL(`${tag}.sql`, folder), 'utf8').replaceAll('\r\n', '\n')
      return { tag, hash: createHash('sha256').update(text).digest('hex'), statements: text.split('--> statement-breakpoint') }
    })
}

/**
 * Brings the schema to the newest of `migrations`: each in one transaction with its own record, under a lock on the table
 * of records, so that of two processes that start at once one waits and then finds the work done.
 * @throws AppError database.mismatch when the database is newer than the code or was made by other migrations.
 */
export async function migrate(engine: Engine, migrations: readonly Migration[] = readMigrations()): Promise<void> {
  await makeTable(engine)
  while (await applyNext(engine, migrations));
}

async function makeTable(engine: Engine): Promise<void> {
  const statement = `create table ${TABLE} (position integer primary key, tag text not null, hash text not null, applied_at timestamptz not null default now())`
  for (let attempt = 1; ; attempt++) {
    try {
      return await runTransaction(engine, 'BEGIN', async (connection) => {
        const { rows } = await connection.query(`select to_regclass('${TABLE}') is not null as there`)
        if (!(rows[0] as { there: boolean }).there) await connection.query(statement)
      })
    } catch (error) {
      if (sqlStateOf(error) === '42501') throw mayNotMakeTables(error)
      const meeting = ['42P07', '42710', '23505'].includes(sqlStateOf(error) ?? '') // another process makes it at this moment
      if (!meeting || attempt === ATTEMPTS) throw error
    }
  }
}

/** @returns false when there is nothing left to apply. */
async function applyNext(engine: Engine, migrations: readonly Migration[]): Promise<boolean> {
  return runTransaction(engine, 'BEGIN', async (connection) => {
    await connection.query(`lock table ${TABLE} in share row exclusive mode`)
    const { rows } = await connection.query(`select tag, hash from ${TABLE} order by position`)
    const applied = rows as { tag: string; hash: string }[]
    checkHistory(applied, migrations)
    const next = migrations[applied.length]
    if (!next) return false
    await apply(connection, next)
    await connection.query(`insert into ${TABLE} (position, tag, hash) values ($1, $2, $3)`, [applied.length, next.tag, next.hash])
    return true
  })
}

async function apply(connection: Connection, { tag, statements }: Migration): Promise<void> {
  try {
    for (const statement of statements) await connection.query(statement)
  } catch (error) {
    const sqlState = sqlStateOf(error)
    if (sqlState === '42501') throw mayNotMakeTables(error)
    if (sqlState === '42P07' || sqlState === '42P06') {
      const detail = `This database already has tables of the same names that are not Latchkey's (${tag}: ${(error as Error).message}). Give Latchkey a database of its own.`
      throw new AppError('database.mismatch', detail, { cause: error })
    }
    throw error
  }
}

function checkHistory(applied: readonly { tag: string; hash: string }[], migrations: readonly Migration[]): void {
  for (const [position, { tag, hash }] of applied.entries()) {
    const known = migrations[position]
    if (!known) {
      const detail = `This database is newer than this version of Latchkey: it has the migration ${tag}, which this version does not know. Install the newer version, or restore a backup made before the upgrade.`
      throw new AppError('database.mismatch', detail)
    }
    if (known.hash !== hash) {
      const detail = `This database was made by other migrations than this version of Latchkey has (${tag} there, ${known.tag} here, with another content). Use the version that made it, or restore a backup.`
      throw new AppError('database.mismatch', detail)
    }
  }
}

function mayNotMakeTables(cause: unknown): AppError {
  const detail =
    'The database user may not make tables and schemas in this database. Let it own the database: ALTER DATABASE ... OWNER TO ...;'
  return new AppError('database.unavailable', detail, { cause })
}
