import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'

export interface RawRequest {
  readonly number: number // 1 is the first
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A server that answers as a test says, byte for byte, for what no honest mock would do. */
export interface RawServer {
  readonly url: string // "http://127.0.0.1:<port>"
  readonly requests: readonly RawRequest[]
  stop(): Promise<void>
}

/** Starts one on a free port of the loopback address; `answer` may leave a response open: `stop` closes all. */
export async function startRawServer(answer: (request: RawRequest, response: ServerResponse) => void): Promise<RawServer> {
  const requests: RawRequest[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    response.on('error', () => undefined) // the client may leave at any time
    request.on('error', () => undefined)
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const received = { number: requests.length + 1, method, path: url, headers, body: Buffer.concat(parts).toString('utf8') }
      requests.push(received)
      answer(received, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export function answerJson(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

const GOOD_USAGE = { prompt_tokens: 500, completion_tokens: 200, total_tokens: 700 }

/** An answer of OpenAI chat completions; `choice` and `usage` replace what a good one says. */
export function chatCompletion(
  content: string | null,
  { choice = {}, usage = GOOD_USAGE }: { choice?: object; usage?: object | 'none' } = {},
): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'gpt-4.1-mini',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop', logprobs: null, ...choice }],
    ...(usage === 'none' ? {} : { usage }),
  }
}
