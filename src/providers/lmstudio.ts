import { defined, objectOf, textOf } from '../base/json.ts'
import { lmStudioPull } from './lmstudio-pull.ts'
import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, type ModelFiles, type OfferedModel, readModelList, sizeOf } from './provider.ts'

/** LM Studio: models on a computer of one’s own behind OpenAI chat. @see https://lmstudio.ai/docs/developer/openai-compat, facts of 2026-11-20 */
export const lmstudio: ChatProvider = {
  id: 'lmstudio',
  name: 'LM Studio',
  baseUrlExample: 'http://127.0.0.1:1234/v1',
  pages: {
    docs: 'https://lmstudio.ai/docs/developer/openai-compat',
  },
  noPrices: 'What it costs is known to who runs it: enter it as the connection’s own price (0 is allowed).',
  keyHeader: bearer,
  key: 'optional',
  checkKey: { method: 'GET', path: '/models', read: readModelList },
  listModels: { path: '/models', fuller: { path: '/api/v1/models', beside: '/v1', read: readOwnList } },
  local: { port: 1_234, path: '/v1', isIts: (body) => readOwnList(body) !== undefined || readModelList(body) === 'ok' },
  pull: lmStudioPull,
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total' }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
    streamedUsage: 'asked',
  },
  embeddings: { protocol: openAiEmbeddings, path: '/embeddings', form: 'openai' },
  checkedOn: '2026-11-20',
  notes: [
    'Its usual address is http://127.0.0.1:1234/v1; start its server in the Developer view first.',
    'The operator must allow the address: it is a private one.',
    'It counts no tokens of embeddings, and writes 0: they are shown as unknown.',
    'A model is loaded at its first call, which then takes longer.',
    'From version 0.4 on its own list says how large a model is and whether it is in memory, and it fetches models on request; older ones are asked for their OpenAI list, which does not.',
  ],
  afterDisconnect: 'stops',
  triedAgainst: 'a mock of its documented interface',
}

/** Its own list, from version 0.4 on. Older ones answer unknown paths with 200 and an error. @see https://lmstudio.ai/docs/developer/rest/list */
function readOwnList(body: unknown): OfferedModel[] | undefined {
  const models = objectOf(body)?.['models']
  if (!Array.isArray(models)) return undefined
  return models.map(objectOf).flatMap((model) => {
    const id = textOf(model?.['key'])
    if (!model || id === undefined) return []
    const contextTokens = sizeOf(model['max_context_length'])
    return [{ id, ...(contextTokens === undefined ? {} : { contextTokens }), files: filesOf(model) }]
  })
}

function filesOf(model: Readonly<Record<string, unknown>>): ModelFiles {
  const loaded = model['loaded_instances']
  return defined<ModelFiles>({
    sizeBytes: sizeOf(model['size_bytes']),
    family: textOf(model['architecture']),
    parameters: textOf(model['params_string']),
    quantization: textOf(objectOf(model['quantization'])?.['name']),
    isLoaded: Array.isArray(loaded) ? loaded.length > 0 : undefined,
    runsAt: undefined,
  })
}
