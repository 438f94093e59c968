import { objectOf } from '../base/json.ts'
import { openAiChatWith } from './protocols/openai-chat.ts'
import { bearer, type ChatProvider, type CheckedKey } from './provider.ts'

/** Moonshot AI (Kimi): OpenAI chat, two platforms with keys of their own. @see https://platform.kimi.ai/docs, facts of 2026-11-20 */
export const moonshot: ChatProvider = {
  id: 'moonshot',
  name: 'Moonshot AI (Kimi)',
  baseUrl: 'https://api.moonshot.ai/v1',
  regions: [{ region: 'cn', baseUrl: 'https://api.moonshot.cn/v1' }],
  pages: {
    keys: 'https://platform.kimi.ai/console/api-keys',
    usage: 'https://platform.kimi.ai/console',
    limits: 'https://platform.kimi.ai/docs/pricing/limits',
    prices: 'https://platform.kimi.ai/docs/pricing/chat',
    docs: 'https://platform.kimi.ai/docs/api/chat',
  },
  keyHint: 'sk-…',
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/users/me/balance', read: readBalance },
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total', cachedTokens: [['prompt_tokens_details', 'cached_tokens'], ['cached_tokens']] }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
    outputLimit: 'max_completion_tokens',
    streamedUsage: 'asked',
  },
  checkedOn: '2026-11-20',
  notes: [
    'Keys of platform.kimi.ai and of the Chinese platform are not the same: with the other address a key is not accepted.',
    'An empty balance is answered with 429, as a limit is: Latchkey tells them apart.',
  ],
  triedAgainst: 'recorded answers',
}

/** Calls are refused from a balance of 0 on. */
function readBalance(body: unknown): CheckedKey {
  const balance = objectOf(objectOf(body)?.['data'])?.['available_balance']
  if (typeof balance !== 'number') return 'elsewhere'
  return balance > 0 ? 'ok' : 'no_credit'
}
