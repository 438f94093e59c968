import { openAiChat } from './protocols/openai-chat.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** Groq: OpenAI chat on its own hardware. @see https://console.groq.com/docs/openai, facts of 2026-11-20 */
export const groq: ChatProvider = {
  id: 'groq',
  name: 'Groq',
  baseUrl: 'https://api.groq.com/openai/v1',
  pages: {
    keys: 'https://console.groq.com/keys',
    usage: 'https://console.groq.com/dashboard/usage',
    limits: 'https://console.groq.com/settings/limits',
    prices: 'https://groq.com/pricing',
    docs: 'https://console.groq.com/docs/api-reference',
  },
  keyHint: 'gsk_…',
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
    streamedUsage: 'asked', // older models say it in `x_groq` unasked
  },
  checkedOn: '2026-11-20',
  notes: [
    'Answers are bound to a JSON schema on some models only; another model refuses the request, and says so.',
    'Its limits of requests hold for a day, those of tokens for a minute.',
    'An answer that is broken off is paid for whole.',
  ],
  afterDisconnect: 'goes on',
  triedAgainst: 'recorded answers',
}
