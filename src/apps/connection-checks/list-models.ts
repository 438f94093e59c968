import { z } from 'zod'
import { AppError } from '../../base/errors.ts'
import { compareText } from '../../base/text.ts'
import type { UsageUnit } from '../../base/usage.ts'
import { freeRequest } from '../../calls/free-request.ts'
import type { CallServices } from '../../calls/services.ts'
import { findPrices, listModels, modelFacts } from '../../prices/match.ts'
import { findProvider } from '../../providers/registry.ts'

/** A model as a person chooses it. What is absent is not known. */
export interface OfferedModel {
  readonly id: string
  readonly prices: Readonly<Partial<Record<UsageUnit, string>>> // plain decimals: per million tokens, per one of other units
  readonly currency: string
  readonly free: boolean
  readonly contextTokens?: number
  readonly maxOutputTokens?: number
  readonly shutdownDate?: string // ISO 8601 date
  readonly successor?: string
  readonly checkedAt?: string // when its prices were checked
}

/** The models that the price book knows of a provider. */
export const modelsInBook = (provider: string, at: Date): OfferedModel[] => listModels({ provider, at })

/** As OpenAI, Anthropic, Mistral and OpenRouter list them; each says a little more about a model in its own words. */
const answerSchema = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1).max(300),
      shutdown_date: z.string().max(40).nullish(),
      deprecation: z.string().max(40).nullish(),
      context_length: z.number().int().positive().nullish(),
      max_context_length: z.number().int().positive().nullish(),
      max_input_tokens: z.number().int().positive().nullish(),
    }),
  ),
})

/** The models that a connection's provider lists now, with the price book's prices and facts where they are known. */
export async function modelsOfConnection(
  services: CallServices,
  {
    workspaceId,
    connectionId,
    provider,
    actor,
    signal,
  }: { workspaceId: string; connectionId: string; provider: string; actor: string; signal: AbortSignal },
): Promise<OfferedModel[]> {
  const { path } = findProvider(provider).listModels
  const body = await freeRequest(services, { workspaceId, connectionId, provider, path, actor, origin: 'models', signal })
  const parsed = answerSchema.safeParse(body)
  if (!parsed.success) {
    throw new AppError('provider.answer_malformed', 'The server answered, but not with a list of models. Check the base URL.')
  }
  const at = services.clock.now()
  return parsed.data.data
    .map((model): OfferedModel => {
      const rows = Object.entries(findPrices({ provider, model: model.id, at })?.bands[0]?.rows ?? {}).filter(
        ([unit, row]) => row.unit === unit,
      )
      const known = listed(provider, model.id, at)
      const contextTokens = model.context_length ?? model.max_context_length ?? model.max_input_tokens
      const shutdownDate = model.shutdown_date ?? model.deprecation
      return {
        ...known,
        id: model.id,
        prices: Object.fromEntries(rows.map(([unit, row]) => [unit, row.price])),
        ...(contextTokens ? { contextTokens } : {}),
        ...(shutdownDate ? { shutdownDate: shutdownDate.slice(0, 10) } : {}),
      }
    })
    .sort((a, b) => compareText(a.id, b.id))
}

function listed(provider: string, model: string, at: Date): Omit<OfferedModel, 'id' | 'prices'> {
  const prices = findPrices({ provider, model, at })
  const facts = modelFacts({ provider, model, at })
  const checkedAt = Object.values(prices?.bands[0]?.rows ?? {})
    .map((row) => row.checkedAt)
    .sort()[0]
  return {
    currency: prices?.currency ?? 'USD',
    free: prices?.free ?? false,
    ...(facts?.contextTokens ? { contextTokens: facts.contextTokens } : {}),
    ...(facts?.maxOutputTokens ? { maxOutputTokens: facts.maxOutputTokens } : {}),
    ...(facts?.shutdownDate ? { shutdownDate: facts.shutdownDate } : {}),
    ...(facts?.successor ? { successor: facts.successor } : {}),
    ...(checkedAt ? { checkedAt } : {}),
  }
}
