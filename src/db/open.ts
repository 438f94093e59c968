import { join } from 'node:path'
import { createTableRelationsHelpers, extractTablesRelationalConfig } from 'drizzle-orm'
import { NodePgSession, NodePgTransaction } from 'drizzle-orm/node-postgres'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { PoolClient } from 'pg'
import type { Database, Tx } from './database.ts'
import { holdDataFolder, holdsDataFolder, type Hold } from './hold.ts'
import { migrate } from './migrate.ts'
import { openPglite } from './pglite-client.ts'
import type { Log } from '../runtime/log.ts'
import { openPostgres } from './postgres-client.ts'
import { ensureRoles, SYSTEM_ROLE, WORKSPACE_ROLE } from './roles.ts'
import * as schema from './schema/index.ts'
import { runStatement, runTransaction, type Connection, type Engine } from './session.ts'
import { unwrapQueryError } from './statement-error.ts'
import { withUpkeep } from './upkeep.ts'

/** Where messages of the database go. */
export type DatabaseLog = Pick<Log, 'debug' | 'warn'>

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Opens the database and brings its schema up to date: PostgreSQL where `databaseUrl` is given, else PGlite in
 * `dataDir`/pgdata. The data folder should be held already (hold.ts, with a purpose that people understand); if not, it is held here.
 * @throws AppError database.unavailable, database.mismatch, data.locked, data.insecure, config.invalid
 */
export async function openDatabase({
  dataDir,
  databaseUrl,
  log,
}: {
  dataDir: string
  databaseUrl: string | undefined
  log: DatabaseLog
}): Promise<Database> {
  const hold = databaseUrl === undefined && !holdsDataFolder(dataDir) ? await holdDataFolder({ dataDir, purpose: 'database' }) : undefined
  try {
    const engine = await openEngine({ dataDir, databaseUrl, log })
    try {
      await prepareEngine(engine)
    } catch (error) {
      await engine.close()
      throw error
    }
    return createDatabase(engine.name === 'pglite' ? withUpkeep(engine, log) : engine, log, hold)
  } catch (error) {
    await hold?.release()
    throw error
  }
}

/** The database without schema or scope: for migrations and tests. */
export async function openEngine({
  dataDir,
  databaseUrl,
  log,
}: {
  dataDir: string
  databaseUrl: string | undefined
  log: DatabaseLog
}): Promise<Engine> {
  if (databaseUrl === undefined) return openPglite(join(dataDir, 'pgdata'))
  return openPostgres(databaseUrl, (error) => log.warn({ error }, 'an idle connection to PostgreSQL broke'))
}

/** Roles and schema, and on PGlite a session that outside a scope sees nothing. */
export async function prepareEngine(engine: Engine): Promise<void> {
  await ensureRoles(engine)
  await migrate(engine)
  // PGlite's own user is a superuser, whom row-level security does not bind.
  if (engine.name === 'pglite') await runStatement(engine, `set role ${WORKSPACE_ROLE}`)
}

/** PostgreSQL compiles what it takes for costly: a second for statements over jsonb that then run for a millisecond. */
const NO_JIT = 'SET LOCAL jit = off'

function createDatabase(engine: Engine, log: DatabaseLog, hold: Hold | undefined): Database {
  return {
    engine: engine.name,
    async inWorkspace(workspaceId, work) {
      if (!UUID.test(workspaceId)) throw new TypeError('inWorkspace needs the id of a workspace, a UUID')
      return transact(engine, `BEGIN; SET LOCAL ROLE ${WORKSPACE_ROLE}; ${NO_JIT}; SET LOCAL latchkey.workspace = '${workspaceId}'`, work)
    },
    async asSystem(reason, work) {
      log.debug({ reason }, 'query over all workspaces')
      return transact(engine, `BEGIN; SET LOCAL ROLE ${SYSTEM_ROLE}; ${NO_JIT}`, work)
    },
    async close() {
      await engine.close()
      await hold?.release()
    },
  }
}

async function transact<T>(engine: Engine, begin: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await runTransaction(engine, begin, (connection) => work(createTx(connection)))
  } catch (error) {
    throw unwrapQueryError(error)
  }
}

const dialect = new PgDialect()
const tables = extractTablesRelationalConfig<typeof relationalTables>(schema, createTableRelationsHelpers)
declare const relationalTables: import('drizzle-orm').ExtractTablesWithRelations<typeof schema>
const relational = { fullSchema: schema, schema: tables.tables, tableNamesMap: tables.tableNamesMap }

/** Drizzle on one transaction. Its node-postgres session serves both engines: of the client it only calls `query`. */
function createTx(connection: Connection): Tx {
  const session = new NodePgSession<typeof schema, typeof tables.tables>(connection as unknown as PoolClient, dialect, relational)
  return new NodePgTransaction<typeof schema, typeof tables.tables>(dialect, session, relational)
}
