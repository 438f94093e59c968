import { and, asc, count, desc, eq, getTableColumns, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { AppError } from '../base/errors.ts'
import type { PictureView, ProductFilter, ProductRowView, PRODUCT_SORTS } from '../contract/catalogue.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { productIndex, products, sources } from '../db/schema/index.ts'
import { currentValues, isEmptyValue } from './current.ts'
import { isId, readKey, writeKey } from './cursor.ts'
import { matches, uuids } from './filter.ts'
import { columnsOf } from './index.ts'
import { shownText } from './look.ts'
import { picturesOf } from './pictures.ts'

export interface ListOrder {
  readonly sort: (typeof PRODUCT_SORTS)[number]
  readonly direction: 'up' | 'down'
}

/** Counting stops here: "10,000+". */
const MOST_COUNTED = 10_000

/**
 * What each order sorts by, the id last, so that no two products are equal. Texts go by their code points, the same on every
 * system; `text` and `from` carry a key to the next page and back.
 */
const KEYS = {
  row: {
    columns: [sql`${productIndex.sourceId}`, sql`${productIndex.row}`, sql`${productIndex.productId}`],
    types: ['uuid', 'integer', 'uuid'],
  },
  identifier: {
    columns: [sql`${productIndex.identifier} collate "C"`, sql`${productIndex.productId}`],
    types: ['text collate "C"', 'uuid'],
  },
  name: { columns: [sql`${productIndex.nameKey} collate "C"`, sql`${productIndex.productId}`], types: ['text collate "C"', 'uuid'] },
  updated: { columns: [sql`${productIndex.updatedAt}`, sql`${productIndex.productId}`], types: ['timestamptz', 'uuid'] },
} as const satisfies Record<ListOrder['sort'], { columns: readonly SQL[]; types: readonly string[] }>

const CASTS: Readonly<Record<string, SQL>> = {
  uuid: sql`::uuid`,
  integer: sql`::integer`,
  timestamptz: sql`::timestamptz`,
  'text collate "C"': sql`::text collate "C"`,
}

/** What a row of the list is made from: its words would only make sorting slow. */
const { words: _words, filled: _filled, workspaceId: _workspaceId, ...LISTED } = getTableColumns(productIndex)
type Listed = Pick<typeof productIndex.$inferSelect, keyof typeof LISTED>

type Key = readonly string[]

/** A product's place in an order. */
const keyOf = (row: Listed, { sort }: ListOrder): Key =>
  ({
    row: [row.sourceId, String(row.row), row.productId],
    identifier: [row.identifier, row.productId],
    name: [row.nameKey, row.productId],
    updated: [row.updatedAt.toISOString(), row.productId],
  })[sort]

/** Everything behind a place in an order, or before it. */
function beyond(key: Key, { sort }: ListOrder, side: 'after' | 'before'): SQL {
  const { columns, types } = KEYS[sort]
  const values = key.map((value, index) => sql`${value}${CASTS[types[index]!]}`)
  return sql`(${sql.join([...columns], sql`, `)}) ${side === 'after' ? sql`>` : sql`<`} (${sql.join(values, sql`, `)})`
}

const orderBy = ({ sort }: ListOrder, side: 'after' | 'before'): SQL[] =>
  KEYS[sort].columns.map((column) => (side === 'after' ? asc(column) : desc(column)))

/** Which way "next" goes. */
const forward = ({ direction }: ListOrder): 'after' | 'before' => (direction === 'up' ? 'after' : 'before')

/** @throws AppError request.invalid for a cursor that no page of this order gave */
function readCursor(cursor: string, { sort }: ListOrder): Key {
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

/** One page of the products that match, with the values of `attributes`. */
export async function listProducts(
  tx: Tx,
  {
    filter,
    order,
    attributes,
    cursor,
    limit,
  }: { filter: ProductFilter; order: ListOrder; attributes: readonly string[]; cursor?: string | undefined; limit: number },
): Promise<{ items: ProductRowView[]; nextCursor: string | null }> {
  const after = cursor === undefined ? undefined : beyond(readCursor(cursor, order), order, forward(order))
  const found = await tx
    .select(LISTED)
    .from(productIndex)
    .where(and(await matches(tx, filter), after))
    .orderBy(...orderBy(order, forward(order)))
    .limit(limit + 1)
  const page = found.slice(0, limit)
  return {
    items: await productRows(tx, page, attributes),
    nextCursor: found.length > limit ? writeKey(keyOf(page.at(-1)!, order)) : null,
  }
}

async function productRows(tx: Tx, page: readonly Listed[], attributes: readonly string[]): Promise<ProductRowView[]> {
  if (page.length === 0) return []
  const ids = uuids(page.map(({ productId }) => productId))
  const stored = await tx
    .select({ id: products.id, imported: products.imported, written: products.written })
    .from(products)
    .where(sql`${products.id} = any (${ids})`)
  const byId = new Map(stored.map((product) => [product.id, product]))
  const waiting = await waitingProposals(tx, ids)
  const ofSource = new Map((await tx.select().from(sources)).map((source) => [source.id, source]))
  const columns = new Map(Array.from(ofSource, ([id, source]) => [id, columnsOf(source)]))
  return page.map((row) => {
    const current = currentValues({ ...byId.get(row.productId)!, mapping: ofSource.get(row.sourceId)?.mapping ?? null })
    const picture = columns.get(row.sourceId)?.picture
    return {
      id: row.productId,
      sourceId: row.sourceId,
      identifier: row.identifier,
      row: row.row,
      name: row.name,
      family: row.family,
      picture: (picture ? firstPicture(current.get(picture)?.value) : undefined) ?? null,
      ...(waiting.get(row.productId) ?? { proposals: 0, flagged: 0 }),
      updatedAt: row.updatedAt.toISOString(),
      values: Object.fromEntries(
        attributes.flatMap((attribute) => {
          const value = current.get(attribute)?.value
          return isEmptyValue(value) ? [] : [[attribute, shownText(value)]]
        }),
      ),
    }
  })
}

const firstPicture = (value: unknown): PictureView | undefined => picturesOf(value)[0]

interface Waiting {
  readonly proposals: number
  readonly flagged: number
}

/** How many proposals wait at each of these products. */
async function waitingProposals(tx: Tx, ids: SQL): Promise<Map<string, Waiting>> {
  const rows = await rowsOf<Waiting & { id: string }>(
    tx,
    sql`select product_id as id, count(*)::integer as proposals, count(*) filter (where flags <> '[]'::jsonb)::integer as flagged
      from value_changes where state = 'proposed' and product_id = any (${ids}) group by product_id`,
  )
  return new Map(rows.map(({ id, proposals, flagged }) => [id, { proposals, flagged }]))
}

/** How many products match: exact up to 10,000. */
export async function countMatching(tx: Tx, filter: ProductFilter): Promise<{ count: number; capped: boolean }> {
  const some = tx
    .select({ one: sql`1` })
    .from(productIndex)
    .where(await matches(tx, filter))
    .limit(MOST_COUNTED + 1)
    .as('some')
  const [counted] = await tx.select({ count: count() }).from(some)
  return { count: Math.min(counted!.count, MOST_COUNTED), capped: counted!.count > MOST_COUNTED }
}

interface Neighbour {
  readonly id: string
  readonly name: string | null
  readonly identifier: string
}

/** The products before and after one in a list; null at its ends, and for one that the list does not hold. */
export async function neighboursOf(
  tx: Tx,
  { productId, filter, order }: { productId: string; filter: ProductFilter; order: ListOrder },
): Promise<{ previous: Neighbour | null; next: Neighbour | null }> {
  const [row] = await tx.select(LISTED).from(productIndex).where(eq(productIndex.productId, productId))
  if (!row) return { previous: null, next: null }
  const condition = await matches(tx, filter)
  const nearest = async (side: 'after' | 'before'): Promise<Neighbour | null> => {
    const [found] = await tx
      .select({ id: productIndex.productId, name: productIndex.name, identifier: productIndex.identifier })
      .from(productIndex)
      .where(and(condition, beyond(keyOf(row, order), order, side)))
      .orderBy(...orderBy(order, side))
      .limit(1)
    return found ?? null
  }
  const [back, on] = forward(order) === 'after' ? (['before', 'after'] as const) : (['after', 'before'] as const)
  return { previous: await nearest(back), next: await nearest(on) }
}
