import type { SQL } from 'drizzle-orm'
import type { Tx } from './database.ts'

/**
 * The rows of a statement written in SQL, for what drizzle's builder cannot say. `Row` is the caller's word for the columns it
 * selects: bigint and numeric come as text, timestamps as PostgreSQL writes them, on both engines.
 */
export async function rowsOf<Row>(tx: Tx, statement: SQL): Promise<Row[]> {
  const result = (await tx.execute(statement)) as { readonly rows: Row[] }
  return result.rows
}
