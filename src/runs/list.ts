import { and, desc, eq, inArray, lt, type SQL, sql } from 'drizzle-orm'
import type { RunState } from '../contract/runs.ts'
import type { Tx } from '../db/database.ts'
import { productIndex, products, runItems, runs } from '../db/schema/index.ts'
import type { Run } from './runs.ts'

/** Runs, newest first (their ids sort by time), after `before`. */
export const listRuns = (
  tx: Tx,
  {
    state,
    recipeId,
    createdBy,
    before,
    limit,
  }: {
    state?: RunState | undefined
    recipeId?: string | undefined
    createdBy?: string | undefined
    before?: string | undefined
    limit: number
  },
): Promise<Run[]> =>
  tx
    .select()
    .from(runs)
    .where(
      and(
        state === undefined ? undefined : eq(runs.state, state),
        createdBy === undefined ? undefined : eq(runs.createdBy, createdBy),
        recipeId === undefined ? undefined : sql`${runs.settings} ->> 'recipeId' = ${recipeId}`,
        before === undefined ? undefined : lt(runs.id, before),
      ),
    )
    .orderBy(desc(runs.id))
    .limit(limit)

export type ItemStanding = 'waiting' | 'done' | 'flagged' | 'failed'

/** One product of a run, as a person reads it. */
export interface ListedItem {
  readonly position: number
  readonly productId: string
  readonly identifier: string
  readonly name: string | null
  readonly state: ItemStanding
  readonly code: string | null
  readonly detail: string | null
  readonly costNano: bigint | null // null: unknown, or not asked yet
  readonly settledAt: Date | null
}

/** A run's products in its order, after a position. */
export async function listItems(
  tx: Tx,
  { runId, state, after, limit }: { runId: string; state?: ItemStanding | undefined; after: number; limit: number },
): Promise<ListedItem[]> {
  const rows = await tx
    .select({
      position: runItems.position,
      productId: runItems.subjectId,
      identifier: products.identifier,
      name: productIndex.name,
      state: runItems.state,
      code: runItems.errorCode,
      detail: runItems.errorDetail,
      costNano: runItems.costNano,
      settledAt: runItems.settledAt,
    })
    .from(runItems)
    .innerJoin(products, eq(products.id, runItems.subjectId))
    .leftJoin(productIndex, eq(productIndex.productId, runItems.subjectId))
    .where(and(eq(runItems.runId, runId), inState(state), sql`${runItems.position} > ${after}`))
    .orderBy(runItems.position)
    .limit(limit)
  return rows.map((row) => {
    const isWaiting = row.state === 'leased' || row.state === 'waiting' // also one that is tried again, and was settled before
    return { ...row, state: row.state === 'leased' ? 'waiting' : row.state, settledAt: isWaiting ? null : row.settledAt }
  })
}

function inState(state: ItemStanding | undefined): SQL | undefined {
  if (state === undefined) return undefined
  return state === 'waiting' ? inArray(runItems.state, ['waiting', 'leased']) : eq(runItems.state, state)
}
