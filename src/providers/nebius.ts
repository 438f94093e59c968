import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** Nebius Token Factory: open models behind OpenAI chat. @see https://docs.tokenfactory.nebius.com, facts of 2026-11-20 */
export const nebius: ChatProvider = {
  id: 'nebius',
  name: 'Nebius Token Factory',
  baseUrl: 'https://api.tokenfactory.nebius.com/v1',
  pages: {
    keys: 'https://tokenfactory.nebius.com',
    usage: 'https://tokenfactory.nebius.com',
    prices: 'https://tokenfactory.nebius.com/model-catalog.md',
    docs: 'https://docs.tokenfactory.nebius.com/api-reference/inference/create-chat-completion',
  },
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
    'Answers are bound to a JSON schema on models with the mark "JSON mode".',
    'A name that ends in -fast is the quicker and dearer flavour of a model.',
    'An empty budget is answered with 402.',
  ],
  afterDisconnect: 'goes on',
  triedAgainst: 'a mock of its documented interface',
}
