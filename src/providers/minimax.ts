import { openAiChatWith } from './protocols/openai-chat.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** MiniMax: OpenAI chat. @see https://platform.minimax.io/docs/api-reference/text-openai-api, facts of 2026-11-20 */
export const minimax: ChatProvider = {
  id: 'minimax',
  name: 'MiniMax',
  baseUrl: 'https://api.minimax.io/v1',
  regions: [{ region: 'cn', baseUrl: 'https://api.minimaxi.com/v1' }],
  pages: {
    keys: 'https://platform.minimax.io/user-center/basic-information/interface-key',
    usage: 'https://platform.minimax.io/user-center/payment/balance',
    limits: 'https://platform.minimax.io/docs/guides/rate-limits',
    prices: 'https://platform.minimax.io/docs/guides/pricing-paygo',
    docs: 'https://platform.minimax.io/docs/api-reference/text-openai-api',
  },
  keyHint: 'sk-api-… (pay as you go) or sk-cp-… (plan)',
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/models', read: readModelList }, // 401 without a good key
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total' }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: false,
    responseFormat: 'none',
    outputLimit: 'max_completion_tokens',
    parameters: { reasoning_split: true }, // otherwise what it thinks stands in the answer
  },
  checkedOn: '2026-11-20',
  notes: [
    'JSON is asked for in the prompt, and answers are checked as everywhere.',
    'Keys of a plan and keys that pay as they go are not interchangeable.',
    'From 512,000 input tokens on, MiniMax M3 costs twice as much.',
  ],
  afterDisconnect: 'goes on',
  triedAgainst: 'a mock of its documented interface',
}
