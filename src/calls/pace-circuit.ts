import { backoffMs } from './backoff.ts'

const RECENT_CALLS = 20

export interface CircuitState {
  readonly openSinceMs: number
  readonly failedProbes: number
  readonly nextProbeAtMs: number
}

/** Opens when more than half of the recent calls failed for the provider's sake, and closes with the first probe that succeeds. */
export interface Circuit {
  isOpen(): boolean
  /** Whether so many fail that it is no longer chance. */
  isStorm(): boolean
  /** Of an open one. */
  nextProbeAtMs(): number
  succeeded(call: { isProbe: boolean; nowMs: number }): void
  failed(call: { isProbe: boolean; nowMs: number }): void
  close(nowMs: number): void
  /** Undefined: closed. */
  state(): CircuitState | undefined
  closedAtMs(): number | undefined
  /** What another instance, or this one before it was started again, knows: who opened later than was closed here is right. */
  adopt(other: { open?: CircuitState | undefined; closedAtMs?: number | undefined }): void
}

export function createCircuit(): Circuit {
  let recent: boolean[] = [] // whether they failed
  let open: CircuitState | undefined
  let closedAtMs: number | undefined
  const remember = (failed: boolean): void => void (recent = [...recent.slice(1 - RECENT_CALLS), failed])
  const failures = (): number => recent.filter(Boolean).length
  const close = (nowMs: number): void => {
    open = undefined
    closedAtMs = nowMs
    recent = []
  }
  return {
    isOpen: () => open !== undefined,
    isStorm: () => failures() > RECENT_CALLS / 3,
    nextProbeAtMs: () => open?.nextProbeAtMs ?? 0,
    succeeded({ isProbe, nowMs }) {
      if (!open) remember(false)
      else if (isProbe) close(nowMs)
    },
    failed({ isProbe, nowMs }) {
      if (open && !isProbe) return
      if (!open) {
        remember(true)
        if (failures() <= RECENT_CALLS / 2) return
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
