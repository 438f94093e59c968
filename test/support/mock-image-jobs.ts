import type { ServerResponse } from 'node:http'
import { crc32, deflateSync } from 'node:zlib'
import { answerJson, type RawRequest, type RawServer, startRawServer } from './raw-server.ts'

/** fal's queue and Black Forest Labs as their documentation describes them, for what happens between a ticket and its image. */

/** A PNG of this size, all black. */
export function pngOf(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 0, 0, 0, 0], 8) // eight bits of grey
  const chunks = [
    chunkOf('IHDR', header),
    chunkOf('IDAT', deflateSync(Buffer.alloc((width + 1) * height))),
    chunkOf('IEND', Buffer.alloc(0)),
  ]
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks])
}

function chunkOf(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

/** What a mock does otherwise than its documentation says all is well. */
export interface JobScript {
  /** Statuses with which submissions are refused, one after another. */
  readonly refusals?: { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }[]
  /** How often the state is asked for before the job is done; `Infinity`: it never is. */
  readonly polls?: number
  /** Statuses that the first questions for the state are answered with, each instead of one; 200 is a page. */
  readonly stumbles?: number[]
  /** What the ticket says otherwise. */
  readonly ticket?: Readonly<Record<string, unknown>>
  /** How the job ends, where not with an image. */
  readonly end?: { readonly status: number; readonly body: unknown }
  /** What the image's address answers. */
  readonly file?: (response: ServerResponse) => void
  /** Where the image lies, where that is another host. */
  readonly fileUrl?: string
  readonly size?: readonly [number, number]
}

export interface JobMock extends RawServer {
  /** From here on it does this; what was done before is forgotten. */
  plays(script: JobScript): void
  /** What was asked since then, in order. */
  asked(): readonly RawRequest[]
}

/** fal.ai: keys with "good" are known. The state of an edit lies below the model's path without "/edit", as fal's does. */
export const startFalMock = (): Promise<JobMock> =>
  startJobMock(({ request, response, script, origin, next }) => {
    const { method, path, headers } = request
    if (path.startsWith('/files/')) return sendFile(response, script)
    if (!/^Key .*good/.test(headers.authorization ?? '')) return answerJson(response, 401, { detail: 'Cannot access application' })
    const base = `${origin}/fal-ai/flux-2-max/requests/job-1`
    if (method === 'POST') {
      const ticket = { request_id: 'job-1', response_url: base, status_url: `${base}/status`, cancel_url: `${base}/cancel` }
      return answerJson(response, 200, { status: 'IN_QUEUE', queue_position: 0, ...ticket, ...script.ticket })
    }
    if (method === 'PUT' && path.endsWith('/job-1/cancel')) return answerJson(response, 202, { status: 'CANCELLATION_REQUESTED' })
    if (path.endsWith('/job-1/status')) {
      const state = next()
      return answerJson(response, state === 'done' ? 200 : 202, {
        status: state === 'done' ? 'COMPLETED' : 'IN_PROGRESS',
        request_id: 'job-1',
      })
    }
    if (!path.endsWith('/job-1')) return answerJson(response, 404, { detail: 'Request not found' })
    if (script.end) return answerJson(response, script.end.status, script.end.body)
    const [width, height] = script.size ?? [1024, 1024]
    const image = { url: script.fileUrl ?? `${origin}/files/a.png?sig=1`, width, height, content_type: 'image/png' }
    return answerJson(response, 200, { images: [image], seed: 7 }, { 'x-fal-billable-units': '1' })
  })

/** Black Forest Labs: keys with "good" are known; states need none, as their documentation says. */
export const startBflMock = (): Promise<JobMock> =>
  startJobMock(({ request, response, script, origin, next }) => {
    const { method, path, headers } = request
    if (path.startsWith('/files/')) return sendFile(response, script)
    const isState = path === '/v1/get_result?id=job-1'
    if (!isState && !String(headers['x-key']).includes('good')) return answerJson(response, 403, { detail: 'Not authenticated' })
    if (path === '/v1/credits') return answerJson(response, 200, { credits: String(headers['x-key']).includes('empty') ? 0 : 812.5 })
    if (method === 'POST') {
      const ticket = { id: 'job-1', polling_url: `${origin}/v1/get_result?id=job-1`, cost: 7, input_mp: 0, output_mp: 1.05 }
      return answerJson(response, 200, { ...ticket, ...script.ticket })
    }
    if (!isState) return answerJson(response, 404, { detail: 'Not Found' })
    if (next() === 'waiting') return answerJson(response, 200, { id: 'job-1', status: 'Pending', result: null, progress: 0.4 })
    if (script.end) return answerJson(response, script.end.status, script.end.body)
    const result = { sample: script.fileUrl ?? `${origin}/files/sample.png?sig=1`, seed: 42, prompt: 'a cat' }
    return answerJson(response, 200, { id: 'job-1', status: 'Ready', result })
  })

function sendFile(response: ServerResponse, { file, size = [1024, 1024] }: JobScript): void {
  if (file) return file(response)
  response.writeHead(200, { 'content-type': 'image/png' })
  response.end(pngOf(...size))
}

type Play = (scene: {
  readonly request: RawRequest
  readonly response: ServerResponse
  readonly script: JobScript
  readonly origin: string
  /** How the job is getting on: it is asked for once more. */
  readonly next: () => 'waiting' | 'done'
}) => void

async function startJobMock(play: Play): Promise<JobMock> {
  let script: JobScript = {}
  let [refused, polls, from] = [0, 0, 0]
  const server = await startRawServer((request, response) => {
    const refusal = request.method === 'POST' ? script.refusals?.[refused] : undefined
    if (refusal) {
      refused += 1
      return answerJson(response, refusal.status, refusal.body, refusal.headers)
    }
    const isState = /status$|get_result/.test(request.path)
    const stumble = isState ? script.stumbles?.[polls] : undefined
    if (stumble !== undefined) {
      polls += 1
      if (stumble === 200) return void response.end('<html>')
      return answerJson(response, stumble, { detail: 'Internal Server Error' })
    }
    const next = (): 'waiting' | 'done' => ((polls += 1) > (script.polls ?? 1) ? 'done' : 'waiting')
    play({ request, response, script, origin: server.url, next })
  })
  return {
    ...server,
    plays(next) {
      script = next
      ;[refused, polls, from] = [0, 0, server.requests.length]
    },
    asked: () => server.requests.slice(from),
  }
}
