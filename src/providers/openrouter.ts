import { objectOf } from '../base/json.ts'
import { plainDecimal, sumDecimal } from './decimal.ts'
import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiEmbeddingsWith } from './protocols/openai-embeddings.ts'
import { openAiResponsesWith } from './protocols/openai-responses.ts'
import { bearer, type ChatProvider, type CheckedKey } from './provider.ts'
import type { DeclaredCost } from './wire-protocol.ts'

/** OpenRouter: OpenAI chat over many upstreams; says in each answer what it charged. @see https://openrouter.ai/docs/api, checked 2026-11-20 */
export const openrouter: ChatProvider = {
  id: 'openrouter',
  name: 'OpenRouter',
  baseUrl: 'https://openrouter.ai/api/v1',
  pages: {
    keys: 'https://openrouter.ai/keys',
    usage: 'https://openrouter.ai/activity',
    limits: 'https://openrouter.ai/settings/keys',
    prices: 'https://openrouter.ai/models',
    docs: 'https://openrouter.ai/docs/api',
  },
  keyHint: 'sk-or-…',
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/key', read: readOwnKey }, // /models is public and proves nothing
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({ declaredCost: chargedBy }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
    streamedUsage: 'unasked',
  },
  embeddings: {
    protocol: openAiEmbeddingsWith({ declaredCost: chargedBy }),
    path: '/embeddings',
    form: 'openai',
    dimensions: 'dimensions',
  },
  notes: [
    'Each answer says what was charged: that counts, and the price book is only compared with it.',
    'Who serves a model, and at what price, may differ from call to call.',
    'Errors may come inside an answer of status 200: Latchkey looks for them.',
  ],
  images: {
    // OpenAI's form, with its own path, its own field for images that go in, and the usage of its chats
    protocol: { ...openAiChatWith({ declaredCost: chargedBy }), id: 'openrouter-images' },
    path: '/images',
    form: 'openai-images',
    imagesAtMost: 1,
    takes: [],
    references: { as: 'input_references', imagesAtMost: 10 },
  },
  checkedOn: '2026-11-20',
  responses: { protocol: openAiResponsesWith({ declaredCost: chargedBy }), path: '/responses' },
  triedAgainst: 'recorded answers',
}

/** What OpenRouter says of the key that asks: `limit_remaining` are credits, null without a limit of its own. */
function readOwnKey(body: unknown): CheckedKey {
  const key = objectOf(objectOf(body)?.['data'])
  if (!key) return 'elsewhere'
  const left = key['limit_remaining']
  return typeof left === 'number' && left <= 0 ? 'no_credit' : 'ok'
}

/**
 * `cost` is what OpenRouter charged, in credits of one US dollar. When the upstream was reached with the person's own key
 * there (`is_byok`), `cost` is OpenRouter's fee only and the upstream's bill comes on top.
 */
function chargedBy(usage: Readonly<Record<string, unknown>>): DeclaredCost | undefined {
  const upstream = objectOf(usage['cost_details'])?.['upstream_inference_cost']
  const amount = usage['is_byok'] === true ? sumDecimal(usage['cost'], upstream) : plainDecimal(usage['cost'])
  return amount === undefined ? undefined : { amount, currency: 'USD' }
}
