import { formatNano } from '../../base/money.ts'
import type { Candidate } from '../../calls/call.ts'
import { pricesOf } from '../../calls/price.ts'
import type { CallServices } from '../../calls/services.ts'
import { tokenCounter } from '../../providers/tokenizers.ts'
import { observedBefore } from '../../runs/runs.ts'
import { addObservations, nothingObserved, type Observation, type ObservedCall, observeCall } from './observation.ts'
import { outputSchema } from './output-schema.ts'
import { answerShape, recordBlock, systemPrompt } from './prompt.ts'
import { addToTally, emptyTally, type InputTally, promptCaching, type Quote, quoteRun } from './quote.ts'
import { reasoningOf } from './reasoning.ts'
import { seriesOf } from './work-hash.ts'
import type { Recipe } from '../../contract/recipe.ts'

/** A quote as it is kept with its run and printed: exact plain decimals; null is unknown, which is not free. */
export interface QuotedRange {
  readonly currency: string
  readonly low: string | null
  readonly high: string | null
}

/** A quote with its range as it is kept; `priced`: both ends are known, in the currency that was asked for. */
export interface Estimate {
  readonly quote: Quote
  readonly quoted: QuotedRange
  readonly priced: boolean
}

/** Counts what a run will send while its products are planned, and says what it will cost, before and after a canary. */
export interface Estimator {
  /** One product that is to be written, with its record as the model will see it. `asked`: the recipe with what its source taught. */
  add(shown: string, position: number, asked?: Recipe): void
  /** One answered call of this run. */
  observe(call: ObservedCall): void
  estimate(): Estimate
  /** What was counted so far. */
  tally(): InputTally
  /** The position of the canary's last product; undefined when there is no canary, or nothing would be left after it. */
  canaryEnd(): number | undefined
}

const PAST_RUNS = 5

/**
 * An estimator for one recipe on one candidate, taught by the last runs of the same recipe and model. `canary`: how many
 * products run first. `seen`: what this run itself has observed already.
 */
export async function createEstimator(
  services: CallServices,
  { workspaceId, recipe, candidate, currency }: { workspaceId: string; recipe: Recipe; candidate: Candidate; currency: string },
  {
    canary,
    tally: counted = emptyTally,
    seen: before = nothingObserved,
  }: { canary?: number | undefined; tally?: InputTally; seen?: Observation } = {},
): Promise<Estimator> {
  const { provider, model, standsFor = model } = candidate
  const counter = await tokenCounter(provider, standsFor)
  const past = await services.database.inWorkspace(workspaceId, (tx) =>
    observedBefore(tx, seriesOf({ recipe, provider, model }), PAST_RUNS),
  )
  const shortId = answerShape(recipe) === 'many' ? 'p1' : undefined
  const fixed = {
    k: recipe.perCall,
    recipe,
    counter,
    systemTokens: counter.count(systemPrompt(recipe)),
    schemaTokens: counter.count(JSON.stringify(outputSchema(recipe))),
    prices: pricesOf({ candidate, at: services.clock.now() }),
    caching: promptCaching({ provider, model }),
    reasoning: reasoningOf({ model: standsFor }).likely,
    past: past.reduce<Observation>((sum, observed) => addObservations(sum, { ...nothingObserved, ...observed }), nothingObserved),
  }
  const taught = new WeakMap<Recipe, number>()
  /** What a product's share of the constant part is longer for what its source taught. */
  const taughtTokens = (asked: Recipe): number => {
    let tokens = taught.get(asked)
    if (tokens === undefined) {
      tokens = Math.ceil(Math.max(0, counter.count(systemPrompt(asked)) - fixed.systemTokens) / fixed.k)
      taught.set(asked, tokens)
    }
    return tokens
  }
  let tally = counted
  let seen = before
  let end: number | undefined
  return {
    add(shown, position, asked = recipe) {
      const more = asked === recipe ? 0 : taughtTokens(asked)
      tally = addToTally(tally, counter.count(recordBlock(shown, shortId)) + more)
      if (tally.products === canary) end = position
    },
    observe(call) {
      seen = observeCall(seen, call)
    },
    estimate() {
      const quote = quoteRun({ ...fixed, tally, canary: seen.calls > 0 ? seen : undefined })
      const known = quote.lowNano !== null && quote.highNano !== null && quote.currency === currency
      const quoted = known
        ? { currency, low: formatNano(quote.lowNano), high: formatNano(quote.highNano) }
        : { currency, low: null, high: null }
      return { quote, quoted, priced: known }
    },
    tally: () => tally,
    canaryEnd: () => (canary !== undefined && tally.products > canary ? end : undefined),
  }
}
