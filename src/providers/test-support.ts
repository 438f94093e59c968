import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { Secret } from '../base/secret.ts'
import type { Provider } from './provider.ts'
import { findProvider } from './registry.ts'

// Local servers that record what they are sent, and what tests look for in it. Only tests import this.

export interface Recorded {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Recorder {
  readonly port: number
  readonly hostPort: string
  readonly origin: string
  readonly requests: Recorded[]
  /** Connections accepted, requests or not. */
  connections(): number
  close(): Promise<void>
}

export async function startRecorder(respond: (response: ServerResponse, request: Recorded) => void): Promise<Recorder> {
  const requests: Recorded[] = []
  let connections = 0
  const server = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const recorded = {
        method: request.method!,
        url: request.url!,
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      requests.push(recorded)
      respond(response, recorded)
    })
  })
  server.on('connection', () => (connections += 1))
  const port = await listen(server)
  return {
    port,
    hostPort: `127.0.0.1:${port}`,
    origin: `http://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections()
      await closed(server)
    },
  }
}

/** A server below HTTP: for answers that no HTTP server would give. */
export async function startRawServer(onConnection: (socket: Socket) => void): Promise<Omit<Recorder, 'requests'>> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createTcpServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    onConnection(socket)
  })
  const port = await listen(server)
  return {
    port,
    hostPort: `127.0.0.1:${port}`,
    origin: `http://127.0.0.1:${port}`,
    connections: () => connections,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await closed(server)
    },
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}

export const openai: Provider = findProvider('openai')

/** A key that occurs nowhere else, in the shape of none that a pattern would catch. */
export function canaryKey(): { text: string; secret: () => Secret } {
  const text = `cny.${randomBytes(24).toString('base64url').replaceAll('-', 'x').replaceAll('_', 'y')}.${randomBytes(8).toString('hex')}`
  return { text, secret: () => new Secret(new Uint8Array(Buffer.from(text))) }
}

/** What of the canary stands in the text: whole in any of its forms, or 12 characters and more of it. */
export function leaksIn(text: string, canary: string): string[] {
  const bytes = Buffer.from(canary)
  const forms = [
    canary,
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    encodeURIComponent(canary),
    JSON.stringify(canary).slice(1, -1),
    bytes.toString('utf16le'),
    Array.from(canary).toReversed().join(''),
    createHash('sha256').update(bytes).digest('hex'),
  ]
  const found = forms.filter((form) => text.toLowerCase().includes(form.toLowerCase()))
  for (let at = 0; at + 12 <= canary.length; at += 1) {
    if (text.includes(canary.slice(at, at + 12))) found.push(canary.slice(at, at + 12))
  }
  return found
}

/** Everything that a log, a crash report or a console could make of a thrown value. */
export function everythingOf(error: unknown): string {
  const parts = [
    inspect(error, { depth: 12, showHidden: true, getters: true, maxStringLength: null }),
    JSON.stringify(error) ?? '',
    JSON.stringify(error, Object.getOwnPropertyNames(error ?? {})) ?? '',
    String(error),
  ]
  if (error instanceof Error) parts.push(error.stack ?? '', error.message, everythingOf(error.cause ?? ''))
  return parts.join('\n')
}
