import { and, eq, isNull } from 'drizzle-orm'
import { namedCandidates } from '../../assignments/resolve.ts'
import type { Recipe } from '../../contract/recipe.ts'
import { runs } from '../../db/schema/index.ts'
import { readBudget } from '../../ledger/budgets.ts'
import { hasLiveBatch } from '../../runs/batch-items.ts'
import { windDownBatches } from '../../runs/batch-step.ts'
import type { Run } from '../../runs/runs.ts'
import { commandCandidate, stepsOf } from '../../runs/settings.ts'
import { batchedEnrichment } from './batch-work.ts'
import type { JobServices } from './job.ts'
import { openRules } from './planner/open-rules.ts'
import { openServers } from './servers.ts'
import { loadSubjects } from './subjects.ts'
import { enrichmentWork, type EnrichmentWork } from './work.ts'

/** A command does not wait long for another one's batches: what has not ended by then is left to the next. */
const PATIENCE_MS = 15_000

/**
 * A run of the command line that a newer one replaced may still have batches at its provider: they are ended there, and what they have
 * done is kept as proposals. Runs of the page are the run manager's.
 */
export async function endLeftBatches(services: JobServices, workspaceId: string, signal: AbortSignal): Promise<void> {
  const left = await services.database.inWorkspace(workspaceId, (tx) =>
    tx
      .select()
      .from(runs)
      .where(and(eq(runs.state, 'cancelled'), isNull(runs.plan), hasLiveBatch)),
  )
  for (const run of left) await endBatchesOf(services, run, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]))
}

async function endBatchesOf(services: JobServices, run: Run, signal: AbortSignal): Promise<void> {
  const { id: runId, workspaceId, createdBy: actor, budgetId } = run
  const { recipe } = run.settings as { recipe: Recipe }
  const { candidates, currency } = await services.database.inWorkspace(workspaceId, async (tx) => ({
    candidates: await namedCandidates(tx, [commandCandidate(run)!]),
    currency: (await readBudget(tx, budgetId))!.currency,
  }))
  const rules = stepsOf(run).rules ? await openRules(services.database, { workspaceId, recipe }) : undefined
  const work: EnrichmentWork = {
    services,
    workspaceId,
    runId,
    actor,
    budgetId,
    currency,
    recipe,
    servers: await openServers(candidates, services),
    caching: true,
    leads: false, // nothing more is asked
    load: (tx, items) => loadSubjects(tx, items, { recipe, rules, siblings: false }),
    decision: null,
    acceptFlagged: false,
  }
  const kind = batchedEnrichment(work, enrichmentWork(work))
  const drive = { services, instance: services.instance, workspaceId, runId, kind, concurrency: 1, signal, hardSignal: signal }
  await windDownBatches(drive, { isFinal: true })
}
