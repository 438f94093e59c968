import { objectOf } from '../base/json.ts'
import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiResponses } from './protocols/openai-responses.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** vLLM: open models on servers of one’s own behind OpenAI chat. @see https://docs.vllm.ai/en/latest/serving/openai_compatible_server, facts of 2026-11-20 */
export const vllm: ChatProvider = {
  id: 'vllm',
  name: 'vLLM',
  baseUrlExample: 'http://127.0.0.1:8000/v1',
  pages: {
    docs: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server',
  },
  noPrices: 'What it costs is known to who runs it: enter it as the connection’s own price (0 is allowed).',
  keyHeader: bearer,
  key: 'optional',
  checkKey: { method: 'GET', path: '/models', read: readModelList },
  listModels: { path: '/models' },
  local: { port: 8_000, path: '/v1', isIts: saysVllm },
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total' }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
    streamedUsage: 'asked',
  },
  embeddings: { protocol: openAiEmbeddings, path: '/embeddings', form: 'openai', dimensions: 'dimensions' },
  checkedOn: '2026-11-20',
  notes: [
    'Its usual address is http://HOST:8000/v1; the key is what the server was started with (--api-key), if it was.',
    'The operator must allow a private address.',
  ],
  responses: { protocol: openAiResponses, path: '/responses' },
  afterDisconnect: 'stops',
  triedAgainst: 'recorded answers',
}

/** Much else listens on port 8000; vLLM's list says whose its models are. */
function saysVllm(body: unknown): boolean {
  const models = objectOf(body)?.['data']
  return Array.isArray(models) && models.some((model) => objectOf(model)?.['owned_by'] === 'vllm')
}
