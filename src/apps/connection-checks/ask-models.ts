import { z } from 'zod'
import { AppError, type ErrorCode } from '../../base/errors.ts'
import { defined } from '../../base/json.ts'
import { type FreeCall, type FreeQuestion, freeRequest } from '../../calls/free-request.ts'
import type { CallServices } from '../../calls/services.ts'
import type { OfferedModel, Provider } from '../../providers/provider.ts'

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

/**
 * The models that a provider lists now, in its own words, with the answer they stand in: from its fuller list where it has one.
 * @throws AppError what the provider refuses; provider.answer_malformed for what is no list of models.
 */
export async function askForModels(
  services: CallServices,
  { provider, ...request }: Omit<FreeCall, 'provider'> & Pick<FreeQuestion, 'timeouts' | 'maxBodyBytes'> & { readonly provider: Provider },
): Promise<{ models: readonly OfferedModel[]; body: unknown }> {
  const { listModels: list } = provider
  if (!list) throw new Error(`${provider.id} lists no models`)
  const ask = (question: Pick<FreeQuestion, 'path' | 'beside'>): Promise<unknown> =>
    freeRequest(services, { ...request, ...question, provider: provider.id })
  const { path, read = readOpenAiList, fuller } = list
  if (fuller) {
    const body = await ask(fuller).catch((error: unknown) => {
      if (error instanceof AppError && NOT_THERE.has(error.code)) return undefined
      throw error
    })
    const models = fuller.read(body)
    if (models) return { models, body }
  }
  const body = await ask({ path })
  const models = read(body)
  if (!models) throw new AppError('provider.answer_malformed', 'The server answered, but not with a list of models. Check the base URL.')
  return { models, body }
}

/** How a server says that it does not know a path. */
const NOT_THERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'provider.model_missing',
  'provider.request_refused',
  'provider.answer_malformed',
])

function readOpenAiList(body: unknown): readonly OfferedModel[] | undefined {
  return answerSchema.safeParse(body).data?.data.map((model) =>
    defined<OfferedModel>({
      id: model.id,
      contextTokens: model.context_length ?? model.max_context_length ?? model.max_input_tokens ?? undefined,
      maxOutputTokens: undefined,
      shutdownDate: model.shutdown_date ?? model.deprecation ?? undefined,
      files: undefined,
    }),
  )
}
