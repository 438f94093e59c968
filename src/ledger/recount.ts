import { sql } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'

/** A window's counters, and what the calls that name it sum to. The two are equal after every commit. */
export interface Recounted {
  readonly windowId: string
  readonly spentNano: bigint
  readonly heldNano: bigint
  readonly chargedNano: bigint // by its ledger entries
  readonly reservedNano: bigint // by its live intents
}

/**
 * Recomputes the windows that `tx` sees from all entries and intents: it reads the whole ledger. What is still in the journal of
 * calls is missed; `Ledger.caughtUp` comes first where calls go through it.
 */
export async function recountWindows(tx: Tx): Promise<Recounted[]> {
  const rows = await rowsOf<Record<'id' | 'spent' | 'held' | 'charged' | 'reserved', string>>(
    tx,
    sql`
      with charges as (
        select named.id, sum(coalesce((other_charges ->> named.id)::numeric, charged_nano)) as nano
        from ledger_entries cross join lateral jsonb_array_elements_text(budget_ids) as named (id) group by named.id
      ), holds as (
        select named.id, sum(coalesce((owner_priced -> named.id ->> 'heldNano')::numeric, worst_case_nano, 0)) as nano
        from call_intents cross join lateral jsonb_array_elements_text(budget_ids) as named (id) group by named.id
      )
      select w.id::text as id, w.spent_nano::text as spent, w.held_nano::text as held,
             coalesce(charges.nano, 0)::text as charged, coalesce(holds.nano, 0)::text as reserved
      from budget_windows w left join charges on charges.id = w.id::text left join holds on holds.id = w.id::text
      order by w.id`,
  )
  return rows.map((row) => ({
    windowId: row.id,
    spentNano: BigInt(row.spent),
    heldNano: BigInt(row.held),
    chargedNano: BigInt(row.charged),
    reservedNano: BigInt(row.reserved),
  }))
}
