import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerJson, type RawRequest, type RawServer, startRawServer } from './raw-server.ts'

/** A model of the mock's library: its layers in bytes, the weights first. */
export interface LibraryModel {
  readonly layers: readonly number[]
  readonly family?: string
  readonly parameters?: string
  readonly quantization?: string
}

/** What goes wrong with the next pulls, one after another; undefined: nothing. */
export type PullFault =
  /** The connection breaks when so many bytes of the model are there. */
  | { readonly breaksAt: number }
  /** A line with this error, at once or when so many bytes are there, and the end. */
  | { readonly error: string; readonly at?: number }
  /** The answer ends politely, and the model is not there. */
  | { readonly endsAt: number }

/** Ollama as its documentation describes it: the list, pulls that go on where the last one stopped, chat without thinking. */
export interface MockOllama extends RawServer {
  /** Faults of the pulls to come. */
  readonly faults: (PullFault | undefined)[]
  /** The bytes of a model that are on its disk. */
  fetched(model: string): number
  /** Pulls whose caller left before they had ended. */
  readonly left: { count: number }
  readonly installed: Set<string>
  /** How long a twentieth of a layer takes; can be changed while it runs. */
  readonly pace: { pieceMs: number }
}

const PIECES = 20 // lines of progress for each layer
const SMALL = 10_000_000 // bytes that come at once

/** @see https://docs.ollama.com/api/pull, https://docs.ollama.com/api/tags */
export async function startMockOllama({
  library,
  installed = [],
  pieceMs = 0,
  chat,
}: {
  library: Readonly<Record<string, LibraryModel>>
  installed?: readonly string[]
  pieceMs?: number
  /** Answers /api/chat. */
  chat?: (request: RawRequest, response: ServerResponse) => void
}): Promise<MockOllama> {
  const disk = new Map<string, number>()
  const state = { faults: [] as (PullFault | undefined)[], left: { count: 0 }, installed: new Set(installed), pace: { pieceMs } }

  const pull = async (model: string, response: ServerResponse): Promise<void> => {
    const fault = state.faults.shift()
    const say = (line: object): boolean => response.write(`${JSON.stringify(line)}\n`)
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    response.on('close', () => {
      if (!response.writableFinished) state.left.count += 1
    })
    say({ status: 'pulling manifest' })
    const known = library[model]
    if (!known) return void response.end(`${JSON.stringify({ error: 'pull model manifest: file does not exist' })}\n`)
    if (fault && 'error' in fault && fault.at === undefined) return void response.end(`${JSON.stringify({ error: fault.error })}\n`)
    let before = 0
    for (const [index, total] of known.layers.entries()) {
      const digest = `sha256:${String(index).padStart(4, '0')}${model.replaceAll(/\W/g, '')}`
      const status = `pulling ${digest.slice(7, 19)}`
      let completed = Math.min(total, Math.max(0, (disk.get(model) ?? 0) - before))
      say({ status, digest, total, ...(completed > 0 ? { completed } : {}) })
      while (completed < total) {
        if (total > SMALL) await sleep(state.pace.pieceMs)
        if (response.destroyed) return
        completed = Math.min(total, completed + Math.ceil(total / PIECES))
        disk.set(model, before + completed)
        if (fault && 'breaksAt' in fault && before + completed >= fault.breaksAt) return void response.socket?.destroy()
        if (fault && 'endsAt' in fault && before + completed >= fault.endsAt) return void response.end()
        if (fault && 'error' in fault && fault.at !== undefined && before + completed >= fault.at)
          return void response.end(`${JSON.stringify({ error: fault.error })}\n`)
        say({ status, digest, total, completed })
      }
      before += total
    }
    say({ status: 'verifying sha256 digest' })
    say({ status: 'writing manifest' })
    state.installed.add(model)
    response.end(`${JSON.stringify({ status: 'success' })}\n`)
  }

  const tags = (): object => ({
    models: [...state.installed].map((name) => {
      const { layers = [], family = 'llama', parameters = '3.2B', quantization = 'Q4_K_M' } = library[name] ?? {}
      const details = {
        parent_model: '',
        format: 'gguf',
        family,
        families: [family],
        parameter_size: parameters,
        quantization_level: quantization,
      }
      const size = layers.reduce((sum, bytes) => sum + bytes, 0)
      const cloud = name.endsWith('-cloud') ? { remote_model: name.replace('-cloud', ''), remote_host: 'https://ollama.com:443' } : {}
      return { name, model: name, modified_at: '2026-11-01T10:00:00Z', size: size || 384, digest: 'a2af6cc3eb7f', details, ...cloud }
    }),
  })

  const raw = await startRawServer((request, response) => {
    if (request.path === '/api/tags' && request.method === 'GET') return answerJson(response, 200, tags())
    if (request.path === '/api/pull' && request.method === 'POST') {
      return void pull((JSON.parse(request.body) as { model: string }).model, response)
    }
    if (request.path === '/api/chat' && chat) return chat(request, response)
    response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found')
  })
  return { ...raw, ...state, fetched: (model) => disk.get(model) ?? 0 }
}
