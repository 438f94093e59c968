import { defined, objectOf, textOf } from '../base/json.ts'
import { ollamaPull } from './ollama-pull.ts'
import { ollamaChat } from './protocols/ollama.ts'
import { ollamaEmbeddings } from './protocols/native-embeddings.ts'
import { bearer, type ChatProvider, type ModelFiles, type OfferedModel, sizeOf } from './provider.ts'

/** Ollama: models on a computer of one's own, or in Ollama's cloud, in Ollama's own interface. @see https://docs.ollama.com/api, facts of 2026-11-20 */
export const ollama: ChatProvider = {
  id: 'ollama',
  name: 'Ollama',
  baseUrlExample: 'http://localhost:11434',
  regions: [{ region: 'cloud', baseUrl: 'https://ollama.com' }],
  pages: {
    keys: 'https://ollama.com/settings/keys',
    usage: 'https://ollama.com/settings',
    docs: 'https://docs.ollama.com/api',
  },
  noPrices: 'What it costs is known to who runs it: enter it as the connection’s own price (0 is allowed). Ollama’s cloud is paid by plan.',
  keyHeader: bearer,
  key: 'optional',
  checkKey: { method: 'GET', path: '/api/tags', read: (body) => (readModels(body) ? 'ok' : 'elsewhere'), proves: 'address' },
  listModels: { path: '/api/tags', read: readModels },
  local: { port: 11_434, path: '', isIts: (body) => readModels(body) !== undefined },
  pull: ollamaPull,
  chat: { protocol: ollamaChat, path: '/api/chat', sdk: 'ollama', jsonSchema: true, streamedUsage: 'unasked' },
  embeddings: {
    protocol: ollamaEmbeddings,
    path: '/api/embed',
    form: 'ollama',
    dimensions: 'dimensions',
    parameters: { truncate: false },
  },
  checkedOn: '2026-11-20',
  notes: [
    'Its usual address is http://localhost:11434. The operator must allow it: it is a private one. Ollama’s cloud needs a key, a server of your own none.',
    'A model is loaded at its first call, which then takes longer.',
    'The context is asked for as large as prompt and answer need; Ollama’s own default would drop the beginning of long prompts in silence.',
    'It fetches models of its own library, and of Hugging Face’s, on request. A model of its cloud stands in the list of a local server too: what it is asked leaves the machine, and the list says so.',
    'Where a server does not say how long the prompt was, because it was still in memory, the tokens of that call are unknown.',
  ],
  afterDisconnect: 'stops',
  triedAgainst: 'a mock of its documented interface',
}

function readModels(body: unknown): OfferedModel[] | undefined {
  const models = objectOf(body)?.['models']
  if (!Array.isArray(models)) return undefined
  return models.map(objectOf).flatMap((model) => {
    const id = textOf(model?.['model']) ?? textOf(model?.['name'])
    return id === undefined ? [] : [{ id, files: filesOf(model!) }]
  })
}

/** A model of Ollama's cloud stands in a local list too, with the host that runs it. */
function filesOf(model: Readonly<Record<string, unknown>>): ModelFiles {
  const details = objectOf(model['details'])
  const runsAt = textOf(model['remote_host'])
  return defined<ModelFiles>({
    sizeBytes: runsAt === undefined ? sizeOf(model['size']) : undefined,
    family: textOf(details?.['family']),
    parameters: textOf(details?.['parameter_size']),
    quantization: textOf(details?.['quantization_level']),
    isLoaded: undefined,
    runsAt: runsAt && (URL.parse(runsAt)?.host ?? runsAt),
  })
}
