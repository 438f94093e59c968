import type { Usage } from '../../base/usage.ts'
import { chatWithFallback } from '../../calls/fallback.ts'
import type { CallServices } from '../../calls/services.ts'
import type { Tx } from '../../db/database.ts'
import type { LeasedItem, RunKind, UnitOutcome } from '../../runs/run-kind.ts'
import type { ObservedCall } from './observation.ts'
import { capReached } from './cap-reached.ts'
import { maxOutputTokens, OUTPUT_SCHEMA_NAME, outputSchema } from './output-schema.ts'
import { composePrompt, type ComposedPrompt } from './prompt.ts'
import { repairPrompt } from './read-answer.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { Server } from './servers.ts'
import { type EnrichmentSubject, settleAnswer, settleFailure, type ValueOrigin } from './settle-call.ts'
import { type CallBound, inputTokensAtMost, outputLimit, promptTokens, type PromptTokens } from './token-bounds.ts'

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
    async perform(unit, signal) {
      const { outcome, again } = await ask(work, fixed, { open: unit, signal })
      if (again.length === 0) return outcome
      const second = await ask(work, fixed, { open: again, signal })
      return { ...second.outcome, settled: [...outcome.settled, ...second.outcome.settled] }
    },
  }
}

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
  const { recipe, servers } = work
  const prompt = promptFor(recipe, open)
  const boundsOf = (server: Server): AskedBounds => {
    const { counter, bounds, model } = server
    const tokens = promptTokens(counter, prompt)
    const inputTokens = inputTokensAtMost({ counter, prompt, tokens, schemaText })
    const usual = maxOutputTokens({ recipe, k: open.length, reasoningTokens: bounds.thinkingTokens() })
    const limit = outputLimit({ usual, cutShort: open.some(({ first }) => first?.cutShort), model, inputTokens })
    return { tokens, limit, bound: { inputTokensAtMost: inputTokens, outputTokensAtMost: limit } }
  }
  const [first, ...others] = chainOf(open).map((place) => servers[place]!)
  const asked = new Map([[first!.candidate, { server: first!, ...boundsOf(first!) }]])
  const callOf = ({ server, tokens, limit, bound }: AskedBounds & { server: Server }) => ({
    maxOutputTokens: limit,
    ...server.bounds.raise(bound),
    inputParts: tokens,
  })
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
        if (outcome.kind === 'answered' && outcome.usage) {
          server.bounds.learn(bound, billedTokens(outcome.usage))
          const place = servers.indexOf(server)
          if (!isSecond(open)) work.onAnswered?.(observed({ usage: outcome.usage, products: open.length, tokens }), place)
        }
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

interface AskedBounds {
  readonly tokens: PromptTokens
  readonly limit: number // of output, told to the provider
  readonly bound: CallBound
}

/** Who may be asked about a unit, as places: its candidate first, then those that may take over for all of its products. */
function chainOf(open: readonly EnrichmentSubject[]): number[] {
  const [first, ...others] = open
  return first!.chain.filter((place, index) => index === 0 || others.every(({ chain }) => chain.includes(place)))
}

const isSecond = (open: readonly EnrichmentSubject[]): boolean => open.some(({ first }) => first !== undefined)

function promptFor(recipe: Recipe, open: readonly EnrichmentSubject[]): ComposedPrompt {
  const asked = open.map(({ item, values, first }) => ({ id: String(item.position), values, problems: first?.reading.problems ?? [] }))
  return isSecond(open) ? repairPrompt({ recipe, products: asked }) : composePrompt({ recipe, products: asked })
}

function observed({ usage, products, tokens }: { usage: Usage; products: number; tokens: PromptTokens }): ObservedCall {
  const { input, output } = billedTokens(usage)
  return { products, outputTokens: output, inputTokens: input, countedInputTokens: tokens.system + tokens.product }
}

/** All that is billed as input, cached or not, and as output, seen or not; `thinking` is the part of it that is known to be. */
const billedTokens = (usage: Usage): { input: number; output: number; thinking: number } => ({
  input:
    (usage.input_tokens ?? 0) + (usage.cache_read_tokens ?? 0) + (usage.cache_write_tokens ?? 0) + (usage.cache_write_long_tokens ?? 0),
  output: (usage.output_tokens ?? 0) + (usage.reasoning_tokens ?? 0),
  thinking: usage.reasoning_tokens ?? 0,
})
