import { eq } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { budgets } from '../db/schema/index.ts'

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

export async function setBudgetLimit(tx: Tx, { id, limitNano }: { id: string; limitNano: bigint | null }): Promise<void> {
  await tx.update(budgets).set({ limitNano }).where(eq(budgets.id, id))
}

export async function readBudget(tx: Tx, id: string): Promise<Budget | undefined> {
  const [row] = await tx.select().from(budgets).where(eq(budgets.id, id))
  return row
}
