import { inArray } from 'drizzle-orm'
import { insertMany } from '../db/bulk.ts'
import type { Database, Tx } from '../db/database.ts'
import { budgets, callIntents } from '../db/schema/index.ts'
import type { Clock } from '../runtime/clock.ts'
import { admitIntents, type IntendOperation, readConnections } from './admit.ts'
import { recordSettled, type SettleOperation, spendSettled, takeIntents } from './settle.ts'

export type Operation = IntendOperation | SettleOperation

/** A budget row while its transaction holds the lock; changed in memory, written back once. */
export interface LockedBudget {
  readonly id: string
  readonly scope: string
  readonly currency: string
  readonly limitNano: bigint | null
  spentNano: bigint
  heldNano: bigint
  changed: boolean
}

const MOST_PER_COMMIT = 256

/**
 * Many calls share one commit: whatever queued up while the last commit was under way goes into the next. The wait of
 * each is the database's own, whatever the load. When a shared commit fails, its operations are tried one by one, so
 * that a bad one fails alone.
 */
export function createGroupCommit({ database, clock, instance }: { database: Database; clock: Clock; instance: string }) {
  let queue: Operation[] = []
  let running: Promise<void> | undefined

  const commit = (operations: readonly Operation[]): Promise<() => void> =>
    database.asSystem('group commit of call intents and ledger entries', async (tx) => {
      const ended = operations.filter((operation) => operation.kind === 'settle')
      const intended = operations.filter((operation) => operation.kind === 'intend')
      // Statements that do not wait for each other's answers are sent together: the database is waited for three times.
      const [locked, settled, connectionsById] = await Promise.all([
        lockBudgets(tx, operations),
        takeIntents(tx, ended),
        readConnections(tx, intended),
      ])
      spendSettled(settled, locked)
      const { admissions, inserts } = admitIntents({ operations: intended, connectionsById, budgets: locked, instance, now: clock.now() })
      await Promise.all([recordSettled(tx, settled, instance), insertMany(tx, callIntents, inserts), writeBudgets(tx, locked)])
      return () => {
        for (const operation of ended) operation.resolve()
        for (const { operation, admission } of admissions) operation.resolve(admission)
      }
    })

  const commitAlone = async (operation: Operation): Promise<void> => {
    try {
      ;(await commit([operation]))()
    } catch (error) {
      operation.reject(error)
    }
  }

  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      const operations = queue.slice(0, MOST_PER_COMMIT)
      queue = queue.slice(MOST_PER_COMMIT)
      try {
        ;(await commit(operations))()
      } catch (error) {
        if (operations.length === 1) operations[0]!.reject(error)
        else for (const operation of operations) await commitAlone(operation)
      }
    }
    running = undefined // in the same turn as the last look at the queue, so that nothing is left lying in it
  }

  return {
    enqueue(operation: Operation): void {
      queue.push(operation)
      // In the next turn, so that what is asked in this one shares its commit.
      running ??= Promise.resolve().then(drain)
    },
    /** Resolves when nothing is queued or under way. */
    async idle(): Promise<void> {
      while (running) await running
    },
  }
}

/** Rows are locked in the order of their ids, so that two instances never wait for each other in a circle. */
async function lockBudgets(tx: Tx, operations: readonly Operation[]): Promise<Map<string, LockedBudget>> {
  const ids = [...new Set(operations.flatMap(({ intent }) => intent.budgetIds))].sort()
  if (ids.length === 0) return new Map()
  const rows = await tx.select().from(budgets).where(inArray(budgets.id, ids)).orderBy(budgets.id).for('update')
  return new Map(rows.map((row) => [row.id, { ...row, changed: false }]))
}

async function writeBudgets(tx: Tx, locked: ReadonlyMap<string, LockedBudget>): Promise<void> {
  for (const budget of locked.values()) {
    if (!budget.changed) continue
    await tx
      .update(budgets)
      .set({ spentNano: budget.spentNano, heldNano: budget.heldNano })
      .where(inArray(budgets.id, [budget.id]))
  }
}
