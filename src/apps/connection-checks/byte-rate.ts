const WINDOW_MS = 10_000
/** A rate from less than this says nothing. */
const SHORTEST_LOOK_MS = 1_000
const LOOK_EVERY_MS = 250

/** Bytes per second over the last ten seconds, from looks at how many have come since the request began. */
export interface ByteRate {
  observe(atMs: number, bytes: number): void
  /** Null: not known yet. 0: nothing came for as long. */
  perSecond(nowMs: number): number | null
  restart(): void
}

export function createByteRate(): ByteRate {
  let looks: { readonly atMs: number; readonly bytes: number }[] = []
  return {
    observe(atMs, bytes) {
      const last = looks.at(-1)
      if (last && atMs - last.atMs < LOOK_EVERY_MS) return
      looks = [...looks.filter((look, index) => look.atMs >= atMs - WINDOW_MS || index === looks.length - 1), { atMs, bytes }]
    },
    perSecond(nowMs) {
      const [first] = looks
      const last = looks.at(-1)
      if (!first || !last) return null
      const spanMs = nowMs - first.atMs
      return spanMs < SHORTEST_LOOK_MS ? null : Math.round(((last.bytes - first.bytes) * 1_000) / spanMs)
    },
    restart() {
      looks = []
    },
  }
}
