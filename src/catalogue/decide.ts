import { eq, sql } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import { canonicalJson } from '../base/json.ts'
import type { ProposalFilter } from '../contract/review.ts'
import type { Database, Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { reviewSamples, valueChanges } from '../db/schema/index.ts'
import { storableJson } from '../db/storable.ts'
import { newId } from '../runtime/ids.ts'
import { acceptOpen } from './accept.ts'
import { type HeldProduct, holdProducts, writeByPerson } from './edit.ts'
import { takeValue } from './structure/take-value.ts'
import { uuids } from './filter.ts'
import { keepCorrection, type NewCorrection } from './memory/corrections.ts'
import { proposalPage, requireFiltered } from './proposals.ts'
import { sampleForDecision } from './review-samples.ts'
import { currentValue, heldProducts } from './values.ts'

/** A person's word on one proposal. `over`: the change they saw as the current value; null: they saw an import, or nothing. */
export type Decision =
  | { readonly id: string; readonly decision: 'accept'; readonly over: string | null }
  | { readonly id: string; readonly decision: 'reject'; readonly reason?: string | undefined }
  | { readonly id: string; readonly decision: 'edit'; readonly over: string | null; readonly value: unknown }

/** `already_decided` and `changed`: nothing was done. */
export type Outcome = 'accepted' | 'rejected' | 'edited' | 'already_decided' | 'changed'

export interface DecidedChange {
  readonly id: string
  readonly result: Outcome
  readonly state: (typeof valueChanges.$inferSelect)['state']
  readonly decidedBy: string | null
  readonly decidedAt: Date | null
}

type Change = typeof valueChanges.$inferSelect

interface Deciding {
  readonly tx: Tx
  readonly workspaceId: string
  readonly actor: string
  readonly decisionId: string
  readonly products: Map<string, HeldProduct>
}

/**
 * Decides on proposals one by one, all in one transaction and under one decision. What someone else decided before, or what
 * would replace something that the person did not see, is left as it is and said so.
 * @throws AppError change.missing when one of them is not there: nothing is done then
 */
export async function decide(
  tx: Tx,
  { workspaceId, actor, decisions }: { workspaceId: string; actor: string; decisions: readonly Decision[] },
): Promise<{ decisionId: string; results: DecidedChange[] }> {
  const ids = [...new Set(decisions.map(({ id }) => id))]
  const there = await tx
    .select({ id: valueChanges.id, productId: valueChanges.productId })
    .from(valueChanges)
    .where(sql`${valueChanges.id} = any (${uuids(ids)})`)
  if (there.length < ids.length) throw changeMissing()
  const held = await holdProducts(tx, [...new Set(there.map(({ productId }) => productId))])
  const deciding = { tx, workspaceId, actor, decisionId: newId(), products: new Map(held.map((product) => [product.id, product])) }
  const outcomes = new Map<string, Outcome>()
  for (const decision of decisions) {
    if (!outcomes.has(decision.id)) outcomes.set(decision.id, await decideOne(deciding, decision))
  }
  const now = await tx
    .select()
    .from(valueChanges)
    .where(sql`${valueChanges.id} = any (${uuids(ids)})`)
  const results = now.map(({ id, state, decidedBy, decidedAt }) => ({ id, result: outcomes.get(id)!, state, decidedBy, decidedAt }))
  return { decisionId: deciding.decisionId, results }
}

async function decideOne(deciding: Deciding, decision: Decision): Promise<Outcome> {
  const { tx, products } = deciding
  const [change] = await tx
    .select()
    .from(valueChanges)
    .where(sql`${valueChanges.id} = ${decision.id}::uuid`) // after its product is held: as it stays
  if (change!.state !== 'proposed') return 'already_decided'
  if (decision.decision === 'reject') {
    await closeProposal(deciding, change!, 'rejected')
    await remember(deciding, change!, { made: undefined, reason: decision.reason })
    return 'rejected'
  }
  const product = products.get(change!.productId)!
  const current = currentValue(product, change!)
  if (current.changeId !== decision.over) return 'changed'
  const outcome =
    decision.decision === 'edit'
      ? await acceptEdited(deciding, { change: change!, value: decision.value })
      : await acceptAsIs(deciding, change!)
  // Another proposal for the same place may follow in the same request.
  const [after] = await holdProducts(tx, [product.id])
  products.set(product.id, after!)
  return outcome
}

async function acceptAsIs({ tx, actor, decisionId }: Deciding, change: Change): Promise<Outcome> {
  await acceptOpen(tx, {
    where: sql`change.id = ${change.id}::uuid`,
    decision: 'person',
    decidedBy: actor,
    decisionId,
    sparePersons: false,
  })
  return 'accepted'
}

/** The person's own text stands, and says what it was made from. */
async function acceptEdited(deciding: Deciding, { change, value }: { change: Change; value: unknown }): Promise<Outcome> {
  const { tx, workspaceId, actor, decisionId, products } = deciding
  const stored: unknown = JSON.parse(storableJson(await takeValue(tx, { attribute: change.attribute, value })))
  if (canonicalJson(stored) === canonicalJson(change.value)) return acceptAsIs(deciding, change)
  const product = products.get(change.productId)!
  await closeProposal(deciding, change, 'superseded')
  await writeByPerson(tx, {
    workspaceId,
    actor,
    product,
    place: change,
    value: stored,
    replaced: currentValue(product, change).value,
    provenance: { kind: 'person', actor, basedOn: change.id },
    decisionId,
    madeFrom: change,
  })
  await remember(deciding, change, { made: stored, reason: undefined })
  return 'edited'
}

/** What a person made of a model's value is remembered for its source. */
function remember(
  { tx, workspaceId, actor, decisionId, products }: Deciding,
  change: Change,
  said: Pick<NewCorrection, 'made' | 'reason'>,
): Promise<void> {
  const { imported } = products.get(change.productId)!
  return keepCorrection(tx, { workspaceId, actor, decisionId, change, imported, ...said })
}

async function closeProposal({ tx, actor, decisionId }: Deciding, { id }: Change, state: 'rejected' | 'superseded'): Promise<void> {
  await tx
    .update(valueChanges)
    .set({ state, decision: 'person', decidedBy: actor, decisionId, decidedAt: sql`now()`, beforeUndo: null })
    .where(sql`${valueChanges.id} = ${id}::uuid`)
}

const BATCH = 500 // proposals a transaction

/** What to do with all proposals that match; those made after `asOf` are left. */
export interface DecideAll {
  readonly decision: 'accept' | 'reject'
  readonly filter: ProposalFilter
  readonly asOf: Date
  readonly overPersons: boolean
  readonly sampleId?: string | undefined // the judged sample of the same proposals
  readonly continues: string | null // the decision that this goes on with
  readonly cursor: string | null
}

/**
 * The next batch of a decision on all that match, in one short transaction; it can end after any of them, and what was decided
 * until then stays and can be undone. A null cursor: that was all.
 * @throws AppError change.missing when `continues` is no decision of this person's: nobody decides in another's name; sample.missing
 */
export async function decideAll(
  database: Database,
  { workspaceId, actor }: { workspaceId: string; actor: string },
  { decision, filter, asOf, overPersons, sampleId, continues, cursor }: DecideAll,
): Promise<{ decisionId: string | null; decided: number; left: number; cursor: string | null }> {
  return database.inWorkspace(workspaceId, async (tx) => {
    const decisionId = continues ?? newId()
    if (continues !== null) await requireDecision(tx, continues, actor)
    await requireFiltered(tx, filter)
    const judged = sampleId === undefined ? undefined : await sampleForDecision(tx, { sampleId, filter, asOf })
    const page = await proposalPage(tx, { filter, asOf, except: judged?.wrongIds ?? [], cursor, limit: BATCH })
    const where = sql`change.id = any (${uuids(page.ids)})`
    const done =
      decision === 'accept'
        ? await acceptOpen(tx, { where, decision: 'person', decidedBy: actor, decisionId, sparePersons: !overPersons })
        : await rejectOpen(tx, { ids: page.ids, actor, decisionId })
    if (continues === null && done.length > 0) {
      const detail = { decision, filter, ...(judged ? { sample: { id: judged.sample.id, ...judged.bound } } : {}) }
      if (judged) await tx.update(reviewSamples).set({ decisionId }).where(eq(reviewSamples.id, judged.sample.id))
      await recordAudit(tx, { workspaceId, actor, action: 'review.decided_all', subject: `decision:${decisionId}`, detail })
    }
    const [count] = await rowsOf<{ count: number }>(
      tx,
      sql`select count(*)::integer as count from value_changes where decision_id = ${decisionId}::uuid`,
    )
    return {
      decisionId: count!.count > 0 ? decisionId : null,
      decided: count!.count,
      left: page.ids.length - done.length,
      cursor: page.nextCursor,
    }
  })
}

async function rejectOpen(
  tx: Tx,
  { ids, actor, decisionId }: { ids: readonly string[]; actor: string; decisionId: string },
): Promise<{ id: string }[]> {
  return rowsOf(
    tx,
    sql`update value_changes set state = 'rejected', decision = 'person', decided_by = ${actor}, decision_id = ${decisionId}::uuid, decided_at = now(), before_undo = null
      from (${heldProducts(sql`array(select distinct product_id from value_changes where id = any (${uuids(ids)}))`)}) as held
      where held.id = value_changes.product_id and value_changes.id = any (${uuids(ids)}) and state = 'proposed' returning value_changes.id`,
  )
}

/** A decision of the workspace; of this person alone, where `actor` is given. @throws AppError change.missing */
export async function requireDecision(tx: Tx, decisionId: string, actor?: string): Promise<void> {
  const own = actor === undefined ? sql`` : sql`and decided_by = ${actor}`
  const [one] = await rowsOf(tx, sql`select 1 from value_changes where decision_id = ${decisionId}::uuid ${own} limit 1`)
  if (!one) throw changeMissing()
}

const changeMissing = (): AppError =>
  new AppError('change.missing', 'There is no such proposal or decision in this workspace. Nothing was done; load the list again.')
