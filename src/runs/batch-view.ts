import { and, asc, inArray, ne } from 'drizzle-orm'
import type { RunBatchView } from '../contract/runs.ts'
import type { Tx } from '../db/database.ts'
import { providerBatches } from '../db/schema/index.ts'

/** What pages see of the batches of these runs that have not ended. */
export async function batchViews(tx: Tx, runIds: readonly string[]): Promise<Map<string, RunBatchView[]>> {
  const rows = await tx
    .select()
    .from(providerBatches)
    .where(and(inArray(providerBatches.runId, [...runIds]), ne(providerBatches.state, 'ended')))
    .orderBy(asc(providerBatches.createdAt), asc(providerBatches.id))
  const views = new Map<string, RunBatchView[]>()
  for (const { id, runId, candidate, state, requests, done, failed, submittedAt, expiresAt, problem } of rows) {
    const view: RunBatchView = {
      id,
      candidate,
      state: state === 'submitted' ? 'working' : state === 'cancelling' ? 'cancelling' : 'submitting',
      requests,
      done,
      failed,
      submittedAt: submittedAt?.toISOString() ?? null,
      expiresAt: expiresAt?.toISOString() ?? null,
      problem,
    }
    views.set(runId, [...(views.get(runId) ?? []), view])
  }
  return views
}
