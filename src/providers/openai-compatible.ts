import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** Any server that speaks OpenAI chat completions (vLLM, Ollama, LM Studio, ...); the person gives its base URL, with /v1 where it has one. */
export const openaiCompatible: ChatProvider = {
  id: 'openai-compatible',
  name: 'Any server that speaks OpenAI chat',
  pages: {},
  keyHeader: bearer,
  key: 'optional',
  checkKey: { method: 'GET', path: '/models', read: readModelList },
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total' }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: false, // unknown of a server we do not know
  },
  embeddings: { protocol: openAiEmbeddings, path: '/embeddings', form: 'openai', dimensions: 'dimensions' },
  noPrices: 'What such a server costs is known to who runs it: enter it as the connection’s own price (0 is allowed).',
  checkedOn: '2026-11-20',
  triedAgainst: 'recorded answers',
}
