import type { ProviderFailure } from '../providers/wire-protocol.ts'
import type { RateLimit } from '../providers/rate-limits.ts'
import type { Clock } from '../runtime/clock.ts'
import { type CircuitState, createCircuit } from './pace-circuit.ts'
import { createLimits, type LearnedLimit } from './pace-limits.ts'
import { createWidth, type WidthState } from './pace-width.ts'

/** A provider that asks for more patience than this is not waited for: the run pauses and says so. */
export const LONGEST_WAIT_MS = 5 * 60_000
/** A connection that gave nothing but trouble for so long is given up for now. */
export const PATIENCE_MS = 5 * 60_000

/** What a call that is over says of its provider. `limits`: what its answer's headers told (`readRateLimits`). */
export type PaceReport =
  /** It answered. */
  | { readonly kind: 'succeeded'; readonly limits?: readonly RateLimit[] }
  /** It asks for less (429, overloaded), or it failed. `failure.retryAfterMs` holds every call back. */
  | { readonly kind: 'limited' | 'failed'; readonly failure: ProviderFailure; readonly limits?: readonly RateLimit[] }
  /** Nothing: the call was not sent, or was cut off by us; `wasSent`: it counts for the provider. */
  | { readonly kind: 'nothing'; readonly wasSent?: boolean }

/** A call that may start. `end` must be called when it is over, with what it says of the provider; it is counted once. */
export interface PaceTurn {
  readonly kind: 'begun'
  end(report: PaceReport): void
}

/** What is learned of a connection, as instances tell it each other. Times are milliseconds since 1970. */
export interface PaceState {
  readonly inFlight: number
  readonly inFlightElsewhere: number // in other instances, as far as heard
  readonly waiting: number
  /** Why and until when a provider asked for no calls at all. */
  readonly held?: { readonly untilMs: number; readonly code: string } | undefined
  readonly width?: WidthState | undefined
  readonly circuit?: CircuitState | undefined
  readonly circuitClosedAtMs?: number | undefined
  readonly limits: readonly LearnedLimit[]
}

/** What other instances know: their `instances` are those with calls under way, this one included. */
export interface Others {
  readonly instances: number
  readonly inFlight: number // of the others
  readonly states: readonly Omit<PaceState, 'inFlight' | 'inFlightElsewhere' | 'waiting'>[]
}

/**
 * One connection's pace, shared by all its calls in this process, and with other processes through `state` and `learn`
 * (`shared-paces.ts`). What a provider asks of one call (Retry-After) holds every call back. Where its headers say what remains
 * of a limit, calls are spread over it instead of running into it. How many may be in flight is halved by a limit, and cut by a
 * quarter when a third of the recent calls failed, once for all calls that were under way together; successes widen it again,
 * quickly up to near where it was. When more than half of the recent calls failed, one probe at a time is sent until one succeeds.
 */
export interface Pace {
  /**
   * Waits until a call may start; where nothing holds it, it has started when this returns. `given_up`: since the request began
   * (`askedAtMs`) the connection was given up, with this failure: it asked to wait for too long, or nothing came but limits and
   * failures for `PATIENCE_MS`.
   */
  begin(request: {
    signal: AbortSignal
    askedAtMs: number
    model: string
  }): Promise<PaceTurn | { readonly kind: 'given_up'; readonly failure: ProviderFailure }>
  /** Starts a call if nothing holds it: without a promise, for callers who count microseconds. Undefined: ask `begin`. */
  tryBegin(model: string): PaceTurn | undefined
  /** Whether the connection works for nobody just now: a failure says nothing of its request, and calls go out one at a time. */
  isOpen(): boolean
  /** Until when the provider asked for no calls at all, or 0. */
  heldUntilMs(): number
  /** What the connection was last given up for, if that was after `askedAtMs`. */
  givenUpSince(askedAtMs: number): ProviderFailure | undefined
  state(): PaceState
  learn(others: Others): void
  /** Holds every call until `reading`, which learns from others, has ended. */
  waitFor(reading: Promise<void>): void
  /** Whether calls are under way, wait, or did within `withinMs`. */
  isActive(withinMs: number): boolean
  /** Closes a circuit that nobody asks any more: what comes next finds out by itself. */
  lapse(): void
}

const toldBy = (report: PaceReport): readonly RateLimit[] | undefined =>
  report.kind === 'nothing' ? (report.wasSent ? [] : undefined) : (report.limits ?? [])

/** After a wait the calls that it held back start one after another, not in the same millisecond. */
const SPREAD_MS = 1_000
const START_GAP_MS = 20

interface Waiter {
  start(): void
  giveUp(failure: ProviderFailure): void
}

interface Begun {
  readonly begunIn: number // the era
  readonly model: string
  readonly number: number // of the connection's calls
  readonly ofModel: number // of the model's calls
}

/** A pace that lets everything through until the provider asks for less. `onTrouble`: what others should know at once has changed. */
export function createPace(clock: Clock, onTrouble: () => void = () => undefined): Pace {
  const nowMs = (): number => clock.now().getTime()
  const queues = new Map<string, Set<Waiter>>() // by model, each in the order in which they came
  const width = createWidth()
  const circuit = createCircuit()
  const limits = createLimits()
  let instances = 1
  let inFlightElsewhere = 0
  let begun = 0
  let inFlight = 0
  let waiting = 0
  let lastEndAt = Number.NEGATIVE_INFINITY
  let readings = 0 // of what others have learned, under way
  let probing = false
  let era = 0 // a call that began before the last cut says nothing of what that did
  let heldUntil = 0
  let heldFor = ''
  let nextStartAt = 0
  let spreadUntil = 0
  let trouble: { since: number; last: number } | undefined // since the last success
  let givenUp: { at: number; failure: ProviderFailure } | undefined
  let timer: { at: number; stop: AbortController } | undefined

  const hold = (until: number, code: string): void => {
    if (until <= heldUntil) return
    heldUntil = until
    heldFor = code
    spreadUntil = Math.max(spreadUntil, until + SPREAD_MS)
  }

  const giveUp = (failure: ProviderFailure): void => {
    givenUp = { at: nowMs(), failure }
    for (const queue of queues.values()) for (const waiter of queue) waiter.giveUp(failure)
    queues.clear()
    waiting = 0
  }

  /** When a call of any model may start, as far as the connection is concerned; Infinity: when another has ended. */
  const opensAt = (): number => {
    if (readings > 0 || (circuit.isOpen() ? probing : inFlight >= width.now())) return Number.POSITIVE_INFINITY
    return Math.max(heldUntil, nextStartAt, circuit.nextProbeAtMs())
  }

  /** The model whose turn it is: of those whose limits let it start, the one that has waited longest. */
  const nextModel = (now: number): { model: string | undefined; opensAt: number } => {
    let soonest = Number.POSITIVE_INFINITY
    for (const [model, queue] of queues) {
      const at = limits.opensAt(model, { nowMs: now, waiting: queue.size, instances })
      if (at <= now) return { model, opensAt: now }
      soonest = Math.min(soonest, at)
    }
    return { model: undefined, opensAt: soonest }
  }

  /** Starts as many as may; for the rest the end of a call, or one timer for all, looks again. */
  const pump = (): void => {
    while (waiting > 0) {
      const now = nowMs()
      if (givenUp && heldUntil - now > LONGEST_WAIT_MS) return giveUp({ ...givenUp.failure, retryAfterMs: heldUntil - now })
      const connectionOpensAt = opensAt()
      const next = connectionOpensAt > now ? undefined : nextModel(now)
      const at = next ? next.opensAt : connectionOpensAt
      if (at === Number.POSITIVE_INFINITY) break
      if (next?.model === undefined) {
        if (at - now > SPREAD_MS) spreadUntil = Math.max(spreadUntil, at + SPREAD_MS)
        return pumpAt(at)
      }
      if (now < spreadUntil) nextStartAt = now + START_GAP_MS
      takeFirst(next.model).start()
    }
    timer?.stop.abort()
    timer = undefined
  }

  const takeFirst = (model: string): Waiter => {
    const queue = queues.get(model)!
    const [first] = queue
    queue.delete(first!)
    queues.delete(model)
    if (queue.size > 0) queues.set(model, queue) // behind the others
    waiting -= 1
    return first!
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
    if (failure.retryAfterMs) hold(now + failure.retryAfterMs, failure.code)
    const persists = (kind === 'limited' || circuit.isOpen()) && now - trouble.since >= PATIENCE_MS
    if (persists || (failure.retryAfterMs ?? 0) > LONGEST_WAIT_MS) giveUp(failure)
  }

  const end = (report: PaceReport, { begunIn, model, number, ofModel }: Begun): void => {
    const now = (lastEndAt = nowMs())
    const isCurrent = begunIn === era
    const wasFull = inFlight >= width.now()
    inFlight -= 1
    limits.ended(model, { number: ofModel, nowMs: now, told: toldBy(report) })
    if (circuit.isOpen() && isCurrent) probing = false
    if (report.kind === 'succeeded') {
      trouble = undefined
      if (isCurrent && wasFull) width.widen()
      const wasOpen = circuit.isOpen()
      circuit.succeeded({ number, isCurrent, nowMs: now })
      if (wasOpen && !circuit.isOpen()) {
        spreadUntil = now + SPREAD_MS
        onTrouble()
      }
    } else if (report.kind !== 'nothing') {
      const wasOpen = circuit.isOpen()
      circuit.failed({ number, isCurrent, isBusy: report.failure.code === 'provider.rate_limited', nowMs: now })
      const cuts = isCurrent && !wasOpen && (report.kind === 'limited' || circuit.isStorm())
      if (cuts) width.cut(report.kind, { inFlight: inFlight + 1 + inFlightElsewhere, nowMs: now })
      if (cuts || circuit.isOpen() !== wasOpen) era += 1
      const wasHeldUntil = heldUntil
      inTrouble(report.kind, report.failure)
      if (cuts || circuit.isOpen() || heldUntil > wasHeldUntil) onTrouble()
    }
    if (waiting > 0) pump()
  }

  const start = (model: string): PaceTurn => {
    inFlight += 1
    if (circuit.isOpen()) probing = true
    const call: Begun = { begunIn: era, model, number: (begun += 1), ofModel: limits.begun(model, nowMs()) }
    let ended = false
    return {
      kind: 'begun',
      end(report) {
        if (!ended) end(report, call)
        ended = true
      },
    }
  }

  const tryBegin: Pace['tryBegin'] = (model) => {
    if (waiting > 0) return undefined
    const now = nowMs()
    if (now < spreadUntil || opensAt() > now) return undefined
    return limits.opensAt(model, { nowMs: now, waiting: 1, instances }) > now ? undefined : start(model)
  }

  const givenUpSince: Pace['givenUpSince'] = (askedAtMs) => (givenUp && givenUp.at > askedAtMs ? givenUp.failure : undefined)

  return {
    isOpen: () => circuit.isOpen(),
    heldUntilMs: () => heldUntil,
    givenUpSince,
    tryBegin,
    begin: ({ signal, askedAtMs, model }) => {
      if (signal.aborted) return Promise.reject(signal.reason as Error)
      const failure = givenUpSince(askedAtMs)
      if (failure) return Promise.resolve({ kind: 'given_up', failure })
      const turn = tryBegin(model)
      if (turn) return Promise.resolve(turn)
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          start() {
            signal.removeEventListener('abort', onAbort)
            resolve(start(model))
          },
          giveUp(reason) {
            signal.removeEventListener('abort', onAbort)
            resolve({ kind: 'given_up', failure: reason })
          },
        }
        const onAbort = (): void => {
          const queue = queues.get(model)!
          queue.delete(waiter)
          if (queue.size === 0) queues.delete(model)
          waiting -= 1
          reject(signal.reason as Error)
          pump()
        }
        signal.addEventListener('abort', onAbort, { once: true })
        const queue = queues.get(model)
        if (queue) queue.add(waiter)
        else queues.set(model, new Set([waiter]))
        waiting += 1
        pump()
      })
    },
    state: () => ({
      inFlight,
      inFlightElsewhere,
      waiting,
      ...(heldUntil > nowMs() ? { held: { untilMs: heldUntil, code: heldFor } } : {}),
      width: width.state(),
      circuit: circuit.state(),
      circuitClosedAtMs: circuit.closedAtMs(),
      limits: limits.all(),
    }),
    learn(others) {
      const now = nowMs()
      instances = Math.max(1, others.instances)
      inFlightElsewhere = others.inFlight
      width.shareWith(instances)
      for (const { held, width: itsWidth, circuit: open, circuitClosedAtMs: closedAtMs, limits: told } of others.states) {
        if (held && held.untilMs > now) hold(Math.min(held.untilMs, now + LONGEST_WAIT_MS), held.code)
        if (itsWidth) width.adopt(itsWidth)
        const wasOpen = circuit.isOpen()
        circuit.adopt({ open, closedAtMs })
        if (circuit.isOpen() !== wasOpen) {
          era += 1
          probing = false
        }
        limits.adopt(told, now)
      }
      pump()
    },
    waitFor(reading) {
      readings += 1
      const ended = (): void => {
        readings -= 1
        pump()
      }
      reading.then(ended, ended)
    },
    isActive: (withinMs) => inFlight > 0 || waiting > 0 || nowMs() - lastEndAt < withinMs,
    lapse() {
      if (!circuit.isOpen() || inFlight > 0 || waiting > 0) return
      circuit.close(nowMs())
      onTrouble()
    },
  }
}
