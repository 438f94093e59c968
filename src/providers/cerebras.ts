import { openAiChat } from './protocols/openai-chat.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** Cerebras: few models on its own hardware behind OpenAI chat. @see https://inference-docs.cerebras.ai, facts of 2026-11-20 */
export const cerebras: ChatProvider = {
  id: 'cerebras',
  name: 'Cerebras',
  baseUrl: 'https://api.cerebras.ai/v1',
  pages: {
    keys: 'https://cloud.cerebras.ai',
    usage: 'https://cloud.cerebras.ai',
    limits: 'https://inference-docs.cerebras.ai/support/rate-limits',
    prices: 'https://www.cerebras.ai/pricing',
    docs: 'https://inference-docs.cerebras.ai/api-reference/chat-completions',
  },
  keyHint: 'csk-…',
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/models', read: readModelList },
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChat,
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
    outputLimit: 'max_completion_tokens',
    streamedUsage: 'asked',
  },
  checkedOn: '2026-11-20',
  notes: [
    'Its limiter counts the whole output limit of a request before it begins, not what is written.',
    'Tools and a JSON schema in one request are refused.',
    'An account without credit is answered with 402.',
  ],
  triedAgainst: 'recorded answers',
}
