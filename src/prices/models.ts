import type { UsageUnit } from '../base/usage.ts'
import { holdsOn, loadBook, type LoadedBook, type ModelFact } from './book.ts'
import { findPricesIn, resolveModel, withoutDate } from './match.ts'

/** A model as a person chooses it: standard prices, and what else is known of it. What is absent is not known. */
export interface ListedModel extends Partial<Omit<ModelFact, 'id' | 'source'>> {
  readonly id: string
  /** Unit -> plain decimal, per million for token units, per one for others; empty: no price is known. */
  readonly prices: Readonly<Partial<Record<UsageUnit, string>>>
  readonly currency: string
  readonly free: boolean
  /** When the oldest of its prices was checked; undefined without prices. */
  readonly checkedAt?: string
}

/** The models the book knows, by id, as they stand on that day; priced as in a region of the provider's. */
export function listModels({ provider, region, at }: { provider: string; region?: string | undefined; at: Date }): ListedModel[] {
  const book = loadBook(provider)
  if (!book) return []
  const day = dayOf(at)
  const aliases = book.aliases.filter((alias) => holdsOn(alias, day)).map((alias) => alias.alias)
  const ids = new Set([...book.linesByModel.keys(), ...book.factsById.keys(), ...aliases])
  return [...ids]
    .filter((id) => !id.includes('*'))
    .sort()
    .map((id) => describeIn(book, { id, region, at }))
}

/** What the book says of one model, also of one it does not know. */
export function describeModel({
  provider,
  model,
  region,
  at,
}: {
  provider: string
  model: string
  region?: string | undefined
  at: Date
}): ListedModel {
  const book = loadBook(provider)
  return book ? describeIn(book, { id: model, region, at }) : { id: model, prices: {}, currency: 'USD', free: false }
}

function describeIn(book: LoadedBook, { id, region, at }: { id: string; region: string | undefined; at: Date }): ListedModel {
  const set = findPricesIn(book, { provider: book.provider, model: id, region, at })
  const rows = Object.entries(set?.bands[0]?.rows ?? {}).filter(([unit, row]) => row.unit === unit)
  const oldest = rows.map(([, row]) => row.checkedAt).sort()[0]
  const { id: _id, source: _source, ...facts } = factsIn(book, id, dayOf(at)) ?? { id, source: '' }
  return {
    id,
    ...facts,
    prices: Object.fromEntries(rows.map(([unit, row]) => [unit, row.price])),
    currency: set?.currency ?? book.currency,
    free: set?.free ?? false,
    ...(oldest === undefined ? {} : { checkedAt: oldest }),
  }
}

/** Context, output limit, shutdown date and successor, where known; a dated snapshot has its model's context and limit. */
export function modelFacts({ provider, model, at }: { provider: string; model: string; at: Date }): ModelFact | undefined {
  const book = loadBook(provider)
  return book && factsIn(book, model, dayOf(at))
}

/** How long before its shutdown a model in use is spoken of. */
const SHUTDOWN_AHEAD_DAYS = 90

/** The day (YYYY-MM-DD) on which a model is shut down, when that is within 90 days or past, and what its provider names in its place. */
export function shutdownAhead(question: {
  provider: string
  model: string
  at: Date
}): { readonly date: string; readonly successor: string | null } | undefined {
  const { shutdownDate: date, successor = null } = modelFacts(question) ?? {}
  if (date === undefined) return undefined
  return Date.parse(date) - question.at.getTime() <= SHUTDOWN_AHEAD_DAYS * 86_400_000 ? { date, successor } : undefined
}

function factsIn(book: LoadedBook, model: string, day: string): ModelFact | undefined {
  if (book.namedByPeople) return undefined // a name that people gave says nothing of the model
  const own = book.factsById.get(model)
  const base = own ? withoutDate(model) : resolveModel(book, model, day)
  const { contextTokens, maxOutputTokens, ...rest } = (base === undefined ? undefined : book.factsById.get(base)) ?? {}
  const limits = { ...(contextTokens ? { contextTokens } : {}), ...(maxOutputTokens ? { maxOutputTokens } : {}) }
  if (own) return { ...limits, ...own }
  return 'id' in rest ? { ...limits, ...rest } : undefined
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10)
