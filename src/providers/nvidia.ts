import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** NVIDIA NIM: hosted models behind OpenAI chat. @see https://docs.api.nvidia.com/nim, facts of 2026-11-20 */
export const nvidia: ChatProvider = {
  id: 'nvidia',
  name: 'NVIDIA',
  baseUrl: 'https://integrate.api.nvidia.com/v1',
  pages: {
    keys: 'https://build.nvidia.com/settings/api-keys',
    usage: 'https://build.nvidia.com/usage',
    docs: 'https://docs.api.nvidia.com/nim/reference/llm-apis',
  },
  noPrices: 'NVIDIA publishes no prices per token for these: trial use is free within limits, production is licensed.',
  keyHint: 'nvapi-…',
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/models', read: readModelList, proves: 'address' },
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total' }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: false,
    responseFormat: 'none',
  },
  embeddings: {
    protocol: openAiEmbeddings,
    path: '/embeddings',
    form: 'openai',
    purpose: { parameter: 'input_type', query: 'query', document: 'passage' },
    parameters: { truncate: 'NONE' },
  },
  checkedOn: '2026-11-20',
  notes: [
    'Its list of models is public: whether a key is good shows at the first call.',
    'Embeddings are told whether a text is to be found or to find; one that is too long is refused, not cut.',
    'What a model takes differs: JSON is asked for in the prompt, and answers are checked as everywhere.',
  ],
  triedAgainst: 'a mock of its documented interface',
}
