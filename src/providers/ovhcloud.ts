import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** OVHcloud AI Endpoints: open models in France behind OpenAI chat. @see https://www.ovhcloud.com/en/public-cloud/ai-endpoints/, facts of 2026-11-20 */
export const ovhcloud: ChatProvider = {
  id: 'ovhcloud',
  name: 'OVHcloud',
  baseUrl: 'https://oai.endpoints.kepler.ai.cloud.ovh.net/v1',
  pages: {
    keys: 'https://www.ovh.com/manager/',
    usage: 'https://www.ovh.com/manager/',
    prices: 'https://www.ovhcloud.com/en/public-cloud/prices/',
    docs: 'https://www.ovhcloud.com/en/public-cloud/ai-endpoints/',
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
  embeddings: { protocol: openAiEmbeddings, path: '/embeddings', form: 'openai' },
  checkedOn: '2026-11-20',
  notes: [
    'Its list of models is public: whether a key is good shows at the first call.',
    'Its project needs a means of payment, or no call is answered.',
    'At most 400 requests a minute, per project and model.',
    'Data is processed in France.',
  ],
  triedAgainst: 'a mock of its documented interface',
}
