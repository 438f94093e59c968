import { BYTES_AT_MOST, HOUR_MS, REQUESTS_AT_MOST } from './batch.ts'
import { openAiBatch } from './batches/openai.ts'
import { openAiChat } from './protocols/openai-chat.ts'
import { openAiImages } from './protocols/openai-images.ts'
import { openAiResponses } from './protocols/openai-responses.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import type { ChatOffer } from './offer.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

const responses: ChatOffer = {
  protocol: openAiResponses,
  path: '/responses',
  sdk: 'openai-responses',
  jsonSchema: true,
  streamedUsage: 'unasked',
}

/** Models of which OpenAI's pages say that they answer in this interface only: o3-pro, gpt-5.4-pro, gpt-5.2-codex, codex-mini-latest, ... */
const RESPONSES_ONLY = /^(?:(?:gpt-|o\d).*-(?:pro|codex)(?:-|$)|codex-)/

/** OpenAI. @see https://platform.openai.com/docs/api-reference, checked 2026-11-20 */
export const openai: ChatProvider = {
  id: 'openai',
  name: 'OpenAI',
  baseUrl: 'https://api.openai.com/v1',
  regions: ['us', 'eu', 'ae', 'au', 'in', 'jp'].map((region) => ({ region, baseUrl: `https://${region}.api.openai.com/v1` })),
  pages: {
    keys: 'https://platform.openai.com/api-keys',
    usage: 'https://platform.openai.com/usage',
    limits: 'https://platform.openai.com/settings/organization/limits',
    prices: 'https://openai.com/api/pricing',
    docs: 'https://platform.openai.com/docs/api-reference',
  },
  keyHint: 'sk-…',
  keyHeader: bearer,
  key: 'required',
  destinationHeaders: { organization: 'openai-organization', project: 'openai-project' },
  checkKey: { method: 'GET', path: '/models', read: readModelList }, // free of charge; 401 on a bad key, and on a good one without this scope
  listModels: { path: '/models' }, // with shutdown_date
  chat: { protocol: openAiChat, path: '/chat/completions', sdk: 'openai', jsonSchema: true, streamedUsage: 'asked' },
  embeddings: {
    protocol: openAiEmbeddings,
    path: '/embeddings',
    form: 'openai',
    textsAtMost: 2_048,
    tokensAtMost: 300_000,
    dimensions: 'dimensions',
  },
  chatOf: (model) => (RESPONSES_ONLY.test(model) ? responses : undefined),
  notes: [
    'Models named -pro or -codex are asked through OpenAI’s Responses interface, which alone serves them; nothing is kept there.',
    'Regional addresses serve projects with data residency there; models released since 2026-03-05 cost 10 % more at them.',
    'A good key without the scope to list models is answered with 401, as a wrong one is: Latchkey tells them apart by the words.',
    'Its list of models says on which day each is shut down; the pages show it.',
  ],
  images: {
    protocol: openAiImages,
    path: '/images/generations',
    form: 'openai-images',
    imagesAtMost: 10,
    takes: ['size', 'quality', 'format', 'background'],
    references: { path: '/images/edits', as: 'multipart', imagesAtMost: 16, mask: true },
  },
  batch: {
    form: openAiBatch,
    requestsAtMost: REQUESTS_AT_MOST, // of 50,000 and 200 MB
    bytesAtMost: BYTES_AT_MOST,
    lastsAtMostMs: 24 * HOUR_MS,
    cacheReads: 'as input', // its table of batch prices has a dash there for older models
    unfinished: 'not billed',
  },
  checkedOn: '2026-11-20',
  responses,
  afterDisconnect: 'stops',
  triedAgainst: 'recorded answers',
}
