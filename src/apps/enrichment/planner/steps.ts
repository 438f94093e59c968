import type { Recipe } from '../../../contract/recipe.ts'
import { STEP_NAMES, type StepName } from '../../../contract/runs.ts'
import type { RunSteps } from '../../../contract/run-steps.ts'
import { predictOutput, type TokenRange } from '../predict-output.ts'
import { withPerCall } from '../prompt.ts'
import type { Quote } from '../quote.ts'
import { type PlanMakings, type PlanWay, quotePlan } from './plan-quote.ts'
import { leftByKey } from './left.ts'
import { type PartTally, type PlanTally, sumParts } from './tally.ts'
import { ruleTargets } from './targets.ts'

/** What each step of a plan saves: the quote without it, less the quote with it, in the order in which they are taken. */

export interface PlanStep {
  readonly step: StepName
  readonly on: boolean
  /** Why it changes nothing here; null: it does. */
  readonly because: StepReason | null
  /** Low and high are those of the quotes, so that the steps' savings add up at either end. Of a step that is off: what it would save. */
  readonly saves: Saving
  /** Products that it spares, or how many share a call. */
  readonly count: number | null
}

export interface Saving {
  readonly inputTokens: TokenRange
  readonly outputTokens: TokenRange
  readonly lowNano: bigint | null // null: no price is known
  readonly highNano: bigint | null
}

export type StepReason =
  | { readonly code: 'none_unchanged'; readonly values: Readonly<Record<string, never>> }
  | { readonly code: 'no_rule_fields'; readonly values: Readonly<Record<string, never>> }
  | { readonly code: 'nothing_found'; readonly values: Readonly<Record<string, never>> }
  | { readonly code: 'no_siblings'; readonly values: Readonly<Record<string, never>> }
  | { readonly code: 'long_answers'; readonly values: { readonly tokens: number } }
  | { readonly code: 'no_cache'; readonly values: Readonly<Record<string, never>> }
  | { readonly code: 'cache_too_short'; readonly values: { readonly tokens: number; readonly minimum: number } }
  | { readonly code: 'cache_and_batch'; readonly values: Readonly<Record<string, never>> }
  | { readonly code: 'one_model'; readonly values: Readonly<Record<string, never>> }
  | { readonly code: 'no_batch_service'; readonly values: Readonly<Record<string, never>> }

export interface Plan {
  /** Every product, one a call, by whoever would look again, without any step. */
  readonly naive: Quote
  readonly quote: Quote
  readonly steps: readonly PlanStep[]
  /** The part of what rules save that is of products of which something is left to ask. */
  readonly ruledInPart: Saving & { readonly products: number }
}

/** The one who looks again, where there is one: it may be asked about all, or about the share that the first leaves. */
export interface SecondLook {
  readonly makings: PlanMakings
  readonly share: number // of the products, at the high end
}

export function planSteps(input: { makings: PlanMakings; tally: PlanTally; steps: RunSteps; second?: SecondLook | undefined }): Plan {
  const { makings, steps } = input
  const perCall = perCallOf(makings.recipe, steps)
  const chosen: Ways = {
    unchanged: true,
    rules: steps.rules,
    siblings: steps.siblings,
    perCall,
    caching: steps.caching || cachesByItself(makings),
    cheapFirst: steps.cheapFirst,
    batch: steps.batch,
  }
  const taken: Ways = { unchanged: false, rules: false, siblings: false, perCall: 1, caching: false, cheapFirst: false, batch: false }
  const naive = quoteWays(input, taken)
  const full = quoteWays(input, chosen)
  let before = naive
  let so = taken
  const rows = STEP_NAMES.map((step): PlanStep => {
    const on = isOn(chosen, step)
    const because = whyNot(input, step, full)
    const count = countOf(input, step, chosen)
    if (on) {
      so = { ...so, [step]: chosen[step] }
      const after = quoteWays(input, so)
      const saves = lessQuote(before, after)
      before = after
      return { step, on, because, saves, count }
    }
    const turnedOn = { ...chosen, [step]: step === 'perCall' ? plannedPerCall(makings.recipe) : true }
    return { step, on, because, saves: lessQuote(full, quoteWays(input, turnedOn)), count }
  })
  return { naive, quote: full, steps: rows, ruledInPart: inPart(input, taken) }
}

function inPart(input: Parameters<typeof planSteps>[0], taken: Ways): Plan['ruledInPart'] {
  const { makings, tally } = input
  const parts = Object.entries(tally.parts).filter(([key]) => key !== '' && leftByKey(makings.recipe, key) !== null)
  const whole = sumParts(parts.map(([, part]): PartTally => part))
  const asked = { ...input, tally: { ...tally, whole, parts: Object.fromEntries(parts) } }
  const without = { ...taken, unchanged: true }
  return { products: whole.all.products, ...lessQuote(quoteWays(asked, without), quoteWays(asked, { ...without, rules: true })) }
}

interface Ways extends PlanWay {
  readonly cheapFirst: boolean
}

const isOn = (ways: Ways, step: StepName): boolean => (step === 'perCall' ? ways.perCall > 1 : ways[step])

/** How many products share a call in this run. */
export const perCallOf = (recipe: Recipe, { perCall }: Pick<RunSteps, 'perCall'>): number =>
  perCall === 'recipe' ? recipe.perCall : perCall

/** Output of one call, in tokens, that a plan aims at: more of it and the last products of a call suffer. */
const ANSWER_TOKENS = 3_000
const MOST_PER_CALL = 10

/** How many products a call is best made of: 5 to 10 for texts of ordinary length, fewer for long ones. */
export function plannedPerCall(recipe: Recipe): number {
  const { high } = predictOutput(withPerCall(recipe, MOST_PER_CALL))
  return Math.max(1, Math.min(MOST_PER_CALL, Math.floor(ANSWER_TOKENS / Math.max(1, high))))
}

/** With cheap first, the one who looks again is paid for a share at the high end; without, for all. */
function quoteWays({ makings, tally, second }: Parameters<typeof planSteps>[0], ways: Ways): Quote {
  if (!second) return quotePlan(makings, tally, ways)
  if (!ways.cheapFirst) return quotePlan(second.makings, tally, ways)
  const first = quotePlan(makings, tally, ways)
  const again = quotePlan(second.makings, tally, ways)
  const part = (count: number): number => Math.ceil(count * second.share)
  const sameCurrency = first.currency === again.currency
  return {
    ...first,
    inputTokens: { low: first.inputTokens.low, high: first.inputTokens.high + part(again.inputTokens.high) },
    outputTokens: { low: first.outputTokens.low, high: first.outputTokens.high + part(again.outputTokens.high) },
    lowNano: sameCurrency ? first.lowNano : null,
    highNano:
      sameCurrency && first.highNano !== null && again.highNano !== null
        ? first.highNano + (again.highNano * BigInt(Math.round(second.share * 100)) + 99n) / 100n
        : null,
  }
}

const lessQuote = (before: Quote, after: Quote): Saving => ({
  inputTokens: less(before.inputTokens, after.inputTokens),
  outputTokens: less(before.outputTokens, after.outputTokens),
  lowNano: lessNano(before.lowNano, after.lowNano),
  highNano: lessNano(before.highNano, after.highNano),
})

const less = (before: TokenRange, after: TokenRange): TokenRange => ({ low: before.low - after.low, high: before.high - after.high })
const lessNano = (before: bigint | null, after: bigint | null): bigint | null => (before === null || after === null ? null : before - after)

const cachesByItself = ({ caching }: PlanMakings): boolean => caching.kind === 'automatic' && !caching.asked

function countOf({ makings, tally }: Parameters<typeof planSteps>[0], step: StepName, chosen: Ways): number | null {
  if (step === 'unchanged') return tally.unchanged.products
  if (step === 'rules') return Object.entries(tally.parts).reduce((sum, [key, part]) => sum + (key === '' ? 0 : part.all.products), 0)
  if (step === 'siblings') return tally.whole.all.products - tally.whole.leading.products
  if (step === 'perCall') return chosen.perCall > 1 ? chosen.perCall : plannedPerCall(makings.recipe)
  return null
}

function whyNot(input: Parameters<typeof planSteps>[0], step: StepName, quote: Quote): StepReason | null {
  const { makings, tally, steps, second } = input
  const plain = (code: Exclude<StepReason['code'], 'long_answers' | 'cache_too_short'>): StepReason => ({ code, values: {} })
  if (step === 'unchanged') return tally.unchanged.products > 0 ? null : plain('none_unchanged')
  if (step === 'rules') {
    if (ruleTargets(makings.recipe).length === 0) return plain('no_rule_fields')
    return Object.keys(tally.parts).some((key) => key !== '') ? null : plain('nothing_found')
  }
  if (step === 'siblings') return tally.whole.all.products > tally.whole.leading.products ? null : plain('no_siblings')
  if (step === 'perCall') {
    const { high } = predictOutput(makings.recipe)
    return plannedPerCall(makings.recipe) > 1 ? null : { code: 'long_answers', values: { tokens: high } }
  }
  if (step === 'caching') {
    if (makings.caching.kind === 'none') return plain('no_cache')
    if (steps.batch && makings.batchPrices !== undefined) return plain('cache_and_batch')
    const short = quote.reasons.find((reason) => reason.code === 'cache_too_short')
    return short ? { code: 'cache_too_short', values: short.values } : null
  }
  if (step === 'cheapFirst') return second ? null : plain('one_model')
  return makings.batchPrices === undefined ? plain('no_batch_service') : null
}
