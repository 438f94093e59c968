import type { Socket } from 'node:net'
import { createGzip, gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { canaryKey, leaksIn } from '../../test/support/leaks.ts'
import { startRecorder, startTcpServer, type Recorder } from '../../test/support/recorder.ts'
import type { Lookup } from './destination-guard.ts'
import { ProviderCallError } from './failure.ts'
import { openai } from './openai.ts'
import { parseJson } from './parse-json.ts'
import { createSender, MAX_BODY_BYTES, type Sender, type SendRequest, type Timeouts } from './send.ts'
import { createEventReader } from './sse.ts'

// Providers that bomb, stall or lie, as local servers. Times are scaled: a limit that is 60 s in use is some milliseconds here.

const RSS_LIMIT_BYTES = 64 * 1024 * 1024
const HTTP_OK = 'HTTP/1.1 200 OK\r\n'

type Server = Pick<Recorder, 'hostPort' | 'origin'>

async function raw(onRequest: (socket: Socket) => void): Promise<Server> {
  const server = await startTcpServer((socket) => socket.on('data', () => onRequest(socket)))
  onTestFinished(() => server.close())
  return server
}

function senderFor(server: Server, timeouts: Partial<Timeouts> = {}): Sender {
  const sender = createSender({ privateHosts: new Set([server.hostPort]), timeouts })
  onTestFinished(() => sender.close())
  return sender
}

const get = (server: Server, more: Partial<SendRequest> = {}): SendRequest => ({
  provider: openai,
  destination: { baseUrl: server.origin },
  method: 'GET',
  path: '/x',
  key: canaryKey().secret(),
  ...more,
})

async function failureOfCall(sender: Sender, request: SendRequest, read: 'whole' | 'chunks' = 'whole'): Promise<ProviderCallError> {
  try {
    const answer = await sender.send(request)
    if (read === 'whole') await answer.readAll()
    else for await (const chunk of answer.chunks()) expect(chunk.byteLength).toBeGreaterThan(0)
  } catch (error) {
    expect(error).toBeInstanceOf(ProviderCallError)
    return error as ProviderCallError
  }
  throw new Error('the call did not fail')
}

/** How far the process grows while `work` runs, at its highest. */
async function rssGrowth(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss()
  let highest = before
  const timer = setInterval(() => (highest = Math.max(highest, process.memoryUsage.rss())), 5)
  await work()
  clearInterval(timer)
  return Math.max(highest, process.memoryUsage.rss()) - before
}

/** 400 MiB of zeros as gzip: about 400 KiB. */
async function bomb(): Promise<Buffer> {
  const gzip = createGzip({ level: 9 })
  const chunks: Buffer[] = []
  gzip.on('data', (chunk: Buffer) => chunks.push(chunk))
  const block = Buffer.alloc(1024 * 1024)
  for (let count = 0; count < 400; count += 1) {
    if (!gzip.write(block)) await new Promise((resolve) => gzip.once('drain', resolve))
  }
  await new Promise((resolve) => gzip.end(resolve))
  return Buffer.concat(chunks)
}

describe('NET-5: size', () => {
  it('400 MiB of gzip in about 400 KiB is given up after 8 MiB, with memory bounded and other calls unaffected', async () => {
    const bytes = await bomb()
    expect(bytes.length).toBeLessThan(500 * 1024)
    const server = await startRecorder((response, { url }) => {
      if (url === '/good') {
        response.end('{"fine":true}')
        return
      }
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bytes.length }).end(bytes)
    })
    onTestFinished(() => server.close())
    const sender = senderFor(server)
    const growth = await rssGrowth(async () => {
      const good = Promise.all(Array.from({ length: 20 }, async () => (await sender.send(get(server, { path: '/good' }))).readAll()))
      for (const read of ['whole', 'chunks'] as const) {
        expect(await failureOfCall(sender, get(server), read)).toMatchObject({
          code: 'provider.answer_too_large',
          sent: 'maybe',
          retryable: false,
        })
      }
      for (const body of await good) expect(Buffer.from(body).toString('utf8')).toBe('{"fine":true}')
    })
    expect(growth).toBeLessThanOrEqual(RSS_LIMIT_BYTES)
  })

  it.each([
    ['1,000 encodings', `content-encoding: ${Array.from({ length: 1000 }, () => 'gzip').join(', ')}\r\n`, 'provider.answer_malformed'],
    ['two encodings', 'content-encoding: gzip, gzip\r\n', 'provider.answer_malformed'],
    ['two encoding headers', 'content-encoding: gzip\r\ncontent-encoding: gzip\r\n', 'provider.answer_malformed'],
    ['brotli', 'content-encoding: br\r\n', 'provider.answer_malformed'],
    ['an unknown encoding', 'content-encoding: constructor\r\n', 'provider.answer_malformed'],
    ['headers of more than 16 KiB', `x-filler: ${'a'.repeat(17 * 1024)}\r\n`, 'provider.answer_too_large'],
    ['too many headers', Array.from({ length: 2000 }, (_, index) => `x-${index}: abcdefgh\r\n`).join(''), 'provider.answer_too_large'],
    ['a body announced as too large', `content-length: ${MAX_BODY_BYTES + 1}\r\n`, 'provider.answer_too_large'],
  ])('%s', async (_, headers, code) => {
    const server = await raw((socket) => socket.write(`${HTTP_OK}${headers}\r\n`))
    expect(await failureOfCall(senderFor(server), get(server))).toMatchObject({ code, sent: 'maybe', retryable: false })
  })

  it('bytes that are no gzip', async () => {
    const server = await raw((socket) => socket.end(`${HTTP_OK}content-encoding: gzip\r\n\r\nthis is no gzip at all`))
    expect(await failureOfCall(senderFor(server), get(server))).toMatchObject({ code: 'provider.answer_malformed' })
  })

  it.each(['whole', 'chunks'] as const)('an endless stream, read as %s, with memory bounded', async (read) => {
    const block = Buffer.from(`data: {"x":"${'a'.repeat(16 * 1024)}"}\n\n`)
    const server = await raw((socket) => {
      socket.write(`${HTTP_OK}content-type: text/event-stream\r\n\r\n`)
      const more = (): void => {
        while (!socket.destroyed && socket.write(block));
      }
      socket.on('drain', more)
      more()
    })
    const growth = await rssGrowth(async () => {
      expect(await failureOfCall(senderFor(server), get(server), read)).toMatchObject({ code: 'provider.answer_too_large' })
    })
    expect(growth).toBeLessThanOrEqual(RSS_LIMIT_BYTES)
  })

  it('an answer nobody reads is held back, not gathered', async () => {
    let written = 0
    const block = Buffer.alloc(64 * 1024, 'a')
    const server = await raw((socket) => {
      socket.write(`${HTTP_OK}\r\n`)
      const more = (): void => {
        while (!socket.destroyed && written < 512 * 1024 * 1024) {
          written += block.length
          if (!socket.write(block)) return
        }
      }
      socket.on('drain', more)
      more()
    })
    const answer = await senderFor(server).send(get(server, { maxBodyBytes: 1024 * 1024 * 1024 }))
    let last = -1
    // until the server can write no more
    while (last !== written) {
      last = written
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(written).toBeLessThan(32 * 1024 * 1024)
    let first = 0
    for await (const chunk of answer.chunks()) {
      first = chunk[0]!
      break
    }
    expect(first).toBe('a'.charCodeAt(0))
  })
})

describe('NET-5: time', () => {
  const cases: [string, Partial<Timeouts>, (socket: Socket) => void, string][] = [
    ['no answer at all', { headersMs: 40 }, () => {}, 'HEADERS'],
    ['headers that never end', { headersMs: 40 }, (socket) => socket.write(`${HTTP_OK}x-a: b\r\n`), 'HEADERS'],
    ['interim answers without end', { headersMs: 40 }, (socket) => drip(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'), 'HEADERS'],
    ['no first byte', { firstByteMs: 40 }, (socket) => socket.write(`${HTTP_OK}content-length: 5\r\n\r\n`), 'FIRST_BYTE'],
    ['a body that stops', { idleMs: 40 }, (socket) => socket.write(`${HTTP_OK}content-length: 5\r\n\r\nab`), 'IDLE'],
    [
      'a byte every half idle time: 1 byte per 30 s',
      { idleMs: 800, totalMs: 1600 },
      (socket) => {
        socket.write(`${HTTP_OK}\r\n`)
        drip(socket, 'a')
      },
      'TOTAL',
    ],
  ]
  it.each(cases)('%s', async (_, timeouts, onRequest, reason) => {
    const server = await raw(onRequest)
    for (const read of ['whole', 'chunks'] as const) {
      expect(await failureOfCall(senderFor(server, timeouts), get(server), read)).toMatchObject({
        code: 'provider.timeout',
        sent: 'maybe',
        retryable: true,
        reason,
      })
    }
  })

  it('a name that is never resolved', async () => {
    const sender = createSender({ privateHosts: new Set(), lookup: () => new Promise(() => {}), timeouts: { connectMs: 40 } })
    onTestFinished(() => sender.close())
    const error = await failureOfCall(sender, get({ origin: 'https://slow.example.com', hostPort: '' }))
    expect(error).toMatchObject({ code: 'provider.unreachable', sent: 'no', retryable: true })
  })

  it('waiting for our own slow reader is not the provider’s idleness', async () => {
    const body = Buffer.alloc(2 * 1024 * 1024, 'a')
    const server = await raw((socket) => socket.end(Buffer.concat([Buffer.from(`${HTTP_OK}content-length: ${body.length}\r\n\r\n`), body])))
    const answer = await senderFor(server, { idleMs: 600, firstByteMs: 10_000 }).send(get(server))
    await new Promise((resolve) => setTimeout(resolve, 1300))
    expect((await answer.readAll()).byteLength).toBe(body.length)
  })
})

function drip(socket: Socket, text: string): void {
  const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(text)), 10)
}

describe('NET-5: content', () => {
  it('invalid UTF-8 and JSON that is too deep are malformed answers', async () => {
    const bodies = [Buffer.from([0x7b, 0xff, 0x7d]), Buffer.from('['.repeat(100_000)), Buffer.from('{"a":'), gzipSync('{}')]
    for (const body of bodies) {
      const server = await raw((socket) =>
        socket.end(Buffer.concat([Buffer.from(`${HTTP_OK}content-length: ${body.length}\r\n\r\n`), body])),
      )
      const bytes = await (await senderFor(server).send(get(server))).readAll()
      expect(() => parseJson(bytes)).toThrow(/provider.answer_malformed/)
    }
  })

  it.each([
    ['negative', { prompt_tokens: -5, completion_tokens: 1, total_tokens: -4 }],
    ['missing', undefined],
    ['a fraction', { prompt_tokens: 1.5, completion_tokens: 1, total_tokens: 2.5 }],
    ['absurd', { prompt_tokens: 1e300, completion_tokens: 1, total_tokens: 1e300 }],
    ['text', { prompt_tokens: '5', completion_tokens: 1, total_tokens: 6 }],
    ['a list', []],
  ])('usage that is %s is unknown, in whole and in streamed answers, among events of unknown types', async (_, usage) => {
    const chunk = JSON.stringify({ model: 'm', choices: [{ finish_reason: 'stop' }], usage })
    const server = await raw((socket) => {
      const body = `event: surprise\ndata: {"type":"execute","code":"alert(1)"}\n\ndata: 7\n\ndata: null\n\ndata: ${chunk}\n\n`
      socket.end(`${HTTP_OK}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    })
    const stream = openai.chat.protocol.usage.stream()
    const reader = createEventReader(({ data }) => stream.push(parseJson(data)))
    for await (const bytes of (await senderFor(server).send(get(server))).chunks()) reader.push(bytes)
    reader.end()
    const streamed = stream.end()
    expect(streamed.usage).toBeUndefined()
    expect(streamed.doubt).toBeTypeOf('string')
    expect(openai.chat.protocol.usage.whole(JSON.parse(chunk))).toEqual(streamed)
  })
})

describe('a call that is cancelled', () => {
  it('before it starts, does not leave', async () => {
    const server = await raw(() => {})
    const error = await failureOfCall(senderFor(server), get(server, { signal: AbortSignal.abort() }))
    expect(error).toMatchObject({ code: 'call.interrupted', sent: 'no', retryable: false })
  })

  it('while it connects, settles at once and never leaves', async () => {
    const recorder = await startRecorder((response) => response.end('{}'))
    onTestFinished(() => recorder.close())
    const asked = Promise.withResolvers<void>()
    const resolved = Promise.withResolvers<{ address: string; family: number }[]>()
    const origin = `http://llm.test:${recorder.port}`
    const lookup: Lookup = () => {
      asked.resolve()
      return resolved.promise
    }
    const sender = createSender({ privateHosts: new Set([`llm.test:${recorder.port}`]), lookup })
    onTestFinished(() => sender.close())
    const abort = new AbortController()
    const call = failureOfCall(sender, get({ origin, hostPort: '' }, { signal: abort.signal }))
    await asked.promise
    abort.abort()
    expect(await call).toMatchObject({ code: 'call.interrupted', sent: 'no' })
    const next = sender.send(get({ origin, hostPort: '' }, { path: '/next' }))
    resolved.resolve([{ address: '127.0.0.1', family: 4 }])
    expect((await next).status).toBe(200)
    expect(recorder.requests.map(({ url }) => url)).toEqual(['/next'])
  })

  it.each(['before its headers', 'inside its body'])('%s, settles at once and closes its connection', async (where) => {
    const received = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    const server = await raw((socket) => {
      socket.on('close', closed.resolve)
      if (where === 'inside its body') socket.write(`${HTTP_OK}content-length: 10\r\n\r\nabc`)
      received.resolve()
    })
    const abort = new AbortController()
    const call = failureOfCall(senderFor(server), get(server, { signal: abort.signal }))
    await received.promise
    abort.abort()
    expect(await call).toMatchObject({ code: 'call.interrupted', sent: 'maybe', retryable: false })
    await closed.promise
  })

  it('leaves nothing of its answer to the next: 2 keys, 400 calls, 30 % cancelled mid-flight', async () => {
    const server = await startRecorder((response, { headers, url }) => {
      const own = JSON.stringify({ echo: headers.authorization, url, filler: 'x'.repeat(2000) })
      response.writeHead(200, { 'content-length': own.length }).write(own.slice(0, 100))
      setTimeout(() => response.end(own.slice(100)), 2)
    })
    onTestFinished(() => server.close())
    const sender = senderFor(server)
    const keys = [canaryKey(), canaryKey()]
    let foreign = 0
    let finished = 0
    const worker = async (first: number): Promise<void> => {
      for (let call = first; call < 400; call += 8) {
        const abort = new AbortController()
        const answer = await sender.send(get(server, { path: `/${call}`, key: keys[call % 2]!.secret(), signal: abort.signal }))
        if (call % 10 < 3) {
          if (call % 2 === 0) abort.abort()
          else answer.cancel()
          continue
        }
        const text = Buffer.from(await answer.readAll()).toString('utf8')
        finished += 1
        if (!text.includes(`"/${call}"`) || leaksIn(text, keys[(call + 1) % 2]!.text).length > 0) foreign += 1
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, first) => worker(first)))
    expect([finished, foreign]).toEqual([280, 0])
  })
})
