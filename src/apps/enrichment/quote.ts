import type { Usage } from '../../base/usage.ts'
import { costOf } from '../../prices/cost.ts'
import type { PriceSet, UnitPrices } from '../../prices/match.ts'
import type { TokenCounter } from '../../providers/tokenizers.ts'
import { meanOutput, type Observation } from './observation.ts'
import { predictOutput, type TokenRange } from './predict-output.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { QuoteReason } from './reasons.ts'

/** What a run will cost, as a range with the reasons for its width. Input is counted; output is predicted or observed. */

/** The records of a run, counted one after the other: `tokens` is the sum over `recordBlock(...)` of each product. */
export interface InputTally {
  readonly products: number
  readonly tokens: number
}

export const emptyTally: InputTally = { products: 0, tokens: 0 }

/** Adds one product's record. */
export const addToTally = (tally: InputTally, tokens: number): InputTally => ({
  products: tally.products + 1,
  tokens: tally.tokens + tokens,
})

/** Whether a provider keeps the constant part of a prompt, and from which length on. */
export type PromptCaching =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'automatic'
      readonly minimumTokens: number
      readonly blockTokens: number
      readonly asked: boolean // it caches what it is asked to; else all by itself
    }

/**
 * OpenAI caches prefixes from 1,024 tokens in steps of 128 by itself. Anthropic caches what is marked with
 * `cache_control`, as the constant part is (calls/chat.ts), from 2,048 tokens on Sonnet and 4,096 on the others.
 * Mistral needs a `prompt_cache_key`, which Latchkey does not send.
 */
export function promptCaching({ provider, model }: { provider: string; model: string }): PromptCaching {
  if (provider === 'openai' || (provider === 'openrouter' && model.startsWith('openai/')))
    return { kind: 'automatic', minimumTokens: 1_024, blockTokens: 128, asked: false }
  if (provider === 'anthropic')
    return { kind: 'automatic', minimumTokens: model.includes('sonnet') ? 2_048 : 4_096, blockTokens: 1, asked: true }
  return { kind: 'none' }
}

export interface QuoteInput {
  readonly tally: InputTally
  /** Products per call. */
  readonly k: number
  readonly recipe: Recipe
  readonly counter: Pick<TokenCounter, 'exact' | 'spread' | 'overhead' | 'ratio' | 'source'>
  /** Tokens of the system part and of the JSON schema, by `counter`. */
  readonly systemTokens: number
  readonly schemaTokens: number
  /** From prices/match.ts or the connection's rate card; undefined: nobody published a price. */
  readonly prices: PriceSet | undefined
  readonly caching: PromptCaching
  readonly reasoning: TokenRange
  /** Earlier runs of the same recipe and model. */
  readonly past?: Observation | undefined
  /** The first products of this run. */
  readonly canary?: Observation | undefined
}

export interface Quote {
  readonly products: number
  readonly calls: number
  /** Null with `lowNano` and `highNano`: no price is known, which is not free. */
  readonly currency: string | null
  readonly lowNano: bigint | null
  readonly highNano: bigint | null
  /** Of the whole run, cached or not. */
  readonly inputTokens: TokenRange
  readonly outputTokens: TokenRange
  /** How much of the input a prompt cache can serve at best. */
  readonly cacheReadTokens: number
  /** Why the range is as wide as it is. */
  readonly reasons: readonly QuoteReason[]
}

/** Share of products that may be asked a second time. */
const ASKED_AGAIN = 0.05
const ASKED_AGAIN_OBSERVED = 0.02

/**
 * The quote of a run. Low is never above high, and more products never cost less. With a `canary` it is never wider, in
 * tokens, than without.
 */
export function quoteRun(input: QuoteInput): Quote {
  if (!Number.isSafeInteger(input.k) || input.k < 1) throw new RangeError('k must be a whole number from 1')
  const before = tokensOf({ ...input, canary: undefined })
  const now = input.canary && input.canary.calls > 0 ? narrowed(before, tokensOf(input)) : before
  return { ...now, ...moneyOf(input, now) }
}

interface Tokens {
  readonly products: number
  readonly calls: number
  readonly inputTokens: TokenRange
  readonly outputTokens: TokenRange
  readonly cacheReadTokens: number
  readonly reasons: readonly QuoteReason[]
}

function tokensOf(input: QuoteInput): Tokens {
  const { tally, k, counter, systemTokens, schemaTokens } = input
  const calls = Math.ceil(tally.products / k)
  const observed = input.canary && input.canary.calls > 0 ? input.canary : input.past && input.past.calls > 0 ? input.past : undefined
  const again = 1 + (observed ? ASKED_AGAIN_OBSERVED : ASKED_AGAIN)
  const counted = tally.tokens + calls * systemTokens
  const base: TokenRange = {
    low: (counted + calls * counter.overhead.low) * counter.spread.low,
    high: (counted + calls * (counter.overhead.high + 1.5 * schemaTokens)) * counter.spread.high,
  }
  const billed = observed && observed.countedInputTokens > 0 ? observed.inputTokens / observed.countedInputTokens : undefined
  const inputRange = billed === undefined ? base : { low: counted * billed * 0.98, high: counted * billed * 1.02 }
  const perProduct = outputPerProduct(input, observed)
  const thinking = observed ? { low: 0, high: 0 } : input.reasoning
  const cached = cachedPrefix(input) * Math.max(0, calls - 1)
  const inputTokens = { low: Math.floor(inputRange.low), high: Math.ceil(inputRange.high * again) }
  const reasons: readonly QuoteReason[] = [
    perProduct.reason,
    counter.exact ? { code: 'input_counted', values: {} } : { code: 'input_estimated', values: { source: counter.source } },
    ...(billed === undefined ? [] : [{ code: 'input_corrected', values: {} } as const]),
    cacheReason(input, cached),
    ...(thinking.high > 0 ? [{ code: 'thinking', values: { tokens: thinking.high } } as const] : []),
    { code: 'asked_again', values: { percent: Math.round((again - 1) * 100) } },
  ]
  return {
    products: tally.products,
    calls,
    inputTokens,
    outputTokens: {
      low: Math.floor(tally.products * perProduct.low + calls * thinking.low),
      high: Math.ceil((tally.products * perProduct.high + calls * thinking.high) * again),
    },
    cacheReadTokens: Math.min(inputTokens.low, cached),
    reasons,
  }
}

function outputPerProduct({ recipe, counter }: QuoteInput, observed: Observation | undefined): TokenRange & { reason: QuoteReason } {
  const predicted = predictOutput(recipe)
  const scaled = { low: predicted.low * counter.ratio * counter.spread.low, high: predicted.high * counter.ratio * counter.spread.high }
  const measured = observed && meanOutput(observed)
  if (!measured) {
    return { ...scaled, reason: { code: 'output_predicted', values: { low: Math.floor(scaled.low), high: Math.ceil(scaled.high) } } }
  }
  const range = { low: Math.max(0, measured.mean - measured.error), high: measured.mean + measured.error }
  const values = { low: Math.floor(range.low), high: Math.ceil(range.high), products: observed.products }
  return { ...range, reason: { code: 'output_observed', values } }
}

/** Tokens of a call that a cache can serve. What counts as input only at the high end (the schema) saves nothing at the low one. */
function cachedPrefix({ caching, systemTokens, schemaTokens, counter }: QuoteInput): number {
  if (caching.kind === 'none') return 0
  const prefix = systemTokens + schemaTokens
  if (prefix < caching.minimumTokens) return 0
  return Math.floor(Math.min(Math.floor(prefix / caching.blockTokens) * caching.blockTokens, systemTokens * counter.spread.low))
}

function cacheReason({ caching, systemTokens, schemaTokens }: QuoteInput, cached: number): QuoteReason {
  if (caching.kind === 'none') return { code: 'cache_not_counted', values: {} }
  if (cached > 0) return { code: 'cache_at_best', values: {} }
  return { code: 'cache_too_short', values: { tokens: systemTokens + schemaTokens, minimum: caching.minimumTokens } }
}

/** What the canary says, but in no range wider than before. */
function narrowed(before: Tokens, after: Tokens): Tokens {
  return {
    ...after,
    inputTokens: noWider(after.inputTokens, before.inputTokens),
    outputTokens: noWider(after.outputTokens, before.outputTokens),
  }
}

function noWider(range: TokenRange, limit: TokenRange): TokenRange {
  const width = limit.high - limit.low
  if (range.high - range.low <= width) return range
  const low = Math.max(0, Math.floor((range.low + range.high - width) / 2))
  return { low, high: low + width }
}

function moneyOf(input: QuoteInput, tokens: Tokens): Pick<Quote, 'currency' | 'lowNano' | 'highNano' | 'reasons'> {
  const { prices } = input
  const why: QuoteReason = prices?.perHour
    ? { code: 'paid_by_hour', values: { hour: prices.perHour.price, currency: prices.currency } }
    : { code: 'price_unknown', values: {} }
  const unknown = { currency: null, lowNano: null, highNano: null, reasons: [...tokens.reasons, why] }
  if (!prices) return unknown
  const lowRows = rowsFor(prices, tokens.inputTokens.low, tokens.calls)
  const highRows = rowsFor(prices, tokens.inputTokens.high, tokens.calls)
  const low = costOf({ usage: leastUsage(tokens, lowRows), prices: oneBand(prices, lowRows) })
  const high = costOf({ usage: mostUsage(input, tokens, highRows), prices: oneBand(prices, highRows) })
  if (low.kind === 'unknown' || high.kind === 'unknown') return unknown
  // A longer band is dearer; rounding aside, low cannot pass high.
  const lowNano = low.nano < high.nano ? low.nano : high.nano
  return { currency: prices.currency, lowNano, highNano: high.nano, reasons: tokens.reasons }
}

/** The rows that a call of average length is charged by. */
function rowsFor(prices: PriceSet, inputTokens: number, calls: number): UnitPrices {
  const perCall = calls === 0 ? 0 : inputTokens / calls
  return prices.bands.findLast((band) => band.fromInputTokens <= perCall)?.rows ?? {}
}

const oneBand = (prices: PriceSet, rows: UnitPrices): PriceSet => ({ ...prices, bands: [{ fromInputTokens: 0, rows }] })

function leastUsage({ inputTokens, outputTokens, cacheReadTokens, calls }: Tokens, rows: UnitPrices): Usage {
  const cached =
    rows.cache_read_tokens && rows.input_tokens && rows.cache_read_tokens.nano < rows.input_tokens.nano
      ? Math.min(cacheReadTokens, inputTokens.low)
      : 0
  return {
    input_tokens: inputTokens.low - cached,
    cache_read_tokens: cached,
    output_tokens: outputTokens.low,
    requests: rows.requests ? calls : 0,
  }
}

function mostUsage({ caching }: QuoteInput, { inputTokens, outputTokens, calls }: Tokens, rows: UnitPrices): Usage {
  // Newer OpenAI models charge more for what they write into the cache, and they write by themselves.
  const writes =
    caching.kind === 'automatic' && rows.cache_write_tokens && rows.input_tokens && rows.cache_write_tokens.nano > rows.input_tokens.nano
  const written = writes && calls > 0 && inputTokens.high / calls >= caching.minimumTokens ? inputTokens.high : 0
  return {
    input_tokens: inputTokens.high - written,
    cache_write_tokens: written,
    output_tokens: outputTokens.high,
    requests: rows.requests ? calls : 0,
  }
}
