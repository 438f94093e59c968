import { readFileSync } from 'node:fs'
import { parseNano } from '../base/money.ts'
import { compareText } from '../base/text.ts'
import { USAGE_UNITS, type UsageUnit } from '../base/usage.ts'

/**
 * A provider's published prices as they stand in `<provider>.json` (docs/prices.md). The generated part comes from
 * tools/price-book/build.ts, the rest from its by-hand/ folder; nothing is edited in place.
 */
export interface PriceBook {
  readonly format: 1
  readonly provider: string
  /** The currency a question means when it names none (ISO 4217). */
  readonly currency: string
  /** By key; a line's `source` is a key, or several joined with "+" when a rule derived it. */
  readonly sources: Readonly<Record<string, PriceSource>>
  /** The provider's own names of service tiers in answers -> ours; "batch" is the batch price. A name that is not here has no price. */
  readonly tiers: Readonly<Record<string, string>>
  /** Units that the provider bills as another one: reasoning as output. */
  readonly billedAs: Readonly<Partial<Record<UsageUnit, UsageUnit>>>
  /** Regions in which these models (ids or patterns) cost the same as without a region. */
  readonly sameInRegions: readonly { readonly models: readonly string[]; readonly regions: readonly string[]; readonly source: string }[]
  /** True when nothing of this provider costs anything (the practice provider). */
  readonly free?: boolean
  /** True where people name what they call (Azure's deployments): only a model that an answer names is looked up. */
  readonly namedByPeople?: boolean
  readonly aliases: readonly PriceAlias[]
  readonly models: readonly ModelFact[]
  readonly prices: readonly PriceLine[]
}

export interface PriceSource {
  readonly title: string
  readonly url?: string
  readonly licence: string
  /** The day the source was read or taken (YYYY-MM-DD). */
  readonly checkedAt: string
}

/** A name that stands for another model, for as long as somebody has checked that it does. */
export interface PriceAlias {
  readonly alias: string
  readonly model: string
  readonly validFrom?: string
  readonly validTo?: string
  readonly source: string
}

/** What is known of a model besides its prices. */
export interface ModelFact {
  readonly id: string
  readonly contextTokens?: number
  readonly maxOutputTokens?: number
  /** The day the provider switches it off (YYYY-MM-DD), and what it names in its place. */
  readonly shutdownDate?: string
  readonly successor?: string
  readonly source: string
}

/** One line: the prices of one model under one set of conditions. Each of its units is a price row. */
export interface PriceLine {
  /** An exact id, or a pattern with one "*". */
  readonly model: string
  /** Absent: the standard tier. */
  readonly serviceTier?: string
  readonly batch?: boolean
  /** Absent: where no region was asked for. */
  readonly regions?: readonly string[]
  /** Long context: holds for the whole request once its input, cache reads and writes included, has this many tokens. */
  readonly fromInputTokens?: number
  /** Absent: the book's. */
  readonly currency?: string
  /** Plain decimals: per million for the token units, per one for all others. */
  readonly prices: Readonly<Partial<Record<UsageUnit, string>>>
  /** First day (UTC). Absent: no earlier price is known. */
  readonly validFrom?: string
  /** First day on which it no longer holds. */
  readonly validTo?: string
  /** Only then, in place of the line without hours: "Mon-Fri 01:00-04:00 06:00-10:00", UTC, ends excluded. */
  readonly hours?: string
  readonly source: string
}

/** The price of one unit. Its id says everything a later reader needs to repeat the sum. */
export interface PriceRow {
  readonly id: string
  readonly unit: UsageUnit
  /** Plain decimal: per million for token units, per one for all others. */
  readonly price: string
  /** The same in nano-units of `currency`. */
  readonly nano: bigint
  readonly currency: string
  readonly source: string
  readonly checkedAt: string
}

export const isTokenUnit = (unit: UsageUnit): boolean => unit.endsWith('_tokens')

/** Token units are priced per million, a machine's time per hour, all others per one. */
export const pricedPer = (unit: UsageUnit): 'million' | 'hour' | 'one' =>
  isTokenUnit(unit) ? 'million' : unit === 'machine_ms' ? 'hour' : 'one'

/** What a count times its price is divided by, whatever the unit, so that sums over units are exact: of a million and an hour's 3,600,000 ms. */
export const PRICE_DENOMINATOR = 18_000_000n
const WEIGHTS = { million: 18n, hour: 5n, one: PRICE_DENOMINATOR } as const

/** A count times a price, in parts of the price's currency's nano-units by `PRICE_DENOMINATOR`. */
export const priceOf = (unit: UsageUnit, count: bigint, nano: bigint): bigint => count * nano * WEIGHTS[pricedPer(unit)]

export interface LoadedBook extends PriceBook {
  readonly linesByModel: ReadonlyMap<string, readonly PriceLine[]>
  readonly patterns: readonly string[]
  readonly aliasesByName: ReadonlyMap<string, readonly PriceAlias[]>
  readonly factsById: ReadonlyMap<string, ModelFact>
}

/** The providers that have a book. The others publish no prices per unit, or what runs there costs nothing per call. */
export const PRICED_PROVIDERS = [
  'openai',
  'azure',
  'anthropic',
  'gemini',
  'vertex',
  'mistral',
  'bedrock',
  'cohere',
  'groq',
  'deepseek',
  'xai',
  'together',
  'fireworks',
  'perplexity',
  'cerebras',
  'openrouter',
  'deepinfra',
  'alibaba',
  'moonshot',
  'zai',
  'minimax',
  'scaleway',
  'ovhcloud',
  'nebius',
  'voyage',
  'jina',
  'deepl',
  'fal',
  'bfl',
  'practice',
] as const

const loaded = new Map<string, LoadedBook>()

/**
 * The price book of a provider, read on first use and kept; undefined for a provider without one.
 * Only its shape is checked here (a few milliseconds); `book-schema.ts` checks every line in the tests and in the tool.
 */
export function loadBook(provider: string): LoadedBook | undefined {
  const known = loaded.get(provider)
  if (known) return known
  if (!(PRICED_PROVIDERS as readonly string[]).includes(provider)) return undefined
  const book = JSON.parse(readFileSync(new URL(`./${provider}.json`, import.meta.url), 'utf8')) as PriceBook
  if (book.format !== 1 || book.provider !== provider || !Array.isArray(book.prices)) {
    throw new Error(`src/prices/${provider}.json is not a price book of format 1`)
  }
  const indexed = indexBook(book)
  loaded.set(provider, indexed)
  return indexed
}

/** A book with the indexes that look-ups need. */
export function indexBook(book: PriceBook): LoadedBook {
  const linesByModel = Map.groupBy(book.prices, (line) => line.model)
  // The most specific pattern first, so that the first match is the best one.
  const patterns = [...linesByModel.keys()].filter((model) => model.includes('*')).sort((a, b) => b.length - a.length || compareText(a, b))
  return {
    ...book,
    linesByModel,
    patterns,
    aliasesByName: Map.groupBy(book.aliases, (alias) => alias.alias),
    factsById: new Map(book.models.map((fact) => [fact.id, fact])),
  }
}

/** Whether `id` is the exact name, or fits a pattern with one "*". */
export function fitsPattern(id: string, pattern: string): boolean {
  const star = pattern.indexOf('*')
  if (star < 0) return id === pattern
  const before = pattern.slice(0, star)
  const after = pattern.slice(star + 1)
  return id.length >= before.length + after.length && id.startsWith(before) && id.endsWith(after)
}

const rowsOfLine = new WeakMap<PriceLine, readonly PriceRow[]>()

/** The rows of a line, one per unit. */
export function rowsOf(book: PriceBook, line: PriceLine): readonly PriceRow[] {
  const known = rowsOfLine.get(line)
  if (known) return known
  const currency = line.currency ?? book.currency
  const conditions = [
    `${book.provider}/${line.model}`,
    ...(line.serviceTier ? [line.serviceTier] : []),
    ...(line.batch ? ['batch'] : []),
    ...(line.regions ? [line.regions.join(',')] : []),
    ...(line.fromInputTokens ? [`from ${line.fromInputTokens}`] : []),
    ...(line.hours ? [line.hours] : []),
  ].join(' ')
  const rows: PriceRow[] = []
  for (const unit of USAGE_UNITS) {
    const price = line.prices[unit]
    if (price === undefined) continue
    const id = `${conditions} ${unit}=${price} ${currency}${line.validFrom ? ` since ${line.validFrom}` : ''}`
    rows.push({ id, unit, price, nano: parseNano(price), currency, source: line.source, checkedAt: checkedAt(book, line.source) })
  }
  rowsOfLine.set(line, rows)
  return rows
}

/** When a source was read; of several, the oldest. */
export function checkedAt(book: PriceBook, source: string): string {
  const days = source.split('+').map((key) => book.sources[key]?.checkedAt ?? '')
  return days.reduce((oldest, day) => (day < oldest ? day : oldest))
}

/** Whether a dated thing holds on a day (YYYY-MM-DD). */
export function holdsOn(dated: { readonly validFrom?: string; readonly validTo?: string }, day: string): boolean {
  return (dated.validFrom === undefined || dated.validFrom <= day) && (dated.validTo === undefined || day < dated.validTo)
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** "Mon-Fri 01:00-04:00 06:00-10:00": what `PriceLine.hours` looks like. */
export const HOURS = /^(Sun|Mon|Tue|Wed|Thu|Fri|Sat)-(Sun|Mon|Tue|Wed|Thu|Fri|Sat)( ([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d)+$/

/** Whether a moment is within such hours. */
export function isWithin(hours: string, at: Date): boolean {
  const [days = '', ...spans] = hours.split(' ')
  const [first, last] = days.split('-').map((day) => DAYS.indexOf(day)) as [number, number]
  const today = at.getUTCDay()
  const isDay = first <= last ? first <= today && today <= last : today >= first || today <= last
  const time = at.toISOString().slice(11, 16)
  return isDay && spans.some((span) => span.slice(0, 5) <= time && time < span.slice(6))
}
