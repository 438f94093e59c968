import { createServer, type AddressInfo, type Socket } from 'node:net'

/** What the upstream has seen since it was last asked, and where it is. */
export interface UpstreamReport {
  readonly port: number
  /** Call ids (x-client-request-id) of the requests received, in order. */
  readonly callIds: readonly string[]
  /** Streams whose reader left before their end, and the chunks written to them in all. */
  readonly leftStreams: number
  readonly leftChunks: number
}

/**
 * An upstream in a process of its own that speaks OpenAI chat over bare sockets, so that it costs little beside the gateway before
 * it. The model's name says how it answers: "json" at once, "json-60" after 60 ms, "stream-50-10" with 50 chunks, one each 10 ms.
 * A chunk carries the time at which it was written, in microseconds of the machine's monotonic clock.
 */
const ANSWER = JSON.stringify({
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
})
const WHOLE = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${ANSWER.length}\r\n\r\n${ANSWER}`)
const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'

let callIds: string[] = []
let leftStreams = 0
let leftChunks = 0

const server = createServer({ noDelay: true }, (socket) => {
  let unread = ''
  socket.setEncoding('latin1')
  socket.on('error', () => undefined)
  socket.on('data', (text: string) => {
    unread += text
    for (let end = endOfRequest(unread); end !== undefined; end = endOfRequest(unread)) {
      const request = unread.slice(0, end)
      unread = unread.slice(end)
      answer(socket, request)
    }
  })
})

/** Where the first request ends; undefined: it is not all there. */
function endOfRequest(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const length = /content-length: *(\d+)/i.exec(text.slice(0, headEnd))?.[1]
  if (length !== undefined) {
    const end = headEnd + 4 + Number(length)
    return text.length >= end ? end : undefined
  }
  const last = text.indexOf('0\r\n\r\n', headEnd) // sent in chunks
  return last === -1 ? undefined : last + 5
}

function answer(socket: Socket, request: string): void {
  const callId = /x-client-request-id: *([\w-]+)/i.exec(request)?.[1]
  if (callId !== undefined) callIds.push(callId)
  const [kind, first = '0', second = '0'] = (/"model": *"([^"]+)"/.exec(request)?.[1] ?? '').split('-')
  if (kind === 'stream') return stream(socket, Number(first), Number(second))
  if (first === '0') socket.write(WHOLE)
  else setTimeout(() => socket.write(WHOLE), Number(first))
}

function stream(socket: Socket, count: number, gapMs: number): void {
  let sent = 0
  let timer: NodeJS.Timeout | undefined
  const isLeft = (): void => {
    clearTimeout(timer)
    leftStreams += 1
    leftChunks += sent
  }
  socket.once('close', isLeft)
  const next = (): void => {
    const head = sent === 0 ? STREAM_HEAD : ''
    if (sent === count) {
      socket.off('close', isLeft)
      const usage = { prompt_tokens: 24, completion_tokens: count, total_tokens: 24 + count }
      socket.write(`${head}${chunk({ choices: [], usage })}${inChunk('data: [DONE]\n\n')}0\r\n\r\n`)
      return
    }
    const atUs = Number(process.hrtime.bigint() / 1_000n)
    socket.write(head + chunk({ choices: [{ index: 0, delta: { content: `word${sent} ` }, finish_reason: null }], at: atUs }))
    sent += 1
    timer = setTimeout(next, gapMs)
  }
  next()
}

const chunk = (more: object): string =>
  inChunk(
    `data: ${JSON.stringify({ id: 'chatcmpl-0', object: 'chat.completion.chunk', created: 1_795_000_000, model: 'stream', ...more })}\n\n`,
  )
const inChunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  const report = (): UpstreamReport => {
    const seen = { port, callIds, leftStreams, leftChunks }
    callIds = []
    leftStreams = leftChunks = 0
    return seen
  }
  process.on('message', () => process.send!(report()))
  process.once('disconnect', () => process.exit(0))
  process.send!(report())
})
