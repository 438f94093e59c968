import type { Database } from '../db/database.ts'
import { addNotice } from '../people/notices.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { DriveEnd } from './drive.ts'
import {
  changeDriven,
  claimCancelled,
  claimRun,
  holdDriven,
  orphanedRuns,
  releaseDriver,
  RENEW_DRIVER_EVERY_MS,
  renewDriver,
} from './driver-lease.ts'
import { createGate, type Gate } from './gate.ts'
import { countItems, dropUnsettled } from './items.ts'
import type { Pause } from './run-kind.ts'
import { readRun, type Run } from './runs.ts'
import { titleOf } from './settings.ts'

/** A kind of run that the manager can plan and drive. */
export interface ManagedKind {
  readonly id: string
  /** Adds the run's items and its quote, from the beginning; items that a cut-off planning left are gone already. */
  plan(run: Run, signal: AbortSignal): Promise<void>
  /** Works through its items up to `run.upTo`, as driveRun does. */
  drive(run: Run, options: { readonly gate: Gate; readonly signal: AbortSignal; readonly hardSignal: AbortSignal }): Promise<DriveEnd>
  /** Ends what a run that a person paused or cancelled still has at providers; absent: it has nothing there. */
  windDown?(run: Run, options: { readonly gate: Gate; readonly signal: AbortSignal; readonly hardSignal: AbortSignal }): Promise<void>
}

/**
 * Plans and drives the runs of all workspaces that are due, in this process. What is due stands in the database: who changes
 * a run's row calls `look`, and a restart or another process finds it there again.
 */
export interface RunManager {
  /** Something about this run changed. */
  look(run: { readonly workspaceId: string; readonly runId: string }): void
  /** Lets the calls under way end, `graceMs` at most; runs go on at the next start. */
  close(options?: { readonly graceMs?: number }): Promise<void>
}

/** Units of all runs at the same time. */
const PLACES = 64
/** How often runs are looked for that another process left. */
const LOOK_AROUND_EVERY_MS = 10_000
const GRACE_MS = 20_000

interface Tended {
  readonly stop: AbortController // asks to stop; the calls under way end
  again: boolean // look again when it has stopped
  state?: Run['state'] // of the run when it was claimed
}

export function createRunManager({
  database,
  clock,
  log,
  instance,
  kinds,
}: {
  database: Database
  clock: Clock
  log: Log
  instance: string
  kinds: readonly ManagedKind[]
}): RunManager {
  const gate = createGate(PLACES)
  const kindsById = new Map(kinds.map((kind) => [kind.id, kind]))
  const tended = new Map<string, Tended>()
  const underWay = new Set<Promise<void>>()
  const cut = new AbortController()
  let closing = false

  /** Keeps the lease, and notices what others make of the run. */
  function keep({ workspaceId, id: runId, state }: Run, { stop }: Tended): () => void {
    const renew = async (): Promise<void> => {
      const now = await database.inWorkspace(workspaceId, (tx) => renewDriver(tx, { runId, instance, now: clock.now() }))
      if (now !== state) stop.abort()
    }
    const timer = setInterval(() => {
      renew().catch((error: unknown) => log.warn({ error, runId }, 'the lease of a run could not be renewed; the next renewal may'))
    }, RENEW_DRIVER_EVERY_MS)
    return () => clearInterval(timer)
  }

  async function work(run: Run, entry: Tended): Promise<void> {
    const { stop } = entry
    const { workspaceId, id: runId } = run
    const kind = kindsById.get(run.kind)
    if (!kind) throw new Error(`no kind of run is called ${run.kind}`)
    if (run.state === 'ready') {
      log.info({ workspaceId, runId }, 'planning a run')
      await kind.plan(run, stop.signal)
      entry.again = true // it may be due to be driven at once
      return
    }
    if (run.state !== 'running') {
      log.info({ workspaceId, runId }, 'ending the batches of a run')
      return kind.windDown?.(run, { gate, signal: stop.signal, hardSignal: cut.signal })
    }
    log.info({ workspaceId, runId }, 'driving a run')
    const end = await kind.drive(run, { gate, signal: stop.signal, hardSignal: cut.signal })
    log.info({ workspaceId, runId, outcome: end.kind }, 'a run stopped')
    if (end.kind === 'paused') await halt(run, { state: 'paused', pause: end.pause })
    if (end.kind === 'finished')
      await halt(run, run.upTo === null ? { state: 'finished', pause: null } : { state: 'paused', pause: CANARY_DONE })
  }

  /**
   * Writes how a run stopped, unless someone said otherwise meanwhile, and tells whoever made it. Products that someone gave back
   * to it for another try while it came to its end go on: it is left running, and is due again.
   */
  async function halt(run: Run, { state, pause }: { state: 'paused' | 'finished'; pause: Pause | null }): Promise<void> {
    const { workspaceId, id: runId, createdBy } = run
    await database.inWorkspace(workspaceId, async (tx) => {
      if (!(await holdDriven(tx, { runId, instance, whileIn: 'running' }))) return
      const counts = await countItems(tx, runId)
      if (state === 'finished' && counts.waiting > 0) return
      const change = { state, pause: pause && { ...pause }, counts, ...(state === 'finished' ? { endedAt: clock.now() } : {}) }
      await changeDriven(tx, { runId, instance, whileIn: 'running', change })
      const kind = state === 'finished' ? 'run.finished' : pause === CANARY_DONE ? 'run.waits' : 'run.paused'
      const { recipeName, attributes } = titleOf(run)
      await addNotice(tx, { workspaceId, actor: createdBy, kind, subject: `run:${runId}`, text: recipeName ?? attributes.join(', ') })
    })
  }

  /** After a run was stopped: what is cancelled loses the items that have not ended, and its counts stand. */
  async function tidy({ workspaceId, runId }: { workspaceId: string; runId: string }): Promise<void> {
    const run = await database.inWorkspace(workspaceId, (tx) => readRun(tx, runId))
    if (run?.state === 'cancelled') await dropUnsettled(database, { workspaceId, runId })
    if (run?.state !== 'cancelled' && run?.state !== 'paused') return
    await database.inWorkspace(workspaceId, async (tx) => {
      const counts = await countItems(tx, runId)
      await changeDriven(tx, { runId, instance, whileIn: run.state, change: { counts } })
    })
  }

  async function tend(key: { workspaceId: string; runId: string }, entry: Tended): Promise<void> {
    const { workspaceId, runId } = key
    const run = await database.inWorkspace(workspaceId, (tx) => claimRun(tx, { runId, instance, now: clock.now() }))
    if (!run) return sweepCancelled(key)
    entry.state = run.state
    const letGo = keep(run, entry)
    try {
      await work(run, entry)
    } catch (error) {
      if (!entry.stop.signal.aborted) {
        log.warn({ error, workspaceId, runId }, 'a run broke off')
        if (run.state === 'running') await halt(run, { state: 'paused', pause: BROKEN })
        else await failPlanning(run)
      }
    } finally {
      letGo()
      await tidy(key)
      await database.inWorkspace(workspaceId, (tx) => releaseDriver(tx, { runId, instance }))
    }
  }

  /** A run may be cancelled when its driver has just ended, or was killed: nobody else drops what it still has. */
  async function sweepCancelled(key: { workspaceId: string; runId: string }): Promise<void> {
    const { workspaceId, runId } = key
    const isLeft = await database.inWorkspace(workspaceId, (tx) => claimCancelled(tx, { runId, instance, now: clock.now() }))
    if (!isLeft) return
    await tidy(key)
    await database.inWorkspace(workspaceId, (tx) => releaseDriver(tx, { runId, instance }))
  }

  /** A run that cannot be planned is of no use to anyone: it ends, with the reason. */
  async function failPlanning({ workspaceId, id: runId }: Run): Promise<void> {
    await database.inWorkspace(workspaceId, (tx) =>
      changeDriven(tx, { runId, instance, whileIn: 'ready', change: { state: 'cancelled', pause: { ...BROKEN }, endedAt: clock.now() } }),
    )
  }

  function look(key: { readonly workspaceId: string; readonly runId: string }): void {
    if (closing) return
    const known = tended.get(key.runId)
    if (known) {
      known.again = true
      recheck(key, known)
      return
    }
    const entry: Tended = { stop: new AbortController(), again: false }
    tended.set(key.runId, entry)
    const tending = tend(key, entry)
      .catch((error: unknown) => log.warn({ error, runId: key.runId }, 'a run could not be looked after'))
      .finally(() => {
        tended.delete(key.runId)
        underWay.delete(tending)
        if (entry.again) look(key)
      })
    underWay.add(tending)
  }

  /** A run that this process works on was changed by someone: it stops when it is no longer to be worked on. */
  function recheck({ workspaceId, runId }: { readonly workspaceId: string; readonly runId: string }, { stop, state }: Tended): void {
    const checking = database
      .inWorkspace(workspaceId, (tx) => readRun(tx, runId))
      .then((run) => {
        if (run && state && run.state !== state) stop.abort()
      })
      .catch((error: unknown) => log.warn({ error, runId }, 'a run could not be looked at'))
      .finally(() => underWay.delete(checking))
    underWay.add(checking)
  }

  async function lookAround(): Promise<void> {
    for (const run of await orphanedRuns(database, { instance, now: clock.now() })) if (!tended.has(run.runId)) look(run)
  }
  const lookAroundSafely = (): void => {
    const looking = lookAround()
      .catch((error: unknown) => log.warn({ error }, 'runs that nobody drives could not be looked for'))
      .finally(() => underWay.delete(looking))
    underWay.add(looking)
  }
  lookAroundSafely()
  const around = setInterval(lookAroundSafely, LOOK_AROUND_EVERY_MS)
  around.unref()

  return {
    look,
    async close({ graceMs = GRACE_MS } = {}) {
      closing = true
      clearInterval(around)
      for (const { stop } of tended.values()) stop.abort()
      const patience = setTimeout(() => cut.abort(), graceMs)
      while (underWay.size > 0) await Promise.allSettled(underWay)
      clearTimeout(patience)
    },
  }
}

const CANARY_DONE: Pause = {
  code: 'run.canary_done',
  detail: 'The canary has run. Look at what it wrote, then approve the rest or cancel the run.',
}

const BROKEN: Pause = {
  code: 'run.broken',
  detail: 'Something unexpected went wrong. What was done is kept; the server’s log has the details. Resume the run to go on.',
}
