import { openAiResponses } from './protocols/openai-responses.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** Any server that speaks OpenAI responses; the person gives its base URL, with /v1 where it has one. */
export const openaiResponsesCompatible: ChatProvider = {
  id: 'openai-responses-compatible',
  name: 'Any server that speaks OpenAI responses',
  baseUrlExample: 'https://api.example.com/v1',
  pages: {},
  noPrices: 'What it costs is known to who runs it: enter it as the connection’s own price.',
  keyHeader: bearer,
  key: 'optional',
  checkKey: { method: 'GET', path: '/models', read: readModelList },
  listModels: { path: '/models' },
  chat: {
    protocol: openAiResponses,
    path: '/responses',
    sdk: 'openai-responses',
    jsonSchema: false, // unknown of a server we do not know
    streamedUsage: 'unasked',
  },
  responses: { protocol: openAiResponses, path: '/responses' },
  checkedOn: '2026-11-20',
  triedAgainst: 'recorded answers',
}
