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

/** A model by its name, or by the model that its person says the name stands for (a deployment). */
export interface ModelQuestion {
  readonly provider: string
  readonly model: string
  readonly standsFor?: string | undefined
  readonly at: Date
}

/** What the book says of one model, also of one it does not know. */
export function describeModel({ provider, model, standsFor, region, at }: ModelQuestion & { region?: string | undefined }): ListedModel {
  const book = loadBook(provider)
  return book ? describeIn(book, { id: model, standsFor, region, at }) : { id: model, prices: {}, currency: 'USD', free: false }
}

function describeIn(
  book: LoadedBook,
  { id, standsFor, region, at }: { id: string; standsFor?: string | undefined; region: string | undefined; at: Date },
): ListedModel {
  const set = findPricesIn(book, { provider: book.provider, model: standsFor ?? id, isNamed: standsFor !== undefined, region, at })
  const rows = Object.entries(set?.bands[0]?.rows ?? {}).filter(([unit, row]) => row.unit === unit)
  const oldest = rows.map(([, row]) => row.checkedAt).sort()[0]
  const { id: _id, source: _source, ...facts } = factsIn(book, { model: id, standsFor, at }) ?? { id, source: '' }
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
export function modelFacts({ provider, ...question }: ModelQuestion): ModelFact | undefined {
  const book = loadBook(provider)
  return book && factsIn(book, question)
}

/** How long before its shutdown a model in use is spoken of. */
const SHUTDOWN_AHEAD_DAYS = 90

/** The day (YYYY-MM-DD) on which a model is shut down, when that is within 90 days or past, and what its provider names in its place. */
export function shutdownAhead(question: ModelQuestion): { readonly date: string; readonly successor: string | null } | undefined {
  const { shutdownDate: date, successor = null } = modelFacts(question) ?? {}
  if (date === undefined) return undefined
  return Date.parse(date) - question.at.getTime() <= SHUTDOWN_AHEAD_DAYS * 86_400_000 ? { date, successor } : undefined
}

function factsIn(book: LoadedBook, { model: name, standsFor, at }: Omit<ModelQuestion, 'provider'>): ModelFact | undefined {
  if (book.namedByPeople && standsFor === undefined) return undefined // a name that people gave says nothing of the model
  const model = standsFor ?? name
  const day = dayOf(at)
  const own = book.factsById.get(model)
  const base = own ? withoutDate(model) : resolveModel(book, model, day)
  const { contextTokens, maxOutputTokens, ...rest } = (base === undefined ? undefined : book.factsById.get(base)) ?? {}
  const limits = { ...(contextTokens ? { contextTokens } : {}), ...(maxOutputTokens ? { maxOutputTokens } : {}) }
  if (own) return { ...limits, ...own }
  return 'id' in rest ? { ...limits, ...rest } : undefined
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10)
