import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** Fireworks AI: open models behind OpenAI chat. @see https://docs.fireworks.ai/api-reference, facts of 2026-11-20 */
export const fireworks: ChatProvider = {
  id: 'fireworks',
  name: 'Fireworks AI',
  baseUrl: 'https://api.fireworks.ai/inference/v1',
  pages: {
    keys: 'https://app.fireworks.ai/settings/users/api-keys',
    usage: 'https://app.fireworks.ai',
    limits: 'https://docs.fireworks.ai/guides/quotas_usage/rate-limits',
    prices: 'https://fireworks.ai/pricing',
    docs: 'https://docs.fireworks.ai/api-reference/post-chatcompletions',
  },
  keyHint: 'fw_…',
  keyHeader: bearer,
  key: 'required',
  // whether the list needs a good key is not known
  checkKey: { method: 'GET', path: '/models', read: readModelList, proves: 'address' },
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total' }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
    streamedUsage: 'unasked',
  },
  embeddings: { protocol: openAiEmbeddings, path: '/embeddings', form: 'openai', dimensions: 'dimensions' },
  checkedOn: '2026-11-20',
  notes: ['Its list names models that are not deployed: such a call is answered with 404.'],
  afterDisconnect: 'stops',
  triedAgainst: 'a mock of its documented interface',
}
