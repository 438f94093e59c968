import { readdirSync, readFileSync } from 'node:fs'
import { createEventReader } from '../../src/providers/sse.ts'
import { sharedPath } from './shared.ts'

/** One recorded answer of a provider, as its bytes came, for the endpoint of the gateway whose dialect it speaks. */
export interface DialectRecording {
  readonly path: string
  readonly provider: string
  readonly endpoint:
    | '/v1/chat/completions'
    | '/v1/messages'
    | '/v1/responses'
    | '/v1/embeddings'
    | '/v1/images/generations'
    | '/v1/images/edits'
  readonly model: string
  readonly status: number
  readonly contentType: string
  readonly bytes: Buffer
  /** The events of a stream, parsed; undefined of a whole answer. */
  readonly events: readonly unknown[] | undefined
}

const FOLDERS: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  openrouter: 'openrouter',
  mistral: 'mistral',
  deepseek: 'deepseek',
  groq: 'groq',
  together: 'together',
  cerebras: 'cerebras',
  zai: 'zai',
  huggingface: 'huggingface',
  'ollama-cloud': 'openai-compatible',
  vllm: 'vllm',
  perplexity: 'perplexity',
  xai: 'xai',
  azure: 'azure',
  'azure-foundry': 'azure',
}

const ENDPOINTS = [
  [/\/v1\/messages$/, '/v1/messages'],
  [/\/chat\/completions$/, '/v1/chat/completions'],
  [/\/responses$/, '/v1/responses'],
  [/\/embeddings$/, '/v1/embeddings'],
  [/\/images\/generations$/, '/v1/images/generations'],
  [/\/images\/edits$/, '/v1/images/edits'],
] as const

/** One event per line; the model's name and what was asked are not kept. */
const EVENT_FOLDERS = [
  { folder: 'vercel-ai/openai/chat', provider: 'openai', endpoint: '/v1/chat/completions' },
  { folder: 'vercel-ai/anthropic', provider: 'anthropic', endpoint: '/v1/messages' },
  { folder: 'vercel-ai/mistral', provider: 'mistral', endpoint: '/v1/chat/completions' },
  { folder: 'vercel-ai/openai-compatible/chat', provider: 'xai', endpoint: '/v1/chat/completions' },
  { folder: 'vercel-ai/groq', provider: 'groq', endpoint: '/v1/chat/completions' },
  { folder: 'vercel-ai/deepseek/chat', provider: 'deepseek', endpoint: '/v1/chat/completions' },
  { folder: 'vercel-ai/moonshotai', provider: 'moonshot', endpoint: '/v1/chat/completions' },
  { folder: 'vercel-ai/openai/responses', provider: 'openai', endpoint: '/v1/responses' },
  { folder: 'vercel-ai/perplexity', provider: 'perplexity', endpoint: '/v1/chat/completions' },
] as const

interface Exchange {
  readonly request: { readonly uri: string; readonly body?: { readonly model?: string } }
  readonly response: { readonly status: number; readonly headers: Record<string, string>; readonly body?: unknown }
}

/** Every recording in a dialect that the gateway speaks, found by listing the folders. */
export function dialectRecordings(): DialectRecording[] {
  const exchanges = Object.entries(FOLDERS).flatMap(([folder, provider]) =>
    readdirSync(sharedPath(`fixtures/http/${folder}`)).flatMap((name) => {
      const path = `http/${folder}/${name}`
      const { request, response } = JSON.parse(readFileSync(sharedPath(`fixtures/${path}`), 'utf8')) as Exchange
      const address = request.uri.replace(/\?.*$/, '')
      const endpoint = ENDPOINTS.find(([pattern]) => pattern.test(address))?.[1]
      if (!endpoint || response.body === undefined || address.includes('/threads/')) return []
      const { status, headers, body } = response
      const isStream = typeof body === 'string' && (headers['content-type'] ?? '').startsWith('text/event-stream')
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const contentType = headers['content-type'] ?? 'application/json'
      const about = { path, provider, endpoint, model: modelOf(text, request.body?.model), status, contentType }
      return [{ ...about, bytes: Buffer.from(text), events: isStream ? eventsOf(text) : undefined }]
    }),
  )
  const lines = EVENT_FOLDERS.flatMap(({ folder, provider, endpoint }) =>
    readdirSync(sharedPath(`fixtures/${folder}`), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => {
        const path = `${folder}/${name}`
        const text = readFileSync(sharedPath(`fixtures/${path}`), 'utf8')
        const about = { path, provider, endpoint, model: modelOf(text, undefined), status: 200 }
        if (!name.endsWith('.chunks.txt')) return { ...about, contentType: 'application/json', bytes: Buffer.from(text), events: undefined }
        const bytes = text
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map((line) => `data: ${line}\n\n`)
          .join('')
        return { ...about, contentType: 'text/event-stream', bytes: Buffer.from(bytes), events: eventsOf(bytes) }
      }),
  )
  return [...exchanges, ...lines]
}

/** The model that an answer names, so that its prices are found. */
const modelOf = (text: string, asked: string | undefined): string => /"model":\s*"([^"]+)"/.exec(text)?.[1] ?? asked ?? 'model'

export function eventsOf(text: string): unknown[] {
  const events: unknown[] = []
  const reader = createEventReader(({ data }) => {
    if (data !== '[DONE]') events.push(JSON.parse(data))
  })
  reader.push(Buffer.from(text))
  reader.end()
  return events
}
