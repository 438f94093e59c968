import { divideHalfUp, formatNano, parseNano } from '../../base/money.ts'
import { pricesOf } from '../../calls/price.ts'
import { callCandidate } from '../../calls/fallback.ts'
import type { AssignedCandidate } from '../../assignments/resolve.ts'
import type { MoneyRangeView, QuoteView, ReasonView } from '../../contract/runs.ts'
import { rateCardPrices } from '../../prices/rate-card.ts'
import type { Estimate } from './estimate.ts'
import { describeReason, type QuoteReason } from './reasons.ts'

/** A quote as pages show it. `more`: reasons that only the caller knows. */
export function quoteView(
  { quote, quoted, priced }: Estimate,
  { candidate, at, more = [] }: { candidate: AssignedCandidate; at: Date; more?: readonly QuoteReason[] },
): QuoteView {
  const { products, calls, inputTokens, outputTokens } = quote
  const foreign = !priced && quote.currency !== null ? [{ code: 'other_currency', values: { currency: quote.currency } } as const] : []
  return {
    products,
    calls,
    ...money(priced ? { currency: quoted.currency, lowNano: quote.lowNano!, highNano: quote.highNano! } : undefined, products),
    inputTokens: { ...inputTokens },
    outputTokens: { ...outputTokens },
    prices: priceSource(candidate, at),
    reasons: [...quote.reasons, ...foreign, ...more].map(reasonView),
  }
}

const reasonView = (reason: QuoteReason): ReasonView => ({ code: reason.code, values: { ...reason.values }, text: describeReason(reason) })

interface NanoRange {
  readonly currency: string
  readonly lowNano: bigint
  readonly highNano: bigint
}

function money(range: NanoRange | undefined, products: number): Pick<QuoteView, 'cost' | 'perProduct'> {
  if (!range) return { cost: null, perProduct: null }
  const { currency, lowNano, highNano } = range
  const each = (nano: bigint): string => formatNano(divideHalfUp(nano, BigInt(Math.max(1, products))))
  return {
    cost: { currency, low: formatNano(lowNano), high: formatNano(highNano) },
    perProduct: products === 0 ? null : { currency, low: each(lowNano), high: each(highNano) },
  }
}

/** Where a candidate's prices come from; null: there are none. */
function priceSource(candidate: AssignedCandidate, at: Date): QuoteView['prices'] {
  const { connection, model } = candidate
  const own = rateCardPrices(connection.rateCard, model)
  if (own) return { kind: 'own', source: null, checkedAt: null, free: own.free }
  const book = pricesOf({ candidate: callCandidate(candidate), at })
  if (!book) return null
  const rows = Object.values(book.bands[0]?.rows ?? {})
  const checkedAt = rows.map((row) => row.checkedAt).sort()[0] ?? null
  return { kind: 'price_book', source: rows[0]?.source ?? null, checkedAt, free: book.free }
}

/** The quote of a run that several candidates serve: the sum of theirs. Unknown where one of them is. */
export function sumQuotes(quotes: readonly QuoteView[]): QuoteView {
  const [first] = quotes
  if (quotes.length === 1) return first!
  const products = sum(quotes.map((quote) => quote.products))
  const known = quotes.flatMap(({ cost }) => (cost ? [cost] : []))
  const reasons = new Map(quotes.flatMap((quote) => quote.reasons).map((reason) => [reason.text, reason]))
  return {
    products,
    calls: sum(quotes.map(({ calls }) => calls)),
    ...money(known.length === quotes.length && known.length > 0 ? addRanges(known) : undefined, products),
    inputTokens: addCounts(quotes.map(({ inputTokens }) => inputTokens)),
    outputTokens: addCounts(quotes.map(({ outputTokens }) => outputTokens)),
    prices: null,
    reasons: [...reasons.values()],
  }
}

function addRanges(ranges: readonly MoneyRangeView[]): NanoRange {
  const total = (ends: readonly string[]): bigint => ends.reduce((nano, end) => nano + parseNano(end), 0n)
  return { currency: ranges[0]!.currency, lowNano: total(ranges.map(({ low }) => low)), highNano: total(ranges.map(({ high }) => high)) }
}

const addCounts = (ranges: readonly { low: number; high: number }[]) => ({
  low: sum(ranges.map(({ low }) => low)),
  high: sum(ranges.map(({ high }) => high)),
})

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

/** A quote whose products may all stay away: its low end is nothing. For a candidate that only looks at what others wrote. */
export function fromNothing(quote: QuoteView, { percent, model }: { percent: number; model: string }): QuoteView {
  const { cost, perProduct } = quote
  const reason = reasonView({ code: 'second_look', values: { percent, model } })
  return {
    ...quote,
    products: 0, // they are counted with the candidate that is asked first
    cost: cost && { ...cost, low: '0' },
    perProduct: perProduct && { ...perProduct, low: '0' },
    inputTokens: { ...quote.inputTokens, low: 0 },
    outputTokens: { ...quote.outputTokens, low: 0 },
    reasons: [...quote.reasons, reason],
  }
}
