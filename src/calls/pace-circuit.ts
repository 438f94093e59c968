import { backoffMs } from './backoff.ts'

const RECENT_CALLS = 20
/**
 * So many calls that began one after another and all failed are no chance: at 20 % errors that happens once in 20,000 calls. They
 * are counted in the order in which they began, since failures end sooner than answers. More than the attempts of one request:
 * a request that alone fails says nothing of the connection.
 */
const FAILED_IN_A_ROW = 6
/** Failures further apart are each their own. */
const TOGETHER_MS = 60_000
/** Calls whose ends are remembered in the order of their beginnings. */
const REMEMBERED = 64

export interface CircuitState {
  readonly openSinceMs: number
  readonly failedProbes: number
  readonly nextProbeAtMs: number
}

/** A call that ended: the how-manieth to begin, and whether it began after the last cut, as a probe does. */
export interface EndedCall {
  readonly number: number
  readonly isCurrent: boolean
  readonly nowMs: number
}

/**
 * Opens when more than half of the recent calls failed for the provider's sake, or some that began one after another; closes
 * with the first probe that succeeds.
 */
export interface Circuit {
  isOpen(): boolean
  /** Whether so many fail that it is no longer chance. */
  isStorm(): boolean
  /** Of an open one. */
  nextProbeAtMs(): number
  succeeded(call: EndedCall): void
  /** `isBusy`: the provider asks for less, which bursts of calls meet together. */
  failed(call: EndedCall & { readonly isBusy: boolean }): void
  close(nowMs: number): void
  /** Undefined: closed. */
  state(): CircuitState | undefined
  closedAtMs(): number | undefined
  /** What another instance, or this one before it was started again, knows: who opened later than was closed here is right. */
  adopt(other: { open?: CircuitState | undefined; closedAtMs?: number | undefined }): void
}

export function createCircuit(): Circuit {
  let recent: boolean[] = [] // whether they failed
  const failedByNumber = new Set<number>()
  let lastFailedAtMs = 0
  let open: CircuitState | undefined
  let closedAtMs: number | undefined

  const remember = (failed: boolean): void => void (recent = [...recent.slice(1 - RECENT_CALLS), failed])
  const failures = (): number => recent.filter(Boolean).length

  /** How many calls around this one failed without a call between them that did not. */
  const inARow = (number: number, nowMs: number): number => {
    if (nowMs - lastFailedAtMs > TOGETHER_MS) failedByNumber.clear()
    lastFailedAtMs = nowMs
    failedByNumber.add(number)
    if (failedByNumber.size > REMEMBERED) for (const old of failedByNumber) if (old < number - REMEMBERED) failedByNumber.delete(old)
    let first = number
    while (failedByNumber.has(first - 1)) first -= 1
    let last = number
    while (failedByNumber.has(last + 1)) last += 1
    return last - first + 1
  }

  const close = (nowMs: number): void => {
    open = undefined
    closedAtMs = nowMs
    recent = []
    failedByNumber.clear()
  }

  return {
    isOpen: () => open !== undefined,
    isStorm: () => failures() > RECENT_CALLS / 3,
    nextProbeAtMs: () => open?.nextProbeAtMs ?? 0,
    succeeded({ isCurrent, nowMs }) {
      if (!open) remember(false)
      else if (isCurrent) close(nowMs)
    },
    failed({ number, isCurrent, isBusy, nowMs }) {
      if (open && !isCurrent) return
      if (!open) {
        remember(true)
        const isOutage = !isBusy && inARow(number, nowMs) >= FAILED_IN_A_ROW
        if (!isOutage && failures() <= RECENT_CALLS / 2) return
      }
      const failedProbes = open ? open.failedProbes + 1 : 0
      open = { openSinceMs: open?.openSinceMs ?? nowMs, failedProbes, nextProbeAtMs: nowMs + backoffMs(failedProbes + 1) }
    },
    close,
    state: () => open,
    closedAtMs: () => closedAtMs,
    adopt(other) {
      if (open && (other.closedAtMs ?? 0) > open.openSinceMs) close(other.closedAtMs!)
      else if (other.open && !open && other.open.openSinceMs > (closedAtMs ?? 0)) open = other.open
    },
  }
}
