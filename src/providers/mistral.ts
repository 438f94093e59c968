import { BYTES_AT_MOST, HOUR_MS, REQUESTS_AT_MOST } from './batch.ts'
import { mistralBatch } from './batches/mistral.ts'
import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** Mistral AI: OpenAI chat, with sound counted beside the prompt and cached tokens under three names. @see https://docs.mistral.ai/api, checked 2026-11-20 */
export const mistral: ChatProvider = {
  id: 'mistral',
  name: 'Mistral AI',
  baseUrl: 'https://api.mistral.ai/v1',
  regions: ['eu', 'us'].map((region) => ({ region, baseUrl: `https://api.${region}.mistral.ai/v1` })),
  pages: {
    keys: 'https://console.mistral.ai/api-keys',
    usage: 'https://admin.mistral.ai/organization/usage',
    limits: 'https://admin.mistral.ai/plateforme/limits',
    prices: 'https://mistral.ai/pricing',
    docs: 'https://docs.mistral.ai/api',
  },
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/models', read: readModelList }, // free of charge; 401 on a bad key
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({
      audioInput: 'seconds',
      cachedTokens: [['prompt_tokens_details', 'cached_tokens'], ['prompt_token_details', 'cached_tokens'], ['num_cached_tokens']],
    }),
    path: '/chat/completions',
    sdk: 'mistral',
    jsonSchema: true,
    streamedUsage: 'unasked',
  },
  embeddings: { protocol: openAiEmbeddings, path: '/embeddings', form: 'openai', tokensAtMost: 16_000, dimensions: 'output_dimension' },
  batch: {
    form: mistralBatch,
    requestsAtMost: REQUESTS_AT_MOST, // of a million and 512 MB
    bytesAtMost: BYTES_AT_MOST,
    lastsAtMostMs: 24 * HOUR_MS,
    cacheReads: 'as input',
    unfinished: 'not billed',
  },
  notes: [
    'Regional addresses cost more; how much is not published, so that a cost there is unknown without a connection’s own price.',
    'Its documentation calls the address in the United States "coming soon" on one page and names it on others.',
    'An answer that is broken off is paid for whole.',
  ],
  checkedOn: '2026-11-20',
  afterDisconnect: 'goes on',
  triedAgainst: 'recorded answers',
}
