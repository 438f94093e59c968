const FIRST_MS = 500
const LONGEST_MS = 30_000

/** How long to wait after so many failures: exponential with full jitter, so that those that failed together do not come back together. */
export const backoffMs = (failures: number): number => Math.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** failures)
