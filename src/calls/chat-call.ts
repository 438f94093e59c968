import type { LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import type { Found } from '../assignments/abilities.ts'
import { defined } from '../base/json.ts'
import { chatOfferOf, chatPath } from '../providers/asked.ts'
import type { ChatOffer } from '../providers/offer.ts'
import { findProvider } from '../providers/registry.ts'
import type { CallPlan, CallRequest } from './call.ts'
import { type AttemptFetch, chatModel, systemFor } from './chat-model.ts'
import { worstCaseOfCall } from './price.ts'

/** A prompt with the form of its answer. */
export interface ChatCall extends CallRequest {
  readonly system: string // the constant part, first: what providers' prompt caches hold
  readonly user: string
  readonly schema: Readonly<Record<string, unknown>> // JSON schema of the answer
  readonly schemaName: string
  readonly maxOutputTokens: number // told to the provider
  readonly inputTokensAtMost: number // with `outputTokensAtMost` what the call is reserved for
  readonly outputTokensAtMost: number
  /** Whether its constant part is marked for the provider's cache, where that is asked for; absent: it is. */
  readonly caching?: boolean
  readonly reasoning?: LanguageModelV4CallOptions['reasoning']
}

/** How a chat is asked at `at`. @throws AppError provider.does_not_serve. */
export function planChat(request: ChatCall, at: Date): CallPlan<LanguageModelV4GenerateResult> {
  const { provider, model, found } = request.candidate
  const offer = offerAsFound(chatOfferOf(findProvider(provider), model), found)
  return {
    offer,
    path: chatPath(offer, model),
    worstCaseNano: worstCaseOfCall({ ...request, at }),
    tokensAtMost: request.inputTokensAtMost + request.outputTokensAtMost,
    ask: (fetch) => generate(request, offer, fetch),
  }
}

/** Asks with `fetch`, and reads what it gives. */
export async function generate(
  request: Pick<
    ChatCall,
    'candidate' | 'system' | 'user' | 'schema' | 'schemaName' | 'caching' | 'maxOutputTokens' | 'reasoning' | 'signal'
  >,
  offer: ChatOffer,
  fetch: AttemptFetch,
): Promise<LanguageModelV4GenerateResult> {
  const model = await chatModel({ offer, model: request.candidate.model, fetch })
  return model.doGenerate({
    prompt: [
      // Anthropic caches only what is marked; the other packages ignore the mark.
      {
        role: 'system',
        content: systemFor(offer, request),
        ...(request.caching === false ? {} : { providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } } }),
      },
      { role: 'user', content: [{ type: 'text', text: request.user }] },
    ],
    maxOutputTokens: request.maxOutputTokens,
    ...(offer.responseFormat === 'none'
      ? {}
      : { responseFormat: { type: 'json', schema: request.schema, name: request.schemaName } as const }),
    abortSignal: request.signal,
    ...(request.reasoning ? { reasoning: request.reasoning } : {}),
  })
}

/**
 * How a model is asked after what its own test found: a schema that it does not keep stands in the prompt alone, one that it
 * keeps is sent although its provider is known for less, the output limit has the name that it takes, and usage is asked for where
 * that is understood.
 */
export function offerAsFound(offer: ChatOffer, found: Found = {}): ChatOffer {
  const { responseFormat, outputLimit, streamedUsage, ...rest } = offer
  const format = found.json_schema === 'does_not' ? (responseFormat ?? 'none') : found.json_schema === 'works' ? undefined : responseFormat
  const limit =
    found.max_tokens === 'does_not' && found.max_completion_tokens === 'works'
      ? 'max_completion_tokens'
      : found.max_completion_tokens === 'does_not' && found.max_tokens === 'works'
        ? undefined
        : outputLimit
  return {
    ...rest,
    ...defined<Partial<ChatOffer>>({
      responseFormat: format,
      outputLimit: limit,
      streamedUsage: streamedUsageAsFound(streamedUsage, found),
    }),
  }
}

function streamedUsageAsFound(known: ChatOffer['streamedUsage'], found: Found): ChatOffer['streamedUsage'] {
  if (found.stream_options === 'does_not') return found.streamed_usage === 'works' ? 'unasked' : undefined
  return found.stream_options === 'works' && found.streamed_usage === 'works' ? 'asked' : known
}
