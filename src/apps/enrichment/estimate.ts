import { formatNano } from '../../base/money.ts'
import type { Candidate } from '../../calls/call.ts'
import { batchPricesOf, pricesOf } from '../../calls/price.ts'
import type { CallServices } from '../../calls/services.ts'
import { tokenCounter } from '../../providers/tokenizers.ts'
import { observedBefore } from '../../runs/runs.ts'
import { addObservations, nothingObserved, type Observation, type ObservedCall, observeCall } from './observation.ts'
import { partKey } from './planner/left.ts'
import { type PlanMakings, quotePlan } from './planner/plan-quote.ts'
import type { RuleAnswers } from './planner/rules.ts'
import { perCallOf, type Plan, planSteps, type SecondLook } from './planner/steps.ts'
import { addToPlan, addUnchanged, emptyPlanTally, type PlanTally } from './planner/tally.ts'
import { answerShape, recordBlock, systemPrompt, withPerCall } from './prompt.ts'
import { promptCaching, type Quote } from './quote.ts'
import { reasoningOf } from './reasoning.ts'
import { seriesOf } from './work-hash.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { RunSteps } from '../../contract/run-steps.ts'

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

/** A product that is to be written, as a plan looks at it. */
export interface PlannedProduct {
  readonly shown: string // its record as the model will see it
  readonly position: number
  readonly answers: RuleAnswers // what of the recipe is answered without a model
  readonly isFollower: boolean // it may be filled in from a sibling
  readonly asked?: Recipe // with what its source taught
}

/** Counts what a run will send while its products are planned, and says what it will cost, before and after a canary. */
export interface Estimator {
  add(product: PlannedProduct): void
  /** A product that has its values: it is left out. */
  addUnchanged(shown: string): void
  /** One answered call of this run. */
  observe(call: ObservedCall): void
  estimate(): Estimate
  /** What each step saves. */
  plan(second?: SecondLook): Plan
  /** What was counted so far. */
  tally(): PlanTally
  makings(): PlanMakings
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
  {
    workspaceId,
    recipe: given,
    candidate,
    currency,
    steps,
  }: { workspaceId: string; recipe: Recipe; candidate: Candidate; currency: string; steps: RunSteps },
  {
    canary,
    tally: counted = emptyPlanTally,
    seen: before = nothingObserved,
  }: { canary?: number | undefined; tally?: PlanTally; seen?: Observation } = {},
): Promise<Estimator> {
  const { provider, model, standsFor = model } = candidate
  const counter = await tokenCounter(provider, standsFor)
  const past = await services.database.inWorkspace(workspaceId, (tx) =>
    observedBefore(tx, seriesOf({ recipe: given, provider, model }), PAST_RUNS),
  )
  const recipe = withPerCall(given, perCallOf(given, steps))
  const shortId = answerShape(recipe) === 'many' ? 'p1' : undefined
  const fixed = {
    recipe,
    counter,
    prices: pricesOf({ candidate, at: services.clock.now() }),
    caching: promptCaching({ provider, model }),
    reasoning: reasoningOf({ model: standsFor }).likely,
    batchPrices: batchPricesOf({ candidate, at: services.clock.now() }),
    past: past.reduce<Observation>((sum, observed) => addObservations(sum, { ...nothingObserved, ...observed }), nothingObserved),
  }
  const taught = new WeakMap<Recipe, number>()
  /** What a product's share of the constant part is longer for what its source taught. */
  const taughtTokens = (taughtOne: Recipe): number => {
    let tokens = taught.get(taughtOne)
    if (tokens === undefined) {
      tokens = Math.ceil(Math.max(0, counter.count(systemPrompt(taughtOne)) - counter.count(systemPrompt(recipe))) / recipe.perCall)
      taught.set(taughtOne, tokens)
    }
    return tokens
  }
  let tally = counted
  let seen = before
  let end: number | undefined
  const makings = (): PlanMakings => ({ ...fixed, canary: seen.calls > 0 ? seen : undefined })
  return {
    add({ shown, position, answers, isFollower, asked }) {
      const more = asked === undefined || asked === recipe ? 0 : taughtTokens(asked)
      const tokens = counter.count(recordBlock(shown, shortId)) + more
      tally = addToPlan(tally, { part: partKey(answers), tokens, isFollower })
      if (tally.whole.all.products === canary) end = position
    },
    addUnchanged(shown) {
      tally = addUnchanged(tally, counter.count(recordBlock(shown, shortId)))
    },
    observe(call) {
      seen = observeCall(seen, call)
    },
    estimate() {
      const { rules, siblings, caching, batch } = steps
      const quote = quotePlan(makings(), tally, { unchanged: true, rules, siblings, caching, batch, perCall: recipe.perCall })
      const known = quote.lowNano !== null && quote.highNano !== null && quote.currency === currency
      const quoted = known
        ? { currency, low: formatNano(quote.lowNano), high: formatNano(quote.highNano) }
        : { currency, low: null, high: null }
      return { quote, quoted, priced: known }
    },
    plan: (second) => planSteps({ makings: makings(), tally, steps: { ...steps, perCall: recipe.perCall }, second }),
    tally: () => tally,
    makings,
    canaryEnd: () => (canary !== undefined && tally.whole.all.products > canary ? end : undefined),
  }
}
