import { objectOf, textOf } from '../base/json.ts'
import { excerptOf } from './excerpt.ts'
import { ProviderCallError } from './failure.ts'
import { jsonLines } from './json-lines.ts'
import { pullFailureCode, type PullOffer, type PullStep } from './pull.ts'

/**
 * A name of Ollama's own library ("llama3.2:1b", "mine/model") or of Hugging Face's. With any other host in front the server
 * would fetch from there, which may be a host that nobody allowed.
 */
const NAME = /^(?:(?:registry\.ollama\.ai|hf\.co|huggingface\.co)\/)?(?:[\w][\w.-]{0,79}\/)?[\w][\w.-]{0,79}(?::[\w][\w.-]{0,79})?$/

/**
 * Ollama fetches a model layer by layer and says how far it is in lines of JSON, several each second. Who closes the request
 * stops it; what was fetched is kept, and goes on with the next request. An error comes as a line too, with status 200.
 * @see https://docs.ollama.com/api/pull
 */
export const ollamaPull: PullOffer = {
  library: 'https://ollama.com/library',
  example: 'llama3.2:3b',
  isName: (model) => NAME.test(model),
  whenLeft: 'kept',
  async *pull(ask, model) {
    const answer = await ask({ method: 'POST', path: '/api/pull', body: { model, stream: true } })
    const layers = createLayers()
    for await (const value of jsonLines(answer.chunks())) {
      const line = objectOf(value)
      const error = textOf(line?.['error'])
      if (error !== undefined) throw failureOf(error)
      const step = line && layers.read(line)
      if (!step) continue
      yield step
      if (step.doing === 'done') return
    }
    // closed without "success"
    throw new ProviderCallError({ code: 'provider.cut_off', detail: DETAILS['provider.cut_off'], retryable: true }, 'maybe')
  },
}

/** The sum over the layers: each is named with its size when its turn comes, the model's weights first. */
function createLayers(): { read(line: Readonly<Record<string, unknown>>): PullStep | undefined } {
  const layers = new Map<string, { total: number; completed: number; before: number }>()
  return {
    read(line) {
      const status = textOf(line['status']) ?? ''
      const digest = textOf(line['digest'])
      const total = bytesOf(line['total'])
      if (digest !== undefined && total !== undefined) {
        const known = layers.get(digest)
        const completed = Math.min(total, Math.max(known?.completed ?? 0, bytesOf(line['completed']) ?? 0))
        layers.set(digest, { total, completed, before: known?.before ?? completed })
      }
      const doing = doingOf(status, digest)
      if (layers.size === 0) return { doing }
      const all = [...layers.values()]
      const completedBytes = sum(all.map((layer) => layer.completed))
      return {
        doing,
        totalBytes: sum(all.map((layer) => layer.total)),
        completedBytes,
        fetchedBytes: completedBytes - sum(all.map((layer) => layer.before)),
      }
    },
  }
}

function doingOf(status: string, digest: string | undefined): PullStep['doing'] {
  if (status === 'success') return 'done'
  if (digest !== undefined || /^(?:pulling|downloading) (?!manifest)/.test(status)) return 'fetching'
  if (status.startsWith('verifying')) return 'checking'
  if (/^(?:writing|removing)/.test(status)) return 'writing'
  return 'looking_up'
}

const bytesOf = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)

function failureOf(message: string): ProviderCallError {
  const code = pullFailureCode(message) ?? 'provider.failed'
  const detail = DETAILS[code] ?? DETAILS['provider.failed']
  return new ProviderCallError({ code, detail, retryable: code === 'pull.offline', excerpt: excerptOf(message) }, 'maybe')
}

const DETAILS: Readonly<Record<string, string>> & { readonly 'provider.failed': string; readonly 'provider.cut_off': string } = {
  'pull.no_space': 'The disk of the machine that Ollama runs on is full. Make room there, then pull again: what was fetched is kept.',
  'pull.outdated': 'This model needs a newer Ollama. Update it on its machine, then pull again.',
  'provider.model_missing': 'Ollama’s library has no model of this name. Copy the name with its tag from there, such as llama3.2:3b.',
  'provider.no_permission': 'The library gives this model only to accounts that were let in. Choose another one.',
  'pull.offline': 'Ollama cannot reach the library. Check the network of its machine, then pull again: what was fetched is kept.',
  'provider.failed': 'Ollama could not finish the pull, and did not say why in words we know. Its own log has them. Pull again to go on.',
  'provider.cut_off': 'Ollama ended the pull before the model was there. Pull again: what was fetched is kept.',
}
