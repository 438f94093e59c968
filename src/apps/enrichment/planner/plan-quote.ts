import type { Recipe } from '../../../contract/recipe.ts'
import { outputSchema } from '../output-schema.ts'
import { systemPrompt, withPerCall } from '../prompt.ts'
import { emptyTally, type InputTally, type Quote, type QuoteInput, quoteRun } from '../quote.ts'
import type { PriceSet } from '../../../prices/match.ts'
import type { QuoteReason } from '../reasons.ts'
import { leftByKey } from './left.ts'
import { lessTally, type PlanTally, sumTallies } from './tally.ts'

/** How a selection is written: what a quote follows. */
export interface PlanWay {
  readonly unchanged: boolean // those that have their values are left out
  readonly rules: boolean
  readonly siblings: boolean
  readonly caching: boolean
  readonly perCall: number
  readonly batch: boolean
}

/** What all ways of one recipe on one model share. */
export interface PlanMakings extends Omit<QuoteInput, 'tally' | 'k' | 'systemTokens' | 'schemaTokens' | 'counter'> {
  readonly counter: QuoteInput['counter'] & { readonly count: (text: string) => number }
  /** What the provider's batch service charges; undefined: there is none, or nobody published its price. */
  readonly batchPrices: PriceSet | undefined
}

/** The high end of a quote expects so many products that could be filled in to be asked about after all. */
export const NOT_FILLED_SHARE = 0.3

/** The quote of one way. More steps never make it dearer. */
export function quotePlan(makings: PlanMakings, tally: PlanTally, way: PlanWay): Quote {
  const recipe = withPerCall(makings.recipe, way.perCall)
  const asked = way.rules ? partsOf(recipe, tally) : [{ recipe, ...tally.whole }]
  const low: Quote[] = []
  const high: Quote[] = []
  let followers = 0
  for (const part of asked) {
    const more = way.unchanged || part.recipe !== recipe ? emptyTally : tally.unchanged
    const filled = way.siblings ? lessTally(part.all, part.leading) : emptyTally
    followers += filled.products
    low.push(quoteOf(makings, part.recipe, way, sumTallies(way.siblings ? part.leading : part.all, more)))
    const asFeared = sumTallies(way.siblings ? sumTallies(part.leading, share(filled, NOT_FILLED_SHARE)) : part.all, more)
    high.push(quoteOf(makings, part.recipe, way, asFeared))
  }
  if (asked.length === 0 && (way.unchanged || tally.unchanged.products === 0)) {
    low.push(quoteOf(makings, recipe, way, emptyTally)) // rules answer everything: it costs nothing, which is not unknown
    high.push(quoteOf(makings, recipe, way, emptyTally))
  } else if (way.rules && !way.unchanged && !asked.some((part) => part.recipe === recipe)) {
    low.push(quoteOf(makings, recipe, way, tally.unchanged))
    high.push(quoteOf(makings, recipe, way, tally.unchanged))
  }
  const [least, most] = [sumQuotes(low), sumQuotes(high)]
  const reasons: QuoteReason[] = [...most.reasons]
  if (followers > 0) reasons.push({ code: 'filled', values: { products: followers, percent: NOT_FILLED_SHARE * 100 } })
  const whole = tally.whole.all.products + (way.unchanged ? 0 : tally.unchanged.products)
  return {
    ...most,
    products: whole,
    calls: least.calls,
    lowNano: least.lowNano,
    highNano: most.highNano,
    inputTokens: { low: least.inputTokens.low, high: most.inputTokens.high },
    outputTokens: { low: least.outputTokens.low, high: most.outputTokens.high },
    cacheReadTokens: least.cacheReadTokens,
    reasons,
  }
}

interface AskedPart {
  readonly recipe: Recipe
  readonly all: InputTally
  readonly leading: InputTally
}

/** What is left of the recipe, with how many products are asked for just that. Nothing left costs nothing. */
const partsOf = (recipe: Recipe, { parts }: PlanTally): AskedPart[] =>
  Object.entries(parts).flatMap(([key, part]) => {
    const left = leftByKey(recipe, key)
    return left ? [{ recipe: left, ...part }] : []
  })

const share = ({ products, tokens }: InputTally, part: number): InputTally => ({
  products: Math.ceil(products * part),
  tokens: Math.ceil(tokens * part),
})

function quoteOf(makings: PlanMakings, recipe: Recipe, way: PlanWay, tally: InputTally): Quote {
  const { caching, prices, batchPrices } = makings
  const isBatch = way.batch && batchPrices !== undefined
  const { systemTokens, schemaTokens } = fixedTokens(makings, recipe)
  return quoteRun({
    ...makings,
    recipe,
    k: recipe.perCall,
    tally,
    systemTokens,
    schemaTokens,
    prices: isBatch ? batchPrices : prices,
    caching: way.caching && !isBatch ? caching : { kind: 'none' }, // batch prices are not counted on to add up with cached ones
  })
}

const counted = new WeakMap<PlanMakings['counter'], WeakMap<Recipe, { systemTokens: number; schemaTokens: number }>>()

function fixedTokens({ counter }: PlanMakings, recipe: Recipe): { systemTokens: number; schemaTokens: number } {
  let byRecipe = counted.get(counter)
  if (!byRecipe) counted.set(counter, (byRecipe = new WeakMap<Recipe, { systemTokens: number; schemaTokens: number }>()))
  let tokens = byRecipe.get(recipe)
  if (!tokens) {
    tokens = { systemTokens: counter.count(systemPrompt(recipe)), schemaTokens: counter.count(JSON.stringify(outputSchema(recipe))) }
    byRecipe.set(recipe, tokens)
  }
  return tokens
}

/** The quotes of parts as one; unknown where one of them is. Of reasons of one kind, that of the largest part speaks. */
function sumQuotes(quotes: readonly Quote[]): Quote {
  const parts = quotes.toSorted((a, b) => b.products - a.products)
  const sum = (of: (quote: Quote) => number): number => parts.reduce((total, quote) => total + of(quote), 0)
  const money = (of: (quote: Quote) => bigint | null): bigint | null =>
    parts.reduce<bigint | null>((total, quote) => {
      const nano = of(quote)
      return total === null || nano === null ? null : total + nano
    }, 0n)
  const lowNano = money((quote) => quote.lowNano)
  const highNano = money((quote) => quote.highNano)
  const reasons = new Map<string, QuoteReason>()
  for (const reason of parts.flatMap((quote) => quote.reasons)) if (!reasons.has(reason.code)) reasons.set(reason.code, reason)
  return {
    products: sum(({ products }) => products),
    calls: sum(({ calls }) => calls),
    currency: parts[0]?.currency ?? null,
    lowNano: parts.length === 0 ? 0n : lowNano,
    highNano: parts.length === 0 ? 0n : highNano,
    inputTokens: { low: sum(({ inputTokens }) => inputTokens.low), high: sum(({ inputTokens }) => inputTokens.high) },
    outputTokens: { low: sum(({ outputTokens }) => outputTokens.low), high: sum(({ outputTokens }) => outputTokens.high) },
    cacheReadTokens: sum(({ cacheReadTokens }) => cacheReadTokens),
    reasons: [...reasons.values()],
  }
}
