import pg from 'pg'
import { AppError } from '../base/errors.ts'
import type { Engine, QueryConfig, Session, Status } from './session.ts'

/** The oldest PostgreSQL that is tested. */
export const POSTGRES_FLOOR = 15
const CONNECTIONS = 10

/**
 * A pool of connections to PostgreSQL. `onError` hears of idle connections that broke, for the log: without a listener
 * a stopped server would end this process. @throws AppError database.unavailable, without the password.
 */
export async function openPostgres(databaseUrl: string, onError: (error: Error) => void): Promise<Engine> {
  const address = addressOf(databaseUrl)
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: CONNECTIONS,
    pipeline: true,
    connectionTimeoutMillis: 30_000,
    application_name: 'latchkey',
  })
  pool.on('error', onError)
  const connect = async (): Promise<pg.PoolClient> => {
    try {
      return await pool.connect()
    } catch (error) {
      throw unreachable(error, address)
    }
  }
  try {
    await checkServer(await connect(), address)
  } catch (error) {
    await pool.end()
    throw error
  }
  let closing: Promise<void> | undefined
  return {
    name: 'postgres',
    async acquire() {
      if (closing) throw new AppError('database.unavailable', 'The database is being closed.')
      return createSession(await connect())
    },
    close: () => (closing ??= pool.end()),
  }
}

async function checkServer(client: pg.PoolClient, address: string): Promise<void> {
  try {
    const { rows } = await client.query<{ version: string; sync: string }>(
      `select current_setting('server_version_num') as version, current_setting('synchronous_commit') as sync`,
    )
    const major = Math.floor(Number(rows[0]!.version) / 10_000)
    if (major < POSTGRES_FLOOR) {
      throw new AppError(
        'database.mismatch',
        `The server at ${address} is PostgreSQL ${major}; Latchkey needs ${POSTGRES_FLOOR} or newer. Upgrade the server.`,
      )
    }
    if (rows[0]!.sync === 'off') {
      const detail = `The server at ${address} has synchronous_commit off: a crash would lose calls that were paid for. Set it on for this database: ALTER DATABASE ... SET synchronous_commit = on`
      throw new AppError('database.mismatch', detail)
    }
  } finally {
    client.release()
  }
}

/** Pipelined: the scope and the first statement leave together, and the pool takes a session back only when it is clean. */
function createSession(client: pg.PoolClient): Session {
  let broken: Error | undefined
  const onError = (error: Error): void => {
    broken ??= error
  }
  client.on('error', onError)
  const giveBack = (): void => {
    client.off('error', onError)
    client.release(broken ?? client.getTransactionStatus() !== 'I')
  }
  return {
    release: giveBack,
    async send(config: QueryConfig, values, before) {
      const begun = before === undefined ? undefined : client.query(before)
      const answer = client.query(config as pg.QueryConfig, values as unknown[])
      const [first, second] = await Promise.allSettled([begun, answer])
      if (first.status === 'rejected') throw first.reason
      if (second.status === 'rejected') throw second.reason
      const { fields, rows, command, rowCount } = second.value as pg.QueryResult
      return { result: { fields, rows, command, rowCount }, status: statusOf(client) }
    },
    async end(verb) {
      try {
        return (await client.query(verb)).command
      } catch (error) {
        broken ??= error as Error
        throw error
      } finally {
        giveBack()
      }
    },
  }
}

function statusOf(client: pg.PoolClient): Status {
  return client.getTransactionStatus() ?? 'E'
}

/** host:port/database, never the user or the password. */
function addressOf(databaseUrl: string): string {
  try {
    if (!/^postgres(?:ql)?:\/\//.test(databaseUrl)) throw new TypeError('another scheme')
    const { host, port, database } = new pg.Client({ connectionString: databaseUrl })
    return `${host}:${port}/${database ?? ''}`
  } catch {
    throw new AppError('config.invalid', 'DATABASE_URL is not a URL. It looks like postgres://user:password@host:5432/database.')
  }
}

function unreachable(error: unknown, address: string): AppError {
  const code = (error as { code?: unknown }).code
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there. Start PostgreSQL, or correct DATABASE_URL',
    ENOENT: 'no server has that socket. Start PostgreSQL, or correct DATABASE_URL',
    ENOTFOUND: 'the host is not known. Correct DATABASE_URL',
    '28P01': 'the password is wrong. Correct DATABASE_URL',
    '28000': 'the user may not sign in. Correct DATABASE_URL or pg_hba.conf',
    '3D000': 'that database does not exist. Create it with createdb',
    '53300': 'the server has no free connection. Raise max_connections, or stop other programs',
  }
  const reason =
    (typeof code === 'string' && reasons[code]) || 'the connection failed. Check that PostgreSQL runs and that DATABASE_URL is right'
  return new AppError('database.unavailable', `PostgreSQL at ${address} cannot be reached: ${reason}.`, { cause: error })
}
