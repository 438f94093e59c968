import { type SQL, sql } from 'drizzle-orm'
import type { ProductFilter } from '../contract/catalogue.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { isAmong, type Matching, ordinalsArray } from './filter.ts'
import { beyond, type Key, keyColumns, type ListOrder, orderBy, type Side } from './order.ts'
import { membersOf } from './postings/bitmap.ts'

/** To look a product up by its ordinal takes as long as to pass so many in an index. */
const LOOK_UP_COST = 20
/** So many times more than expected are passed before it is taken that the products which match stand elsewhere in the order. */
const PATIENCE = 8
const LEAST_PASSED = 1_000
const MOST_LOOKED_UP = 50_000

/**
 * The ids of the first products that match, in an order, behind a place in it or before it (`side`). Where many match, the order's
 * index is walked, and what does not match is passed over; where few do, or where they turn out to stand far off, these are looked
 * up and sorted. So neither the number of products nor of those that match makes a page slow.
 */
export async function nearestOf(
  tx: Tx,
  {
    filter,
    matching,
    order,
    from,
    side,
    limit,
  }: {
    filter: ProductFilter
    matching: Matching | undefined // undefined: everything does
    order: ListOrder
    from: Key | undefined
    side: Side
    limit: number
  },
): Promise<string[]> {
  const narrows: SQL[] = []
  if (from) narrows.push(beyond(from, order, side))
  if (order.sort === 'row' && filter.sourceId !== undefined) narrows.push(sql`source_id = ${filter.sourceId}::uuid`) // its rows stand together
  const keys = orderBy(order, side)
  if (!matching) return ids(tx, sql`select product_id as id from product_index ${where(narrows)} order by ${keys} limit ${limit}`)
  const { members, count } = matching
  if (count === 0) return []
  const all = members.length * 8
  const walk = (most: number): Promise<string[]> =>
    ids(
      tx,
      sql`select product_id as id from (
          select ordinal, ${keyColumns(order)} from product_index ${where(narrows)} order by ${keys} limit ${most}::integer
        ) as near where ${isAmong(matching, sql`near.ordinal`)} order by ${keys} limit ${limit}`,
    )
  const lookUp = (): Promise<string[]> => {
    const isOne = sql`ordinal = any (${ordinalsArray(membersOf(members))})`
    return ids(tx, sql`select product_id as id from product_index ${where([isOne, ...narrows])} order by ${keys} limit ${limit}`)
  }
  if (count * count * LOOK_UP_COST < limit * all) return lookUp()
  const most = LEAST_PASSED + Math.ceil(Math.min((PATIENCE * limit * all) / count, LOOK_UP_COST * count)) // no longer than what comes after would take
  const found = await walk(Math.min(most, all))
  if (found.length === limit || most >= all) return found
  return count <= MOST_LOOKED_UP ? lookUp() : walk(all)
}

const where = (conditions: readonly SQL[]): SQL => (conditions.length === 0 ? sql`` : sql`where ${sql.join([...conditions], sql` and `)}`)

async function ids(tx: Tx, statement: SQL): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(tx, statement)
  return rows.map(({ id }) => id)
}
