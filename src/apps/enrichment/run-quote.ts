import type { CallServices } from '../../calls/services.ts'
import { callCandidate } from '../../calls/fallback.ts'
import type { QuoteView } from '../../contract/runs.ts'
import type { RunSettings } from '../../runs/settings.ts'
import type { KeptPlan, KeptQuote } from '../../runs/view.ts'
import { createEstimator, type Estimator } from './estimate.ts'
import type { Observation } from './observation.ts'
import { keptPlan } from './planner/plan-view.ts'
import type { SecondLook } from './planner/steps.ts'
import { emptyPlanTally, type PlanTally, planTallyOf, scaledPlan } from './planner/tally.ts'
import type { InputTally } from './quote.ts'
import { fromNothing, quoteView, sumQuotes } from './quote-view.ts'

/** The high end of a quote expects so many products to need a second look, where one is assigned. */
export const SECOND_LOOK_SHARE = 0.3

/** What is counted for each candidate of a run, in their order, and what their answers taught. Kept with the run's quote. */
export interface RunTally {
  readonly first: readonly (PlanTally | InputTally)[] // products that are asked about there first
  readonly second: readonly (PlanTally | InputTally)[] // products that it may look at again
  readonly observed: readonly Observation[]
}

export type EnrichmentQuote = KeptQuote & { readonly counted: RunTally }

/** Estimators for all candidates of a run: one for what each is asked first, one for its second looks. */
export async function openEstimators(
  services: CallServices,
  { workspaceId, settings, currency, counted }: { workspaceId: string; settings: RunSettings; currency: string; counted?: RunTally },
): Promise<{ first: Estimator[]; second: Estimator[] }> {
  const { recipe, candidates, steps } = settings
  const open = (place: number, kept: PlanTally | InputTally | undefined, factor = 1): Promise<Estimator> => {
    const tally = kept ? planTallyOf(kept) : emptyPlanTally
    const seen = counted?.observed[place]
    return createEstimator(
      services,
      { workspaceId, recipe, candidate: callCandidate(candidates[place]!), currency, steps },
      { tally: factor === 1 ? tally : scaledPlan(tally, factor), ...(seen ? { seen } : {}) },
    )
  }
  const places = [...candidates.keys()]
  return {
    first: await Promise.all(places.map((place) => open(place, counted?.first[place]))),
    second: await Promise.all(places.map((place) => open(place, counted?.second[place], SECOND_LOOK_SHARE))),
  }
}

/** The quote of a run, whole and by candidate. */
export async function quoteOfRun(
  services: CallServices,
  { workspaceId, settings, currency, counted }: { workspaceId: string; settings: RunSettings; currency: string; counted: RunTally },
): Promise<EnrichmentQuote & { readonly whole: QuoteView }> {
  const { first, second } = await openEstimators(services, { workspaceId, settings, currency, counted })
  const at = services.clock.now()
  const byCandidate = settings.candidates.map((candidate, place): QuoteView | null => {
    const parts: QuoteView[] = []
    if (first[place]!.tally().whole.all.products > 0) parts.push(quoteView(first[place]!.estimate(), { candidate, at }))
    if (second[place]!.tally().whole.all.products > 0) {
      const looks = quoteView(second[place]!.estimate(), { candidate, at })
      parts.push(fromNothing(looks, { percent: SECOND_LOOK_SHARE * 100, model: candidate.model }))
    }
    return parts.length > 0 ? sumQuotes(parts) : null
  })
  const known = byCandidate.filter((quote) => quote !== null)
  const whole = known.length > 0 ? sumQuotes(known) : quoteView(first[0]!.estimate(), { candidate: settings.candidates[0]!, at })
  return { currency, low: whole.cost?.low ?? null, high: whole.cost?.high ?? null, whole, byCandidate, counted }
}

/** What each step of a run is quoted to save, over all its candidates. */
export function planOfRun({
  settings: { candidates },
  first,
  second,
  currency,
}: {
  settings: Pick<RunSettings, 'candidates'>
  first: readonly Estimator[]
  second: readonly Estimator[]
  currency: string
}): KeptPlan {
  const looksAgain = (place: number): SecondLook | undefined => {
    const found = second.findIndex((each, at) => at > place && each.tally().whole.all.products > 0)
    return found === -1 || candidates[place]!.rules.flaggedByFirst
      ? undefined
      : { makings: second[found]!.makings(), share: SECOND_LOOK_SHARE }
  }
  const asked = first.flatMap((estimator, place) => (productsOf(estimator) > 0 ? [{ estimator, place }] : []))
  const plans = asked.length > 0 ? asked : [{ estimator: first[0]!, place: 0 }]
  return keptPlan(
    plans.map(({ estimator, place }) => estimator.plan(looksAgain(place))),
    currency,
  )
}

function productsOf(estimator: Estimator): number {
  const { whole, unchanged } = estimator.tally()
  return whole.all.products + unchanged.products
}
