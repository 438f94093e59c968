import { eq } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { budgets, budgetWindows } from '../db/schema/index.ts'

/** A hard cap in total with what was taken from it. Nano-units of `currency`. */
export interface Budget {
  readonly id: string
  readonly scope: string | null
  readonly currency: string
  readonly limitNano: bigint | null // null caps nothing
  readonly spentNano: bigint
  readonly heldNano: bigint
}

/** A budget in total of calls that name it. `limitNano` null: it counts, but caps nothing. */
export async function addBudget(
  tx: Tx,
  budget: { id: string; workspaceId: string; scope: string; currency: string; limitNano: bigint | null },
): Promise<void> {
  const { id, workspaceId } = budget
  await tx.insert(budgets).values(budget)
  await tx.insert(budgetWindows).values({ id, workspaceId, budgetId: id })
}

/** Changes what a budget caps; what is spent and held stays. Null: nothing any more. */
export async function setBudgetLimit(tx: Tx, { id, limitNano }: { id: string; limitNano: bigint | null }): Promise<void> {
  await tx.update(budgets).set({ limitNano }).where(eq(budgets.id, id))
}

/** A budget in total as it stands; undefined when there is none of this id in the workspace. */
export async function readBudget(tx: Tx, id: string): Promise<Budget | undefined> {
  const [row] = await readTotals(tx).where(eq(budgets.id, id))
  return row
}

/** Budgets in total with their one window, which has the budget's own id; to be narrowed. */
export const readTotals = (tx: Tx) =>
  tx
    .select({
      id: budgets.id,
      scope: budgets.scope,
      currency: budgets.currency,
      limitNano: budgets.limitNano,
      spentNano: budgetWindows.spentNano,
      heldNano: budgetWindows.heldNano,
    })
    .from(budgets)
    .innerJoin(budgetWindows, eq(budgetWindows.id, budgets.id))
