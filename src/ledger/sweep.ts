import { and, eq, gt, isNull, lt, or } from 'drizzle-orm'
import type { Database } from '../db/database.ts'
import { callIntents } from '../db/schema/index.ts'
import type { Clock } from '../runtime/clock.ts'
import { createGroupCommit, type TellBudgets } from './group-commit.ts'
import { openIntent } from './open-intents.ts'
import type { Settlement } from './settlement.ts'

/** No call lives longer: its total timer is ten minutes (providers/send). */
const LONGEST_CALL_MS = 15 * 60_000
const BATCH = 500

/**
 * Turns intents that a crash left behind into entries marked `interrupted`, with what is known: nobody can say any more
 * whether the provider did the work, so usage and cost are unknown and the windows that held their worst cases are charged them,
 * also when those windows' periods are over. They are settled as every call is. Requests of a provider's batch outlive a crash: they are left to
 * who follows it. Call it before this instance makes its first call.
 * @returns how many there were.
 */
export async function sweepInterrupted({
  database,
  clock,
  instance,
  tell,
}: {
  database: Database
  clock: Clock
  instance: string
  tell?: TellBudgets | undefined
}): Promise<number> {
  const group = createGroupCommit({ database, clock, instance, tell })
  let swept = 0
  let after = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const rows = await database.asSystem('sweep intents left by a crash', (tx) => {
      const longAgo = new Date(clock.now().getTime() - LONGEST_CALL_MS)
      const orphans = or(eq(callIntents.instance, instance), lt(callIntents.intendedAt, longAgo))
      return tx
        .select()
        .from(callIntents)
        .where(and(orphans, isNull(callIntents.batchId), gt(callIntents.id, after)))
        .orderBy(callIntents.id)
        .limit(BATCH)
    })
    const settled = await Promise.all(rows.map((row) => group.settle(interrupted(row, clock.now()))))
    swept += settled.filter(Boolean).length
    if (rows.length < BATCH) return swept
    after = rows.at(-1)!.id
  }
}

function interrupted(row: typeof callIntents.$inferSelect, now: Date): Settlement {
  return { ...openIntent(row), outcome: 'interrupted', errorCode: 'call.interrupted', endedAt: now }
}
