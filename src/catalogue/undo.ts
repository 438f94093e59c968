import { type SQL, sql } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import type { KeptValueView } from '../contract/review.ts'
import type { Database, Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { NOTHING_TO_DECIDE } from './changes.ts'
import { requireDecision } from './decide.ts'
import { uuids } from './filter.ts'
import { requireRun } from './proposals.ts'
import { writtenKeySql } from './place.ts'
import { heldProducts, layOver, standingAt } from './values.ts'

/**
 * Undo goes change by change, whatever their number, in short transactions: what still stands goes back to what it replaced,
 * what someone changed since stays and is counted. It can be cut off after any batch and begun again: what is undone already
 * is passed over. `redo` is the undo of the undo.
 */

/** What is taken back as one step. */
export type UndoTarget = { readonly runId: string } | { readonly decisionId: string }

export interface UndoRequest {
  readonly of: UndoTarget
  readonly cursor: string | null // from the answer before; null begins
}

export interface UndoAnswer {
  readonly undone: number // in this batch
  readonly cursor: string | null // null: that was all
  readonly kept: number | null // changed since; with the last batch
  readonly keptValues: readonly KeptValueView[] // the first of them
}

interface Who {
  readonly workspaceId: string
  readonly actor: string
}

const BATCH = 500 // changes a transaction
const MOST_KEPT_LISTED = 100

/**
 * The next batch of an undo. Of a run, every value of it that was accepted; of a decision, everything that was decided by it:
 * its proposals wait again, what a person wrote by it is gone.
 * @throws AppError run.missing, change.missing
 */
export function undo(database: Database, who: Who, { of, cursor }: UndoRequest): Promise<UndoAnswer> {
  return step(database, who, { of, cursor, action: 'review.undone', batch: undoBatch, left: undoable(of) })
}

/** The next batch of the undo of an undo: what it took back stands again, unless something else was put there since. */
export function redo(database: Database, who: Who, { of, cursor }: UndoRequest): Promise<UndoAnswer> {
  return step(database, who, { of, cursor, action: 'review.redone', batch: redoBatch, left: redoable(of) })
}

interface Batch {
  readonly who: Who
  readonly of: UndoTarget
  readonly ids: SQL
}

async function step(
  database: Database,
  who: Who,
  {
    of,
    cursor,
    action,
    batch,
    left,
  }: {
    of: UndoTarget
    cursor: string | null
    action: 'review.undone' | 'review.redone'
    batch: (tx: Tx, input: Batch) => Promise<number>
    left: SQL
  },
): Promise<UndoAnswer> {
  return database.inWorkspace(who.workspaceId, async (tx) => {
    await requireTarget(tx, of)
    const { pass, after } = readCursor(cursor)
    const ids = await rowsOf<{ id: string }>(
      tx,
      sql`select change.id from value_changes change where ${left} ${after === null ? sql`` : sql`and change.id > ${after}::uuid`} order by change.id limit ${BATCH}`,
    )
    const undone = await batch(tx, { who, of, ids: uuids(ids.map(({ id }) => id)) })
    if (cursor === null && undone > 0) await recordAudit(tx, { ...who, action, subject: subjectOf(of) })
    const passUndone = pass + undone
    if (ids.length === BATCH) return { undone, cursor: `${passUndone}_${ids.at(-1)!.id}`, kept: null, keptValues: [] }
    // What lay under a change of the same step could not go before it: another pass, until one finds nothing more.
    const changedAnything = passUndone > 0 && (await anyLeft(tx, left))
    if (changedAnything) return { undone, cursor: '0', kept: null, keptValues: [] }
    return { undone, cursor: null, ...(await keptBy(tx, left)) }
  })
}

/** "<changes of this pass so far>_<last id>"; "0": the next pass begins. */
function readCursor(cursor: string | null): { pass: number; after: string | null } {
  if (cursor === null || cursor === '0') return { pass: 0, after: null }
  const [, pass, after] = /^(\d{1,9})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? []
  if (!pass || !after) throw new AppError('request.invalid', 'The cursor is none that this undo gave. Begin again without one.')
  return { pass: Number(pass), after }
}

async function requireTarget(tx: Tx, of: UndoTarget): Promise<void> {
  if ('decisionId' in of) return requireDecision(tx, of.decisionId)
  await requireRun(tx, of.runId)
}

const subjectOf = (of: UndoTarget): string => ('runId' in of ? `run:${of.runId}` : `decision:${of.decisionId}`)
const idOf = (of: UndoTarget): string => ('runId' in of ? of.runId : of.decisionId)

/** Changes that an undo of this can still take back, those that were changed since among them. */
const undoable = (of: UndoTarget): SQL =>
  'runId' in of
    ? sql`change.run_id = ${of.runId}::uuid and change.state = 'accepted' and change.decision is distinct from ${NOTHING_TO_DECIDE}`
    : sql`change.decision_id = ${of.decisionId}::uuid and change.state in ('accepted', 'rejected', 'superseded') and change.before_undo is null`

const redoable = (of: UndoTarget): SQL =>
  sql`${'runId' in of ? sql`change.run_id` : sql`change.decision_id`} = ${idOf(of)}::uuid and change.before_undo ->> 'of' = ${idOf(of)}`

/** Taken back: accepted ones that stand, and whatever else was decided. What was a proposal waits again unless its run is undone. */
async function undoBatch(tx: Tx, { who, of, ids }: Batch): Promise<number> {
  const back = await rowsOf<{ id: string }>(
    tx,
    sql`
    with asked as materialized (
      select id, product_id, attribute, locale, channel from value_changes where id = any (${ids})
    ), held as materialized (
      ${heldProducts(sql`array(select distinct product_id from asked)`)}
    ), stands as materialized (
      select asked.id, standing.own_id is not distinct from asked.id::text as is_current
      from asked join held on held.id = asked.product_id cross join ${standingAt({ product: sql`held`, place: sql`asked` })}
    ), back as (
      update value_changes set
        before_undo = jsonb_build_object('of', ${idOf(of)}::text, 'state', value_changes.state, 'decision', decision, 'decidedBy', decided_by, 'decidedAt', decided_at),
        state = case
          when ${'runId' in of} or provenance ? 'actor' then 'undone'
          when exists (${newerProposal()}) then 'superseded'
          else 'proposed' end,
        decision = null, decided_by = ${who.actor}, decided_at = now()
      from stands where value_changes.id = stands.id and (value_changes.state in ('rejected', 'superseded') or value_changes.state = 'accepted' and stands.is_current)
      returning value_changes.id, product_id, attribute, locale, channel, replaced_change_id, before_undo ->> 'state' as was
    ), gone as (
      select product_id, array_agg(${writtenKeySql(sql`back`)}) as keys from back where was = 'accepted' group by product_id
    ), under as (
      select back.product_id, jsonb_object_agg(${writtenKeySql(sql`back`)}, jsonb_build_object(
        'value', case when before.provenance ->> 'kind' <> 'imported' then before.value end, 'changeId', before.id,
        'workHash', before.work_hash, 'kind', before.provenance ->> 'kind')) as written
      from back join value_changes before on before.id = back.replaced_change_id where back.was = 'accepted' group by back.product_id
    ), laid as (
      update products set written = (products.written - gone.keys) || coalesce(under.written, '{}'::jsonb)
      from gone left join under on under.product_id = gone.product_id where products.id = gone.product_id
    )
    select id from back`,
  )
  return back.length
}

/** A proposal of the same sort that waits at the place already: two never do. */
const newerProposal = (): SQL => sql`select from value_changes other
  where other.product_id = value_changes.product_id and other.attribute = value_changes.attribute and other.locale is not distinct from value_changes.locale
    and other.channel is not distinct from value_changes.channel
    and other.state = 'proposed' and (other.provenance ->> 'kind' = 'imported') = (value_changes.provenance ->> 'kind' = 'imported')`

/** Put back: what was accepted stands again where the place is as the undo left it and no person wrote there since. */
async function redoBatch(tx: Tx, { ids }: Batch): Promise<number> {
  const again = await rowsOf<{ id: string }>(
    tx,
    sql`
    with asked as materialized (
      select distinct on (product_id, attribute, locale, channel) id, product_id, attribute, locale, channel, replaced_change_id, before_undo
      from value_changes where id = any (${ids}) and before_undo ->> 'state' = 'accepted' order by product_id, attribute, locale, channel, id
    ), others as materialized (
      select id, product_id from value_changes where id = any (${ids}) and before_undo ->> 'state' <> 'accepted'
    ), held as materialized (
      ${heldProducts(sql`array(select product_id from asked union select product_id from others)`)}
    ), again as materialized (
      select asked.id from asked join held on held.id = asked.product_id cross join ${standingAt({ product: sql`held`, place: sql`asked` })}
      where standing.own_id is not distinct from asked.replaced_change_id::text
        and (standing.kind <> 'person' or standing.change_id is not distinct from asked.replaced_change_id::text)
      union all
      select others.id from others join held on held.id = others.product_id
    ), restored as (
      update value_changes set state = before_undo ->> 'state', decision = before_undo ->> 'decision', decided_by = before_undo ->> 'decidedBy',
        decided_at = (before_undo ->> 'decidedAt')::timestamptz, before_undo = null
      from again where value_changes.id = again.id and before_undo is not null
      returning value_changes.id, product_id, attribute, locale, channel, value, work_hash, provenance ->> 'kind' as kind, state
    ), laid as (${layOver(sql`(select * from restored where state = 'accepted')`)} returning products.id)
    select id from restored`,
  )
  return again.length
}

async function anyLeft(tx: Tx, left: SQL): Promise<boolean> {
  const found = await rowsOf(tx, sql`select 1 from value_changes change where ${left} limit 1`)
  return found.length > 0
}

interface KeptRow extends Omit<KeptValueView, 'product'> {
  readonly product_id: string
  readonly identifier: string
}

/** What stays, and what took its place. */
async function keptBy(tx: Tx, left: SQL): Promise<Pick<UndoAnswer, 'kept' | 'keptValues'>> {
  const [count] = await rowsOf<{ count: number }>(tx, sql`select count(*)::integer as count from value_changes change where ${left}`)
  if (count!.count === 0) return { kept: 0, keptValues: [] }
  const rows = await rowsOf<KeptRow>(
    tx,
    sql`select change.id as "changeId", change.product_id, product.identifier, change.attribute, change.locale, change.channel,
        case standing.kind when 'person' then 'person' when 'imported' then 'import' else 'later_run' end as because
      from value_changes change join products product on product.id = change.product_id
        cross join ${standingAt({ product: sql`product`, place: sql`change` })}
      where ${left} order by change.id limit ${MOST_KEPT_LISTED}`,
  )
  const keptValues = rows.map(({ product_id: id, identifier, ...kept }) => ({ ...kept, product: { id, identifier } }))
  return { kept: count!.count, keptValues }
}
