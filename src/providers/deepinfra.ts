import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiImages } from './protocols/openai-images.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

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
  checkKey: { method: 'GET', path: '/models', read: readModelList, proves: 'address' },
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
    'Its list of models is public: whether a key is good shows at the first call.',
    'At most 200 requests of one model run at once.',
    'Images are asked for as its documentation says; no answer with images was recorded.',
  ],
  afterDisconnect: 'stops',
  triedAgainst: 'a mock of its documented interface',
}
