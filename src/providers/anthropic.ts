import { BYTES_AT_MOST, HOUR_MS, REQUESTS_AT_MOST } from './batch.ts'
import { anthropicBatch } from './batches/anthropic.ts'
import { anthropicMessages } from './protocols/anthropic-messages.ts'
import { type ChatProvider, readModelList } from './provider.ts'

/** Anthropic. The version is in the path of each request, not in the base URL. @see https://platform.claude.com/docs/en/api, checked 2026-11-20 */
export const anthropic: ChatProvider = {
  id: 'anthropic',
  name: 'Anthropic',
  baseUrl: 'https://api.anthropic.com',
  pages: {
    keys: 'https://platform.claude.com/settings/keys',
    usage: 'https://platform.claude.com/usage',
    limits: 'https://platform.claude.com/settings/limits',
    prices: 'https://platform.claude.com/docs/en/about-claude/pricing',
    docs: 'https://platform.claude.com/docs/en/api',
  },
  keyHint: 'sk-ant-…',
  keyHeader: { name: 'x-api-key', prefix: '' },
  key: 'required',
  headers: { 'anthropic-version': '2023-06-01' },
  checkKey: { method: 'GET', path: '/v1/models?limit=1', read: readModelList }, // free of charge; 401 on a bad key, 404 on a disabled one
  listModels: { path: '/v1/models?limit=1000' },
  chat: { protocol: anthropicMessages, path: '/v1/messages', sdk: 'anthropic', jsonSchema: true, streamedUsage: 'unasked' },
  batch: {
    form: anthropicBatch,
    requestsAtMost: REQUESTS_AT_MOST, // of 100,000 and 256 MB
    bytesAtMost: BYTES_AT_MOST,
    lastsAtMostMs: 24 * HOUR_MS,
    cacheReads: 'as input',
    unfinished: 'not billed',
  },
  notes: [
    'A key that was switched off is answered with 404.',
    'What is written to its prompt cache costs more than input, what is read from it far less; both are counted apart.',
  ],
  checkedOn: '2026-11-20',
  afterDisconnect: 'stops',
  triedAgainst: 'recorded answers',
}
