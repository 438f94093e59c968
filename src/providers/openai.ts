import { openAiChat } from './protocols/openai-chat.ts'
import { bearer, type Provider, readModelList } from './provider.ts'

/** OpenAI. @see https://platform.openai.com/docs/api-reference, checked 2026-11-20 */
export const openai: Provider = {
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
  checkedOn: '2026-11-20',
  triedAgainst: 'recorded answers',
}
