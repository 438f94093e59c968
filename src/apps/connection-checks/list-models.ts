import { z } from 'zod'
import { AppError } from '../../base/errors.ts'
import { defined } from '../../base/json.ts'
import { compareText } from '../../base/text.ts'
import { freeRequest } from '../../calls/free-request.ts'
import type { CallServices } from '../../calls/services.ts'
import { describeModel, type ListedModel, listModels } from '../../prices/models.ts'
import type { OfferedModel } from '../../providers/provider.ts'
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

/** The models that a connection's provider lists now, with the price book's prices and facts where they are known; the price book's, where it lists none. */
export async function modelsOfConnection(
  services: CallServices,
  {
    workspaceId,
    connectionId,
    provider,
    region,
    actor,
    signal,
  }: { workspaceId: string; connectionId: string; provider: string; region: string | undefined; actor: string; signal: AbortSignal },
): Promise<ListedModel[]> {
  const at = services.clock.now()
  const { listModels: list } = findProvider(provider)
  if (!list) return listModels({ provider, region, at })
  const { path, read = readOpenAiList } = list
  const body = await freeRequest(services, { workspaceId, connectionId, provider, path, actor, origin: 'models', signal })
  const offered = read(body)
  if (!offered) throw new AppError('provider.answer_malformed', 'The server answered, but not with a list of models. Check the base URL.')
  return offered
    .map(({ id, contextTokens, maxOutputTokens, shutdownDate }): ListedModel => ({
      ...describeModel({ provider, model: id, region, at }),
      ...defined({ contextTokens, maxOutputTokens, shutdownDate: shutdownDate?.slice(0, 10) }), // the day of an RFC 3339 time
    }))
    .sort((a, b) => compareText(a.id, b.id))
}

function readOpenAiList(body: unknown): readonly OfferedModel[] | undefined {
  return answerSchema.safeParse(body).data?.data.map((model) =>
    defined<OfferedModel>({
      id: model.id,
      contextTokens: model.context_length ?? model.max_context_length ?? model.max_input_tokens ?? undefined,
      maxOutputTokens: undefined,
      shutdownDate: model.shutdown_date ?? model.deprecation ?? undefined,
    }),
  )
}
