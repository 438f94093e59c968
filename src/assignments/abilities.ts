import { and, inArray } from 'drizzle-orm'
import { canonicalJson } from '../base/json.ts'
import { ABILITIES, type Ability, type AbilityState, type FindingNote, needsOf } from '../contract/behaviour.ts'
import type { Tx } from '../db/database.ts'
import { behaviourCards } from '../db/schema/index.ts'
import type { Destination, Provider } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'

/** What is known of one ability, and whence: a model's own card before what its provider is known for. */
export interface KnownAbility {
  readonly state: AbilityState
  readonly note?: FindingNote
  readonly source: 'card' | 'provider' | null // null: nobody knows
}
export type Abilities = Readonly<Record<Ability, KnownAbility>>

/** What a model's card says, in short: a run keeps it as it was when it was made. Absent: unknown. */
export type Found = Readonly<Partial<Record<Ability, 'works' | 'does_not'>>>

interface OfConnection {
  readonly id: string
  readonly provider: string
  readonly destination: Destination
}

/** What a model can do over a connection: its card (`readFound`) first, else what is known of its provider, else unknown. */
export function abilitiesOf({ provider, model, found }: { provider: string; model: string; found: Found | undefined }): Abilities {
  const known = ofProvider(findProvider(provider), model)
  return Object.fromEntries(
    ABILITIES.map((ability): [Ability, KnownAbility] => {
      const state = found?.[ability]
      if (state) return [ability, { state, source: 'card' }]
      const declared = known[ability]
      return [ability, declared ? { state: declared, source: 'provider' } : { state: 'unknown', source: null }]
    }),
  ) as Record<Ability, KnownAbility>
}

/** What a provider's data says of its models. */
function ofProvider(provider: Provider, model: string): Found {
  const offer = provider.chatOf?.(model) ?? provider.chat
  const embeds = provider.embeddings ? {} : ({ embedding: 'does_not' } as const)
  if (!offer) {
    const none = ['answer', 'stream', 'tools', 'json_schema', 'vision'] as const
    return { ...Object.fromEntries(none.map((ability) => [ability, 'does_not' as const])), ...embeds }
  }
  const { jsonSchema, responseFormat, streamedUsage } = offer
  return {
    ...embeds,
    ...(responseFormat ? { json_schema: 'does_not' } : jsonSchema ? { json_schema: 'works' } : {}),
    ...(streamedUsage ? { stream: 'works', streamed_usage: 'works' } : {}),
    ...(streamedUsage === 'asked' ? { stream_options: 'works' } : {}),
  }
}

/** What is found of a model over a connection. */
export type FoundOf = (connection: OfConnection, model: string) => Found | undefined

/**
 * The cards of these models, or of all of the workspace's, as their tests left them; one of another destination than its
 * connection has now says nothing.
 */
export async function readFound(
  tx: Tx,
  models: readonly { readonly connection: OfConnection; readonly model: string }[] | 'all',
): Promise<FoundOf> {
  if (models.length === 0) return () => undefined
  const { connectionId, model, destination, findings } = behaviourCards
  const among =
    models === 'all'
      ? undefined
      : and(
          inArray(connectionId, [...new Set(models.map(({ connection }) => connection.id))]),
          inArray(model, [...new Set(models.map((one) => one.model))]),
        )
  const rows = await tx.select({ connectionId, model, destination, findings }).from(behaviourCards).where(among)
  const byName = new Map(rows.map((row) => [nameOf(row.connectionId, row.model), row]))
  return (connection, name) => {
    const row = byName.get(nameOf(connection.id, name))
    if (!row || row.destination !== canonicalJson(connection.destination)) return undefined
    return Object.fromEntries(row.findings.flatMap(({ ability, state }) => (state === 'unknown' ? [] : [[ability, state]])))
  }
}

const nameOf = (connectionId: string, model: string): string => `${connectionId} ${model}`

/** The abilities that a context needs and this model does not have. */
export function lackingFor(context: string, model: { provider: string; model: string; found: Found | undefined }): Ability[] {
  const needs = needsOf(context)
  if (needs.length === 0) return []
  const abilities = abilitiesOf(model)
  return needs.filter((ability) => abilities[ability].state === 'does_not')
}
