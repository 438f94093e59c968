import { chatWithFallback } from '../../calls/fallback.ts'
import type { CallServices } from '../../calls/services.ts'
import type { Tx } from '../../db/database.ts'
import type { LeasedItem, RunKind, UnitOutcome } from '../../runs/run-kind.ts'
import type { ObservedCall } from './observation.ts'
import { capReached } from './cap-reached.ts'
import { type AskedBounds, askedBounds, callOf, fixedOf, learnFrom, promptFor } from './asked-call.ts'
import { OUTPUT_SCHEMA_NAME } from './output-schema.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { Server } from './servers.ts'
import type { ValueOrigin } from './made-values.ts'
import { type EnrichmentSubject, settleAnswer, settleFailure } from './settle-call.ts'
import { settleWithoutCall } from './settle-without-call.ts'

/** This kind of run, and the context whose assignment serves it. */
export const ENRICHMENT = 'enrichment'

export interface EnrichmentWork extends ValueOrigin {
  readonly services: CallServices
  readonly actor: string
  readonly member?: string | undefined // the person who acts, by their user id
  readonly budgetId: string
  readonly currency: string
  /** Who serves: an item's candidate is a place in this list. */
  readonly servers: readonly Server[]
  /** Some of its products wait until a sibling's values are there. */
  readonly leads: boolean
  /** Whether the provider is asked to cache the constant part of prompts. */
  readonly caching: boolean
  readonly load: (tx: Tx, items: readonly LeasedItem[]) => Promise<EnrichmentSubject[]>
  /** Told of each answered call: what the quote learns from. `server`: who was asked, a place in `servers`. */
  readonly onAnswered?: (call: ObservedCall, server: number) => void
}

/**
 * The run kind that writes product values: one call for each `perCall` products of whom the same is asked, and one more for
 * what was not right. Products of whom nothing is left to ask cost no call.
 */
export function enrichmentWork(work: EnrichmentWork): RunKind<EnrichmentSubject> {
  return {
    id: ENRICHMENT,
    itemsPerUnit: work.recipe.perCall,
    leads: work.leads,
    load: work.load,
    // Of products in one call the same is asked: what their source taught, and what rules have left.
    sortOf: ({ filled, left }) => (filled ? null : left),
    async perform(unit, signal) {
      if (unit.some(({ filled, left }) => filled || !left)) return settleWithoutCall(work, unit)
      const { outcome, again } = await ask(work, { open: unit, signal })
      if (again.length === 0) return outcome
      const second = await ask(work, { open: again, signal })
      return { ...second.outcome, settled: [...outcome.settled, ...second.outcome.settled] }
    },
  }
}

/** What is asked of a unit: the recipe with what its source taught, without what rules answered. */
export const recipeOf = ({ recipe }: Pick<EnrichmentWork, 'recipe'>, unit: readonly EnrichmentSubject[]): Recipe => unit[0]?.left ?? recipe

/** On whose account a call of this work is made, and what for. */
export const accountOf = ({ workspaceId, actor, member, runId, budgetId, caching }: EnrichmentWork) => ({
  workspaceId,
  actor,
  member,
  origin: `run:${runId}`,
  context: ENRICHMENT,
  budgetIds: [budgetId],
  caching,
})

interface Asked {
  readonly outcome: UnitOutcome<EnrichmentSubject>
  readonly again: readonly EnrichmentSubject[] // to be asked once more
}

/** Asks about products of which none was asked about before, or all were. */
async function ask(work: EnrichmentWork, { open, signal }: { open: readonly EnrichmentSubject[]; signal: AbortSignal }): Promise<Asked> {
  const { servers } = work
  const recipe = recipeOf(work, open)
  const { schema, schemaText } = fixedOf(recipe)
  const prompt = promptFor(recipe, open)
  const boundsOf = (server: Server): AskedBounds => askedBounds({ recipe, open, prompt, schemaText, server })
  const [first, ...others] = chainOf(open).map((place) => servers[place]!)
  const asked = new Map([[first!.candidate, { server: first!, ...boundsOf(first!) }]])
  const end = await chatWithFallback<Asked>(
    work.services,
    {
      ...accountOf(work),
      currency: work.currency,
      system: prompt.system,
      user: prompt.user,
      schema,
      schemaName: OUTPUT_SCHEMA_NAME,
      ...callOf(asked.get(first!.candidate)!),
      signal,
      forCandidate: (candidate) => {
        const server = servers.find((other) => other.candidate === candidate)!
        const known = asked.get(candidate) ?? { server, ...boundsOf(server) }
        asked.set(candidate, known)
        return callOf(known)
      },
      settleWith: (outcome, candidate) => {
        const { server, tokens, limit, bound } = asked.get(candidate)!
        if (outcome.kind === 'answered') learnFrom(work, { usage: outcome.usage, open, server, tokens, bound })
        const { settled, again, writes } =
          outcome.kind === 'failed'
            ? settleFailure(work, { open, outcome })
            : settleAnswer(work, { open, ids: prompt.ids, server, outcome, outputLimit: limit })
        return { value: { outcome: { settled }, again }, writes }
      },
    },
    [first!, ...others].map(({ candidate }) => candidate),
  )
  switch (end.kind) {
    case 'settled':
      return end.value
    case 'no_room':
      return { outcome: { settled: [], noRoom: capReached(end.refusal), left: open }, again: [] }
    case 'refused':
      return { outcome: { settled: [], pause: { code: end.failure.code, detail: end.failure.detail } }, again: [] }
    case 'cancelled':
      return { outcome: { settled: [] }, again: [] }
  }
}

/** Who may be asked about a unit, as places: its candidate first, then those that may take over for all of its products. */
function chainOf(open: readonly EnrichmentSubject[]): number[] {
  const [first, ...others] = open
  return first!.chain.filter((place, index) => index === 0 || others.every(({ chain }) => chain.includes(place)))
}
