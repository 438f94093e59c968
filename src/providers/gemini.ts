import { HOUR_MS } from './batch.ts'
import { geminiBatch } from './batches/gemini.ts'
import { defined, objectOf, textOf } from '../base/json.ts'
import { gemini as geminiProtocol } from './protocols/gemini.ts'
import { geminiEmbeddings } from './protocols/native-embeddings.ts'
import type { EmbeddingsOffer } from './offer.ts'
import type { ChatProvider, OfferedModel } from './provider.ts'

/** Google's Gemini API (Google AI, not Vertex AI). @see https://ai.google.dev/api, facts of 2026-11-20 */
export const gemini: ChatProvider & { readonly embeddings: EmbeddingsOffer } = {
  id: 'gemini',
  name: 'Google Gemini',
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  pages: {
    keys: 'https://aistudio.google.com/apikey',
    usage: 'https://aistudio.google.com/usage',
    limits: 'https://ai.google.dev/gemini-api/docs/rate-limits',
    prices: 'https://ai.google.dev/gemini-api/docs/pricing',
    docs: 'https://ai.google.dev/api',
  },
  keyHint: 'AQ.…',
  keyHeader: { name: 'x-goog-api-key', prefix: '' }, // never in the URL, where Google takes it too
  key: 'required',
  checkKey: { method: 'GET', path: '/models?pageSize=1', read: (body) => (modelsIn(body) ? 'ok' : 'elsewhere') },
  listModels: { path: '/models?pageSize=1000', read: readModels },
  chat: {
    protocol: geminiProtocol,
    path: (model) => `${modelPath(model)}:generateContent`,
    streamPath: (model) => `${modelPath(model)}:streamGenerateContent?alt=sse`,
    sdk: 'google',
    jsonSchema: true,
    streamedUsage: 'unasked',
  },
  images: {
    protocol: geminiProtocol,
    path: (model) => `${modelPath(model)}:generateContent`,
    form: 'gemini',
    imagesAtMost: 1,
    takes: ['seed'],
    references: { as: 'inlineData', imagesAtMost: 14 },
  },
  embeddings: {
    protocol: geminiEmbeddings,
    path: (model) => `${modelPath(model)}:batchEmbedContents`,
    form: 'gemini',
    textsAtMost: 100,
    dimensions: 'outputDimensionality',
    purpose: { parameter: 'taskType', query: 'RETRIEVAL_QUERY', document: 'RETRIEVAL_DOCUMENT' },
  },
  batch: {
    form: geminiBatch,
    requestsAtMost: 2_000, // all answers come at once
    bytesAtMost: 15 * 1024 * 1024, // of 20 MB in one request
    lastsAtMostMs: 48 * HOUR_MS,
    cacheReads: 'as in a usual call',
    unfinished: 'unknown',
  },
  checkedOn: '2026-11-20',
  notes: [
    'A wrong key is answered with 400, not 401. Keys that begin with AIza are no longer accepted since September 2026: make a new one.',
    'A key may list models and still be refused for a call: its project’s plan or restrictions decide.',
    'What a model thinks is charged as output; so is what searches and fetched pages add, as input.',
    'Answers that Google’s rules stop are shown as refused content. What was read of them is charged.',
    'Embeddings: answers that were recorded do not say how many tokens were read. Where one does not, the tokens and the cost of that call are unknown. Texts longer than the model’s context are cut by Google in silence.',
    'Requests are not kept to a region here; Google offers that in Vertex AI, which is another interface.',
  ],
  afterDisconnect: 'goes on',
  triedAgainst: 'recorded answers',
}

const modelPath = (model: string): string => `/models/${encodeURIComponent(model.replace(/^models\//, ''))}`

function modelsIn(body: unknown): Readonly<Record<string, unknown>>[] | undefined {
  const models = objectOf(body)?.['models']
  return Array.isArray(models) ? models.map(objectOf).filter((model) => model !== undefined) : undefined
}

const SERVED = ['generateContent', 'embedContent']

/** Those that answer chats or make embeddings; names without the "models/" in front. */
function readModels(body: unknown): OfferedModel[] | undefined {
  return modelsIn(body)?.flatMap((model) => {
    const methods = model['supportedGenerationMethods']
    const name = textOf(model['name'])
    if (name === undefined || !Array.isArray(methods) || !SERVED.some((method) => methods.includes(method))) return []
    return defined<OfferedModel>({
      id: name.replace(/^models\//, ''),
      contextTokens: countOf(model['inputTokenLimit']),
      maxOutputTokens: countOf(model['outputTokenLimit']),
      shutdownDate: undefined,
    })
  })
}

const countOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined
