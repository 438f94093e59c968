import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { type Provenance, type ValueFlag, valueChanges } from '../db/schema/index.ts'
import { storableJson } from '../db/storable.ts'

/** A generated value for one attribute of one product. A flagged one waits for a person, the others are accepted at once. */
export interface GeneratedValue {
  readonly id: string
  readonly productId: string
  readonly attribute: string
  readonly locale: string
  readonly value: unknown
  readonly flags: readonly ValueFlag[]
  /** 'accepted' writes it into the product; 'proposed' leaves the product as it is. */
  readonly state: 'accepted' | 'proposed'
  readonly decision?: string // "accepted by command"
  readonly provenance: Provenance
  readonly runId: string
  readonly workHash: string
}

/**
 * Records generated values and writes the accepted ones into their products, whatever their number in one statement, all
 * of whose parts see the state before it. Each accepted value keeps what it replaced, which is its undo. Proposals of the
 * same attribute that an earlier run left open are superseded.
 */
export async function recordGeneratedValues(tx: Tx, workspaceId: string, values: readonly GeneratedValue[]): Promise<void> {
  if (values.length === 0) return
  await tx.execute(sql`
    with record as materialized (
      select * from jsonb_to_recordset(${storableJson(values)}::jsonb) as given(id uuid, "productId" uuid, attribute text, locale text,
        value jsonb, flags jsonb, state text, decision text, provenance jsonb, "runId" uuid, "workHash" text)
    ), superseded as (
      update value_changes set state = 'superseded', decided_at = now() from record
      where value_changes.product_id = record."productId" and value_changes.attribute = record.attribute
        and value_changes.locale is not distinct from record.locale and value_changes.state = 'proposed'
    ), recorded as (
      insert into value_changes (id, workspace_id, product_id, attribute, locale, value, replaced, state, decision, flags, provenance, run_id, work_hash, decided_at)
      select record.id, ${workspaceId}::uuid, record."productId", record.attribute, record.locale, record.value,
             case when record.state = 'accepted' then coalesce(products.written -> (record.attribute || '@' || record.locale) -> 'value', products.imported -> record.attribute) end,
             record.state, record.decision, record.flags, record.provenance, record."runId", record."workHash",
             case when record.state = 'accepted' then now() end
      from record join products on products.id = record."productId"
    ) ${layOver(sql`record`)}`)
}

/** Where an accepted value lies in `products.written`: its attribute in its locale. */
export const writtenKey = ({ attribute, locale }: { attribute: string; locale: string }): string => `${attribute}@${locale}`

/** Lays accepted values over their products; `record` has id, "productId", attribute, locale, value, "workHash", state. */
function layOver(record: SQL): SQL {
  return sql`
    update products set written = products.written || patch.written
    from (
      select record."productId" as product_id,
             jsonb_object_agg(record.attribute || '@' || record.locale, jsonb_build_object('value', record.value, 'changeId', record.id, 'workHash', record."workHash")) as written
      from ${record} where record.state = 'accepted' group by record."productId"
    ) as patch
    where products.id = patch.product_id`
}

/** What a generated value was last made from, whether it still waits for a person, and why. */
export interface LatestWork {
  readonly workHash: string | null
  readonly state: 'accepted' | 'proposed'
  readonly value: unknown
  readonly flags: readonly ValueFlag[]
}

interface LatestWorkRow extends LocalisedAttribute, Omit<LatestWork, 'workHash'> {
  readonly product_id: string
  readonly work_hash: string | null
}

/** An attribute in the locale it is written in. */
export interface LocalisedAttribute {
  readonly attribute: string
  readonly locale: string
}

/**
 * The latest standing value of each attribute (`writtenKey`), by product: a product needs new work unless each of them
 * was last made from the same input, recipe and model.
 */
export async function latestWork(
  tx: Tx,
  { productIds, attributes }: { productIds: readonly string[]; attributes: readonly LocalisedAttribute[] },
): Promise<Map<string, Map<string, LatestWork>>> {
  const rows = await rowsOf<LatestWorkRow>(
    tx,
    sql`
    select distinct on (product_id, attribute, locale) product_id, attribute, locale, work_hash, state, value, flags
    from value_changes
    where product_id = any (${uuids(productIds)})
      and (attribute, locale) in (select attribute, locale from ${attributeSet(attributes)}) and state in ('accepted', 'proposed')
    order by product_id, attribute, locale, id desc`,
  )
  const byProduct = new Map<string, Map<string, LatestWork>>()
  for (const row of rows) {
    const ofProduct = byProduct.get(row.product_id) ?? new Map<string, LatestWork>()
    ofProduct.set(writtenKey(row), { workHash: row.work_hash, state: row.state, value: row.value, flags: row.flags })
    byProduct.set(row.product_id, ofProduct)
  }
  return byProduct
}

/** As an array, whose elements are looked up in an index one by one: a set to join with is met by reading the whole table. */
const uuids = (ids: readonly string[]): SQL => sql`array(select value::uuid from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`

const attributeSet = (attributes: readonly LocalisedAttribute[]): SQL =>
  sql`jsonb_to_recordset(${JSON.stringify(attributes)}::jsonb) as wanted(attribute text, locale text)`

export interface AcceptedValue {
  readonly attribute: string
  readonly value: unknown
}

/** Every value that was ever accepted for these products, by product: also those that others have taken the place of. */
export async function acceptedValues(tx: Tx, productIds: readonly string[]): Promise<Map<string, AcceptedValue[]>> {
  const rows = await tx
    .select({ productId: valueChanges.productId, attribute: valueChanges.attribute, value: valueChanges.value })
    .from(valueChanges)
    .where(and(inArray(valueChanges.productId, [...productIds]), eq(valueChanges.state, 'accepted')))
  return Map.groupBy(rows, ({ productId }) => productId)
}

/** Accepts the proposals of these attributes that still wait. @returns how many. */
export async function acceptProposals(
  tx: Tx,
  { productIds, attributes, decision }: { productIds: readonly string[]; attributes: readonly LocalisedAttribute[]; decision: string },
): Promise<number> {
  const accepted = await rowsOf<unknown>(
    tx,
    sql`
    update value_changes set state = 'accepted', decision = ${decision}, decided_at = now(),
      replaced = coalesce(products.written -> (value_changes.attribute || '@' || value_changes.locale) -> 'value', products.imported -> value_changes.attribute)
    from products
    where products.id = value_changes.product_id and value_changes.state = 'proposed'
      and value_changes.product_id = any (${uuids(productIds)})
      and (value_changes.attribute, value_changes.locale) in (select attribute, locale from ${attributeSet(attributes)})
    returning value_changes.id as id, value_changes.product_id as "productId", value_changes.attribute, value_changes.locale,
      value_changes.value, value_changes.work_hash as "workHash", 'accepted' as state`,
  )
  if (accepted.length === 0) return 0
  await tx.execute(
    layOver(sql`jsonb_to_recordset(${JSON.stringify(accepted)}::jsonb)
      as record(id uuid, "productId" uuid, attribute text, locale text, value jsonb, "workHash" text, state text)`),
  )
  return accepted.length
}
