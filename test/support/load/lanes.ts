import { connect, type Socket } from 'node:net'
import { type Quantiles, quantilesOf } from './quantiles.ts'

/** Where the same request goes again and again. */
export interface Target {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What one round of requests came to; times in ms. */
export interface Round extends Quantiles {
  readonly answered: number // with 200
  readonly perSecond: number
  /** Answers by status, where it is not 200; `cut`: connections that ended before their answer. */
  readonly otherwise: Readonly<Record<string, number>>
  /** The first answer that was not 200, from its start. */
  readonly complaint: string | undefined
}

/** As many requests at a time as `connections`, each followed by the next at once, until the time is over or `signal` aborts. */
export async function closedLoop(
  target: Target,
  { connections, seconds, signal }: { connections: number; seconds: number; signal?: AbortSignal },
): Promise<Round> {
  const load = createLoad(target)
  const endsMs = load.startedMs + seconds * 1_000
  const lane = async (): Promise<void> => {
    const send = await load.open()
    while (performance.now() < endsMs && !signal?.aborted) await send(performance.now())
  }
  await Promise.all(Array.from({ length: connections }, lane))
  return load.end()
}

const LANES = 256
/** Node's servers close a connection that was idle for five seconds: one that is nearly so old may end under a request. */
const LONGEST_IDLE_MS = 3_000
const TICK_MS = 1

/**
 * A request every 1/perSecond seconds, whether the ones before have their answers or not. A request's time runs from the tick of
 * a millisecond at which it is due; waiting for a free connection is in it.
 */
export async function openLoop(target: Target, { perSecond, seconds }: { perSecond: number; seconds: number }): Promise<Round> {
  const load = createLoad(target)
  const free: ((dueMs: number) => Promise<void>)[] = []
  for (let lane = 0; lane < LANES; lane += 1) free.push(await load.open())
  load.restart()
  const due: number[] = []
  const under = new Set<Promise<void>>()
  const dispatch = (): void => {
    while (due.length > 0 && free.length > 0) {
      const send = free.pop()!
      const one = send(due.shift()!).then(() => {
        under.delete(one)
        free.push(send)
        dispatch()
      })
      under.add(one)
    }
  }
  for (let sent = 0; ;) {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    const nowMs = performance.now()
    const elapsed = Math.min((nowMs - load.startedMs) / 1_000, seconds)
    for (const until = Math.floor(elapsed * perSecond); sent < until; sent += 1) due.push(nowMs)
    dispatch()
    if (elapsed === seconds) break
  }
  while (under.size > 0 || due.length > 0) await Promise.race(under)
  return load.end()
}

/** Connections that send one request at a time, and what came back over them. Node's own client would cost as much as the gateway. */
function createLoad({ url, headers, body }: Target) {
  const { hostname, port } = new URL(url)
  const bytes = requestBytes({ url, headers, body })
  const times: number[] = []
  const otherwise: Record<string, number> = {}
  const sockets = new Set<Socket>()
  let complaint: string | undefined
  let startedMs = performance.now()
  const note = (what: string, answer?: Buffer): void => {
    otherwise[what] = (otherwise[what] ?? 0) + 1
    complaint ??= answer?.toString('utf8').slice(0, 2_000)
  }

  const open = async (): Promise<(dueMs: number) => Promise<void>> => {
    let socket = await dial(hostname, Number(port))
    sockets.add(socket)
    let usedMs = performance.now()
    return async (dueMs) => {
      if (socket.destroyed || performance.now() - usedMs > LONGEST_IDLE_MS) {
        socket.destroy()
        sockets.delete(socket)
        const again = await dial(hostname, Number(port)).catch(() => undefined)
        if (!again) return note('unreachable')
        socket = again
        sockets.add(socket)
      }
      const answer = await exchange(socket, bytes)
      usedMs = performance.now()
      const status = answer?.subarray(9, 12).toString('latin1') ?? 'cut'
      if (status === '200') times.push(performance.now() - dueMs)
      else note(status, answer)
    }
  }
  return {
    get startedMs() {
      return startedMs
    },
    restart: () => void (startedMs = performance.now()),
    open,
    end(): Round {
      const elapsedMs = performance.now() - startedMs
      for (const socket of sockets) socket.destroy()
      return { answered: times.length, perSecond: (times.length / elapsedMs) * 1_000, ...quantilesOf(times), otherwise, complaint }
    },
  }
}

/** The whole request as it goes over the wire. */
export function requestBytes({ url, headers, body }: Target): Buffer {
  const { host, pathname } = new URL(url)
  const lines = Object.entries({ host, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers })
  return Buffer.from(`POST ${pathname} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`)
}

export function dial(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => {
      socket.off('error', reject)
      socket.on('error', () => undefined) // its end is told by 'close'
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

/** Writes a request and reads its whole answer; undefined: the connection ended first. */
function exchange(socket: Socket, request: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let answer: Buffer | undefined
    const end = (whole: Buffer | undefined): void => {
      socket.off('data', read)
      socket.off('close', closed)
      resolve(whole)
    }
    const read = (chunk: Buffer): void => {
      answer = answer === undefined ? chunk : Buffer.concat([answer, chunk])
      if (isWhole(answer)) end(answer)
    }
    const closed = (): void => end(undefined)
    socket.on('data', read)
    socket.on('close', closed)
    socket.write(request)
  })
}

/** By its length, or by the last of its chunks: a connection has one answer under way. */
function isWhole(answer: Buffer): boolean {
  const headEnd = answer.indexOf('\r\n\r\n')
  if (headEnd === -1) return false
  const head = answer.toString('latin1', 0, headEnd)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) return answer.length >= headEnd + 4 + Number(length)
  return answer.subarray(-5).equals(LAST_CHUNK)
}
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
