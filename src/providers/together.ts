import { objectOf, textOf } from '../base/json.ts'
import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiImages } from './protocols/openai-images.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, type OfferedModel } from './provider.ts'

/** Together AI: open models behind OpenAI chat. @see https://docs.together.ai/reference, facts of 2026-11-20 */
export const together: ChatProvider = {
  id: 'together',
  name: 'Together AI',
  baseUrl: 'https://api.together.ai/v1',
  pages: {
    keys: 'https://api.together.ai/settings/api-keys',
    usage: 'https://api.together.ai/settings/billing',
    limits: 'https://docs.together.ai/docs/rate-limits',
    prices: 'https://www.together.ai/pricing',
    docs: 'https://docs.together.ai/reference/chat-completions-1',
  },
  keyHint: 'tgp_v1_… or 64 hexadecimal digits',
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/models', read: (body) => (readModels(body) ? 'ok' : 'elsewhere') },
  listModels: { path: '/models', read: readModels },
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total', cachedTokens: [['prompt_tokens_details', 'cached_tokens'], ['cached_tokens']] }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
    streamedUsage: 'unasked',
  },
  embeddings: { protocol: openAiEmbeddings, path: '/embeddings', form: 'openai' },
  images: {
    protocol: openAiImages,
    path: '/images/generations',
    form: 'openai-images',
    imagesAtMost: 4,
    takes: ['size', 'seed'],
    references: { as: 'image_url', imagesAtMost: 1 },
    responseFormat: 'base64',
    sizeAs: 'width and height',
  },
  checkedOn: '2026-11-20',
  notes: [
    'Answers are bound to a JSON schema on the models that it names for that; the others may ignore it.',
    'Images are asked for as its documentation says; no answer with images was recorded.',
  ],
  afterDisconnect: 'stops',
  triedAgainst: 'recorded answers',
}

/** A bare list, where others have `data`. */
function readModels(body: unknown): OfferedModel[] | undefined {
  const list = Array.isArray(body) ? (body as unknown[]) : objectOf(body)?.['data']
  if (!Array.isArray(list)) return undefined
  return list.map(objectOf).flatMap((model) => {
    const [id, contextTokens] = [textOf(model?.['id']), model?.['context_length']]
    if (id === undefined) return []
    return [{ id, ...(typeof contextTokens === 'number' && contextTokens > 0 ? { contextTokens } : {}) }]
  })
}
