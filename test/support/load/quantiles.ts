/** NaN where nothing was measured. */
export interface Quantiles {
  readonly p50: number
  readonly p99: number
}

export function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = Float64Array.from(values).toSorted()
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}

export const median = (values: readonly number[]): number => quantilesOf(values).p50
