import { type AssignedCandidate, candidateConnection, candidatesFor } from '../../assignments/resolve.ts'
import { AppError } from '../../base/errors.ts'
import { callCandidate } from '../../calls/fallback.ts'
import type { Candidate } from '../../calls/call.ts'
import type { FallbackClass } from '../../contract/assignments.ts'
import type { VirtualKey } from '../../people/virtual-keys.ts'
import { modelFacts } from '../../prices/models.ts'
import { findPrices } from '../../prices/match.ts'
import { rateCardPrices } from '../../prices/rate-card.ts'
import { isSpoken } from '../../providers/asked.ts'
import { findProvider } from '../../providers/registry.ts'
import type { Directory } from './directory.ts'

/** Who is asked, in their order, and in which context. */
export interface Resolved {
  readonly context: string
  readonly candidates: readonly ResolvedCandidate[]
}

export interface ResolvedCandidate {
  readonly slug: string
  readonly candidate: Candidate
  /** On which failures the next one takes over; empty: on none. */
  readonly fallbackOn: readonly FallbackClass[]
}

export type Scope = Pick<VirtualKey, 'contexts' | 'connectionIds' | 'models'>

const CONTEXT_PREFIX = 'context:'

/**
 * Who serves the model that a request names: `slug/model` where the text before the first "/" is a connection's slug,
 * `context:<name>` for whoever is assigned to it, and a plain name when exactly one connection serves it.
 * @param usual the context of a request that names none.
 * @throws AppError assignment.missing, model.unserved, model.ambiguous, virtual_key.scope.
 */
export function resolveModel({
  asked,
  directory,
  scope,
  usual,
  inputCharacters,
  at,
}: {
  asked: string
  directory: Directory
  scope: Scope
  usual: string
  inputCharacters: number
  at: Date
}): Resolved {
  if (asked.startsWith(CONTEXT_PREFIX)) {
    return resolveContext({ context: asked.slice(CONTEXT_PREFIX.length), directory, scope, inputCharacters })
  }
  const context = contextFor(scope, usual)
  const slash = asked.indexOf('/')
  const named = slash > 0 ? directory.connections.get(asked.slice(0, slash)) : undefined
  if (named) {
    const one = candidateOf(named, asked.slice(slash + 1))
    if (!isWithin(scope, one) || !mayServe(named, context)) throw outOfScope(`the model "${asked}"`)
    return { context, candidates: [direct(one, directory)] }
  }
  const serving = [...directory.connections.values()].filter(
    (connection) =>
      mayServe(connection, context) &&
      isWithin(scope, candidateOf(connection, asked)) &&
      serves(connection, { model: asked, directory, at }),
  )
  if (serving.length === 0) {
    throw new AppError(
      'model.unserved',
      `No connection that this virtual key may use serves "${asked}". Write a connection's slug before it ("slug/${asked}"), or look at /v1/models.`,
    )
  }
  if (serving.length > 1) {
    const names = serving.map(({ slug }) => `"${slug}/${asked}"`)
    throw new AppError('model.ambiguous', `Several connections serve "${asked}". Name one of them: ${names.join(', ')}.`)
  }
  return { context, candidates: [direct(candidateOf(serving[0]!, asked), directory)] }
}

function resolveContext({
  context,
  directory,
  scope,
  inputCharacters,
}: {
  context: string
  directory: Directory
  scope: Scope
  inputCharacters: number
}): Resolved {
  if (scope.contexts && !scope.contexts.includes(context)) throw outOfScope(`the context "${context}"`)
  const assigned = directory.assigned.get(context)
  if (!assigned) throw new AppError('assignment.missing', `Nothing serves "${context}" yet: name a provider and a model for it.`)
  // A request has no family and no attributes: candidates whose rules ask for such are not for it.
  const chosen = candidatesFor(assigned, { family: null, missing: [], inputCharacters })
  if (chosen.length === 0) throw new AppError('model.unserved', `No candidate of the context "${context}" is for a request like this one.`)
  const allowed = chosen.filter((one) => isWithin(scope, one))
  if (allowed.length === 0) throw outOfScope(`what is assigned to the context "${context}"`)
  return {
    context,
    candidates: allowed.map((one) => ({ slug: one.connection.slug, candidate: callCandidate(one), fallbackOn: one.fallbackOn })),
  }
}

type Connection = Directory['connections'] extends ReadonlyMap<string, infer One> ? One : never

const candidateOf = (connection: Connection, model: string): AssignedCandidate => ({
  position: 0,
  connection: candidateConnection(connection),
  model,
  rules: {},
  fallbackOn: [],
})

const direct = (one: AssignedCandidate, { found }: Directory): ResolvedCandidate => ({
  slug: one.connection.slug,
  candidate: callCandidate({ ...one, found: found(one.connection, one.model) }),
  fallbackOn: [],
})

/** Whether a connection is known to serve a model: somebody assigned or priced it there, or its provider's price book has it. */
export function serves(
  { id, provider, prices, models }: Connection,
  { model, directory, at }: { model: string; directory: Directory; at: Date },
): boolean {
  if (!isSpoken(findProvider(provider), model)) return false
  for (const assigned of directory.assigned.values()) {
    if (assigned.some((one) => one.connection.id === id && one.model === model)) return true
  }
  return (
    models?.[model] !== undefined ||
    rateCardPrices(prices, model) !== undefined ||
    modelFacts({ provider, model, at }) !== undefined ||
    findPrices({ provider, model, at })?.free === false // where all is free, any name has a price
  )
}

/** The context of a request that names a connection: the usual one, or the only one that the key is for. */
function contextFor({ contexts }: Scope, usual: string): string {
  if (!contexts || contexts.includes(usual)) return usual
  if (contexts.length === 1) return contexts[0]!
  throw outOfScope(`the context "${usual}"`)
}

const mayServe = ({ contexts }: Connection, context: string): boolean => !contexts || contexts.includes(context)

export function isWithin(
  { connectionIds, models }: Scope,
  { connection, model }: Pick<AssignedCandidate, 'connection' | 'model'>,
): boolean {
  if (connectionIds && !connectionIds.includes(connection.id)) return false
  return !models || models.some((pattern) => fitsPattern(pattern, model) || fitsPattern(pattern, `${connection.slug}/${model}`))
}

function fitsPattern(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*')
  if (star === -1) return pattern === text
  const [start, end] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end)
}

const outOfScope = (what: string): AppError =>
  new AppError('virtual_key.scope', `This virtual key is not for ${what}. GET /v1/models lists what it is for.`)
