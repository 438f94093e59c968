import { and, desc, eq, inArray, isNotNull, ne } from 'drizzle-orm'
import type { Database, Tx } from '../db/database.ts'
import { type RunPlan, runs } from '../db/schema/index.ts'
import { addBudget } from '../ledger/budgets.ts'
import { newId } from '../runtime/ids.ts'
import { dropUnsettled } from './items.ts'

/** A run as its row says: state, budget, quote, what it observed. */
export type Run = typeof runs.$inferSelect

/** Adds a run with its own budget; items are added next, and `state` stays `ready` until it is driven. */
export async function addRun(
  tx: Tx,
  {
    workspaceId,
    kind,
    fingerprint,
    series,
    settings,
    currency,
    capNano,
    background,
  }: {
    workspaceId: string
    kind: string
    fingerprint: string
    series: string
    settings: Record<string, unknown>
    currency: string
    capNano: bigint | null
    /** The run manager plans and drives it; absent: whoever adds it does. */
    background?: { readonly createdBy: string; readonly plan: RunPlan; readonly upTo: number | null }
  },
): Promise<Run> {
  const id = newId()
  const budgetId = newId()
  await addBudget(tx, { id: budgetId, workspaceId, scope: `run:${id}`, currency, limitNano: capNano })
  const row = { id, workspaceId, kind, fingerprint, series, settings, budgetId, state: 'ready' as const, ...background }
  const [run] = await tx.insert(runs).values(row).returning()
  return run!
}

/** The run that this fingerprint left unfinished, if there is one: the same command continues it. */
export async function unfinishedRun(tx: Tx, fingerprint: string): Promise<Run | undefined> {
  const open = and(eq(runs.fingerprint, fingerprint), inArray(runs.state, ['running', 'paused']))
  const [run] = await tx.select().from(runs).where(open).orderBy(desc(runs.createdAt)).limit(1)
  return run
}

/** Runs of this kind that never came to an end and were replaced by `keepId` are closed. */
export async function cancelSuperseded(
  database: Database,
  { workspaceId, kind, supersedes, keepId }: { workspaceId: string; kind: string; supersedes: string; keepId: string },
): Promise<void> {
  const open = and(eq(runs.kind, kind), ne(runs.id, keepId), inArray(runs.state, ['ready', 'running', 'paused']))
  const rows = await database.inWorkspace(workspaceId, (tx) =>
    tx.select({ runId: runs.id, settings: runs.settings }).from(runs).where(open),
  )
  for (const { runId, settings } of rows) if (settings['slot'] === supersedes) await cancelRun(database, { workspaceId, runId })
}

/** Ends a run for good: what it wrote stays, items that still waited are dropped. */
export async function cancelRun(database: Database, { workspaceId, runId }: { workspaceId: string; runId: string }): Promise<void> {
  // First, so that a run that lost some of its items is never taken up again.
  await database.inWorkspace(workspaceId, (tx) => updateRun(tx, runId, { state: 'cancelled', endedAt: new Date() }))
  await dropUnsettled(database, { workspaceId, runId })
}

/** What the latest runs of a series observed, newest first. */
export async function observedBefore(tx: Tx, series: string, most: number): Promise<Record<string, number>[]> {
  const rows = await tx
    .select({ observed: runs.observed })
    .from(runs)
    .where(and(eq(runs.series, series), isNotNull(runs.observed)))
    .orderBy(desc(runs.createdAt))
    .limit(most)
  return rows.flatMap(({ observed }) => (observed ? [observed] : []))
}

/** Changes a run's own columns; its items are changed by items.ts. */
export async function updateRun(tx: Tx, id: string, change: Partial<typeof runs.$inferInsert>): Promise<void> {
  await tx.update(runs).set(change).where(eq(runs.id, id))
}

/** One run of the workspace; undefined when there is none of this id. */
export async function readRun(tx: Tx, id: string): Promise<Run | undefined> {
  const [run] = await tx.select().from(runs).where(eq(runs.id, id))
  return run
}
