import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** Scaleway Generative APIs: open models in Paris behind OpenAI chat. @see https://www.scaleway.com/en/docs/generative-apis, facts of 2026-11-20 */
export const scaleway: ChatProvider = {
  id: 'scaleway',
  name: 'Scaleway',
  baseUrl: 'https://api.scaleway.ai/v1',
  pages: {
    keys: 'https://console.scaleway.com/iam/api-keys',
    usage: 'https://console.scaleway.com/billing',
    limits: 'https://www.scaleway.com/en/docs/generative-apis/reference-content/rate-limits/',
    prices: 'https://www.scaleway.com/en/pricing/model-as-a-service/',
    docs: 'https://www.scaleway.com/en/docs/generative-apis/reference-content/openai-compatibility/',
  },
  keyHint: 'a UUID',
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/models', read: readModelList },
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total' }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
    streamedUsage: 'asked',
  },
  embeddings: { protocol: openAiEmbeddings, path: '/embeddings', form: 'openai' },
  checkedOn: '2026-11-20',
  notes: [
    'The key is the secret part of an IAM API key, with the permission GenerativeApisModelAccess.',
    'A key limited to a project takes the address https://api.scaleway.ai/PROJECT/v1.',
    'Prices are in euros.',
    'Data is processed in Paris.',
  ],
  triedAgainst: 'a mock of its documented interface',
}
