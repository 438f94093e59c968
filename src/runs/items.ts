import { and, eq, lt, or, type SQL, sql } from 'drizzle-orm'
import type { ErrorCode } from '../base/errors.ts'
import type { Database, Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { type ITEM_STATES, type ITEM_WAYS, runItems } from '../db/schema/index.ts'
import { leaderHasEnded, notInBatch } from './batch-items.ts'
import type { Escalation, LeasedItem, SettledState } from './run-kind.ts'

/** A late worker's lease must have ended before another takes its items: no unit takes this long between two renewals. */
export const LEASE_MS = 10 * 60_000

export interface NewItem {
  readonly position: number
  readonly subjectId: string
  readonly workHash: string
  readonly candidate?: number // the first when absent
  readonly leader?: number // position of the item that must have ended before this one is handed out
  /** Nobody serves it: it is listed as failed from the beginning, and cannot be tried again. */
  readonly unserved?: { readonly errorCode: ErrorCode; readonly errorDetail: string }
}

/** The candidate of items that nobody serves. */
const NOBODY = -1

/** Adds items in the order given. Many at a time, one statement. */
export async function addItems(
  tx: Tx,
  { runId, workspaceId, items }: { runId: string; workspaceId: string; items: readonly NewItem[] },
): Promise<void> {
  if (items.length === 0) return
  await tx.execute(sql`
    insert into run_items (run_id, workspace_id, position, subject_id, work_hash, leader, candidate, state, error_code, error_detail, settled_at)
    select ${runId}::uuid, ${workspaceId}::uuid, item.position, item."subjectId", item."workHash", item.leader,
      case when item.unserved is null then coalesce(item.candidate, 0) else ${NOBODY} end,
      case when item.unserved is null then 'waiting' else 'failed' end,
      item.unserved ->> 'errorCode', item.unserved ->> 'errorDetail', case when item.unserved is not null then now() end
    from jsonb_to_recordset(${JSON.stringify(items)}::jsonb)
      as item(position integer, "subjectId" uuid, "workHash" text, leader integer, candidate integer, unserved jsonb)
    on conflict do nothing`)
}

/** Leases up to `limit` waiting items, first come first; two workers never get the same one. Who has a leader comes after it. */
export async function leaseItems(
  tx: Tx,
  {
    runId,
    instance,
    now,
    limit,
    upTo,
    only,
  }: { runId: string; instance: string; now: Date; limit: number; upTo: number | null; only?: readonly number[] | undefined },
): Promise<LeasedItem[]> {
  const ends = new Date(now.getTime() + LEASE_MS)
  const bound = upTo === null ? sql`` : sql`and position <= ${upTo}`
  const ofThese = only ? sql`and candidate = any(${sql.param(only)}::integer[])` : sql``
  const rows = await rowsOf<LeasedRow>(
    tx,
    sql`
    -- Materialized, so that the items are picked once: as a subquery it may be run again for each row, and pass its limit.
    with picked as materialized (
      select position as picked_position from run_items where run_id = ${runId}::uuid and state = 'waiting' ${bound} ${ofThese} and ${leaderHasEnded}
      order by position limit ${limit} for update skip locked)
    update run_items set state = 'leased', leased_by = ${instance}, lease_ends_at = ${ends.toISOString()}::timestamptz, attempt = attempt + 1
    from picked where run_id = ${runId}::uuid and position = picked_position
    returning position, subject_id as "subjectId", work_hash as "workHash", candidate, escalated, leader, attempt`,
  )
  return rows.map((row) => ({ runId, ...row })).sort((a, b) => a.position - b.position)
}

type LeasedRow = Omit<LeasedItem, 'runId'>

/** Items that a crash, or an instance long silent, left leased wait again. */
export async function releaseAbandoned(tx: Tx, { runId, instance, now }: { runId: string; instance: string; now: Date }): Promise<void> {
  await tx
    .update(runItems)
    .set({ state: 'waiting', leasedBy: null, leaseEndsAt: null })
    .where(and(eq(runItems.runId, runId), eq(runItems.state, 'leased'), or(eq(runItems.leasedBy, instance), lt(runItems.leaseEndsAt, now))))
}

/** This worker keeps what it holds for another lease. */
export async function renewLeases(tx: Tx, { runId, instance, now }: { runId: string; instance: string; now: Date }): Promise<void> {
  await tx
    .update(runItems)
    .set({ leaseEndsAt: new Date(now.getTime() + LEASE_MS) })
    .where(and(eq(runItems.runId, runId), eq(runItems.state, 'leased'), eq(runItems.leasedBy, instance)))
}

/**
 * Failed items wait again, for a run that is taken up anew. `position`: only that one. They keep when they were settled and what
 * they cost, known or not: what the next try costs is added to it. @returns how many.
 */
export function retryFailed(database: Database, { position, ...run }: RunKey & { position?: number | undefined }): Promise<number> {
  const change = sql`update run_items set state = 'waiting', error_code = null, error_detail = null`
  const failed = sql`state = 'failed' and candidate <> ${NOBODY}`
  const which = position === undefined ? failed : sql`${failed} and position = ${position}`
  return changeInBatches(database, { ...run, which, change })
}

/** Drops all items of a run that was never begun, so that it can be planned anew. @returns how many. */
export function dropItems(database: Database, run: RunKey): Promise<number> {
  return changeInBatches(database, { ...run, which: sql`true`, change: sql`delete from run_items` })
}

/** Items that have not ended are dropped, for a run that was ended for good; those in a batch when that has ended. @returns how many. */
export function dropUnsettled(database: Database, run: RunKey): Promise<number> {
  return changeInBatches(database, {
    ...run,
    which: sql`(state = 'waiting' or state = 'leased' and ${notInBatch})`,
    change: sql`delete from run_items`,
  })
}

interface RunKey {
  readonly workspaceId: string
  readonly runId: string
}

/** So many items in one transaction, so that nobody waits long for a run of a million. */
const BATCH = 10_000

async function changeInBatches(
  database: Database,
  { workspaceId, runId, which, change }: RunKey & { which: SQL; change: SQL },
): Promise<number> {
  let changed = 0
  for (let after = 0; ;) {
    const [batch] = await database.inWorkspace(workspaceId, (tx) =>
      rowsOf<{ last: number | null; count: number }>(
        tx,
        sql`
        -- A range, and no join with what was picked: planners without statistics would compare each item with each.
        with batch as materialized (
          select max(position) as last from (
            select position from run_items where run_id = ${runId}::uuid and ${which} and position > ${after}
            order by position limit ${BATCH}) as picked),
        changed as (
          ${change} where run_id = ${runId}::uuid and ${which} and position > ${after} and position <= (select last from batch) returning 1)
        select last, (select count(*)::integer from changed) as count from batch`,
      ),
    )
    if (!batch || batch.last === null) return changed
    after = batch.last
    changed += batch.count
  }
}

/** The end of one item, as it goes into the settling commit. */
export interface ItemResult {
  readonly item: LeasedItem
  readonly state: SettledState
  readonly errorCode?: ErrorCode
  readonly errorDetail?: string
  readonly costNano?: bigint // the item's share of its calls; undefined is unknown
  readonly way?: (typeof ITEM_WAYS)[number] // its values came without a call
}

/**
 * Ends items whose lease is still this worker's. @returns a test for which of them counted: results of the others must
 * not be written, their items belong to someone else by now.
 */
export async function settleItems(tx: Tx, results: readonly ItemResult[]): Promise<(item: LeasedItem) => boolean> {
  if (results.length === 0) return () => false
  const records = results.map(({ item, state, errorCode, errorDetail, costNano, way }) => ({
    run_id: item.runId,
    position: item.position,
    attempt: item.attempt,
    state,
    error_code: errorCode ?? null,
    error_detail: errorDetail ?? null,
    way: way ?? null,
    cost_nano: costNano?.toString() ?? null,
  }))
  const rows = await rowsOf<ItemKey>(
    tx,
    sql`
    update run_items set state = result.state, error_code = result.error_code, error_detail = result.error_detail, way = result.way,
      cost_nano = ${costWith(sql`result.cost_nano`)},
      settled_at = now(), leased_by = null, lease_ends_at = null
    from jsonb_to_recordset(${JSON.stringify(records)}::jsonb)
      as result(run_id uuid, position integer, attempt integer, state text, error_code text, error_detail text, way text, cost_nano bigint)
    where run_items.run_id = result.run_id and run_items.position = result.position
      and run_items.attempt = result.attempt and run_items.state = 'leased'
    returning run_items.run_id, run_items.position`,
  )
  return testOf(rows)
}

/** What an item cost in all, unknown where a part is: it may have been settled before, or come from another candidate. */
const costWith = (more: SQL): SQL =>
  sql`case when run_items.escalated is null and run_items.settled_at is null then ${more} else run_items.cost_nano + ${more} end`

/** An item that goes on to another candidate: it waits again, with what it has cost so far. */
export interface ItemMove {
  readonly item: LeasedItem
  readonly candidate: number
  readonly escalated: Escalation
  readonly costNano?: bigint // undefined is unknown
}

/** Hands items on to another candidate, those whose lease is still this worker's. @returns a test for which they were. */
export async function moveItems(tx: Tx, moves: readonly ItemMove[]): Promise<(item: LeasedItem) => boolean> {
  if (moves.length === 0) return () => false
  const records = moves.map(({ item, candidate, escalated, costNano }) => ({
    run_id: item.runId,
    position: item.position,
    attempt: item.attempt,
    candidate,
    escalated,
    cost_nano: costNano?.toString() ?? null,
  }))
  const rows = await rowsOf<ItemKey>(
    tx,
    sql`
    update run_items set state = 'waiting', candidate = move.candidate, escalated = move.escalated, cost_nano = ${costWith(sql`move.cost_nano`)},
      leased_by = null, lease_ends_at = null
    from jsonb_to_recordset(${JSON.stringify(records)}::jsonb)
      as move(run_id uuid, position integer, attempt integer, candidate integer, escalated text, cost_nano bigint)
    where run_items.run_id = move.run_id and run_items.position = move.position
      and run_items.attempt = move.attempt and run_items.state = 'leased'
    returning run_items.run_id, run_items.position`,
  )
  return testOf(rows)
}

/** Which of these items this worker still has, and keeps until the transaction ends. @returns a test for it. */
export async function heldItems(tx: Tx, items: readonly LeasedItem[]): Promise<(item: LeasedItem) => boolean> {
  if (items.length === 0) return () => false
  return testOf(
    await rowsOf<ItemKey>(
      tx,
      sql`
      select run_items.run_id, run_items.position from ${givenItems(items)}
      join run_items on run_items.run_id = item.run_id and run_items.position = item.position
        and run_items.attempt = item.attempt and run_items.state = 'leased'
      for update of run_items`,
    ),
  )
}

interface ItemKey {
  readonly run_id: string
  readonly position: number
}

function testOf(rows: readonly ItemKey[]): (item: LeasedItem) => boolean {
  const keys = new Set(rows.map((row) => `${row.run_id}:${row.position}`))
  return (item) => keys.has(`${item.runId}:${item.position}`)
}

/** Items as a table to join with: `item`, of run, position and attempt. */
function givenItems(items: readonly LeasedItem[]): SQL {
  const records = items.map(({ runId, position, attempt }) => ({ run_id: runId, position, attempt }))
  return sql`jsonb_to_recordset(${JSON.stringify(records)}::jsonb) as item(run_id uuid, position integer, attempt integer)`
}

/** Gives leased items back unharmed, after a pause or an interruption. */
export async function returnItems(tx: Tx, items: readonly LeasedItem[]): Promise<void> {
  if (items.length === 0) return
  await tx.execute(sql`
    update run_items set state = 'waiting', leased_by = null, lease_ends_at = null from ${givenItems(items)}
    where run_items.run_id = item.run_id and run_items.position = item.position
      and run_items.attempt = item.attempt and run_items.state = 'leased'`)
}

/** How many of a run's items stand where. */
export type ItemCounts = Readonly<Record<(typeof ITEM_STATES)[number], number>>

/** Counts a run's items by their state, every state named. */
export async function countItems(tx: Tx, runId: string): Promise<ItemCounts> {
  const rows = await rowsOf<{ state: keyof ItemCounts; count: number }>(
    tx,
    sql`select state, count(*)::integer as count from run_items where run_id = ${runId}::uuid group by state`,
  )
  const counts = { waiting: 0, leased: 0, done: 0, flagged: 0, failed: 0 }
  for (const { state, count } of rows) counts[state] = count
  return counts
}
