import { objectOf } from '../base/json.ts'
import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, type CheckedKey } from './provider.ts'

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
  // whether the list of models needs a good key is not known; that of accounts stands beside inference
  checkKey: { method: 'GET', path: '/v1/accounts', beside: '/inference/v1', read: readAccounts },
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

/** The accounts that a key belongs to; one may be suspended, above all for want of credit. @see https://docs.fireworks.ai/api-reference/list-accounts */
function readAccounts(body: unknown): CheckedKey {
  const list = objectOf(body)?.['accounts']
  if (!Array.isArray(list)) return 'elsewhere'
  const states = list.map((account) => objectOf(account)?.['suspendState'] ?? 'UNSUSPENDED')
  return states.length === 0 || states.includes('UNSUSPENDED') ? 'ok' : 'no_credit'
}
