import { type SQL, sql } from 'drizzle-orm'
import type { ProductFilter } from '../contract/catalogue.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { isAmong, type Matching, ordinalsArray } from './filter.ts'
import { beyond, type Key, keyColumns, type ListOrder, orderBy, type Side } from './order.ts'
import { hasMember, membersOf } from './postings/bitmap.ts'

/** To look a product up by its ordinal takes as long as to pass so many in an index. */
const LOOK_UP_COST = 20
/** So many times more than expected are passed before it is taken that the products which match stand elsewhere in the order. */
const PATIENCE = 8
const LEAST_PASSED = 1_000
const MOST_LOOKED_UP = 50_000
/** So many entries of an index are looked through here: to give the database the set of all that match would take longer. */
const MOST_HERE = 1_000

/**
 * The ids of the first products that match, in an order, behind a place in it or before it (`side`). Where many match, the order's
 * index is walked, and what does not match is passed over; where few do, or where they turn out to stand far off, these are looked
 * up and sorted. So neither the number of products nor of those that match makes a page slow. A file has its products together in the
 * order of rows, and a family in that of names.
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
  const part = partOf(order, filter)
  const narrows: SQL[] = part ? [part.is] : []
  if (from) narrows.push(beyond(from, order, side))
  const keys = part?.column ? sql`${part.column} ${DIRECTIONS[side]}, ${orderBy(order, side)}` : orderBy(order, side)
  if (!matching || (part && isAll(filter, part.of))) {
    return ids(tx, sql`select product_id as id from product_index ${where(narrows)} order by ${keys} limit ${limit}`)
  }
  const { members, count } = matching
  if (count === 0) return []
  const all = members.length * 8
  const here = 2 * Math.ceil((limit * all) / count) + limit
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
  if (here <= MOST_HERE) {
    const passed = await rowsOf<{ id: string; ordinal: number }>(
      tx,
      sql`select product_id as id, ordinal from product_index ${where(narrows)} order by ${keys} limit ${here}::integer`,
    )
    const found = passed.filter(({ ordinal }) => hasMember(members, ordinal)).slice(0, limit)
    if (found.length === limit || passed.length < here) return found.map(({ id }) => id)
  }
  const most = LEAST_PASSED + Math.ceil(Math.min((PATIENCE * limit * all) / count, LOOK_UP_COST * count)) // no longer than what comes after would take
  const found = await walk(Math.min(most, all))
  if (found.length === limit || most >= all) return found
  return count <= MOST_LOOKED_UP ? lookUp() : walk(all)
}

interface Part {
  readonly of: keyof ProductFilter
  readonly is: SQL
  /** What its index has before the order's own columns, where the planner has to be told. */
  readonly column?: SQL
}

/** What of a filter stands together in an order. */
function partOf({ sort }: ListOrder, { sourceId, family }: ProductFilter): Part | undefined {
  if (sort === 'row' && sourceId !== undefined) return { of: 'sourceId', is: sql`source_id = ${sourceId}::uuid` }
  if (sort !== 'name' || family === undefined) return undefined
  return { of: 'family', is: family === '' ? sql`family is null` : sql`family = ${family}`, column: sql`family` }
}

const DIRECTIONS: Readonly<Record<Side, SQL>> = { after: sql`asc`, before: sql`desc` }

/** Whether a filter asks for nothing else. */
const isAll = (filter: ProductFilter, of: keyof ProductFilter): boolean =>
  Object.entries(filter).every(([name, value]) => name === of || value === undefined)

const where = (conditions: readonly SQL[]): SQL => (conditions.length === 0 ? sql`` : sql`where ${sql.join([...conditions], sql` and `)}`)

async function ids(tx: Tx, statement: SQL): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(tx, statement)
  return rows.map(({ id }) => id)
}
