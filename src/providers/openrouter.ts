import { objectOf } from '../base/json.ts'
import { plainDecimal, sumDecimal } from './decimal.ts'
import { openAiChatWith } from './protocols/openai-chat.ts'
import { bearer, type DeclaredCost, type Provider } from './provider.ts'

/** OpenRouter: OpenAI chat over many upstreams; says in each answer what it charged. @see https://openrouter.ai/docs/api, checked 2026-11-20 */
export const openrouter: Provider = {
  id: 'openrouter',
  name: 'OpenRouter',
  baseUrl: 'https://openrouter.ai/api/v1',
  pages: {
    keys: 'https://openrouter.ai/keys',
    usage: 'https://openrouter.ai/activity',
    limits: 'https://openrouter.ai/settings/keys',
    prices: 'https://openrouter.ai/models',
  },
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/key' }, // /models is public and proves nothing
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({ declaredCost: chargedBy }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
  },
  triedAgainst: 'recorded answers',
}

/**
 * `cost` is what OpenRouter charged, in credits of one US dollar. When the upstream was reached with the person's own key
 * there (`is_byok`), `cost` is OpenRouter's fee only and the upstream's bill comes on top.
 */
function chargedBy(usage: Readonly<Record<string, unknown>>): DeclaredCost | undefined {
  const upstream = objectOf(usage['cost_details'])?.['upstream_inference_cost']
  const amount = usage['is_byok'] === true ? sumDecimal(usage['cost'], upstream) : plainDecimal(usage['cost'])
  return amount === undefined ? undefined : { amount, currency: 'USD' }
}
