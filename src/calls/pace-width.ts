const SUCCESSES_PER_STEP = 20

/** How many calls of all instances may be in flight. A cut is known by its time, so that instances agree on the last one. */
export interface WidthState {
  readonly total: number
  readonly cutAtMs: number
}

/** How many calls may be in flight here: no bound until the first trouble, then this instance's share of what is learned. */
export interface Width {
  now(): number
  widen(): void
  /** `inFlight`: of all instances. */
  cut(kind: 'limited' | 'failed', call: { inFlight: number; nowMs: number }): void
  /** Undefined: no bound. */
  state(): WidthState | undefined
  /** The later cut holds; of the same one, what has been widened further since. */
  adopt(other: WidthState): void
  shareWith(instances: number): void
}

export function createWidth(): Width {
  let width = Number.POSITIVE_INFINITY
  let cutAtMs = 0
  let quickUpTo = 0 // to here each success widens by one, which doubles it with every round
  let successes = 0
  let instances = 1
  return {
    now: () => Math.max(1, Math.floor(width / instances)),
    widen() {
      if (width < quickUpTo) width += 1
      else if (++successes >= SUCCESSES_PER_STEP) {
        width += 1
        successes = 0
      }
    },
    cut(kind, { inFlight, nowMs }) {
      const before = Number.isFinite(width) ? width : inFlight
      // Where the limit was met is felt for slowly; a failure says nothing of how much is too much.
      quickUpTo = kind === 'limited' ? Math.floor((before * 3) / 4) : Math.max(quickUpTo, before)
      width = Math.max(1, Math.floor(kind === 'limited' ? before / 2 : (before * 3) / 4))
      cutAtMs = nowMs
      successes = 0
    },
    state: () => (Number.isFinite(width) ? { total: width, cutAtMs } : undefined),
    adopt(other) {
      if (other.cutAtMs < cutAtMs) return
      if (other.cutAtMs === cutAtMs) width = Math.max(width, other.total)
      else {
        width = other.total
        cutAtMs = other.cutAtMs
        quickUpTo = Math.min(quickUpTo, width)
      }
    },
    shareWith(count) {
      instances = Math.max(1, count)
    },
  }
}
