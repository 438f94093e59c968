import { objectOf } from '../base/json.ts'
import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiResponses } from './protocols/openai-responses.ts'
import { bearer, type ChatProvider, type CheckedKey } from './provider.ts'

/** DeepSeek: OpenAI chat; cached tokens under two names. @see https://api-docs.deepseek.com, facts of 2026-11-20 */
export const deepseek: ChatProvider = {
  id: 'deepseek',
  name: 'DeepSeek',
  baseUrl: 'https://api.deepseek.com',
  pages: {
    keys: 'https://platform.deepseek.com/api_keys',
    usage: 'https://platform.deepseek.com/usage',
    limits: 'https://api-docs.deepseek.com/quick_start/rate_limit',
    prices: 'https://api-docs.deepseek.com/quick_start/pricing',
    docs: 'https://api-docs.deepseek.com',
  },
  keyHint: 'sk-…',
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/user/balance', read: readBalance },
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({
      cachedTokens: [['prompt_tokens_details', 'cached_tokens'], ['prompt_cache_hit_tokens']],
      missedTokens: 'prompt_cache_miss_tokens',
    }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: false,
    responseFormat: 'json_object',
    streamedUsage: 'asked',
  },
  checkedOn: '2026-11-20',
  notes: [
    'At peak hours (01:00 to 04:00 and 06:00 to 10:00 UTC, Monday to Friday, not on Chinese holidays) prices double.',
    'It knows JSON of any form only: the schema stands in the prompt, and answers are checked as everywhere.',
    'Data is processed in China.',
  ],
  responses: { protocol: openAiResponses, path: '/responses' },
  afterDisconnect: 'stops',
  triedAgainst: 'recorded answers',
}

function readBalance(body: unknown): CheckedKey {
  const available = objectOf(body)?.['is_available']
  if (typeof available !== 'boolean') return 'elsewhere'
  return available ? 'ok' : 'no_credit'
}
