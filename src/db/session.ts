import { AsyncLocalStorage } from 'node:async_hooks'
import { AppError } from '../base/errors.ts'
import { toStatementError } from './statement-error.ts'

/** A parameter on the wire: text, bytes, or null. */
export type Value = string | Uint8Array | null

/** A result as the wire carries it: every value in PostgreSQL's text form. */
export interface RawResult {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[]
  readonly rows: (string | null)[][]
  readonly command: string
  readonly rowCount: number | null
}

/** What PostgreSQL says of a failed statement, without its detail, which quotes rows. */
export interface DriverError {
  readonly message: string
  readonly code: string | undefined // SQLSTATE
  readonly constraint: string | undefined
  readonly table: string | undefined
  readonly column: string | undefined
  readonly schema: string | undefined
}

/** A statement as drizzle's node-postgres session gives it. */
export interface QueryConfig {
  readonly text: string
  readonly rowMode?: 'array'
  readonly types?: { getTypeParser(dataTypeID: number, format?: 'text'): (value: string) => unknown }
}

export interface QueryResult {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[]
  readonly rows: unknown[]
  readonly command: string
  readonly rowCount: number | null
}

/** PostgreSQL's word on the transaction after a statement: I idle, T in a transaction, E in a failed one. */
export type Status = 'I' | 'T' | 'E'

/**
 * Exclusive use of one database session. Several statements may be sent before the first one answers; they run in the
 * order of sending. `before` is a script without parameters that travels in the same message and runs first.
 */
export interface Session {
  send(config: QueryConfig, values: readonly unknown[], before?: string): Promise<{ readonly result: QueryResult; readonly status: Status }>
  /** Runs the last statement and gives the session back; resolves to the command that the database carried out. */
  end(verb: 'COMMIT' | 'ROLLBACK'): Promise<string>
  /** Gives back a session that is not in a transaction. */
  release(): void
}

/** One database: PGlite in a worker, or a pool of connections to PostgreSQL. */
export interface Engine {
  readonly name: 'pglite' | 'postgres'
  acquire(): Promise<Session>
  /** Waits for sessions in use, then closes; `acquire` is refused from then on. */
  close(): Promise<void>
}

/** The part of a node-postgres client that drizzle uses. */
export interface Connection {
  query(config: QueryConfig | string, values?: readonly unknown[]): Promise<QueryResult>
}

const running = new AsyncLocalStorage<{ open: boolean }>()

/**
 * Runs `work` in one transaction. `begin` (BEGIN and what sets the scope) travels with the first statement; work without a
 * statement never reaches the database. Commits when `work` resolves, rolls back when it throws. Inside `work` another
 * transaction is refused: on PGlite it would wait for this one for ever, on PostgreSQL it would see another state.
 */
export async function runTransaction<T>(engine: Engine, begin: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  if (running.getStore()?.open) throw new Error('a transaction inside another one: pass on the tx that is there')
  const state = { open: true, begun: false, lost: false }
  let acquired: Promise<Session> | undefined
  const connection: Connection = {
    async query(config, values = []) {
      if (!state.open) throw new Error('this transaction is over; was a query not awaited?')
      const session = await (acquired ??= engine.acquire())
      if (state.lost) throw new Error('a statement inside this transaction ended it')
      const before = state.begun ? undefined : begin
      state.begun = true
      const { result, status } = await sendSafely(session, typeof config === 'string' ? { text: config } : config, values, before)
      if (status === 'I' && state.open) {
        state.lost = true
        throw new Error('a statement inside this transaction ended it')
      }
      return result
    },
  }
  let value: T
  try {
    value = await running.run(state, () => work(connection))
  } catch (error) {
    state.open = false
    await finish('ROLLBACK').catch(() => undefined) // the first failure is the one to report
    throw error
  }
  state.open = false
  const command = await finish('COMMIT')
  if (command !== 'COMMIT') throw new Error('nothing was saved: a statement failed inside this transaction, and its error was caught')
  return value

  async function finish(verb: 'COMMIT' | 'ROLLBACK'): Promise<string> {
    if (!acquired) return verb
    const session = await acquired
    if (!state.begun) {
      session.release()
      return verb
    }
    if (state.lost) {
      await session.end('ROLLBACK')
      throw new Error('a statement inside this transaction ended it')
    }
    try {
      return await session.end(verb)
    } catch (error) {
      throw toStatementError(error)
    }
  }
}

/** Runs one statement outside any transaction; it waits behind a transaction that holds the session. */
export async function runStatement(engine: Engine, config: QueryConfig | string, values: readonly unknown[] = []): Promise<QueryResult> {
  const session = await engine.acquire()
  let status: Status | undefined
  try {
    const answer = await sendSafely(session, typeof config === 'string' ? { text: config } : config, values)
    status = answer.status
    if (status !== 'I') throw new AppError('database.mismatch', 'A statement outside a transaction began one; it was rolled back.')
    return answer.result
  } finally {
    if (status === 'I') session.release()
    else await session.end('ROLLBACK').catch(() => undefined)
  }
}

async function sendSafely(session: Session, config: QueryConfig, values: readonly unknown[], before?: string): ReturnType<Session['send']> {
  try {
    return await session.send(config, values, before)
  } catch (error) {
    throw toStatementError(error)
  }
}
