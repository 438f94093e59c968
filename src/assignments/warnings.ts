import type { AssignmentWarning } from '../contract/assignments.ts'
import type { assignments, connections } from '../db/schema/index.ts'
import { type Found, lackingFor } from './abilities.ts'
import { describeModel, shutdownAhead } from '../prices/models.ts'
import { loadBook } from '../prices/book.ts'
import { rateCardPrices } from '../prices/rate-card.ts'
import { regionOf } from '../providers/asked.ts'
import { findProvider } from '../providers/registry.ts'

export interface StoredCandidate {
  readonly assignment: typeof assignments.$inferSelect
  readonly connection: typeof connections.$inferSelect
  /** What the model's card says. */
  readonly found?: Found | undefined
}

/** What a person should know of an assignment before a run finds it out. Nothing here stops anything. */
export function warningsOf(candidates: readonly StoredCandidate[], now: Date): AssignmentWarning[] {
  const warnings = candidates.flatMap((candidate) => {
    const { position } = candidate.assignment
    const { provider, models } = candidate.connection
    const { model } = candidate.assignment
    const shutdown = shutdownAhead({ provider, model, standsFor: models?.[model], at: now })
    const abilities = lackingFor(candidate.assignment.context, { provider, model, found: candidate.found })
    return [
      ...codesOf(candidate, { candidates, now }).map((code) => ({ code, position })),
      ...(shutdown ? [{ code: 'model_shutdown' as const, position, shutdown }] : []),
      ...(abilities.length > 0 ? [{ code: 'ability_missing' as const, position, abilities }] : []),
    ]
  })
  return candidates.length > 0 && !candidates.some(isForAll) ? [...warnings, { code: 'some_records_unserved', position: null }] : warnings
}

function codesOf(
  { assignment, connection }: StoredCandidate,
  { candidates, now }: { candidates: readonly StoredCandidate[]; now: Date },
): AssignmentWarning['code'][] {
  const { context, position, model, rules } = assignment
  const codes: AssignmentWarning['code'][] = []
  const before = candidates.filter((other) => other.assignment.position < position)
  if (connection.status === 'revoked') codes.push('connection_revoked')
  else if (connection.status !== 'active') codes.push('connection_deleted')
  else if (connection.contexts && !connection.contexts.includes(context)) codes.push('context_not_allowed')
  if (rules?.flaggedByFirst) {
    if (before.length === 0) codes.push('flagged_without_first')
  } else if (before.some(isForAll) && before.every((other) => !isForAll(other) || other.assignment.fallbackOn.length === 0)) {
    codes.push('never_first')
  }
  const price = priceCode({ connection, model, now })
  return price ? [...codes, price] : codes
}

/** Without a rule of any kind: every record fits. */
const isForAll = ({ assignment: { rules } }: StoredCandidate): boolean => Object.values(rules ?? {}).every((rule) => rule === undefined)

function priceCode({
  connection: { provider, destination, prices, models },
  model,
  now,
}: {
  connection: StoredCandidate['connection']
  model: string
  now: Date
}): 'model_unknown' | 'price_unknown' | undefined {
  if (rateCardPrices(prices, model)) return undefined
  const known = describeModel({
    provider,
    model,
    standsFor: models?.[model],
    region: regionOf(findProvider(provider), destination),
    at: now,
  })
  const book = loadBook(provider)
  if (known.free || Object.keys(known.prices).length > 0) return undefined
  return book && !book.namedByPeople && known.contextTokens === undefined ? 'model_unknown' : 'price_unknown'
}
