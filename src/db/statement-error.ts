import { DrizzleQueryError } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'

/**
 * A statement that PostgreSQL refused. Holds the SQLSTATE and the names of what was violated; never values: PostgreSQL's
 * detail and drizzle's message quote rows and parameters, which may be prompts or sealed keys.
 */
export class StatementError extends Error {
  readonly sqlState: string
  readonly constraint: string | undefined
  readonly table: string | undefined
  readonly column: string | undefined
  constructor({
    message,
    sqlState,
    constraint,
    table,
    column,
  }: Pick<StatementError, 'message' | 'sqlState' | 'constraint' | 'table' | 'column'>) {
    super(message)
    this.name = 'StatementError'
    this.sqlState = sqlState
    this.constraint = constraint
    this.table = table
    this.column = column
  }
}

/** The SQLSTATE of a failed statement (23505 unique violation, 42501 refused by row-level security ...), also through drizzle's wrapper. */
export function sqlStateOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof StatementError) return at.sqlState
  return undefined
}

/** Takes off drizzle's wrapper, whose message quotes every parameter. */
export function unwrapQueryError(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? (error.cause ?? new Error('a query failed')) : error
}

/** A driver's error as one of ours: `database.unavailable` when the database went away or is full, a StatementError otherwise. */
export function toStatementError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AppError || error instanceof StatementError) return error
  const { code, constraint, table, column } = error as Error & { code?: unknown; constraint?: string; table?: string; column?: string }
  const sqlState = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
  if (sqlState === '53100') {
    return new AppError('database.unavailable', 'The disk that holds the database is full. Free some space, then run the command again.', {
      cause: error,
    })
  }
  if (sqlState === undefined || /^(08|57P0|53300)/.test(sqlState)) {
    const detail = 'The database connection was lost. Check that the database runs, then run the command again; it continues where it was.'
    return new AppError('database.unavailable', detail, { cause: error })
  }
  return new StatementError({ message: withoutValues(error.message, sqlState), sqlState, constraint, table, column })
}

/** Class 22 (data exceptions) quotes the value that did not fit. */
function withoutValues(message: string, sqlState: string): string {
  return sqlState.startsWith('22') ? message.replace(/"[^]*"/, '"..."') : message
}
