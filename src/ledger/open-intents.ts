import { eq } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { callIntents } from '../db/schema/index.ts'
import type { CallIntent } from './intent.ts'

/** A call that is not settled, as its row says: with it somebody else than who intended it can settle it. */
export interface OpenIntent {
  readonly intent: CallIntent
  readonly intendedAt: Date
  readonly keyVersion: number
}

export function openIntent(row: typeof callIntents.$inferSelect): OpenIntent {
  const { worstCaseNano, ownerPriced: _, instance: __, intendedAt, keyVersion, batchId, ...intent } = row
  return {
    intent: { ...intent, worstCaseNano: worstCaseNano ?? undefined, ...(batchId === null ? {} : { batchId }) },
    intendedAt,
    keyVersion,
  }
}

/** The calls of a provider's batch that are not settled, in the order in which they were intended. */
export async function openIntentsOf(tx: Tx, batchId: string): Promise<OpenIntent[]> {
  const rows = await tx.select().from(callIntents).where(eq(callIntents.batchId, batchId)).orderBy(callIntents.id)
  return rows.map(openIntent)
}
