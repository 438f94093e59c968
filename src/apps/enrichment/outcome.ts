import { sql } from 'drizzle-orm'
import type { Database } from '../../db/database.ts'
import { rowsOf } from '../../db/rows.ts'

/** A product that a run could not write, for people. */
export interface FailedItem {
  readonly product: string // its identifier
  readonly row: number // 1 is the first product of the file
  readonly code: string
  readonly reason: string
}

/** The products that a run could not write, in the order of the file. */
export async function failedItems({
  database,
  workspaceId,
  runId,
}: {
  database: Database
  workspaceId: string
  runId: string
}): Promise<FailedItem[]> {
  return database.inWorkspace(workspaceId, (tx) =>
    rowsOf<FailedItem>(
      tx,
      sql`
      select products.identifier as product, products.row, run_items.error_code as code, coalesce(run_items.error_detail, '') as reason
      from run_items join products on products.id = run_items.subject_id
      where run_items.run_id = ${runId}::uuid and run_items.state = 'failed' order by run_items.position`,
    ),
  )
}
