import type { UsageUnit } from '../base/usage.ts'
import { fitsPattern, holdsOn, isTokenUnit, isWithin, loadBook, rowsOf, type LoadedBook, type PriceLine, type PriceRow } from './book.ts'

export type UnitPrices = Readonly<Partial<Record<UsageUnit, PriceRow>>>

/** Everything that could be charged for one call: all in one currency. */
export interface PriceSet {
  readonly currency: string
  /** True when nothing is charged for any unit: a known zero, not an unknown. */
  readonly free: boolean
  /**
   * Ascending by `fromInputTokens`, the first from 0. The whole request is charged by the last band its input reaches
   * (input, cache reads and cache writes counted together), never only the excess.
   */
  readonly bands: readonly { readonly fromInputTokens: number; readonly rows: UnitPrices }[]
  /** A machine's time, which the call's `machine_ms` are charged by; every unit without a price of its own is paid for with it. */
  readonly perHour?: PriceRow
}

export interface PriceQuestion {
  readonly provider: string
  /** As the answer names it, or a person did who gave it a name of their own (`isNamed`); else as it is asked for. */
  readonly model: string
  /** Whether the answer or its person says that it is this model. Where people name what they call (Azure), nothing else does. */
  readonly isNamed?: boolean | undefined
  readonly at: Date
  /** As the answer names it (2b: the tier served, not the one requested); absent is the standard tier. */
  readonly serviceTier?: string | undefined
  readonly region?: string | undefined
  readonly batch?: boolean | undefined
  /** Where a provider publishes prices in several (Mistral: USD, EUR); absent is the book's. */
  readonly currency?: string | undefined
}

/**
 * The published prices that hold for a call, or undefined when nobody published them. Never a neighbour's: a tier, a
 * region or a model that the book does not name has no price.
 */
export function findPrices(question: PriceQuestion): PriceSet | undefined {
  const { provider, model, isNamed = false, at, serviceTier = '', region = '', batch = false, currency = '' } = question
  const minute = Math.floor(at.getTime() / 60_000) // books know no finer time
  const key = JSON.stringify([provider, model, isNamed, minute, serviceTier, region, batch, currency])
  const known = recent.get(key)
  if (known !== undefined) return known ?? undefined // null is an answer too
  const book = loadBook(provider)
  const found = book && findPricesIn(book, question)
  if (recent.size >= MOST_RECENT) recent.clear()
  recent.set(key, found ?? null)
  return found
}

/** What was asked lately: programs ask for one model thousands of times a minute. Null: nobody published a price. */
const recent = new Map<string, PriceSet | null>()
const MOST_RECENT = 1_000

export function findPricesIn(book: LoadedBook, question: PriceQuestion): PriceSet | undefined {
  const currency = question.currency ?? book.currency
  if (book.free) return { currency, free: true, bands: [{ fromInputTokens: 0, rows: {} }] }
  if (book.namedByPeople && !question.isNamed) return undefined
  const day = question.at.toISOString().slice(0, 10)
  const model = resolveModel(book, question.model, day)
  const tier = book.tiers[question.serviceTier ?? 'standard']
  if (model === undefined || tier === undefined) return undefined
  const batch = (question.batch ?? false) || tier === 'batch'
  const serviceTier = tier === 'standard' || tier === 'batch' ? undefined : tier
  const lines = (book.linesByModel.get(model) ?? []).filter(
    (line) =>
      line.serviceTier === serviceTier &&
      (line.batch ?? false) === batch &&
      (line.currency ?? book.currency) === currency &&
      holdsOn(line, day) &&
      (line.hours === undefined || isWithin(line.hours, question.at)),
  )
  const inRegion = linesInRegion({ book, model: question.model, lines, region: question.region })
  return toPriceSet(book, inRegion, currency)
}

/** The id or pattern whose lines price a model: its own name, then a dated alias, then its name without a snapshot date, then a pattern. */
export function resolveModel(book: LoadedBook, model: string, day: string): string | undefined {
  if (book.linesByModel.has(model) && !model.includes('*')) return model
  const aliases = book.aliasesByName.get(model)
  if (aliases) return aliases.find((alias) => holdsOn(alias, day))?.model // an alias out of date names nothing
  const undated = withoutDate(model)
  if (undated !== undefined) {
    if (book.linesByModel.has(undated)) return undated
    const alias = book.aliasesByName.get(undated)?.find((candidate) => holdsOn(candidate, day))
    if (alias) return alias.model
  }
  return book.patterns.find((pattern) => fitsPattern(model, pattern))
}

/**
 * "gpt-5.4-mini-2026-03-17", "claude-haiku-4-5-20251001" and Vertex AI's "claude-opus-5@20260701" or "@default" without their day;
 * Mistral's "-2603" is a model's own name.
 */
export function withoutDate(model: string): string | undefined {
  const match = /^(.+?)(?:[-@]20\d{2}(?:-\d{2}-\d{2}|\d{4})|@default)$/.exec(model)
  return match?.[1]
}

function linesInRegion({
  book,
  model,
  lines,
  region,
}: {
  book: LoadedBook
  model: string
  lines: readonly PriceLine[]
  region: string | undefined
}): readonly PriceLine[] {
  const anywhere = lines.filter((line) => line.regions === undefined)
  if (region === undefined || region === '' || region === 'global') return anywhere
  const there = lines.filter((line) => line.regions?.includes(region))
  if (there.length > 0) return there
  const same = book.sameInRegions.some(
    (rule) => rule.regions.includes(region) && rule.models.some((pattern) => fitsPattern(model, pattern)),
  )
  return same ? anywhere : []
}

function toPriceSet(book: LoadedBook, lines: readonly PriceLine[], currency: string): PriceSet | undefined {
  const byBand = Map.groupBy(lines, (line) => line.fromInputTokens ?? 0)
  const base = byBand.get(0)
  if (!base) return undefined
  const baseRows = collectRows(book, base)
  const bands = [...byBand].map(([fromInputTokens, bandLines]) => {
    const own = collectRows(book, bandLines)
    // Fees per call, search or page do not move with the length of the context; token prices do, and are never borrowed from below.
    const fees = Object.fromEntries(Object.entries(baseRows).filter(([unit]) => !isTokenUnit(unit as UsageUnit)))
    return { fromInputTokens, rows: billedAs(book, fromInputTokens === 0 ? own : { ...fees, ...own }) }
  })
  return { currency, free: false, bands: bands.sort((a, b) => a.fromInputTokens - b.fromInputTokens) }
}

function collectRows(book: LoadedBook, lines: readonly PriceLine[]): UnitPrices {
  const rows: Partial<Record<UsageUnit, PriceRow>> = {}
  // Those of certain hours come last: they stand in for the others.
  const inOrder = lines.toSorted((a, b) => Number(a.hours !== undefined) - Number(b.hours !== undefined))
  for (const line of inOrder) for (const row of rowsOf(book, line)) rows[row.unit] = row
  return rows
}

function billedAs(book: LoadedBook, rows: UnitPrices): UnitPrices {
  const all: Partial<Record<UsageUnit, PriceRow>> = { ...rows }
  for (const [unit, other] of Object.entries(book.billedAs) as [UsageUnit, UsageUnit][]) {
    const row = rows[other]
    if (all[unit] === undefined && row) all[unit] = row
  }
  return all
}
