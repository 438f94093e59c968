import { LIVE_MS, type LearnedRow, learnedElsewhere, loadLearned, ownerOf, writeLearned } from '../connections/learned.ts'
import type { Database } from '../db/database.ts'
import { beginNotice, endNotice } from '../people/lasting-notices.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { createPace, type Others, type Pace, type PaceState } from './pace.ts'

/** The paces of all connections in this process. */
export interface Paces {
  /** Of one connection; a call asks for it each time, which keeps it in step with other instances. */
  readonly of: (connectionId: string) => Pace
  /** Writes what was learned for the next start. */
  close(): Promise<void>
}

/** How often instances with calls under way read what the others have learned. */
const LOOK_EVERY_MS = 1_000
/** What changes with every call (what remains, what is in flight) is written at most so often; trouble at once. */
const WRITE_EVERY_MS = 2_000
/** An instance with calls under way says that it is there. */
const SAY_SO_EVERY_MS = LIVE_MS / 3
/** A connection without calls for so long is left alone; its next call looks at what others have learned first. */
const IDLE_AFTER_MS = 10_000
/** An open circuit that nobody asks for so long closes: the next call finds out by itself. */
const LAPSE_AFTER_MS = 10 * 60_000
/** A circuit that so many probes found open is told: the first may have come too early. */
const TOLD_AFTER_PROBES = 1

interface Entry {
  readonly connectionId: string
  readonly pace: Pace
  isWatched: boolean
  owner: { readonly workspaceId: string; readonly label: string } | undefined
  written: { readonly text: string; readonly atMs: number }
  isTold: boolean // of its open circuit
  writing: Promise<void> | undefined
  again: boolean
}

/**
 * Shares what each instance learns of a connection through one row for each (`connection_pace`): instances read each other's
 * while they have calls under way, and their own when they start. No call waits for a write, and none causes one by itself.
 */
export async function createPaces({
  database,
  clock,
  log,
  instance,
}: {
  database: Database
  clock: Clock
  log: Log
  instance: string
}): Promise<Paces> {
  const hasOthers = database.engine === 'postgres' // a folder of PGlite is held by one process
  const nowMs = (): number => clock.now().getTime()
  const entries = new Map<string, Entry>()
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let isClosed = false

  const loaded = await database.asSystem('what was learned of connections before', (tx) => loadLearned(tx, clock.now()))
  const known = Map.groupBy(loaded, ({ connectionId }) => connectionId)

  const complain = (error: unknown): void => log.warn({ error }, 'what is learned of connections could not be shared; the next look may')

  const make = (connectionId: string): Entry => {
    const pace = createPace(clock, () => void write(entry, 'at once'))
    const entry: Entry = {
      connectionId,
      pace,
      isWatched: false,
      owner: undefined,
      written: { text: '', atMs: 0 },
      isTold: false,
      writing: undefined,
      again: false,
    }
    entries.set(connectionId, entry)
    const before = known.get(connectionId)
    if (before) {
      pace.learn(othersOf(before, { nowMs: nowMs(), instance }))
      entry.isTold = pace.isOpen()
    }
    return entry
  }

  /** Keeps a connection in step from now on, until it has had no calls for a while. */
  const watch = (entry: Entry): void => {
    if (isClosed) return
    entry.isWatched = true
    if (hasOthers) entry.pace.waitFor(look([entry]))
    timer ??= setInterval(() => void tick(), LOOK_EVERY_MS).unref()
  }

  /** Reads what others have learned. */
  const look = async (watched: readonly Entry[]): Promise<void> => {
    const now = clock.now()
    const since = new Date(now.getTime() - LAPSE_AFTER_MS)
    const connectionIds = watched.map(({ connectionId }) => connectionId)
    try {
      const rows = await database.asSystem('what other instances learned of connections', (tx) =>
        learnedElsewhere(tx, { connectionIds, instance, since }),
      )
      const byConnection = Map.groupBy(rows, ({ connectionId }) => connectionId)
      for (const { pace, connectionId } of watched) {
        pace.learn(othersOf(byConnection.get(connectionId) ?? [], { nowMs: now.getTime(), instance }))
      }
    } catch (error) {
      complain(error)
    }
  }

  const tick = async (): Promise<void> => {
    const watched = [...entries.values()].filter(({ isWatched }) => isWatched)
    if (hasOthers && !looking) {
      looking = look(watched)
      await looking
      looking = undefined
    }
    for (const entry of watched) {
      if (!entry.pace.isActive(IDLE_AFTER_MS) && !entry.pace.isOpen()) entry.isWatched = false
      if (!entry.pace.isActive(LAPSE_AFTER_MS)) entry.pace.lapse()
      void write(entry, entry.isWatched ? 'when due' : 'if changed')
    }
    if (!watched.some(({ isWatched }) => isWatched)) {
      clearInterval(timer)
      timer = undefined
    }
  }

  /** One write at a time for each connection: what changes meanwhile is in the next. */
  const write = (entry: Entry, when: 'at once' | 'when due' | 'if changed'): Promise<void> => {
    if (entry.writing) {
      entry.again ||= when === 'at once'
      return entry.writing
    }
    const state = entry.pace.state()
    const text = JSON.stringify(state)
    const ageMs = nowMs() - entry.written.atMs
    const isChanged = text !== entry.written.text
    if (when === 'when due' && ageMs < (isChanged ? WRITE_EVERY_MS : hasOthers ? SAY_SO_EVERY_MS : Infinity)) return Promise.resolve()
    if (when !== 'when due' && !isChanged) return Promise.resolve()
    entry.written = { text, atMs: nowMs() }
    entry.writing = save(entry, state)
      .catch(complain)
      .finally(() => {
        entry.writing = undefined
        if (!entry.again) return
        entry.again = false
        void write(entry, 'at once')
      })
    return entry.writing
  }

  const save = async (entry: Entry, state: PaceState): Promise<void> => {
    const { connectionId } = entry
    entry.owner ??= await database.asSystem('whose connection it is', (tx) => ownerOf(tx, connectionId))
    if (!entry.owner) return
    const { workspaceId, label } = entry.owner
    const now = clock.now()
    const isTold = state.circuit !== undefined && (entry.isTold || state.circuit.failedProbes >= TOLD_AFTER_PROBES)
    await database.inWorkspace(workspaceId, async (tx) => {
      await writeLearned(tx, { ...toRow(state), workspaceId, connectionId, instance, seenAt: now })
      if (isTold === entry.isTold) return
      const notice = { kind: 'connection.failing', subject: `connection:${connectionId}`, now }
      if (isTold) await beginNotice(tx, { ...notice, workspaceId, roles: ['owner', 'admin'], text: label })
      else await endNotice(tx, notice)
    })
    entry.isTold = isTold
  }

  for (const row of loaded) if (row.circuitOpenSince) watchIfOpen(row)
  function watchIfOpen({ connectionId }: LearnedRow): void {
    const entry = entries.get(connectionId) ?? make(connectionId)
    if (entry.pace.isOpen() && !entry.isWatched) watch(entry)
  }

  return {
    of(connectionId) {
      const entry = entries.get(connectionId) ?? make(connectionId)
      if (!entry.isWatched) watch(entry)
      return entry.pace
    },
    async close() {
      isClosed = true
      clearInterval(timer)
      await looking
      await Promise.all([...entries.values()].flatMap(({ writing }) => (writing ? [writing] : [])))
      await Promise.all([...entries.values()].map((entry) => write(entry, 'if changed')))
    },
  }
}

const ms = (date: Date | null): number | undefined => date?.getTime()
const date = (time: number | undefined): Date | null => (time === undefined ? null : new Date(time))

function toRow({ inFlight, waiting, held, width, circuit, circuitClosedAtMs, limits }: PaceState) {
  return {
    inFlight,
    waiting,
    heldUntil: date(held?.untilMs),
    heldFor: held?.code ?? null,
    width: width?.total ?? null,
    widthCutAt: date(width?.cutAtMs),
    circuitOpenSince: date(circuit?.openSinceMs),
    circuitFailedProbes: circuit?.failedProbes ?? 0,
    circuitNextProbeAt: date(circuit?.nextProbeAtMs),
    circuitClosedAt: date(circuitClosedAtMs),
    limits: [...limits],
  }
}

/** What these rows say to this instance. Those that write no more have no calls under way, but what they learned still holds. */
function othersOf(rows: readonly LearnedRow[], { nowMs, instance }: { nowMs: number; instance: string }): Others {
  const working = rows.filter(
    (row) => row.instance !== instance && nowMs - row.seenAt.getTime() < LIVE_MS && row.inFlight + row.waiting > 0,
  )
  return {
    instances: working.length + 1,
    inFlight: working.reduce((sum, { inFlight }) => sum + inFlight, 0),
    states: rows.map((row) => ({
      held: row.heldUntil ? { untilMs: row.heldUntil.getTime(), code: row.heldFor ?? '' } : undefined,
      width: row.width !== null && row.widthCutAt ? { total: row.width, cutAtMs: row.widthCutAt.getTime() } : undefined,
      circuit: row.circuitOpenSince
        ? {
            openSinceMs: row.circuitOpenSince.getTime(),
            failedProbes: row.circuitFailedProbes,
            nextProbeAtMs: ms(row.circuitNextProbeAt) ?? row.circuitOpenSince.getTime(),
          }
        : undefined,
      circuitClosedAtMs: ms(row.circuitClosedAt),
      limits: row.limits,
    })),
  }
}
