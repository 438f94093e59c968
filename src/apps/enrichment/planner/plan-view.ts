import { formatNano } from '../../../base/money.ts'
import type { PlanView } from '../../../contract/runs.ts'
import type { Plan, PlanStep, StepReason } from './steps.ts'

/** A plan as pages and commands show it: what each step saves, and the sum. */
export function planView({ naive, quote, steps }: Plan, currency: string): PlanView {
  const money = ({ lowNano, highNano, currency: own }: { lowNano: bigint | null; highNano: bigint | null; currency?: string | null }) => {
    if (lowNano === null || highNano === null || (own !== undefined && own !== currency)) return null
    const [least, most] = lowNano <= highNano ? [lowNano, highNano] : [highNano, lowNano]
    return { currency, low: formatNano(least), high: formatNano(most) }
  }
  const inCurrency = quote.currency === currency
  return {
    naive: inCurrency ? money(naive) : null,
    steps: steps.map(({ step, on, because, saves, count }) => ({
      step,
      on,
      because: because && { code: because.code, values: { ...because.values }, text: describeStepReason(because) },
      count,
      inputTokens: ascending(saves.inputTokens),
      outputTokens: ascending(saves.outputTokens),
      saves: inCurrency ? money(saves) : null,
    })),
  }
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
