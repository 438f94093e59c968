import { and, eq, isNotNull, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import type { Database, Tx } from '../db/database.ts'
import { runItems, runs } from '../db/schema/index.ts'
import { hasLiveBatch, notInBatch } from './batch-items.ts'
import type { Run } from './runs.ts'

/**
 * One process at a time plans or drives a run: it holds a lease on the run's row and renews it. Another one takes over when
 * the lease has ended. A process that was slow rather than dead notices by its next renewal, and what it still commits
 * carries attempt numbers that no longer count (items.ts).
 */
export const DRIVER_LEASE_MS = 60_000
export const RENEW_DRIVER_EVERY_MS = 5_000

/** Runs that there is something to do about: to be planned, or driven. Those of the command line have no plan. */
const underWay = and(isNotNull(runs.plan), or(eq(runs.state, 'running'), and(eq(runs.state, 'ready'), isNull(runs.plannedAt))))

/** Paused or cancelled by a person, with a batch at a provider that is to be ended there. One that paused by itself goes on there. */
const windsDown = and(
  isNotNull(runs.plan),
  or(eq(runs.state, 'cancelled'), and(eq(runs.state, 'paused'), sql`${runs.pause} ->> 'code' = 'run.paused'`)),
  hasLiveBatch,
)

const free = ({ instance, now }: { instance: string; now: Date }): SQL | undefined =>
  or(isNull(runs.driver), eq(runs.driver, instance), lt(runs.driverLeaseEndsAt, now))

/** Cancelled while a process drove it that is gone by now: what that would have dropped at its end is still there. */
const leftBehind = and(isNotNull(runs.plan), eq(runs.state, 'cancelled'), isNotNull(runs.driver))

/** Runs of all workspaces that nobody works on, oldest first: those that are due, and those left behind. */
export const orphanedRuns = (database: Database, who: { instance: string; now: Date }): Promise<{ workspaceId: string; runId: string }[]> =>
  database.asSystem('find runs that nobody drives', (tx) =>
    tx
      .select({ workspaceId: runs.workspaceId, runId: runs.id })
      .from(runs)
      .where(and(or(underWay, leftBehind, windsDown), free(who)))
      .orderBy(runs.createdAt),
  )

/** Takes a run to plan or drive it. @returns it, or undefined when there is nothing to do about it or another process has it. */
export async function claimRun(tx: Tx, { runId, instance, now }: { runId: string; instance: string; now: Date }): Promise<Run | undefined> {
  const [claimed] = await tx
    .update(runs)
    .set({ driver: instance, driverLeaseEndsAt: new Date(now.getTime() + DRIVER_LEASE_MS) })
    .where(and(eq(runs.id, runId), or(underWay, windsDown), free({ instance, now })))
    .returning()
  if (claimed) await releaseItems(tx, runId)
  return claimed
}

/** One process drives a run: what any other one, or this one before, had leased waits again, but for what is in a batch. */
const releaseItems = (tx: Tx, runId: string): Promise<unknown> =>
  tx
    .update(runItems)
    .set({ state: 'waiting', leasedBy: null, leaseEndsAt: null })
    .where(and(eq(runItems.runId, runId), eq(runItems.state, 'leased'), notInBatch))

/**
 * Takes a cancelled run that nobody works on, to drop what is left of it. @returns whether it is one, and free.
 */
export async function claimCancelled(tx: Tx, { runId, instance, now }: { runId: string; instance: string; now: Date }): Promise<boolean> {
  const claimed = await tx
    .update(runs)
    .set({ driver: instance, driverLeaseEndsAt: new Date(now.getTime() + DRIVER_LEASE_MS) })
    .where(and(eq(runs.id, runId), isNotNull(runs.plan), eq(runs.state, 'cancelled'), free({ instance, now })))
    .returning({ id: runs.id })
  return claimed.length > 0
}

/** Keeps a run. @returns its state, or undefined when it is no longer this process's. */
export async function renewDriver(
  tx: Tx,
  { runId, instance, now }: { runId: string; instance: string; now: Date },
): Promise<Run['state'] | undefined> {
  const [run] = await tx
    .update(runs)
    .set({ driverLeaseEndsAt: new Date(now.getTime() + DRIVER_LEASE_MS) })
    .where(mine({ runId, instance }))
    .returning({ state: runs.state })
  return run?.state
}

/** Changes a run that this process drives, while it is in that state. @returns whether it was. */
export async function changeDriven(
  tx: Tx,
  {
    runId,
    instance,
    whileIn,
    change,
  }: { runId: string; instance: string; whileIn: Run['state']; change: Partial<typeof runs.$inferInsert> },
): Promise<boolean> {
  const changed = await tx
    .update(runs)
    .set(change)
    .where(and(mine({ runId, instance }), eq(runs.state, whileIn)))
    .returning({ id: runs.id })
  return changed.length > 0
}

/**
 * A run that this process drives and that is in that state, held so until the transaction ends: whoever changes it, or gives it
 * more to do, comes before or after. @returns whether it is.
 */
export async function holdDriven(
  tx: Tx,
  { runId, instance, whileIn }: { runId: string; instance: string; whileIn: Run['state'] },
): Promise<boolean> {
  const held = await tx
    .select({ id: runs.id })
    .from(runs)
    .where(and(mine({ runId, instance }), eq(runs.state, whileIn)))
    .for('no key update')
  return held.length > 0
}

/** Gives a run back. */
export async function releaseDriver(tx: Tx, { runId, instance }: { runId: string; instance: string }): Promise<void> {
  await tx.update(runs).set({ driver: null, driverLeaseEndsAt: null }).where(mine({ runId, instance }))
}

/** Whether some process works on a run now. */
export const isDriven = ({ driver, driverLeaseEndsAt }: Run, now: Date): boolean =>
  driver !== null && driverLeaseEndsAt !== null && driverLeaseEndsAt > now

const mine = ({ runId, instance }: { runId: string; instance: string }): SQL =>
  sql`${runs.id} = ${runId}::uuid and ${runs.driver} = ${instance}`
