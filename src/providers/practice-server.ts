import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { objectOf } from '../base/json.ts'
import { PRACTICE_MODEL } from './practice.ts'
import { practiceAnswer } from './practice-writer.ts'
import { practiceTokens } from './tokenizers.ts'

/** Largest request body, in bytes. */
const MAX_BODY_BYTES = 8 * 1024 * 1024

export interface PracticeServer {
  /** With the random path segment without which the server answers nothing but 404. */
  readonly baseUrl: string
  readonly close: () => Promise<void>
}

/**
 * Starts the practice provider on the loopback address: OpenAI chat completions (whole and streamed) and the list of
 * models. Another user of this machine cannot guess its address. Holds no state beside its connections.
 */
export async function startPracticeServer(): Promise<PracticeServer> {
  const prefix = `/${randomBytes(24).toString('base64url')}`
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    answer(request, response, prefix).catch(() => {
      if (response.headersSent) response.destroy()
      else sendError(response, 500, 'server_error', 'The practice server failed.')
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the practice server has no port')
  return {
    baseUrl: `http://127.0.0.1:${address.port}${prefix}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, prefix: string): Promise<void> {
  const path = request.url?.startsWith(`${prefix}/`) ? request.url.slice(prefix.length).split('?')[0] : undefined
  if (path === '/models' && request.method === 'GET')
    return sendJson(response, 200, { object: 'list', data: [{ id: PRACTICE_MODEL, object: 'model', created: 0, owned_by: 'practice' }] })
  if (path !== '/chat/completions' || request.method !== 'POST') return sendError(response, 404, 'not_found', 'There is nothing here.')
  const text = await readBody(request)
  if (text === undefined) return sendError(response, 413, 'request_too_large', 'The request is too large.')
  const body = parseObject(text)
  if (!body || !Array.isArray(body['messages']))
    return sendError(response, 400, 'invalid_request_error', 'The body must be JSON with "messages".')
  if (body['model'] !== PRACTICE_MODEL) return sendError(response, 404, 'model_not_found', `The only model is ${PRACTICE_MODEL}.`)
  const completion = complete(body, body['messages'] as unknown[])
  if (body['stream'] === true) return sendStream(response, completion, parseObject(body['stream_options'])?.['include_usage'] === true)
  return sendJson(response, 200, {
    ...head(completion, 'chat.completion'),
    choices: [{ index: 0, message: { role: 'assistant', content: completion.text }, finish_reason: completion.finish }],
    usage: completion.usage,
  })
}

interface Completion {
  readonly id: string
  readonly text: string
  readonly finish: 'stop' | 'length'
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number }
}

function complete(body: Readonly<Record<string, unknown>>, messages: readonly unknown[]): Completion {
  const texts = messages.map((message) => ({ role: parseObject(message)?.['role'], text: contentText(parseObject(message)?.['content']) }))
  const format = parseObject(body['response_format'])
  const schema = parseObject(parseObject(format?.['json_schema'])?.['schema'])
  const whole = practiceAnswer({ userText: texts.findLast(({ role }) => role === 'user')?.text ?? '', schema })
  const limit = body['max_completion_tokens'] ?? body['max_tokens']
  const cutOff = typeof limit === 'number' && limit >= 1 && practiceTokens(whole) > limit
  const text = cutOff
    ? Buffer.from(whole)
        .subarray(0, Math.floor(limit) * 4)
        .toString('utf8')
    : whole
  const prompt = texts.reduce((sum, message) => sum + practiceTokens(message.text), 0)
  const answerTokens = cutOff ? Math.floor(limit) : practiceTokens(whole)
  return {
    id: `practice-${randomBytes(9).toString('base64url')}`,
    text,
    finish: cutOff ? 'length' : 'stop',
    usage: { prompt_tokens: prompt, completion_tokens: answerTokens, total_tokens: prompt + answerTokens },
  }
}

/** A message's text: a string, or a list of parts. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return (content as unknown[])
    .map((part) => parseObject(part)?.['text'])
    .filter((text) => typeof text === 'string')
    .join('\n')
}

const head = ({ id }: Completion, object: string) => ({
  id,
  object,
  created: Math.floor(Date.now() / 1000),
  model: PRACTICE_MODEL,
  service_tier: 'practice',
  system_fingerprint: 'practice-not-ai',
})

/** Characters of one streamed piece. */
const PIECE = 400

const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`

function sendStream(response: ServerResponse, completion: Completion, withUsage: boolean): void {
  const base = head(completion, 'chat.completion.chunk')
  const usage = withUsage ? { usage: null } : {}
  const events = [event({ ...base, ...usage, choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] })]
  const points = Array.from(completion.text)
  for (let at = 0; at < points.length; at += PIECE)
    events.push(
      event({ ...base, ...usage, choices: [{ index: 0, delta: { content: points.slice(at, at + PIECE).join('') }, finish_reason: null }] }),
    )
  events.push(event({ ...base, ...usage, choices: [{ index: 0, delta: {}, finish_reason: completion.finish }] }))
  if (withUsage) events.push(event({ ...base, choices: [], usage: completion.usage }))
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  for (const text of events) response.write(text)
  response.end('data: [DONE]\n\n')
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length })
  response.end(bytes)
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  sendJson(response, status, { error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', code, param: null } })
}

/** The body as text; undefined when it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** An object, or JSON text of one. */
function parseObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  let parsed = value
  if (typeof value === 'string') {
    try {
      parsed = JSON.parse(value)
    } catch {
      return undefined
    }
  }
  return objectOf(parsed)
}
