import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { addConnection } from '../../src/contract/connections.ts'
import { type CallDetail, readCall } from '../../src/contract/consumption.ts'
import { makeVirtualKey } from '../../src/contract/gateway.ts'
import type { RouteAnswer, RouteArguments } from '../../src/contract/route.ts'
import type { Log } from '../../src/runtime/log.ts'
import { startTestServer, type TestClient, type TestServer } from './server.ts'
import { newSecret } from './sweep.ts'
import { until } from './until.ts'

/** A provider that answers each request as `answer` does. */
export interface Upstream {
  readonly origin: string
  readonly hostPort: string
  readonly requests: { path: string; headers: IncomingMessage['headers']; body: Buffer }[]
  /** Whose turn it is to answer; replaced by tests as they go. */
  answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void
  close(): Promise<void>
}

export async function startUpstream(answer: Upstream['answer']): Promise<Upstream> {
  const requests: Upstream['requests'] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      requests.push({ path: request.url ?? '', headers: request.headers, body })
      upstream.answer(request, response, body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const hostPort = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const upstream: Upstream = {
    origin: `http://${hostPort}`,
    hostPort,
    requests,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return upstream
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Upstream['answer'] =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
  }

/** Server-sent events as they are written: objects as data, with their type as the event's name where they have one. */
export const eventText = (events: readonly unknown[]): string =>
  events
    .map((event) => {
      if (typeof event === 'string') return `data: ${event}\n\n`
      const { type } = event as { type?: unknown }
      return `${typeof type === 'string' ? `event: ${type}\n` : ''}data: ${JSON.stringify(event)}\n\n`
    })
    .join('')

export const events =
  (list: readonly unknown[]): Upstream['answer'] =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(eventText(list))
  }

/** A program's request to a gateway. */
export const askGateway = (
  url: string,
  {
    token,
    body,
    path = '/v1/chat/completions',
    headers = {},
    signal,
  }: { token: string; body: unknown; path?: string; headers?: Readonly<Record<string, string>>; signal?: AbortSignal },
): Promise<Response> =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal && { signal }),
  })

/** A server whose gateway has one connection to an upstream, and a virtual key for it. */
export interface GatewayTest {
  readonly server: TestServer
  readonly owner: TestClient
  readonly upstream: Upstream
  /** The key of the connection: what must never come out. */
  readonly providerKey: string
  readonly connectionId: string
  readonly token: string
  /** Another connection to the same upstream. */
  connect(body: Partial<RouteArguments<typeof addConnection>['body']>): Promise<string>
  virtualKey(body?: Partial<RouteArguments<typeof makeVirtualKey>['body']>): Promise<{ token: string; id: string }>
  /** What the ledger keeps of a call, by the header of its answer; waits until it has ended. */
  entry(answer: { readonly headers: { get(name: string): string | null } }): Promise<CallDetail>
  close(): Promise<void>
}

/** `provider`: whose protocol the upstream speaks, under the slug "up". */
export async function startGatewayTest({
  on = 'pglite',
  provider = 'openai-compatible',
  path = '/v1',
  answer = json({}),
  environment = {},
  log,
}: {
  on?: 'pglite' | 'postgres'
  provider?: string
  path?: string
  answer?: Upstream['answer']
  environment?: Readonly<Record<string, string>>
  log?: Log
} = {}): Promise<GatewayTest> {
  const upstream = await startUpstream(answer)
  const server = await startTestServer({
    on,
    environment: { LATCHKEY_PRIVATE_HOSTS: upstream.hostPort, ...environment },
    ...(log && { log }),
  })
  const owner = await server.owner()
  const providerKey = newSecret({ prefix: 'sk-canary-' })
  const connect: GatewayTest['connect'] = async (body) => {
    const made = await owner.call(addConnection, {
      body: { provider, destination: { baseUrl: `${upstream.origin}${path}` }, key: providerKey, ...body },
    })
    return made.id
  }
  const virtualKey: GatewayTest['virtualKey'] = async (body = {}) => {
    const made = await owner.call(makeVirtualKey, { body: { name: 'robot', ...body } })
    return { token: made.token, id: made.key.id }
  }
  const entry: GatewayTest['entry'] = async ({ headers }) => {
    const callId = headers.get('x-latchkey-call-id')
    if (callId === null) throw new Error('the answer names no call')
    let found: CallDetail | undefined
    await until(async () => {
      const said = await owner.ask(readCall, { params: { callId } })
      const call = said.status === 200 ? ((await said.json()) as RouteAnswer<typeof readCall>) : undefined
      if (call?.state === 'ended') found = call
      return found !== undefined
    })
    return found!
  }
  const connectionId = await connect({ slug: 'up' })
  const { token } = await virtualKey()
  return {
    server,
    owner,
    upstream,
    providerKey,
    connectionId,
    token,
    connect,
    virtualKey,
    entry,
    async close() {
      await server.close()
      await upstream.close()
    },
  }
}
