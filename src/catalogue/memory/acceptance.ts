import { sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { rowsOf } from '../../db/rows.ts'

/** What became of the values that a model wrote for an attribute of a source's products. */
export interface Acceptance {
  readonly sourceId: string
  readonly attribute: string
  readonly model: string | null
  readonly asWritten: number // a person accepted them as they were
  readonly edited: number // a person accepted them with another text
  readonly rejected: number
  readonly waiting: number
  readonly unseen: number // accepted by command or by rule: no person's word
}

/** Counts of what people decided on generated values that were made since `since`, by source, attribute and model. */
export async function readAcceptance(tx: Tx, { sourceId, since }: { sourceId?: string | undefined; since: Date }): Promise<Acceptance[]> {
  return rowsOf<Acceptance>(
    tx,
    sql`select product.source_id as "sourceId", change.attribute, change.provenance ->> 'model' as model,
        (count(*) filter (where change.state = 'accepted' and change.decision = 'person'))::integer as "asWritten",
        (count(*) filter (where change.state = 'superseded' and change.decision = 'person'))::integer as edited,
        (count(*) filter (where change.state = 'rejected'))::integer as rejected,
        (count(*) filter (where change.state = 'proposed'))::integer as waiting,
        (count(*) filter (where change.state = 'accepted' and change.decision like 'accepted by %'))::integer as unseen
      from value_changes change join products product on product.id = change.product_id
      where change.created_at >= ${since.toISOString()}::timestamptz and change.provenance ->> 'kind' in ('generated', 'practice')
        ${sourceId === undefined ? sql`` : sql`and product.source_id = ${sourceId}::uuid`}
      group by 1, 2, 3 order by 1, 2, 3`,
  )
}
