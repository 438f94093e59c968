import { objectOf } from '../base/json.ts'
import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiImages } from './protocols/openai-images.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, type CheckedKey } from './provider.ts'

/** DeepInfra: open models behind OpenAI chat. @see https://docs.deepinfra.com, facts of 2026-11-20 */
export const deepinfra: ChatProvider = {
  id: 'deepinfra',
  name: 'DeepInfra',
  baseUrl: 'https://api.deepinfra.com/v1/openai',
  pages: {
    keys: 'https://deepinfra.com/dash/api_keys',
    usage: 'https://deepinfra.com/dash/usage',
    prices: 'https://deepinfra.com/pricing',
    docs: 'https://docs.deepinfra.com/chat/overview',
  },
  keyHeader: bearer,
  key: 'required',
  // its list of models is public and proves nothing; what it says of the account stands beside the interface of OpenAI's
  checkKey: { method: 'GET', path: '/payment/checklist?compute_owed=true', beside: '/v1/openai', read: readAccount },
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total' }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
    streamedUsage: 'asked',
  },
  embeddings: { protocol: openAiEmbeddings, path: '/embeddings', form: 'openai', textsAtMost: 1_024, dimensions: 'dimensions' },
  images: {
    protocol: openAiImages,
    path: '/images/generations',
    form: 'openai-images',
    imagesAtMost: 1,
    takes: ['size'],
    references: { path: '/images/edits', as: 'multipart', imagesAtMost: 1, mask: true },
    responseFormat: 'b64_json',
  },
  checkedOn: '2026-11-20',
  notes: [
    'At most 200 requests of one model run at once.',
    'Images are asked for as its documentation says; no answer with images was recorded.',
  ],
  afterDisconnect: 'stops',
  triedAgainst: 'a mock of its documented interface',
}

/** The account's balance and whether it is suspended. @see https://api.deepinfra.com/openapi.json (Billing) */
function readAccount(body: unknown): CheckedKey {
  const account = objectOf(body)
  if (typeof account?.['stripe_balance'] !== 'number') return 'elsewhere'
  return account['suspended'] === true ? 'no_credit' : 'ok'
}
