import { sql } from 'drizzle-orm'
import { insertMany } from '../db/bulk.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { shownRecords, valueMakings } from '../db/schema/index.ts'
import { uuids } from './filter.ts'

/** What a value is made from beside its product, as whoever wrote it puts it. The same parts have the same id. */
export interface KeptMaking<Parts extends object = object> {
  readonly id: string
  readonly parts: Parts
}

/** A product's record as a model saw it. */
export interface KeptRecord {
  readonly id: string
  readonly lines: Uint8Array
}

export interface MadeFrom {
  readonly making: KeptMaking
  readonly record: KeptRecord
}

/** Keeps what values were made from, each once: few makings, and a record for a product whose data is not what it was. */
export async function keepMakings(
  tx: Tx,
  workspaceId: string,
  values: readonly { readonly productId: string; readonly madeFrom?: MadeFrom | undefined }[],
): Promise<void> {
  const makings = new Map<string, KeptMaking>()
  const records = new Map<string, typeof shownRecords.$inferInsert>()
  for (const { productId, madeFrom } of values) {
    if (!madeFrom) continue
    makings.set(madeFrom.making.id, madeFrom.making)
    records.set(`${productId} ${madeFrom.record.id}`, { workspaceId, productId, ...madeFrom.record })
  }
  // In one order, so that two commits that keep the same never wait for each other in a circle.
  const byKey = <Row>(rows: Map<string, Row>): Row[] => [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  await insertMany(
    tx,
    valueMakings,
    byKey(makings).map(({ id, parts }) => ({ workspaceId, id, parts: { ...parts } })),
    { onConflict: 'nothing' },
  )
  await insertMany(tx, shownRecords, byKey(records), { onConflict: 'nothing' })
}

/** Makings by their ids. */
export async function readMakings(tx: Tx, ids: readonly string[]): Promise<Map<string, Readonly<Record<string, unknown>>>> {
  if (ids.length === 0) return new Map()
  const rows = await rowsOf<{ id: string; parts: Record<string, unknown> }>(
    tx,
    sql`select id, parts from value_makings where id = any (${uuids(ids)})`,
  )
  return new Map(rows.map(({ id, parts }) => [id, parts]))
}

/** The lines of records of these products, by `<product> <record>`. */
export async function readRecords(tx: Tx, productIds: readonly string[]): Promise<Map<string, Uint8Array>> {
  const rows = await rowsOf<{ key: string; lines: string }>(
    tx,
    sql`select product_id || ' ' || id as key, encode(lines, 'hex') as lines from shown_records where product_id = any (${uuids(productIds)})`,
  )
  return new Map(rows.map(({ key, lines }) => [key, Buffer.from(lines, 'hex')]))
}
