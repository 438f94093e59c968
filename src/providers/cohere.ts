import { defined, objectOf, textOf } from '../base/json.ts'
import { cohereChat } from './protocols/cohere.ts'
import { cohereEmbeddings } from './protocols/native-embeddings.ts'
import { bearer, type ChatProvider, type CheckedKey, type OfferedModel } from './provider.ts'

/** Cohere. Its versions are in the paths: chat is v2, the check of a key and the list of models v1. @see https://docs.cohere.com/reference, facts of 2026-11-20 */
export const cohere: ChatProvider = {
  id: 'cohere',
  name: 'Cohere',
  baseUrl: 'https://api.cohere.com',
  pages: {
    keys: 'https://dashboard.cohere.com/api-keys',
    usage: 'https://dashboard.cohere.com/billing',
    limits: 'https://docs.cohere.com/docs/rate-limits',
    prices: 'https://cohere.com/pricing',
    docs: 'https://docs.cohere.com/reference/chat',
  },
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'POST', path: '/v1/check-api-key', read: readOwnKey },
  listModels: { path: '/v1/models?page_size=1000', read: readModels },
  chat: { protocol: cohereChat, path: '/v2/chat', sdk: 'cohere', jsonSchema: true, streamedUsage: 'unasked' },
  embeddings: {
    protocol: cohereEmbeddings,
    path: '/v2/embed',
    form: 'cohere',
    textsAtMost: 96,
    dimensions: 'output_dimension',
    purpose: { parameter: 'input_type', query: 'search_query', document: 'search_document' },
    parameters: { truncate: 'NONE' },
  },
  checkedOn: '2026-11-20',
  notes: [
    'Charged are the billed units of each answer, which are fewer than the tokens that the model read: Cohere’s own preamble is free.',
    'A trial key has an allowance a month; when it is used up, calls are refused until the next month or until the key is a production one.',
  ],
  afterDisconnect: 'stops',
  triedAgainst: 'recorded answers',
}

function readOwnKey(body: unknown): CheckedKey {
  const valid = objectOf(body)?.['valid']
  return valid === true ? 'ok' : valid === false ? 'blocked' : 'elsewhere'
}

const SERVED = ['chat', 'embed']

/** Those that answer chats or make embeddings. */
function readModels(body: unknown): OfferedModel[] | undefined {
  const models = objectOf(body)?.['models']
  if (!Array.isArray(models)) return undefined
  return models.map(objectOf).flatMap((model) => {
    const id = textOf(model?.['name'])
    const context = model?.['context_length']
    const endpoints = model?.['endpoints']
    if (id === undefined || model?.['is_deprecated'] === true) return []
    if (!Array.isArray(endpoints) || !SERVED.some((endpoint) => endpoints.includes(endpoint))) return []
    return defined<OfferedModel>({
      id,
      contextTokens: typeof context === 'number' && Number.isSafeInteger(context) && context > 0 ? context : undefined,
      maxOutputTokens: undefined,
      shutdownDate: undefined,
    })
  })
}
