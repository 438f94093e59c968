import { eq } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { budgets } from '../db/schema/index.ts'

/** A hard cap with what was taken from it. Nano-units of `currency`. */
export interface Budget {
  readonly id: string
  readonly scope: string
  readonly currency: string
  readonly limitNano: bigint | null // null caps nothing
  readonly spentNano: bigint
  readonly heldNano: bigint
}

/** A budget for one thing. `limitNano` null: it counts, but caps nothing. */
export async function addBudget(
  tx: Tx,
  budget: { id: string; workspaceId: string; scope: string; currency: string; limitNano: bigint | null },
): Promise<void> {
  await tx.insert(budgets).values(budget)
}

/** Changes what a budget caps; what is spent and held stays. Null: nothing any more. */
export async function setBudgetLimit(tx: Tx, { id, limitNano }: { id: string; limitNano: bigint | null }): Promise<void> {
  await tx.update(budgets).set({ limitNano }).where(eq(budgets.id, id))
}

/** A budget as it stands; undefined when there is none of this id in the workspace. */
export async function readBudget(tx: Tx, id: string): Promise<Budget | undefined> {
  const [row] = await tx.select().from(budgets).where(eq(budgets.id, id))
  return row
}
