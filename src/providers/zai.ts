import { openAiChatWith } from './protocols/openai-chat.ts'
import type { ErrorRule } from './protocols/classify.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** Z.ai answers by numbers of its own. @see https://docs.z.ai/api-reference/api-code */
const BY_NUMBER: Readonly<Record<string, ReturnType<ErrorRule>>> = {
  '1113': 'provider.no_credit', // as 429
  '1211': 'provider.model_missing', // as 400
  '1301': 'provider.content_refused',
  '1305': 'provider.overloaded', // as 429
}

/** Z.ai (GLM): OpenAI chat. @see https://docs.z.ai/api-reference/llm/chat-completion, facts of 2026-11-20 */
export const zai: ChatProvider = {
  id: 'zai',
  name: 'Z.ai',
  baseUrl: 'https://api.z.ai/api/paas/v4',
  regions: [{ region: 'cn', baseUrl: 'https://open.bigmodel.cn/api/paas/v4' }],
  pages: {
    keys: 'https://z.ai/manage-apikey/apikey-list',
    usage: 'https://z.ai/manage-apikey/billing',
    limits: 'https://z.ai/manage-apikey/rate-limits',
    prices: 'https://docs.z.ai/guides/overview/pricing',
    docs: 'https://docs.z.ai/api-reference/llm/chat-completion',
  },
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/models', read: readModelList }, // 401 without a good key
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({}, [({ code }) => BY_NUMBER[code]]),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: false,
    responseFormat: 'json_object',
    streamedUsage: 'asked',
  },
  checkedOn: '2026-11-20',
  notes: [
    'It knows JSON of any form only: the schema stands in the prompt, and answers are checked as everywhere.',
    'GLM 5.3 always thinks before it answers, which counts as output.',
    'Keys of the coding plan have an address of their own: https://api.z.ai/api/coding/paas/v4.',
  ],
  triedAgainst: 'recorded answers',
}
