import { NANO_DECIMALS, NANO_PER_UNIT, parseNano, parseScaled } from '../base/money.ts'
import { USAGE_UNITS, type UsageUnit } from '../base/usage.ts'
import { fitsPattern, type PriceRow } from './book.ts'
import type { Cost } from './cost.ts'
import type { PriceSet } from './match.ts'

/** A connection's own prices: model (id, or a pattern with one "*") -> unit -> plain decimal per million (tokens) or per one (all other units). */
export interface RateCard {
  readonly currency: string
  readonly models: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** What an hour of the machine costs that all of the connection's calls run on: a plain decimal. It holds for every model, beside `models`. */
  readonly hourly?: string | undefined
}

const IS_PRICE = /^\d{1,9}(\.\d{1,9})?$/

/** What is wrong with a rate card, in words for the person who entered it; empty when nothing is. */
export function rateCardProblems(card: RateCard): string[] {
  const problems: string[] = []
  if (card.hourly !== undefined && !IS_PRICE.test(card.hourly)) problems.push(`"${card.hourly}" is not a price of an hour (such as 0.45)`)
  if (!/^[A-Z]{3}$/.test(card.currency)) problems.push(`"${card.currency}" is not a currency (three capital letters, such as USD)`)
  for (const [model, prices] of Object.entries(card.models)) {
    if (model.split('*').length > 2) problems.push(`"${model}" has more than one "*"`)
    if (Object.keys(prices).length === 0) problems.push(`"${model}" has no price`)
    for (const [unit, price] of Object.entries(prices)) {
      if (!(USAGE_UNITS as readonly string[]).includes(unit))
        problems.push(`"${unit}" of "${model}" is not a unit (${USAGE_UNITS.join(', ')})`)
      if (unit === 'machine_ms') problems.push(`the machine of "${model}" is paid by the hour: enter that as the connection's hourly price`)
      if (!IS_PRICE.test(price)) problems.push(`"${price}" for ${unit} of "${model}" is not a price (such as 0.15)`)
    }
  }
  return problems
}

/**
 * A rate card's prices for a model, or undefined when the card does not name it (the price book's hold then). A card is
 * a contract, so what it does not grant is not granted: cache reads without a price of their own cost what input costs,
 * reasoning what output costs. Cache writes, searches and the rest need their own price, else a call that used them has
 * an unknown cost. A card whose prices are all 0 makes the model free. With a price of the hour every model is named: what has
 * no price of its own is paid for with the machine's time. @throws RangeError for what `rateCardProblems` lists.
 */
export function rateCardPrices(card: RateCard | null | undefined, model: string): PriceSet | undefined {
  if (!card) return undefined
  const known = readCards.get(card) ?? new Map<string, PriceSet | undefined>()
  if (known.has(model)) return known.get(model)
  const prices = readPrices(card, model)
  if (known.size < MOST_MODELS) readCards.set(card, known.set(model, prices))
  return prices
}

/** Of a card that stays in memory, what was asked before: a card is never changed, only replaced. */
const readCards = new WeakMap<RateCard, Map<string, PriceSet | undefined>>()
const MOST_MODELS = 1_000

function readPrices(card: RateCard, model: string): PriceSet | undefined {
  const name = Object.keys(card.models)
    .filter((pattern) => fitsPattern(model, pattern))
    .sort((a, b) => Number(a.includes('*')) - Number(b.includes('*')) || b.length - a.length)[0]
  const perHour = hourlyRow(card)
  if (name === undefined && !perHour) return undefined
  const rows: Partial<Record<UsageUnit, PriceRow>> = {}
  for (const unit of USAGE_UNITS) {
    const price = name === undefined ? undefined : card.models[name]?.[unit]
    if (price === undefined) continue
    const nano = parseNano(price)
    const id = `rate card ${name} ${unit}=${price} ${card.currency}`
    rows[unit] = { id, unit, price, nano, currency: card.currency, source: 'rate card', checkedAt: '' }
  }
  const all = [...Object.values(rows), ...(perHour ? [perHour] : [])]
  const free = all.length > 0 && all.every((row) => row.nano === 0n)
  if (rows.input_tokens) rows.cache_read_tokens ??= rows.input_tokens
  if (rows.output_tokens) rows.reasoning_tokens ??= rows.output_tokens
  return { currency: card.currency, free, bands: [{ fromInputTokens: 0, rows }], ...(perHour ? { perHour } : {}) }
}

function hourlyRow({ hourly, currency }: RateCard): PriceRow | undefined {
  if (hourly === undefined) return undefined
  const id = `rate card hourly machine_ms=${hourly} ${currency}`
  return { id, unit: 'machine_ms', price: hourly, nano: parseNano(hourly), currency, source: 'rate card', checkedAt: '' }
}

/** What goes into a ledger entry. `listNano` is the price book's cost where it is known and in the same currency. */
export type ChosenCost =
  | {
      readonly kind: 'known'
      readonly nano: bigint
      readonly currency: string
      readonly source: 'declared' | 'rate_card' | 'price_book' | 'free'
      readonly listNano: bigint | null
      readonly rowIds: readonly string[]
    }
  | { readonly kind: 'unknown'; readonly missing: readonly UsageUnit[] | 'no price' | 'no usage' }

/**
 * Which cost counts: what the provider declared, else the connection's rate card, else the price book, else unknown.
 * A rate card that names the model but not a unit that was used leaves the cost unknown: the list price of that unit is
 * not the contract's. Currencies are never mixed: a list cost in another one is left out.
 */
export function chooseCost({
  declared,
  rateCard,
  book,
}: {
  declared?: { readonly amount: string; readonly currency: string } | undefined
  rateCard?: Cost | undefined
  book?: Cost | undefined
}): ChosenCost {
  const listNano = (currency: string): bigint | null => (book?.kind === 'known' && book.currency === currency ? book.nano : null)
  const declaredNano = declared && parseDeclaredNano(declared.amount)
  if (declared && declaredNano !== undefined) {
    const { currency } = declared
    const rowIds = book?.kind === 'known' && book.currency === currency ? book.rowIds : []
    return { kind: 'known', nano: declaredNano, currency, source: 'declared', listNano: listNano(currency), rowIds }
  }
  const own = rateCard?.kind === 'unknown' && rateCard.missing === 'no price' ? undefined : rateCard
  const cost = own ?? book
  if (!cost) return { kind: 'unknown', missing: 'no price' }
  if (cost.kind === 'unknown') return cost
  const { nano, currency, rowIds, free } = cost
  return { kind: 'known', nano, currency, source: free ? 'free' : own ? 'rate_card' : 'price_book', listNano: listNano(currency), rowIds }
}

/** One call does not cost a billion; the ledger's columns end a little above. */
const MOST_DECLARED_NANO = 1_000_000_000n * NANO_PER_UNIT

/** Nano-units of an amount as a provider declares it, rounded half up. Undefined when it is no amount. */
export function parseDeclaredNano(amount: string): bigint | undefined {
  const nano = parseScaled(amount, NANO_DECIMALS)
  return nano !== undefined && nano <= MOST_DECLARED_NANO ? nano : undefined
}
