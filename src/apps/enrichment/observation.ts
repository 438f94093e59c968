/** What answered calls used, as sums that can be added to while a run goes on and kept as JSON. */
export interface Observation {
  readonly calls: number
  readonly products: number
  readonly outputTokens: number
  /** Sum over calls of (output tokens)^2 / products: with the others it gives the variance per product. */
  readonly outputSquares: number
  /** Input as billed and as counted beforehand, over the calls that reported it. */
  readonly inputTokens: number
  readonly countedInputTokens: number
}

export const nothingObserved: Observation = {
  calls: 0,
  products: 0,
  outputTokens: 0,
  outputSquares: 0,
  inputTokens: 0,
  countedInputTokens: 0,
}

export interface ObservedCall {
  readonly products: number
  /** Reasoning included: all that is billed as output. */
  readonly outputTokens: number
  /** Cached or not. */
  readonly inputTokens?: number
  readonly countedInputTokens?: number
}

/** Adds an answered call. A call without products or with a count that is no count is left out. */
export function observeCall(observation: Observation, call: ObservedCall): Observation {
  const { products, outputTokens, inputTokens = 0, countedInputTokens = 0 } = call
  const counts = [products, outputTokens, inputTokens, countedInputTokens]
  if (products < 1 || counts.some((count) => !Number.isFinite(count) || count < 0)) return observation
  const compared = inputTokens > 0 && countedInputTokens > 0
  return {
    calls: observation.calls + 1,
    products: observation.products + products,
    outputTokens: observation.outputTokens + outputTokens,
    outputSquares: observation.outputSquares + outputTokens ** 2 / products,
    inputTokens: observation.inputTokens + (compared ? inputTokens : 0),
    countedInputTokens: observation.countedInputTokens + (compared ? countedInputTokens : 0),
  }
}

/** Two observations as one. */
export function addObservations(a: Observation, b: Observation): Observation {
  return {
    calls: a.calls + b.calls,
    products: a.products + b.products,
    outputTokens: a.outputTokens + b.outputTokens,
    outputSquares: a.outputSquares + b.outputSquares,
    inputTokens: a.inputTokens + b.inputTokens,
    countedInputTokens: a.countedInputTokens + b.countedInputTokens,
  }
}

/** Nothing repeats better than this: another day, another load, another route at the provider. */
const LEAST_ERROR = 0.03

/** Mean output per product and how far from it the mean of a whole run can be (about 95 %); undefined without calls. */
export function meanOutput({ calls, products, outputTokens, outputSquares }: Observation): { mean: number; error: number } | undefined {
  if (calls === 0 || products === 0) return undefined
  const mean = outputTokens / products
  // One call says nothing of the spread.
  if (calls === 1) return { mean, error: mean * 0.5 }
  const variance = Math.max(0, (outputSquares - products * mean ** 2) / (calls - 1))
  const factor = 2 + 6 / calls // small samples need more: Student's t
  return { mean, error: Math.max(mean * LEAST_ERROR, factor * Math.sqrt(variance / products)) }
}
