import type { ErrorCode } from '../base/errors.ts'
import type { Database, Tx } from '../db/database.ts'
import type { Clock } from '../runtime/clock.ts'
import { leaseItems, releaseAbandoned, renewLeases, returnItems } from './items.ts'
import type { Pause, RunKind, SettledItem, UnitOutcome } from './run-kind.ts'
import { createSpacing } from './spacing.ts'
import { createUnits, type Unit } from './units.ts'

/** How a drive ended. `finished`: no item waits any more. */
export type DriveEnd = { readonly kind: 'finished' } | { readonly kind: 'paused'; readonly pause: Pause } | { readonly kind: 'interrupted' }

/**
 * So many items say that it is not the items: the first ones of a drive when all of them failed, and later on ones in a
 * row that ended in trouble with the provider.
 */
const FAILURES_THAT_PAUSE = 25
const RENEW_EVERY_MS = 60_000

/**
 * Works through a run's waiting items with at most `concurrency` units at a time, until none is left, something pauses
 * it, or `signal` aborts: then no new unit starts, and those under way end as `perform` sees fit.
 * `upTo` stops at that position (a canary). `firstAlone` lets the first unit end before others start: what a capped run
 * costs is seen once before many calls spend at the same time. A unit that throws ends the drive with its error, once the others have ended.
 */
export async function driveRun<Subject>({
  database,
  clock,
  instance,
  workspaceId,
  runId,
  kind,
  concurrency,
  upTo = null,
  firstAlone = false,
  only,
  signal,
  hardSignal,
  onSettled,
}: {
  database: Database
  clock: Clock
  instance: string
  workspaceId: string
  runId: string
  kind: RunKind<Subject>
  concurrency: number
  upTo?: number | null
  firstAlone?: boolean
  only?: readonly number[] | undefined // items of these candidates alone
  signal: AbortSignal // asks to stop: units under way may end
  hardSignal: AbortSignal // cuts units under way
  onSettled?: (items: readonly SettledItem[]) => void
}): Promise<DriveEnd> {
  const inWorkspace = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.inWorkspace(workspaceId, work)
  await inWorkspace((tx) => releaseAbandoned(tx, { runId, instance, now: clock.now() }))

  let ready: Unit<Subject>[] = []
  const filling = createUnits(kind)
  let exhausted = false
  let returns = 0 // how often items were given back
  let starts = 0 // of units
  let broken: { readonly error: unknown } | undefined
  let refilling: Promise<void> | undefined
  let spacing: Promise<void> | undefined
  let stop: Pause | undefined
  let trouble: Pause | undefined // from what items ended in: of no concern when none waits any more
  let refusal: Refusal | undefined
  let widest = firstAlone ? 1 : concurrency
  const inFlight = new Set<Promise<void>>()
  const failures = watchFailures()
  const space = createSpacing({ clock, concurrency })
  const renewal = setInterval(() => {
    // A renewal that fails is made up for by the next: a lease outlives many.
    inWorkspace((tx) => renewLeases(tx, { runId, instance, now: clock.now() })).catch(() => undefined)
  }, RENEW_EVERY_MS)

  const stopping = (): boolean => broken !== undefined || stop !== undefined || trouble !== undefined || signal.aborted

  const wait = (ms: number): Promise<void> => clock.sleep(ms, signal).catch(() => undefined) // interrupted: not waited for

  const refill = async (): Promise<void> => {
    const limit = Math.max(concurrency, Math.ceil(FEWEST_LEASED / kind.itemsPerUnit)) * kind.itemsPerUnit
    const returnsBefore = returns
    const { items, subjects } = await inWorkspace(async (tx) => {
      const leased = await leaseItems(tx, { runId, instance, now: clock.now(), limit, upTo, only })
      return { items: leased, subjects: leased.length > 0 ? await kind.load(tx, leased) : [] }
    })
    if (items.length < limit && returns === returnsBefore) exhausted = true
    ready = ready.concat(filling.add(items, subjects))
    // Nobody is to come who could join these: they go as they are.
    if (exhausted || items.length === 0) ready = ready.concat(filling.takeAll())
  }

  const start = (unit: Unit<Subject>): void => {
    const nth = (starts += 1)
    const startedMs = clock.now().getTime()
    space.started()
    const startedAlone = inFlight.size === 0
    const work: Promise<void> = kind
      .perform(unit.subjects, hardSignal)
      .then(async (outcome) => {
        const left = unsettled(unit, outcome)
        if (outcome.noRoom && left.items.length > 0) {
          refusal = { pause: outcome.noRoom, alone: startedAlone && starts === nth }
          ready.unshift(left)
        } else {
          refusal = undefined
          widest = concurrency
          await inWorkspace((tx) => returnItems(tx, left.items))
          if (left.items.length > 0) {
            exhausted = false // they wait again, for this drive or the next
            returns += 1
          }
        }
        if (outcome.settled.length > 0) {
          onSettled?.(outcome.settled)
          if (kind.leads) {
            exhausted = false // items may have waited for these
            returns += 1
          }
        }
        stop ??= outcome.pause
        trouble ??= failures.observe(outcome.settled)
      })
      .catch((error: unknown) => {
        broken ??= { error } // kept: nobody may be waiting for this unit just now
      })
      .finally(() => {
        inFlight.delete(work)
        space.ended(clock.now().getTime() - startedMs)
      })
    inFlight.add(work)
  }

  try {
    for (;;) {
      // In the background, while there is something to start: a worker that is free does not wait for a lease.
      if (!stopping() && ready.length < concurrency && !exhausted) refilling ??= refill().finally(() => (refilling = undefined))
      // After a refusal one unit at a time feels for room, so that a full budget is not asked by all workers at once.
      const most = refusal ? (inFlight.size === 0 && !refusal.alone ? 1 : 0) : widest
      while (!stopping() && ready.length > 0 && inFlight.size < most && !spacing) {
        const waitMs = space.waitMs()
        if (waitMs === 0) start(ready.shift()!)
        else spacing = wait(waitMs).finally(() => (spacing = undefined))
      }
      if (inFlight.size > 0 || refilling || spacing) {
        await Promise.race([...inFlight, refilling, spacing].filter((pending) => pending !== undefined))
        continue
      }
      if (broken) throw broken.error
      if (stop) return { kind: 'paused', pause: stop }
      if (signal.aborted) return { kind: 'interrupted' }
      if (ready.length === 0 && exhausted && filling.isEmpty()) return { kind: 'finished' }
      if (trouble) return { kind: 'paused', pause: trouble }
      if (refusal?.alone) return { kind: 'paused', pause: refusal.pause }
    }
  } finally {
    clearInterval(renewal)
    await Promise.allSettled([...inFlight, refilling, spacing])
    const items = [...ready, ...filling.takeAll()].flatMap((unit) => unit.items)
    await inWorkspace((tx) => returnItems(tx, items))
  }
}

/** How many items one lease statement takes at least, so that small units do not cost a statement each. */
const FEWEST_LEASED = 128

/** A unit found no room in a budget. Only when nothing else was in flight meanwhile does that mean the cap is reached. */
interface Refusal {
  readonly pause: Pause
  readonly alone: boolean
}

/** What is left of a unit, as far as it has come. */
function unsettled<Subject>({ items, subjects }: Unit<Subject>, outcome: UnitOutcome<Subject>): Unit<Subject> {
  const settled = new Set(outcome.settled.map(({ position }) => position))
  const isLeft = (index: number): boolean => !settled.has(items[index]!.position)
  return {
    items: items.filter((_, index) => isLeft(index)),
    subjects: outcome.left ?? subjects.filter((_, index) => isLeft(index)),
  }
}

/** Failures that speak of the provider rather than of one item. */
const PROVIDER_TROUBLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'provider.unreachable',
  'provider.overloaded',
  'provider.failed',
  'provider.timeout',
  'provider.rate_limited',
  'provider.request_refused',
  'provider.redirected',
])

function watchFailures(): { observe(items: readonly SettledItem[]): Pause | undefined } {
  let inARow = 0
  let failed = 0
  let settled = 0
  return {
    observe(items) {
      for (const { state, errorCode } of items) {
        settled += 1
        if (state === 'failed') failed += 1
        inARow = state === 'failed' && errorCode && PROVIDER_TROUBLE.has(errorCode) ? inARow + 1 : 0
        if (!errorCode) continue
        if (inARow >= FAILURES_THAT_PAUSE) return { code: errorCode, detail: providerTrouble(inARow, errorCode) }
        if (settled === FAILURES_THAT_PAUSE && failed === settled) return { code: errorCode, detail: noneSucceeded(settled, errorCode) }
      }
      return undefined
    },
  }
}

const providerTrouble = (count: number, code: ErrorCode): string =>
  `The last ${count} products failed alike (${code}), so the rest was not tried. Look at the provider's status and at what failed, then continue the run: it goes on where it stopped.`

const noneSucceeded = (count: number, code: ErrorCode): string =>
  `None of the first ${count} products succeeded (the last: ${code}), so the rest was not tried. Look at what failed, then try another model or recipe, or continue this run.`
