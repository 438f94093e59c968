import { objectOf } from '../base/json.ts'
import { divideHalfUp, formatNano } from '../base/money.ts'
import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiImagesWith } from './protocols/openai-images.ts'
import { openAiResponsesWith } from './protocols/openai-responses.ts'
import { bearer, type ChatProvider, type CheckedKey } from './provider.ts'
import type { DeclaredCost } from './wire-protocol.ts'

/** xAI: OpenAI chat with reasoning counted beside the completion; says in each answer what it charged. @see https://docs.x.ai/developers/cost-tracking, read 2026-11-20 */
export const xai: ChatProvider = {
  id: 'xai',
  name: 'xAI',
  baseUrl: 'https://api.x.ai/v1',
  regions: [
    { region: 'us', baseUrl: 'https://us.api.x.ai/v1' },
    { region: 'us-east-1', baseUrl: 'https://us-east-1.api.x.ai/v1' },
    { region: 'eu-west-1', baseUrl: 'https://eu-west-1.api.x.ai/v1' },
  ],
  pages: {
    keys: 'https://console.x.ai/team/default/api-keys',
    usage: 'https://console.x.ai/team/default/usage',
    limits: 'https://console.x.ai/team/default/rate-limits',
    prices: 'https://docs.x.ai/developers/models',
    docs: 'https://docs.x.ai/developers',
  },
  keyHint: 'xai-…',
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/api-key', read: readOwnKey },
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total', declaredCost: chargedBy }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
    outputLimit: 'max_completion_tokens',
    streamedUsage: 'unasked',
  },
  images: {
    protocol: openAiImagesWith({ declaredCost: chargedBy }),
    path: '/images/generations',
    form: 'openai-images',
    imagesAtMost: 10,
    takes: [],
    references: { path: '/images/edits', as: 'image', imagesAtMost: 1 },
    responseFormat: 'b64_json',
    hosts: ['imgen.x.ai'],
  },
  checkedOn: '2026-11-20',
  notes: [
    'Each answer says what was charged, discounts and tools included: that counts, and the price book is only compared with it.',
    'From 200,000 input tokens on, the whole request costs more.',
    'A wrong key is answered with 400, not 401.',
    'The address us.api.x.ai keeps requests in the United States, serves few models and costs 10 % more.',
  ],
  responses: { protocol: openAiResponsesWith({ declaredCost: chargedBy }), path: '/responses' },
  afterDisconnect: 'stops',
  triedAgainst: 'recorded answers',
}

/** xAI's own words on a key (GET /v1/api-key). A blocked team is one without credit, or locked. */
function readOwnKey(body: unknown): CheckedKey {
  const key = objectOf(body)
  if (key?.['api_key_id'] === undefined && key?.['redacted_api_key'] === undefined) return 'elsewhere'
  if (key['api_key_blocked'] === true || key['api_key_disabled'] === true || key['team_blocked'] === true) return 'blocked'
  return 'ok'
}

/** `cost_in_usd_ticks`: ten thousand million ticks are one US dollar, so ten are a nano-dollar. */
function chargedBy(usage: Readonly<Record<string, unknown>>): DeclaredCost | undefined {
  const ticks = usage['cost_in_usd_ticks']
  if (typeof ticks !== 'number' || !Number.isSafeInteger(ticks) || ticks < 0) return undefined
  return { amount: formatNano(divideHalfUp(BigInt(ticks), 10n)), currency: 'USD' }
}
