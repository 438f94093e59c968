import { openAiChatWith } from './protocols/openai-chat.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** LM Studio: models on a computer of one’s own behind OpenAI chat. @see https://lmstudio.ai/docs/developer/openai-compat, facts of 2026-11-20 */
export const lmstudio: ChatProvider = {
  id: 'lmstudio',
  name: 'LM Studio',
  baseUrlExample: 'http://127.0.0.1:1234/v1',
  pages: {
    docs: 'https://lmstudio.ai/docs/developer/openai-compat',
  },
  noPrices: 'What it costs is known to who runs it: enter it as the connection’s own price (0 is allowed).',
  keyHeader: bearer,
  key: 'optional',
  checkKey: { method: 'GET', path: '/models', read: readModelList },
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total' }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
    streamedUsage: 'asked',
  },
  checkedOn: '2026-11-20',
  notes: [
    'Its usual address is http://127.0.0.1:1234/v1; start its server in the Developer view first.',
    'The operator must allow the address: it is a private one.',
    'A model is loaded at its first call, which then takes longer.',
  ],
  triedAgainst: 'a mock of its documented interface',
}
