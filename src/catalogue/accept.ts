import { type SQL, sql } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { heldProducts, layOver, standingAt } from './values.ts'

/** A proposal that was accepted just now. */
export interface AcceptedChange {
  readonly id: string
  readonly productId: string
}

/**
 * Accepts open proposals and writes them into their products, in one statement; each keeps what it replaced. `where` is a
 * condition on "change". Of several that wait at one place only the newest is taken, the others go on waiting. Those that
 * someone else decided meanwhile are left out, and with `sparePersons` those that would replace what a person wrote.
 */
export async function acceptOpen(
  tx: Tx,
  {
    where,
    decision,
    decidedBy = null,
    decisionId = null,
    sparePersons,
  }: { where: SQL; decision: string; decidedBy?: string | null; decisionId?: string | null; sparePersons: boolean },
): Promise<AcceptedChange[]> {
  return rowsOf<AcceptedChange>(
    tx,
    sql`
    with asked as materialized (
      select distinct on (change.product_id, change.attribute, change.locale, change.channel) change.id, change.product_id, change.attribute,
        change.locale, change.channel
      from value_changes change where change.state = 'proposed' and ${where}
      order by change.product_id, change.attribute, change.locale, change.channel, change.id desc
    ), held as materialized (
      ${heldProducts(sql`array(select distinct product_id from asked)`)}
    ), record as materialized (
      select asked.id, standing.value as standing_value, standing.own_id
      from asked join held on held.id = asked.product_id cross join ${standingAt({ product: sql`held`, place: sql`asked` })}
      ${sparePersons ? sql`where not standing.of_person` : sql``}
    ), accepted as (
      update value_changes set state = 'accepted', decision = ${decision}, decided_by = ${decidedBy}, decision_id = ${decisionId}::uuid,
        decided_at = now(), replaced = record.standing_value, replaced_change_id = record.own_id::uuid, before_undo = null
      from record where value_changes.id = record.id and value_changes.state = 'proposed'
      returning value_changes.id, value_changes.product_id, attribute, locale, channel, value, work_hash, provenance ->> 'kind' as kind
    ), laid as (${layOver(sql`accepted`)} returning products.id)
    select id, product_id as "productId" from accepted`,
  )
}
