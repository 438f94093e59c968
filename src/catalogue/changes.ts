import { and, inArray, type SQL, sql } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { type Provenance, type ValueFlag, valueChanges } from '../db/schema/index.ts'
import { storableJson } from '../db/storable.ts'
import { acceptOpen } from './accept.ts'
import { uuids } from './filter.ts'
import { keepMakings, type MadeFrom } from './makings.ts'
import { heldProducts, layOver, type Place, standingAt, writtenKey } from './values.ts'

export { writtenKey } from './values.ts'

/** A generated value for one attribute of one product. A flagged one waits for a person, the others are accepted at once. */
export interface GeneratedValue extends LocalisedAttribute {
  readonly id: string
  readonly productId: string
  readonly value: unknown
  readonly flags: readonly ValueFlag[]
  /** 'accepted' writes it into the product unless a person wrote something else there; 'proposed' leaves the product as it is. */
  readonly state: 'accepted' | 'proposed'
  readonly decision?: string // "accepted by command"
  readonly provenance: Provenance
  readonly runId: string
  readonly workHash: string
  /** The same in parts, so that it is known why it is stale; absent: it was filled in from a value that kept none. */
  readonly madeFrom?: MadeFrom | undefined
}

/** The decision on a value that would change nothing: it is kept for its work and its cost, and shown to nobody for review. */
export const NOTHING_TO_DECIDE = 'nothing to decide'

/**
 * Records generated values and writes the accepted ones into their products, whatever their number in one statement, all
 * of whose parts see the state before it. Each accepted value keeps what it replaced, which is its undo. Proposals of the
 * same attribute that an earlier run left open are superseded; those of an import stay.
 *
 * What a person wrote is never overwritten: a value that differs from it waits as a proposal. One that says the same, or
 * nothing, leaves it as it is.
 */
export async function recordGeneratedValues(tx: Tx, workspaceId: string, values: readonly GeneratedValue[]): Promise<void> {
  if (values.length === 0) return
  await keepMakings(tx, workspaceId, values)
  const given = values.map(({ madeFrom, ...value }) => ({ ...value, making: madeFrom?.making.id, record: madeFrom?.record.id }))
  await tx.execute(sql`
    with given as materialized (
      select *, count(*) over (partition by provenance ->> 'callId') as shared_by
      from jsonb_to_recordset(${storableJson(given)}::jsonb) as given(id uuid, "productId" uuid, attribute text, locale text, channel text,
        value jsonb, flags jsonb, state text, decision text, provenance jsonb, "runId" uuid, "workHash" text, making uuid, record uuid)
    ), held as materialized (
      ${heldProducts(sql`array(select distinct "productId" from given)`)}
    ), judged as materialized (
      select given.*, standing.value as standing_value, standing.own_id, ${NOTHING_CHANGES} as nothing_changes, standing.of_person
      from given join held on held.id = given."productId" cross join ${standingAt({ product: sql`held`, place: sql`given` })}
    ), rows as materialized (
      select id, "productId" as product_id, attribute, locale, channel, value, flags, "runId" as run_id, "workHash" as work_hash, making, record, provenance ->> 'kind' as kind,
        standing_value, own_id, case when nothing_changes then 'accepted' when of_person then 'proposed' else state end as state,
        case when nothing_changes then ${NOTHING_TO_DECIDE} when not of_person then decision end as decision,
        state = 'accepted' and not of_person as laid,
        case when provenance ? 'callId' then provenance || jsonb_build_object('values', shared_by) else provenance end as provenance
      from judged
    ), superseded as (
      update value_changes set state = 'superseded', decided_at = now() from rows
      where value_changes.product_id = rows.product_id and value_changes.attribute = rows.attribute
        and value_changes.locale is not distinct from rows.locale and value_changes.channel is not distinct from rows.channel
        and value_changes.state = 'proposed'
        and value_changes.provenance ->> 'kind' <> 'imported'
    ), recorded as (
      insert into value_changes (id, workspace_id, product_id, attribute, locale, channel, value, replaced, replaced_change_id, state, decision, flags, provenance,
        run_id, work_hash, making, record, decided_at)
      select id, ${workspaceId}::uuid, product_id, attribute, locale, channel, value, case when laid then standing_value end, case when laid then own_id::uuid end,
        state, decision, flags, provenance, run_id, work_hash, making, record, case when state = 'accepted' then now() end
      from rows
    ) ${layOver(sql`(select * from rows where laid)`)}`)
}

/** Over a person's value: the same, or nothing. A proposal of nothing, where nothing but the import stands. */
const NOTHING_CHANGES = sql`case
  when standing.kind = 'person' then given.value is null or given.value = standing.value
  else given.state = 'proposed' and given.value is null and standing.kind = 'imported' end`

/** What a generated value was last made from, whether it still waits for a person, and why. */
export interface LatestWork {
  readonly id: string // of the change
  readonly workHash: string | null
  readonly making: string | null // its parts: makings.ts
  readonly record: string | null
  readonly state: 'accepted' | 'proposed'
  readonly value: unknown
  readonly flags: readonly ValueFlag[]
}

interface LatestWorkRow extends Place, Omit<LatestWork, 'workHash'> {
  readonly product_id: string
  readonly work_hash: string | null
}

/** An attribute in the locale it is generated in. */
export type LocalisedAttribute = Place & { readonly locale: string }

/**
 * The latest standing value of each attribute (`writtenKey`) that was generated, by product: a product needs new work unless
 * each of them was last made from the same input, recipe and model. What a person wrote from scratch was made from nothing.
 */
export async function latestWork(
  tx: Tx,
  { productIds, attributes }: { productIds: readonly string[]; attributes: readonly LocalisedAttribute[] },
): Promise<Map<string, Map<string, LatestWork>>> {
  const rows = await rowsOf<LatestWorkRow>(
    tx,
    sql`
    select distinct on (product_id, attribute, locale, channel) id, product_id, attribute, locale, channel, work_hash, making, record, state, value, flags
    from value_changes
    where product_id = any (${uuids(productIds)}) and ${isOneOf(sql`value_changes`, attributes)}
      and state in ('accepted', 'proposed') and work_hash is not null
    order by product_id, attribute, locale, channel, id desc`,
  )
  const byProduct = new Map<string, Map<string, LatestWork>>()
  for (const row of rows) {
    const ofProduct = byProduct.get(row.product_id) ?? new Map<string, LatestWork>()
    ofProduct.set(writtenKey(row), {
      id: row.id,
      workHash: row.work_hash,
      making: row.making,
      record: row.record,
      state: row.state,
      value: row.value,
      flags: row.flags,
    })
    byProduct.set(row.product_id, ofProduct)
  }
  return byProduct
}

/** Whether a change is at one of these places; no channel is said as '', which is none. */
const isOneOf = (change: SQL, places: readonly LocalisedAttribute[]): SQL =>
  sql`(${change}.attribute, ${change}.locale, coalesce(${change}.channel, '')) in (select attribute, locale, coalesce(channel, '')
    from jsonb_to_recordset(${JSON.stringify(places)}::jsonb) as wanted(attribute text, locale text, channel text))`

export interface AcceptedValue extends Place {
  readonly value: unknown
}

/**
 * Every value that Latchkey ever wrote for these products, by product: also those that others have taken the place of, or that
 * were undone. What was accepted from an import is the source's own word.
 */
export async function acceptedValues(tx: Tx, productIds: readonly string[]): Promise<Map<string, AcceptedValue[]>> {
  const rows = await tx
    .select({
      productId: valueChanges.productId,
      attribute: valueChanges.attribute,
      locale: valueChanges.locale,
      channel: valueChanges.channel,
      value: valueChanges.value,
    })
    .from(valueChanges)
    .where(and(inArray(valueChanges.productId, [...productIds]), EVER_ACCEPTED))
  return Map.groupBy(rows, ({ productId }) => productId)
}

const EVER_ACCEPTED = sql`(${valueChanges.state} = 'accepted' or ${valueChanges.beforeUndo} ->> 'state' = 'accepted') and ${valueChanges.provenance} ->> 'kind' <> 'imported'`

/** Accepts the generated proposals of these attributes that still wait, but none over what a person wrote. @returns how many. */
export async function acceptProposals(
  tx: Tx,
  { productIds, attributes, decision }: { productIds: readonly string[]; attributes: readonly LocalisedAttribute[]; decision: string },
): Promise<number> {
  const accepted = await acceptOpen(tx, {
    where: sql`change.product_id = any (${uuids(productIds)}) and change.provenance ->> 'kind' <> 'imported'
      and ${isOneOf(sql`change`, attributes)}`,
    decision,
    sparePersons: true,
  })
  return accepted.length
}
