import { callCandidate } from '../../calls/fallback.ts'
import { isBatched } from '../../calls/price.ts'
import { findProvider } from '../../providers/registry.ts'
import type { BatchedPlace, BatchKind } from '../../runs/batch-kind.ts'
import type { RunKind } from '../../runs/run-kind.ts'
import { canonicalDestination } from '../../vault/destination.ts'
import { askedBounds, callOf, fixedOf, learnFrom, promptFor } from './asked-call.ts'
import { capReached } from './cap-reached.ts'
import { OUTPUT_SCHEMA_NAME } from './output-schema.ts'
import { type EnrichmentSubject, settleAnswer, settleFailure } from './settle-call.ts'
import { accountOf, type EnrichmentWork, recipeOf } from './work.ts'

/**
 * Enrichment in batches: `usual` for what is asked by usual calls, the second questions among it. Candidates whose provider has no batch
 * service, or none at a known price, are asked by usual calls alone.
 */
export function batchedEnrichment(work: EnrichmentWork, usual: RunKind<EnrichmentSubject>): BatchKind<EnrichmentSubject> {
  const { servers, currency } = work
  const now = work.services.clock.now()
  const places = servers.flatMap(({ candidate }, place): BatchedPlace[] => {
    const asked = callCandidate(candidate)
    const { provider, destination } = candidate.connection
    if (!findProvider(provider).batch) return []
    const asking = { candidate: asked, currency, schema: fixedOf(work.recipe).schema, schemaName: OUTPUT_SCHEMA_NAME }
    return [{ place, provider, destination: canonicalDestination(destination), asking, isPriced: isBatched(asked, now) }]
  })
  return {
    ...usual,
    actor: work.actor,
    member: work.member,
    places,
    compose(unit, { place, asking }) {
      const server = servers[place]!
      const recipe = recipeOf(work, unit)
      const { schema, schemaText } = fixedOf(recipe)
      const prompt = promptFor(recipe, unit)
      const bounds = askedBounds({ recipe, open: unit, prompt, schemaText, server })
      return {
        outputLimit: bounds.limit,
        call: {
          ...asking,
          schema,
          ...accountOf(work),
          system: prompt.system,
          user: prompt.user,
          ...callOf({ server, ...bounds }),
          signal: NEVER,
        },
      }
    },
    settle(unit, { place }, { request: { outputLimit, inputParts }, outcome }) {
      const server = servers[place]!
      if (outcome.kind === 'failed') return settleFailure(work, { open: unit, outcome })
      learnFrom(work, { usage: outcome.usage, open: unit, server, tokens: inputParts ?? {}, bound: undefined })
      // the ids of an answer follow from the order of the products alone
      const { ids } = promptFor(recipeOf(work, unit), unit)
      return settleAnswer(work, { open: unit, ids, server, outcome, outputLimit })
    },
    isFree: ({ filled, left }) => filled !== undefined || left === null,
    noRoom: capReached,
  }
}

/** Building a request waits for nobody. */
const NEVER = new AbortController().signal
