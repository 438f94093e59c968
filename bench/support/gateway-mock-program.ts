import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the mock saw since it was last asked. */
export interface GatewayMockReport {
  readonly port: number
  /** Call ids (x-client-request-id) of the requests received, in order; '' for those without. */
  readonly callIds: string[]
  /** Streams whose reader left before their end, and the chunks that were written to them. */
  readonly leftAfterChunks: number[]
}

/**
 * An upstream in a process of its own that speaks OpenAI chat. The model's name says how: "json" answers at once, "json-60" after
 * 60 ms, "stream-50-10" with 50 chunks at 10 ms.
 */
const ANSWER = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-0123456789abcdef',
    object: 'chat.completion',
    created: 1_795_000_000,
    model: 'json',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'All work and no play makes Jack a dull boy. '.repeat(16) },
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 24, completion_tokens: 160, total_tokens: 184 },
  }),
)
const callIds: string[] = []
const leftAfterChunks: number[] = []

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => answer(request, response, Buffer.concat(chunks).toString('latin1')))
})

function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
  callIds.push(String(request.headers['x-client-request-id'] ?? ''))
  const model = /"model":\s*"([^"]+)"/.exec(body)?.[1] ?? ''
  const [kind, first = '0', second = '0'] = model.split('-')
  if (kind === 'stream') return stream(response, Number(first), Number(second))
  const send = (): void => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length })
    response.end(ANSWER)
  }
  if (first === '0') send()
  else setTimeout(send, Number(first))
}

function stream(response: ServerResponse, count: number, gapMs: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  let sent = 0
  let isLeft = false
  response.once('close', () => {
    isLeft = true
    if (sent < count) leftAfterChunks.push(sent)
  })
  const next = (): void => {
    if (isLeft) return
    if (sent === count) {
      response.write(event({ choices: [], usage: { prompt_tokens: 24, completion_tokens: count, total_tokens: 24 + count } }))
      response.end('data: [DONE]\n\n')
      return
    }
    // The time stands in the chunk, so that whoever reads it knows how long it was on its way.
    response.write(
      event({ choices: [{ index: 0, delta: { content: `word${sent} ` }, finish_reason: null }], at: Date.now() + (performance.now() % 1) }),
    )
    sent += 1
    setTimeout(next, gapMs)
  }
  next()
}

const event = (chunk: object): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-0', object: 'chat.completion.chunk', created: 1_795_000_000, model: 'stream', ...chunk })}\n\n`

server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  const report = (): GatewayMockReport => ({ port, callIds: callIds.splice(0), leftAfterChunks: leftAfterChunks.splice(0) })
  process.on('message', () => process.send!(report()))
  process.once('disconnect', () => process.exit(0))
  process.send!(report())
})
