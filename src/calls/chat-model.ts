import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider'
import type { ChatOffer } from '../providers/offer.ts'

/** The AI SDK never holds a real key or address: what it builds goes to the attempt's own `fetch` and nowhere else. */
const NO_KEY = 'sealed'
const NO_ADDRESS = 'http://sealed.invalid'

export type AttemptFetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>

/** What a call needs of a model: the body of its request, and its answer read, whole or as it comes. */
export type ChatModel = Pick<LanguageModelV4, 'doGenerate' | 'doStream'>

/** The AI SDK package that builds and parses a provider's chat bodies, loaded when first needed. */
export async function chatModel({ offer, model, fetch }: { offer: ChatOffer; model: string; fetch: AttemptFetch }): Promise<ChatModel> {
  const settings = { apiKey: NO_KEY, baseURL: NO_ADDRESS, fetch }
  switch (offer.sdk) {
    case 'openai': {
      const { createOpenAI } = await import('@ai-sdk/openai')
      return createOpenAI(settings).chat(model)
    }
    case 'openai-responses': {
      const { createOpenAI } = await import('@ai-sdk/openai')
      const responses = createOpenAI(settings).responses(model)
      // what is not said to be kept nowhere, OpenAI keeps for a month in this interface
      const unstored = (options: LanguageModelV4CallOptions): LanguageModelV4CallOptions => ({
        ...options,
        providerOptions: { ...options.providerOptions, openai: { ...options.providerOptions?.['openai'], store: false } },
      })
      return {
        doGenerate: (options) => responses.doGenerate(unstored(options)),
        doStream: (options) => responses.doStream(unstored(options)),
      }
    }
    case 'anthropic': {
      const { createAnthropic } = await import('@ai-sdk/anthropic')
      return createAnthropic(settings).languageModel(model)
    }
    case 'mistral': {
      const { createMistral } = await import('@ai-sdk/mistral')
      return createMistral(settings).languageModel(model)
    }
    case 'openai-compatible': {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
      return createOpenAICompatible({
        ...settings,
        name: 'compatible',
        supportsStructuredOutputs: offer.responseFormat === undefined,
        includeUsage: offer.streamedUsage === 'asked',
        transformRequestBody: (body: Readonly<Record<string, unknown>>) => inWordsOf(offer, body),
      }).languageModel(model)
    }
    case 'google': {
      const { createGoogle } = await import('@ai-sdk/google')
      return createGoogle(settings).languageModel(model)
    }
    case 'cohere': {
      const { createCohere } = await import('@ai-sdk/cohere')
      return createCohere(settings).languageModel(model)
    }
    case 'amazon-bedrock': {
      const { createAmazonBedrock } = await import('@ai-sdk/amazon-bedrock')
      return createAmazonBedrock({ ...settings, region: 'sealed' }).languageModel(model)
    }
    case 'ollama': {
      const { ollamaModel } = await import('./ollama-chat.ts')
      return ollamaModel({ model, fetch })
    }
  }
}

/** The body as this provider wants it: its name of the output limit, no format it refuses, and what it always wants said. */
function inWordsOf(offer: ChatOffer, body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { max_tokens: outputLimit, response_format: format, ...rest } = body
  return {
    ...rest,
    [offer.outputLimit ?? 'max_tokens']: outputLimit,
    ...(offer.responseFormat === 'none' ? {} : { response_format: format }),
    ...offer.parameters,
  }
}

/** The constant part of a prompt, with the schema of the answer where the provider's own format cannot hold it. */
export function systemFor(offer: ChatOffer, { system, schema }: { system: string; schema: Readonly<Record<string, unknown>> }): string {
  if (offer.responseFormat === undefined) return system
  return `${system}\n\nThe answer is one JSON object of this JSON schema, and nothing else:\n${JSON.stringify(schema)}`
}
