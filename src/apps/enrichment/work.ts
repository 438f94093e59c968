import { chatWithFallback } from '../../calls/fallback.ts'
import type { CallServices } from '../../calls/services.ts'
import type { Tx } from '../../db/database.ts'
import type { LeasedItem, RunKind, UnitOutcome } from '../../runs/run-kind.ts'
import type { ObservedCall } from './observation.ts'
import { capReached } from './cap-reached.ts'
import { type AskedBounds, askedBounds, callOf, learnFrom, promptFor } from './asked-call.ts'
import { OUTPUT_SCHEMA_NAME, outputSchema } from './output-schema.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { Server } from './servers.ts'
import { type EnrichmentSubject, settleAnswer, settleFailure, type ValueOrigin } from './settle-call.ts'

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
  readonly load: (tx: Tx, items: readonly LeasedItem[]) => Promise<EnrichmentSubject[]>
  /** Told of each answered call: what the quote learns from. `server`: who was asked, a place in `servers`. */
  readonly onAnswered?: (call: ObservedCall, server: number) => void
}

/** The run kind that writes product values: one call for each `perCall` products, and one more for what was not right. */
export function enrichmentWork(work: EnrichmentWork): RunKind<EnrichmentSubject> {
  const schema = outputSchema(work.recipe)
  const fixed: Fixed = { schema, schemaText: JSON.stringify(schema) }
  return {
    id: ENRICHMENT,
    itemsPerUnit: work.recipe.perCall,
    load: work.load,
    // Products of several sources are never asked about in one call: what one of them taught is nothing to another.
    sortOf: ({ recipe }) => recipe,
    async perform(unit, signal) {
      const { outcome, again } = await ask(work, fixed, { open: unit, signal })
      if (again.length === 0) return outcome
      const second = await ask(work, fixed, { open: again, signal })
      return { ...second.outcome, settled: [...outcome.settled, ...second.outcome.settled] }
    },
  }
}

/** The recipe that a unit is asked with: with what its source taught. */
export const recipeOf = ({ recipe }: Pick<EnrichmentWork, 'recipe'>, unit: readonly EnrichmentSubject[]): Recipe =>
  unit[0]?.recipe ?? recipe

/** What all calls of a run share. */
interface Fixed {
  readonly schema: ReturnType<typeof outputSchema>
  readonly schemaText: string
}

interface Asked {
  readonly outcome: UnitOutcome<EnrichmentSubject>
  readonly again: readonly EnrichmentSubject[] // to be asked once more
}

/** Asks about products of which none was asked about before, or all were. */
async function ask(
  work: EnrichmentWork,
  { schema, schemaText }: Fixed,
  { open, signal }: { open: readonly EnrichmentSubject[]; signal: AbortSignal },
): Promise<Asked> {
  const { servers } = work
  const recipe = recipeOf(work, open)
  const prompt = promptFor(recipe, open)
  const boundsOf = (server: Server): AskedBounds => askedBounds({ recipe, open, prompt, schemaText, server })
  const [first, ...others] = chainOf(open).map((place) => servers[place]!)
  const asked = new Map([[first!.candidate, { server: first!, ...boundsOf(first!) }]])
  const end = await chatWithFallback<Asked>(
    work.services,
    {
      workspaceId: work.workspaceId,
      actor: work.actor,
      member: work.member,
      origin: `run:${work.runId}`,
      context: ENRICHMENT,
      budgetIds: [work.budgetId],
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
