import type { ProviderFailure } from '../providers/provider.ts'
import type { Clock } from '../runtime/clock.ts'
import { backoffMs } from './backoff.ts'

/** A provider that asks for more patience than this is not waited for: the run pauses and says so. */
export const LONGEST_WAIT_MS = 5 * 60_000
/** A connection that gave nothing but trouble for so long is given up for now. */
export const PATIENCE_MS = 5 * 60_000

/** What a call that is over says of its provider. */
export type PaceReport =
  /** It answered. `closedForMs`: this answer used up a limit, which opens again after so long. */
  | { readonly kind: 'succeeded'; readonly closedForMs?: number | undefined }
  /** It asks for less (429, overloaded), or it failed. `failure.retryAfterMs` holds every call back. */
  | { readonly kind: 'limited' | 'failed'; readonly failure: ProviderFailure }
  /** Nothing: the call was not sent, or was cut off by us. */
  | { readonly kind: 'nothing' }

/** A call that may start. `end` must be called when it is over, with what it says of the provider; it is counted once. */
export interface PaceTurn {
  readonly kind: 'begun'
  end(report: PaceReport): void
}

/**
 * One connection's pace, shared by all its calls in this process. What a provider asks of one call (Retry-After) holds
 * every call back. How many may be in flight is halved by a limit, and cut by a quarter when a third of the recent calls
 * failed, once for all calls that were under way together; successes widen it again, quickly up to near where it was.
 * When more than half of the recent calls failed, one probe at a time is sent until one succeeds.
 */
export interface Pace {
  /**
   * Waits until a call may start. `given_up`: since the request began (`askedAtMs`) the connection was given up, with this
   * failure: it asked to wait for too long, or nothing came but limits and failures for `PATIENCE_MS`.
   */
  begin(request: {
    signal: AbortSignal
    askedAtMs: number
  }): Promise<PaceTurn | { readonly kind: 'given_up'; readonly failure: ProviderFailure }>
  /** What the connection was last given up for, if that was after `askedAtMs`. */
  givenUpSince(askedAtMs: number): ProviderFailure | undefined
}

const RECENT_CALLS = 20
const SUCCESSES_PER_STEP = 20
/** After a wait the calls that it held back start one after another, not in the same millisecond. */
const SPREAD_MS = 1_000
const START_GAP_MS = 20

interface Waiter {
  start(): void
  giveUp(failure: ProviderFailure): void
}

/** A pace that lets everything through until the provider asks for less. */
export function createPace(clock: Clock): Pace {
  const nowMs = (): number => clock.now().getTime()
  const queue = new Set<Waiter>() // in the order in which they came
  const width = createWidth()
  const circuit = createCircuit()
  let inFlight = 0
  let probing = false
  let era = 0 // a call that began before the last cut says nothing of what that did
  let heldUntil = 0
  let nextStartAt = 0
  let spreadUntil = 0
  let trouble: { since: number; last: number } | undefined // since the last success
  let givenUp: { at: number; failure: ProviderFailure } | undefined
  let timer: { at: number; stop: AbortController } | undefined

  const hold = (ms: number): void => {
    heldUntil = Math.max(heldUntil, nowMs() + ms)
    spreadUntil = Math.max(spreadUntil, heldUntil + SPREAD_MS)
  }

  const giveUp = (failure: ProviderFailure): void => {
    givenUp = { at: nowMs(), failure }
    for (const waiter of queue) waiter.giveUp(failure)
    queue.clear()
  }

  /** Starts as many as may; for the rest the end of a call, or one timer for all, looks again. */
  const pump = (): void => {
    while (queue.size > 0) {
      const now = nowMs()
      if (givenUp && heldUntil - now > LONGEST_WAIT_MS) return giveUp({ ...givenUp.failure, retryAfterMs: heldUntil - now })
      const opensAt = Math.max(heldUntil, nextStartAt)
      if (opensAt > now) return pumpAt(opensAt)
      if (circuit.isOpen() ? probing : inFlight >= width.now()) break
      const [first] = queue
      queue.delete(first!)
      if (now < spreadUntil) nextStartAt = now + START_GAP_MS
      first!.start()
    }
    timer?.stop.abort()
    timer = undefined
  }

  const pumpAt = (at: number): void => {
    if (timer?.at === at) return
    timer?.stop.abort()
    const own = (timer = { at, stop: new AbortController() })
    clock.sleep(at - nowMs(), own.stop.signal).then(
      () => {
        if (timer === own) timer = undefined
        pump()
      },
      () => undefined,
    )
  }

  const inTrouble = (kind: 'limited' | 'failed', failure: ProviderFailure): void => {
    const now = nowMs()
    // After a long silence it is another trouble.
    if (!trouble || now - trouble.last > 2 * PATIENCE_MS) trouble = { since: now, last: now }
    trouble.last = now
    if (failure.retryAfterMs) hold(failure.retryAfterMs)
    const persists = (kind === 'limited' || circuit.isOpen()) && now - trouble.since >= PATIENCE_MS
    if (persists || (failure.retryAfterMs ?? 0) > LONGEST_WAIT_MS) giveUp(failure)
  }

  const end = (report: PaceReport, begunIn: number): void => {
    const isCurrent = begunIn === era
    const wasFull = inFlight >= width.now()
    inFlight -= 1
    if (circuit.isOpen() && isCurrent) probing = false
    if (report.kind === 'succeeded') {
      trouble = undefined
      if (isCurrent && wasFull) width.widen()
      if (isCurrent && circuit.isOpen()) spreadUntil = nowMs() + SPREAD_MS
      circuit.succeeded({ isProbe: isCurrent })
      if (report.closedForMs) hold(Math.min(report.closedForMs, LONGEST_WAIT_MS))
    } else if (report.kind !== 'nothing') {
      const wasOpen = circuit.isOpen()
      const probeAfterMs = circuit.failed({ isProbe: isCurrent })
      if (probeAfterMs !== undefined) hold(probeAfterMs)
      const cuts = isCurrent && !wasOpen && (report.kind === 'limited' || circuit.isStorm())
      if (cuts) width.cut(report.kind, inFlight + 1)
      if (cuts || circuit.isOpen() !== wasOpen) era += 1
      inTrouble(report.kind, report.failure)
    }
    pump()
  }

  const start = (): PaceTurn => {
    inFlight += 1
    if (circuit.isOpen()) probing = true
    const begunIn = era
    let ended = false
    return {
      kind: 'begun',
      end(report) {
        if (!ended) end(report, begunIn)
        ended = true
      },
    }
  }

  const givenUpSince: Pace['givenUpSince'] = (askedAtMs) => (givenUp && givenUp.at > askedAtMs ? givenUp.failure : undefined)

  return {
    givenUpSince,
    begin: ({ signal, askedAtMs }) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error)
        const failure = givenUpSince(askedAtMs)
        if (failure) return resolve({ kind: 'given_up', failure })
        const waiter: Waiter = {
          start() {
            signal.removeEventListener('abort', onAbort)
            resolve(start())
          },
          giveUp(reason) {
            signal.removeEventListener('abort', onAbort)
            resolve({ kind: 'given_up', failure: reason })
          },
        }
        const onAbort = (): void => {
          queue.delete(waiter)
          reject(signal.reason as Error)
          pump()
        }
        signal.addEventListener('abort', onAbort, { once: true })
        queue.add(waiter)
        pump()
      }),
  }
}

/** How many calls may be in flight: no bound until the first trouble. */
function createWidth(): { now(): number; widen(): void; cut(kind: 'limited' | 'failed', inFlight: number): void } {
  let width = Number.POSITIVE_INFINITY
  let quickUpTo = 0 // to here each success widens by one, which doubles it with every round
  let successes = 0
  return {
    now: () => width,
    widen() {
      if (width < quickUpTo) width += 1
      else if (++successes >= SUCCESSES_PER_STEP) {
        width += 1
        successes = 0
      }
    },
    cut(kind, inFlight) {
      const before = Number.isFinite(width) ? width : inFlight
      // Where the limit was met is felt for slowly; a failure says nothing of how much is too much.
      quickUpTo = kind === 'limited' ? Math.floor((before * 3) / 4) : Math.max(quickUpTo, before)
      width = Math.max(1, Math.floor(kind === 'limited' ? before / 2 : (before * 3) / 4))
      successes = 0
    },
  }
}

/** Opens when more than half of the recent calls failed for the provider's sake, and closes with the first probe that succeeds. */
function createCircuit(): {
  isOpen(): boolean
  /** Whether so many fail that it is no longer chance. */
  isStorm(): boolean
  succeeded(call: { isProbe: boolean }): void
  /** @returns how long to wait before the next probe. */
  failed(call: { isProbe: boolean }): number | undefined
} {
  let recent: boolean[] = [] // whether they failed
  let failedProbes: number | undefined // undefined: closed
  const remember = (failed: boolean): void => void (recent = [...recent.slice(1 - RECENT_CALLS), failed])
  const failures = (): number => recent.filter(Boolean).length
  return {
    isOpen: () => failedProbes !== undefined,
    isStorm: () => failures() > RECENT_CALLS / 3,
    succeeded({ isProbe }) {
      if (failedProbes === undefined) return remember(false)
      if (!isProbe) return
      failedProbes = undefined
      recent = []
    },
    failed({ isProbe }) {
      if (failedProbes === undefined) {
        remember(true)
        if (failures() <= RECENT_CALLS / 2) return undefined
        failedProbes = 0
      } else if (!isProbe) return undefined
      else failedProbes += 1
      return backoffMs(failedProbes + 1)
    },
  }
}
