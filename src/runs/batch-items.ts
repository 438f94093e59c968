import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { providerBatches, runItems } from '../db/schema/index.ts'
import type { LeasedItem } from './run-kind.ts'

/**
 * Items in a provider's batch are leased by the batch, for as long as it lives: no restart and no other process gives them to anyone else.
 */
const holderOf = (batchId: string): string => `batch:${batchId}`

/** Of leased items: those that no batch holds. */
export const notInBatch = sql`leased_by not like 'batch:%'`

/** Of waiting items: those that wait for no other one to end. */
export const leaderHasEnded = sql`(leader is null or not exists (
  select from run_items as first where first.run_id = run_items.run_id and first.position = run_items.leader
    and first.state in ('waiting', 'leased')))`

/** Leases waiting items of one candidate for a batch, first come first. */
export async function leaseForBatch(
  tx: Tx,
  { runId, batchId, place, limit }: { runId: string; batchId: string; place: number; limit: number },
): Promise<LeasedItem[]> {
  const rows = await rowsOf<Omit<LeasedItem, 'runId'>>(
    tx,
    sql`
    with picked as materialized (
      select position as picked_position from run_items where run_id = ${runId}::uuid and state = 'waiting' and candidate = ${place} and ${leaderHasEnded}
      order by position limit ${limit} for update skip locked)
    update run_items set state = 'leased', leased_by = ${holderOf(batchId)}, lease_ends_at = null, attempt = attempt + 1
    from picked where run_id = ${runId}::uuid and position = picked_position
    returning position, subject_id as "subjectId", work_hash as "workHash", candidate, escalated, leader, attempt`,
  )
  return rows.map((row) => ({ runId, ...row })).sort((a, b) => a.position - b.position)
}

/** Items by their positions, as they were handed to a batch: with the attempt numbers of then. */
export async function itemsInBatch(
  tx: Tx,
  runId: string,
  given: readonly (readonly [position: number, attempt: number])[],
): Promise<Map<number, LeasedItem>> {
  if (given.length === 0) return new Map()
  const attempts = new Map(given)
  const rows = await tx
    .select({
      position: runItems.position,
      subjectId: runItems.subjectId,
      workHash: runItems.workHash,
      candidate: runItems.candidate,
      escalated: runItems.escalated,
      leader: runItems.leader,
    })
    .from(runItems)
    .where(and(eq(runItems.runId, runId), inArray(runItems.position, [...attempts.keys()])))
  return new Map(rows.map((row) => [row.position, { runId, ...row, attempt: attempts.get(row.position)! }]))
}

/** What a batch still holds waits again. */
export async function releaseFromBatch(tx: Tx, { runId, batchId }: { runId: string; batchId: string }): Promise<void> {
  await tx
    .update(runItems)
    .set({ state: 'waiting', leasedBy: null, leaseEndsAt: null })
    .where(and(eq(runItems.runId, runId), eq(runItems.state, 'leased'), eq(runItems.leasedBy, holderOf(batchId))))
}

/** How many items of a run wait that may be asked about now, by their candidate. */
export async function waitingByPlace(tx: Tx, runId: string): Promise<Map<number, number>> {
  const rows = await rowsOf<{ candidate: number; count: number }>(
    tx,
    sql`select candidate, count(*)::integer as count from run_items where run_id = ${runId}::uuid and state = 'waiting' and ${leaderHasEnded} group by candidate`,
  )
  return new Map(rows.map(({ candidate, count }) => [candidate, count]))
}

/** Whether a run has a batch at a provider, or what is left of one. */
export const hasLiveBatch = sql`exists (select 1 from ${providerBatches} where ${providerBatches.runId} = runs.id and ${providerBatches.state} <> 'ended')`
