import { eq } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { Tx } from '../db/database.ts'
import { assignments } from '../db/schema/index.ts'

/** A connection and a model that may serve a context. */
export interface Candidate {
  readonly connectionId: string
  readonly model: string
}

/**
 * Step 1 of a call's path: who serves this context. A run's `own` assignment comes before the workspace's, which stays
 * as it is. There is no other fallback: @throws `assignment.missing` when nobody is named.
 */
export async function resolveCandidates(
  tx: Tx,
  { context, own }: { context: string; own?: readonly Candidate[] },
): Promise<readonly Candidate[]> {
  if (own && own.length > 0) return own
  const rows = await tx.select().from(assignments).where(eq(assignments.context, context)).orderBy(assignments.position)
  if (rows.length === 0) {
    throw new AppError('assignment.missing', `Nothing serves "${context}" yet: name a provider and a model for it.`)
  }
  return rows.map(({ connectionId, model }) => ({ connectionId, model }))
}
