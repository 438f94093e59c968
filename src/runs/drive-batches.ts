import { liveBatches, batchesOf } from '../calls/batches/rows.ts'
import type { CallServices } from '../calls/services.ts'
import type { Tx } from '../db/database.ts'
import { waitingByPlace } from './batch-items.ts'
import type { BatchKind, BatchedPlace } from './batch-kind.ts'
import { makeBatch } from './batch-make.ts'
import { stepBatch } from './batch-step.ts'
import { type DriveEnd, driveRun } from './drive.ts'
import type { Pause, SettledItem } from './run-kind.ts'

/** What driving a run in batches stands on. */
export interface BatchDrive<Subject> {
  readonly services: CallServices
  readonly instance: string
  readonly workspaceId: string
  readonly runId: string
  readonly kind: BatchKind<Subject>
  readonly concurrency: number // of usual calls
  readonly signal: AbortSignal // asks to stop: batches go on at their providers
  readonly hardSignal: AbortSignal // cuts what is under way
  readonly onSettled?: (items: readonly SettledItem[]) => void
}

/** Batches of a run at the same time. */
const MOST_LIVE = 8
/** What a batch left over is asked by usual calls where it is less than this: nobody waits a day for a handful. */
const FEWEST_REQUESTS = 50
/** So many batches in a row that answered nothing say that waiting does not help. */
const FRUITLESS_AT_MOST = 3
const SHORTEST_WAIT_MS = 100
const LONGEST_WAIT_MS = 60_000
/** What waits is counted again when a batch has ended, and so often for what people gave back. */
const COUNT_EVERY_MS = 60_000

/**
 * Works through a run's waiting items by the batch services of its candidates' providers, those of other candidates by usual calls. Where
 * it is stands in the database: it goes on there after a pause, a crash, or in another process. Interrupted, it leaves its batches where they are.
 */
export async function driveBatches<Subject>(drive: BatchDrive<Subject>): Promise<DriveEnd> {
  const { services, workspaceId, runId, kind, signal } = drive
  const { database, clock } = services
  const inWorkspace = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.inWorkspace(workspaceId, work)
  const priced = kind.places.filter(({ isPriced }) => isPriced)
  const batched = new Set(priced.map(({ place }) => place))
  let stop: Pause | undefined // nothing more is asked; what is under way is waited for
  let fruitless = 0
  let countAtMs = 0

  const usual = (places: readonly number[]): Promise<DriveEnd> => driveRun({ ...drive, database, clock, only: places })

  for (;;) {
    if (signal.aborted) return { kind: 'interrupted' }
    for (const batch of await inWorkspace((tx) => liveBatches(tx, runId))) {
      if (signal.aborted) return { kind: 'interrupted' }
      if (batch.nextLookAt && batch.nextLookAt > clock.now()) continue
      const step = await stepBatch(drive, batch)
      if (step.kind === 'trouble') return { kind: 'paused', pause: step.pause }
      if (step.kind !== 'ended') continue
      countAtMs = 0
      fruitless = step.answered > 0 || !step.wasSent ? 0 : fruitless + 1
      if (stop?.code === 'budget.exceeded') stop = undefined // what it held is free
      stop ??= step.pause ?? (fruitless >= FRUITLESS_AT_MOST ? FRUITLESS : undefined)
    }
    if (!stop && clock.now().getTime() >= countAtMs) {
      countAtMs = clock.now().getTime() + COUNT_EVERY_MS
      const asked = await askMore()
      if (asked.kind === 'interrupted') return asked
      if (asked.kind === 'paused') stop = asked.pause
    }
    const live = await inWorkspace((tx) => liveBatches(tx, runId))
    if (live.length === 0) {
      if (signal.aborted) return { kind: 'interrupted' }
      if (stop) return { kind: 'paused', pause: stop }
      if ((await inWorkspace((tx) => waitingByPlace(tx, runId))).size === 0) return { kind: 'finished' }
      countAtMs = 0
      await clock.sleep(SHORTEST_WAIT_MS, signal).catch(() => undefined)
      continue
    }
    const nextMs = Math.min(...live.map(({ nextLookAt }) => nextLookAt?.getTime() ?? 0)) - clock.now().getTime()
    await clock.sleep(Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, nextMs)), signal).catch(() => undefined)
  }

  /** Asks about what waits, as far as it may be asked about now. */
  async function askMore(): Promise<DriveEnd> {
    const { waiting, before } = await inWorkspace(async (tx) => ({
      waiting: await waitingByPlace(tx, runId),
      before: await batchesOf(tx, runId),
    }))
    const others = [...waiting.keys()].filter((place) => place >= 0 && !batched.has(place))
    if (others.length > 0) {
      const end = await usual(others)
      if (end.kind !== 'finished') return end
    }
    for (const at of priced) {
      const items = waiting.get(at.place) ?? 0
      if (items === 0) continue
      const own = before.filter(({ candidate }) => candidate === at.place)
      const isLeftOver = own.some(({ submittedAt }) => submittedAt !== null) && items < FEWEST_REQUESTS * kind.itemsPerUnit
      const isFollowed = own.some(({ state }) => state !== 'ended')
      if (isLeftOver && isFollowed) continue // more may be left over
      const end = isLeftOver ? await usual([at.place]) : await makeMany(at, before.filter(({ state }) => state !== 'ended').length)
      if (end.kind !== 'finished') return end
    }
    return { kind: 'finished' }
  }

  async function makeMany(at: BatchedPlace, live: number): Promise<DriveEnd> {
    for (let number = live; number < MOST_LIVE; number += 1) {
      if (signal.aborted) return { kind: 'interrupted' }
      const made = await makeBatch(drive, at)
      if (made.kind === 'none') return { kind: 'finished' }
      if (made.pause) return { kind: 'paused', pause: made.pause }
    }
    return { kind: 'finished' }
  }
}

const FRUITLESS: Pause = {
  code: 'batch.expired',
  detail: `The last ${FRUITLESS_AT_MOST} batches ended without an answer. Look at the provider's status, then continue the run, or make one without batches.`,
}
