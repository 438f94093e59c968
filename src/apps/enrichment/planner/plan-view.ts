import { formatNano, parseNano } from '../../../base/money.ts'
import { type MoneyRangeView, type PlanView, STEP_NAMES } from '../../../contract/runs.ts'
import type { KeptPlan } from '../../../runs/view.ts'
import type { Plan, PlanStep, StepReason } from './steps.ts'

/** A plan as pages and commands show it: what each step saves, and the sum. */
export function planView({ naive, quote, steps }: Plan, currency: string): PlanView {
  const inCurrency = quote.currency === currency
  return {
    naive: inCurrency && naive.currency === currency ? moneyRange(naive, currency) : null,
    steps: steps.map(({ step, on, because, saves, count }) => ({
      step,
      on,
      because: because && { code: because.code, values: { ...because.values }, text: describeStepReason(because) },
      count,
      inputTokens: ascending(saves.inputTokens),
      outputTokens: ascending(saves.outputTokens),
      saves: inCurrency ? moneyRange(saves, currency) : null,
    })),
  }
}

function moneyRange({ lowNano, highNano }: { lowNano: bigint | null; highNano: bigint | null }, currency: string): MoneyRangeView | null {
  if (lowNano === null || highNano === null) return null
  const [least, most] = lowNano <= highNano ? [lowNano, highNano] : [highNano, lowNano]
  return { currency, low: formatNano(least), high: formatNano(most) }
}

/** Plans of several candidates as one, as it is kept with the run's quote: what its receipt is held against. */
export function keptPlan(plans: readonly Plan[], currency: string): KeptPlan {
  const views = plans.map((plan) => planView(plan, currency))
  const steps = STEP_NAMES.map((step): PlanView['steps'][number] => {
    const rows = views.map((view) => view.steps.find((row) => row.step === step)!)
    const because = rows.some((row) => row.because === null) ? null : rows[0]!.because
    const counts = rows.flatMap(({ count }) => (count === null ? [] : [count]))
    return {
      step,
      on: rows.some(({ on }) => on),
      because,
      count: counts.length === 0 ? null : step === 'perCall' ? Math.max(...counts) : sum(counts),
      inputTokens: sumRanges(rows.map(({ inputTokens }) => inputTokens)),
      outputTokens: sumRanges(rows.map(({ outputTokens }) => outputTokens)),
      saves: sumMoney(rows.map(({ saves }) => saves)),
    }
  })
  const inPart = sumMoney(plans.map((plan, index) => (views[index]!.naive ? moneyRange(plan.ruledInPart, currency) : null)))
  const products = sum(plans.map(({ ruledInPart }) => ruledInPart.products))
  return {
    naive: sumMoney(views.map(({ naive }) => naive)),
    steps,
    ruledInPart: { products, low: inPart?.low ?? null, high: inPart?.high ?? null },
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0)

const sumRanges = (ranges: readonly { low: number; high: number }[]) => ({
  low: sum(ranges.map(({ low }) => low)),
  high: sum(ranges.map(({ high }) => high)),
})

/** Unknown where one of them is. */
function sumMoney(ranges: readonly (MoneyRangeView | null)[]): MoneyRangeView | null {
  const known = ranges.flatMap((range) => (range ? [range] : []))
  if (known.length < ranges.length || known.length === 0) return null
  const total = (of: (range: MoneyRangeView) => string): string =>
    formatNano(known.reduce((nano, range) => nano + parseNano(of(range)), 0n))
  return { currency: known[0]!.currency, low: total(({ low }) => low), high: total(({ high }) => high) }
}

const ascending = ({ low, high }: { low: number; high: number }) => ({ low: Math.min(low, high), high: Math.max(low, high) })

/** What a step is, in English. */
export function describeStep({ step, count }: Pick<PlanStep, 'step' | 'count'>): string {
  switch (step) {
    case 'unchanged':
      return `unchanged products are left out (${count ?? 0})`
    case 'rules':
      return `what stands in the data is not asked (${count ?? 0} products)`
    case 'siblings':
      return `siblings are filled in and checked (${count ?? 0} products)`
    case 'perCall':
      return `${count ?? 1} products in a call`
    case 'caching':
      return 'the prompt cache of the provider'
    case 'cheapFirst':
      return 'the second look at flagged products alone'
    case 'batch':
      return 'the batch service of the provider'
  }
}

/** Why a step changes nothing, in English. */
export function describeStepReason({ code, values }: StepReason): string {
  switch (code) {
    case 'none_unchanged':
      return 'No product has these values from the same data, recipe and model.'
    case 'no_rule_fields':
      return 'The recipe has texts alone: no select, number or named attribute.'
    case 'nothing_found':
      return 'No value stands in the data so that a rule could be sure of it.'
    case 'no_siblings':
      return 'No two products differ in colour, size or numbers alone.'
    case 'long_answers':
      return `Answers of up to ${values.tokens} tokens a product are best written one a call.`
    case 'no_cache':
      return 'Prompt caching is not counted on with this provider.'
    case 'cache_too_short':
      return `The constant part of the prompt has ${values.tokens} tokens; it is cached from ${values.minimum}.`
    case 'cache_and_batch':
      return 'A batch is charged at its own price: caches are not counted on beside it.'
    case 'one_model':
      return 'No second model looks at flagged products.'
    case 'no_batch_service':
      return 'This provider has no batch service that Latchkey speaks to.'
  }
}
