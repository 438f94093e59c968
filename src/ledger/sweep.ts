import { eq, lt, or, sql } from 'drizzle-orm'
import type { Database } from '../db/database.ts'
import { budgets, callIntents, ledgerEntries } from '../db/schema/index.ts'
import type { Clock } from '../runtime/clock.ts'

/** No call lives longer: its total timer is ten minutes (providers/send). */
const LONGEST_CALL_MS = 15 * 60_000
const BATCH = 500

/**
 * Turns intents that a crash left behind into entries marked `interrupted`, with what is known: nobody can say any more
 * whether the provider did the work, so usage and cost are unknown and their budgets are charged the worst case.
 * Call it before this instance makes its first call. @returns how many there were.
 */
export async function sweepInterrupted({
  database,
  clock,
  instance,
}: {
  database: Database
  clock: Clock
  instance: string
}): Promise<number> {
  let swept = 0
  for (;;) {
    const count = await database.asSystem('sweep intents left by a crash', async (tx) => {
      const now = clock.now()
      const orphans = or(eq(callIntents.instance, instance), lt(callIntents.intendedAt, new Date(now.getTime() - LONGEST_CALL_MS)))
      const rows = await tx
        .select()
        .from(callIntents)
        .where(orphans)
        .orderBy(callIntents.id)
        .limit(BATCH)
        .for('update', { skipLocked: true })
      const charges = new Map<string, bigint>()
      for (const row of rows) {
        for (const id of row.budgetIds) charges.set(id, (charges.get(id) ?? 0n) + (row.worstCaseNano ?? 0n))
      }
      if (rows.length === 0) return 0
      for (const [id, nano] of [...charges].sort(([a], [b]) => (a < b ? -1 : 1))) {
        await tx
          .update(budgets)
          .set({
            heldNano: sql`${budgets.heldNano} - ${nano.toString()}::bigint`,
            spentNano: sql`${budgets.spentNano} + ${nano.toString()}::bigint`,
          })
          .where(eq(budgets.id, id))
      }
      for (const row of rows) await tx.delete(callIntents).where(eq(callIntents.id, row.id))
      await tx.insert(ledgerEntries).values(
        rows.map(({ worstCaseNano, ...intent }) => ({
          ...intent,
          outcome: 'interrupted' as const,
          errorCode: 'call.interrupted',
          chargedNano: worstCaseNano ?? 0n,
          endedAt: now,
        })),
      )
      return rows.length
    })
    swept += count
    if (count < BATCH) return swept
  }
}
