import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import type * as schema from './schema/index.ts'

/** What a query is written against: drizzle on either engine. Rows of `execute` are in `.rows` on both. */
export type Tx = Omit<PgDatabase<PgQueryResultHKT, typeof schema>, 'transaction' | '$client'>

/** The only ways to query. Both run `work` in one transaction; it commits when `work` resolves and rolls back when it throws. */
export interface Database {
  readonly engine: 'pglite' | 'postgres'
  /** As the restricted role, seeing the rows of this workspace alone (row-level security). */
  inWorkspace<T>(workspaceId: string, work: (tx: Tx) => Promise<T>): Promise<T>
  /** Over all workspaces; `reason` says why that is needed, and goes into the debug log. */
  asSystem<T>(reason: string, work: (tx: Tx) => Promise<T>): Promise<T>
  /** Waits for transactions under way, then closes. */
  close(): Promise<void>
}
