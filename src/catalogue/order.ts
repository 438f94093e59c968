import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { AppError } from '../base/errors.ts'
import type { PRODUCT_SORTS } from '../contract/catalogue.ts'
import type { productIndex } from '../db/schema/index.ts'
import { isId, readKey } from './cursor.ts'

export interface ListOrder {
  readonly sort: (typeof PRODUCT_SORTS)[number]
  readonly direction: 'up' | 'down'
}

/**
 * What each order sorts by, the id last, so that no two products are equal. Each has an index of `product_index` that begins with
 * the workspace and ends with the ordinal. `types` carry a key to the next page and back.
 */
const KEYS = {
  row: { columns: [sql`source_id`, sql`row`, sql`product_id`], types: ['uuid', 'integer', 'uuid'] },
  identifier: { columns: [sql`identifier`, sql`product_id`], types: ['text', 'uuid'] },
  name: { columns: [sql`name_key`, sql`product_id`], types: ['text', 'uuid'] },
  quality: { columns: [sql`quality`, sql`product_id`], types: ['integer', 'uuid'] },
  updated: { columns: [sql`updated_at`, sql`product_id`], types: ['timestamptz', 'uuid'] },
} as const satisfies Record<ListOrder['sort'], { columns: readonly SQL[]; types: readonly string[] }>

const CASTS: Readonly<Record<string, SQL>> = {
  uuid: sql`::uuid`,
  integer: sql`::integer`,
  timestamptz: sql`::timestamptz`,
  text: sql`::text collate "C"`,
}

export type Key = readonly string[]
/** Which way of a place in an order. */
export type Side = 'after' | 'before'

/** A product's place in an order. */
export const keyOf = (row: typeof productIndex.$inferSelect, { sort }: ListOrder): Key =>
  ({
    row: [row.sourceId, String(row.row), row.productId],
    identifier: [row.identifier, row.productId],
    name: [row.nameKey, row.productId],
    quality: [String(row.quality), row.productId],
    updated: [row.updatedAt.toISOString(), row.productId],
  })[sort]

/** What an order sorts by, for a select list. */
export const keyColumns = ({ sort }: ListOrder): SQL => sql.join([...KEYS[sort].columns], sql`, `)

/** Everything behind a place in an order, or before it. */
export function beyond(key: Key, { sort }: ListOrder, side: Side): SQL {
  const { columns, types } = KEYS[sort]
  const values = key.map((value, index) => sql`${value}${CASTS[types[index]!]}`)
  return sql`(${sql.join([...columns], sql`, `)}) ${side === 'after' ? sql`>` : sql`<`} (${sql.join(values, sql`, `)})`
}

export const orderBy = ({ sort }: ListOrder, side: Side): SQL =>
  sql.join(
    KEYS[sort].columns.map((column) => (side === 'after' ? sql`${column} asc` : sql`${column} desc`)),
    sql`, `,
  )

/** Which way "next" goes. */
export const forward = ({ direction }: ListOrder): Side => (direction === 'up' ? 'after' : 'before')

/** @throws AppError request.invalid for a cursor that no page of this order gave */
export function readCursor(cursor: string, { sort }: ListOrder): Key {
  const { types } = KEYS[sort]
  const parsed = z.array(z.string()).length(types.length).safeParse(readKey(cursor))
  if (parsed.success && parsed.data.every((value, index) => fits(value, types[index]!))) return parsed.data
  throw new AppError('request.invalid', 'query.cursor: is not from a page of this list in this order. Begin at the first page.')
}

function fits(value: string, type: string): boolean {
  if (type === 'uuid') return isId(value)
  if (type === 'integer') return /^\d{1,10}$/.test(value) && Number(value) < 2 ** 31
  if (type === 'timestamptz') return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && !Number.isNaN(Date.parse(value))
  return !value.includes('\0') && value.isWellFormed()
}
