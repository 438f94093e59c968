import { objectOf } from '../base/json.ts'
import { plainDecimal } from './decimal.ts'
import { openAiChatWith } from './protocols/openai-chat.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'
import type { DeclaredCost } from './wire-protocol.ts'

/** Perplexity Sonar: OpenAI chat that searches the web; says in each answer what it charged. @see https://docs.perplexity.ai, facts of 2026-11-20 */
export const perplexity: ChatProvider = {
  id: 'perplexity',
  name: 'Perplexity',
  baseUrl: 'https://api.perplexity.ai',
  pages: {
    keys: 'https://console.perplexity.ai',
    usage: 'https://console.perplexity.ai',
    limits: 'https://docs.perplexity.ai/docs/admin/rate-limits-usage-tiers',
    prices: 'https://docs.perplexity.ai/getting-started/pricing',
    docs: 'https://docs.perplexity.ai/docs/sonar/openai-compatibility',
  },
  keyHint: 'pplx-…',
  keyHeader: bearer,
  key: 'required',
  // whether the list needs a good key is not known
  checkKey: { method: 'GET', path: '/v1/models', read: readModelList, proves: 'address' },
  listModels: { path: '/v1/models' },
  chat: {
    protocol: openAiChatWith({
      declaredCost: chargedBy,
      citationTokens: 'citation_tokens',
      reasoningBeside: 'reasoning_tokens',
      searches: 'num_search_queries',
    }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
    streamedUsage: 'unasked',
  },
  checkedOn: '2026-11-20',
  notes: [
    'Every request searches the web and pays a fee for that beside its tokens: most of what a short answer costs.',
    'Each answer says what was charged: that counts, and the price book is only compared with it.',
    'What it finds on the web gets into its answers: for texts that must say only what a record says, choose another provider.',
    'Citation and reasoning tokens of deep research are read as documented; no recording of them was at hand.',
  ],
  afterDisconnect: 'goes on',
  triedAgainst: 'recorded answers',
}

function chargedBy(usage: Readonly<Record<string, unknown>>): DeclaredCost | undefined {
  const amount = plainDecimal(objectOf(usage['cost'])?.['total_cost'])
  return amount === undefined ? undefined : { amount, currency: 'USD' }
}
