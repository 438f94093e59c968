import { eq } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import type { Database, Tx } from '../db/database.ts'
import { runs } from '../db/schema/index.ts'
import { setBudgetLimit } from '../ledger/budgets.ts'
import type { Clock } from '../runtime/clock.ts'
import { isDriven } from './driver-lease.ts'
import { countItems, dropUnsettled, retryFailed } from './items.ts'
import type { RunManager } from './manager.ts'
import { readRun, type Run, updateRun } from './runs.ts'

/** What people do with runs. Each changes the run's row, and the manager of whichever process drives it follows the row. */
export interface RunCommands {
  readonly database: Database
  readonly clock: Clock
  readonly runManager: RunManager
}

interface RunCommand {
  readonly workspaceId: string
  readonly actor: string
  readonly runId: string
}

/** A run of the workspace. @throws `run.missing` */
export async function findRun(tx: Tx, runId: string): Promise<Run> {
  const run = await readRun(tx, runId)
  if (!run) throw new AppError('run.missing', 'There is no such run in this workspace.')
  return run
}

/**
 * A run that nobody else changes until the transaction ends, so that of two people who click at the same time the second one is
 * told, and nobody goes by what its driver has just changed. @throws `run.missing`, `run.wrong_state` for one of the command line
 */
async function holdRun(tx: Tx, runId: string): Promise<Run> {
  // A weaker lock than "update": commits of results, which hold budgets, refer to the run and must not wait for it.
  await tx.select({ id: runs.id }).from(runs).where(eq(runs.id, runId)).for('no key update')
  const run = await findRun(tx, runId)
  if (!run.plan) throw wrongState('It belongs to the command line: the same command continues it.')
  return run
}

/** Starts a planned run: from here on it spends. */
export async function startRun({ database, clock, runManager }: RunCommands, { workspaceId, actor, runId }: RunCommand): Promise<void> {
  await database.inWorkspace(workspaceId, async (tx) => {
    const run = await holdRun(tx, runId)
    if (run.state !== 'ready') throw wrongState('It was started already.')
    if (!run.plannedAt) throw wrongState('It is still being planned: it can be started when its quote is there.')
    if (run.itemCount === 0) throw wrongState('All its products have their values already: there is nothing to write.')
    await updateRun(tx, runId, { state: 'running', startedAt: clock.now(), pause: null })
    await recordAudit(tx, { workspaceId, actor, action: 'run.started', subject: `run:${runId}` })
  })
  runManager.look({ workspaceId, runId })
}

/** Hands out no more products; calls under way end and are kept. A run that is paused already stays so. */
export async function pauseRun({ database, runManager }: RunCommands, { workspaceId, actor, runId }: RunCommand): Promise<void> {
  await database.inWorkspace(workspaceId, async (tx) => {
    const run = await holdRun(tx, runId)
    if (run.state === 'paused') return
    if (run.state !== 'running') throw wrongState('Only a run that is going on can be paused.')
    const pause = { code: 'run.paused', detail: 'Paused by a person. Resume it when you are ready.' }
    await updateRun(tx, runId, { state: 'paused', pause, counts: null })
    await recordAudit(tx, { workspaceId, actor, action: 'run.paused', subject: `run:${runId}` })
  })
  runManager.look({ workspaceId, runId })
}

/** Continues a paused run; after its canary this approves the rest. One that goes on already is left to. */
export async function resumeRun({ database, runManager }: RunCommands, { workspaceId, actor, runId }: RunCommand): Promise<void> {
  await database.inWorkspace(workspaceId, async (tx) => {
    const run = await holdRun(tx, runId)
    if (run.state === 'running') return
    if (run.state !== 'paused') throw wrongState('Only a paused run can be resumed.')
    const approves = run.pause?.code === 'run.canary_done'
    await updateRun(tx, runId, { ...GOES_ON, ...(approves ? { upTo: null } : {}) })
    await recordAudit(tx, { workspaceId, actor, action: 'run.resumed', subject: `run:${runId}` })
  })
  runManager.look({ workspaceId, runId })
}

/** Ends a run for good: what it wrote stays, items that have not ended are dropped once the calls under way have. */
export async function cancelRun({ database, clock, runManager }: RunCommands, { workspaceId, actor, runId }: RunCommand): Promise<void> {
  const isIdle = await database.inWorkspace(workspaceId, async (tx) => {
    const run = await holdRun(tx, runId)
    if (run.state === 'cancelled') return false
    if (run.state === 'finished') throw wrongState('It has finished. What it wrote can be undone on the Review page.')
    await updateRun(tx, runId, { state: 'cancelled', endedAt: clock.now(), counts: null })
    await recordAudit(tx, { workspaceId, actor, action: 'run.cancelled', subject: `run:${runId}` })
    return !isDriven(run, clock.now())
  })
  if (isIdle) await dropUnsettled(database, { workspaceId, runId })
  runManager.look({ workspaceId, runId })
}

/** Failed products wait again, one or all, and the run goes on. */
export async function retryRun(
  { database, runManager }: RunCommands,
  { workspaceId, actor, runId, position }: RunCommand & { position?: number | undefined },
): Promise<void> {
  await database.inWorkspace(workspaceId, async (tx) => {
    const run = await holdRun(tx, runId)
    if (run.state === 'ready' || run.state === 'cancelled') throw wrongState('Only a run that was driven can try failed products again.')
  })
  const retried = await retryFailed(database, { workspaceId, runId, position })
  if (retried === 0) throw wrongState(position === undefined ? 'None of its products failed.' : 'This product did not fail in this run.')
  const isCancelled = await database.inWorkspace(workspaceId, async (tx) => {
    const run = await holdRun(tx, runId)
    if (run.state === 'cancelled') return true
    // One that is paused for a reason stays so until someone resumes it.
    const goesOn = run.state === 'finished' ? GOES_ON : { counts: null }
    await updateRun(tx, runId, goesOn)
    await recordAudit(tx, { workspaceId, actor, action: 'run.retried', subject: `run:${runId}`, detail: { products: retried } })
    return false
  })
  runManager.look({ workspaceId, runId })
  if (isCancelled) throw wrongState('Someone cancelled it at this moment.')
}

/** Changes what a run may spend at most; null: as much as it costs. A run that the cap paused waits to be resumed. */
export async function changeCap(
  { database }: RunCommands,
  { workspaceId, actor, runId, capNano }: RunCommand & { capNano: bigint | null },
): Promise<void> {
  await database.inWorkspace(workspaceId, async (tx) => {
    const run = await holdRun(tx, runId)
    if (run.state === 'finished' || run.state === 'cancelled') throw wrongState('It has ended: nothing more is spent.')
    await setBudgetLimit(tx, { id: run.budgetId, limitNano: capNano })
    const cap = capNano === null ? null : capNano.toString()
    await recordAudit(tx, { workspaceId, actor, action: 'run.cap_changed', subject: `run:${runId}`, detail: { capNano: cap } })
  })
}

const GOES_ON = { state: 'running', pause: null, endedAt: null, counts: null } as const

const wrongState = (why: string): AppError => new AppError('run.wrong_state', `The run was left as it is. ${why}`)

/** How many of a run's items stand where: as they were when it last stopped, or counted now. */
export async function countsOf(tx: Tx, { id, counts, state }: Run): Promise<Awaited<ReturnType<typeof countItems>>> {
  const nothing = { waiting: 0, leased: 0, done: 0, flagged: 0, failed: 0 }
  return counts && state !== 'running' ? { ...nothing, ...counts } : countItems(tx, id)
}
