import { z } from 'zod'
import { AppError } from '../../base/errors.ts'
import { compareText } from '../../base/text.ts'
import { freeRequest } from '../../calls/free-request.ts'
import type { CallServices } from '../../calls/services.ts'
import { describeModel, type ListedModel } from '../../prices/models.ts'
import { findProvider } from '../../providers/registry.ts'

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
): Promise<ListedModel[]> {
  const { path } = findProvider(provider).listModels
  const body = await freeRequest(services, { workspaceId, connectionId, provider, path, actor, origin: 'models', signal })
  const parsed = answerSchema.safeParse(body)
  if (!parsed.success) {
    throw new AppError('provider.answer_malformed', 'The server answered, but not with a list of models. Check the base URL.')
  }
  const at = services.clock.now()
  return parsed.data.data
    .map((model): ListedModel => {
      const contextTokens = model.context_length ?? model.max_context_length ?? model.max_input_tokens
      const shutdownDate = model.shutdown_date ?? model.deprecation
      return {
        ...describeModel({ provider, model: model.id, at }),
        ...(contextTokens ? { contextTokens } : {}),
        ...(shutdownDate ? { shutdownDate: shutdownDate.slice(0, 10) } : {}), // the day of an RFC 3339 time
      }
    })
    .sort((a, b) => compareText(a.id, b.id))
}
