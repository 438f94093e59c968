import { sql, type SQL } from 'drizzle-orm'
import type { Grouping } from '../contract/consumption.ts'

/** What calls are narrowed to; all that are given hold at once. As in the contract's query. */
export interface CallFilters {
  readonly originKind?: string | undefined
  readonly origin?: string | undefined
  readonly context?: string | undefined
  readonly connectionId?: string | undefined
  readonly model?: string | undefined
  readonly member?: string | undefined
}

type Dimension = Exclude<Grouping, 'day'>

/** The sums and the entries hold the same things under these names; `model` alone is put together in the entries. */
const COLUMNS: Readonly<Record<Dimension, SQL>> = {
  originKind: sql`split_part(origin, ':', 1)`,
  origin: sql`origin`,
  context: sql`context`,
  connection: sql`connection_id::text`,
  model: sql`model`,
  member: sql`actor`,
}

/** As the sums have it, whose trigger cuts it. */
export const MODEL_OF_ENTRY = sql`left(coalesce(served_model, requested_model), 200)`

export const columnOf = (dimension: Dimension): SQL => COLUMNS[dimension]

/** The condition for `filters`; `model` says how the table names a model. */
export function narrowedTo(filters: CallFilters, model: SQL): SQL {
  const { originKind, origin, context, connectionId, member } = filters
  const conditions = [
    originKind === undefined ? undefined : sql`${COLUMNS.originKind} = ${originKind}`,
    origin === undefined ? undefined : sql`origin = ${origin}`,
    context === undefined ? undefined : sql`context = ${context}`,
    connectionId === undefined ? undefined : sql`connection_id = ${connectionId}::uuid`,
    filters.model === undefined ? undefined : sql`${model} = ${filters.model}`,
    member === undefined ? undefined : sql`actor = ${member}`,
  ].filter((condition) => condition !== undefined)
  return conditions.length > 0 ? sql.join(conditions, sql` and `) : sql`true`
}
