import type { IncomingHttpHeaders } from 'node:http'
import { gzipSync } from 'node:zlib'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { rowsOf } from '../../src/db/rows.ts'
import { eventText, json, type Upstream } from '../support/gateway.ts'
import { chatWith, COMPLETION, piece, startWaysTest, WAYS, type WaysTest } from '../support/gateway-ways.ts'
import { expectNoSecret, sweep } from '../support/sweep.ts'

// What comes back through the gateway from a provider that fails, or repeats what it was sent: never a key (KEY-10, KEY-11, NET-5).

const everyWay = Object.keys(WAYS)
let gateway: WaysTest
beforeAll(async () => {
  gateway = await startWaysTest()
})
beforeEach(() => {
  gateway.upstream.answer = json(COMPLETION)
  gateway.upstream.requests.length = 0
})
afterAll(() => gateway?.close())

/** Every way in which a provider can repeat what it was sent. */
const keyIn = (headers: IncomingHttpHeaders): string =>
  String(headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers.authorization).replace('Bearer ', '')
type Answer = Upstream['answer']
/** An answer of JSON that is made of the key it was asked with. */
const repeats =
  (
    body: (key: string, headers: IncomingHttpHeaders) => unknown,
    status = 200,
    more: (key: string) => Record<string, string> = () => ({}),
  ): Answer =>
  (request, response, bytes) =>
    json(body(keyIn(request.headers), request.headers), status, more(keyIn(request.headers)))(request, response, bytes)
/** A stream in two pieces, cut at a place of its text. */
const streamed =
  (list: (key: string) => readonly unknown[], cutAt: (text: string, key: string) => number): Answer =>
  ({ headers }, response) => {
    const text = eventText(list(keyIn(headers)))
    const at = cutAt(text, keyIn(headers))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(text.slice(0, at))
    setTimeout(() => response.end(text.slice(at)), 20)
  }
const saying = (content: string): object => ({
  ...COMPLETION,
  choices: [{ ...COMPLETION.choices[0], message: { role: 'assistant', content } }],
})
const half = (key: string): string => key.slice(0, 25)
const ECHOES: Record<string, Answer> = {
  'in an error of 401': repeats((key) => ({ error: { message: `Incorrect key: ${key}` } }), 401),
  'in an error of 500, with all headers': repeats((_, headers) => ({ headers }), 500),
  'half of it, in an error': repeats((key) => ({ error: { message: `bad ${half(key)}` } }), 400),
  'in a page of HTML': ({ headers }, response) => response.writeHead(403, { 'content-type': 'text/html' }).end(`<p>${keyIn(headers)}</p>`),
  'in base64': repeats((key) => ({ error: { message: Buffer.from(key).toString('base64') } }), 401),
  'in an error under a status of success': repeats((key) => ({ error: { message: `bad ${half(key)} ${key}` } })),
  'in headers': repeats(
    () => COMPLETION,
    200,
    (key) => ({ 'x-request-id': key, 'openai-version': key.slice(3, 30), 'x-ratelimit-limit-requests': key }),
  ),
  'as what the model says': repeats(saying),
  'as the name of the model': repeats((key) => ({ ...COMPLETION, model: key })),
  'in a stream’s first event': streamed(
    (key) => [{ error: { message: key } }],
    (text) => text.length,
  ),
  'in a stream, cut in two': streamed(
    (key) => [piece('Hello'), piece(key)],
    (text, key) => text.indexOf(key) + 20,
  ),
  'in an error in mid-stream, whole and half': streamed(
    (key) => [piece('Hello'), { error: { message: `bad ${key} or ${half(key)}`, type: 'authentication_error' } }],
    (text) => text.indexOf('data: ', 6),
  ),
}

describe('KEY-11: a provider that repeats the key tells it to nobody', () => {
  it.each(Object.keys(ECHOES))('%s', async (echo) => {
    gateway.upstream.answer = ECHOES[echo]!
    for (const way of everyWay) {
      const { status, headers, text } = await gateway.ask(WAYS[way]!)
      expectNoSecret([gateway.providerKey], { texts: { [way]: `${status} ${JSON.stringify([...headers])} ${text}` } })
    }
    expect(gateway.upstream.requests.length).toBeGreaterThanOrEqual(everyWay.length)
  })
})

/** Every row of every table, as text. Data keys are no text; they are of KEY-1. */
async function everyRow(database: Database): Promise<string> {
  return database.asSystem('a test looks for keys', async (tx) => {
    const tables = await rowsOf<{ name: string }>(tx, sql`select tablename as name from pg_tables where schemaname = 'public'`)
    const texts: string[] = []
    for (const { name } of tables.filter((one) => one.name !== 'latchkey_migrations'))
      texts.push(JSON.stringify(await rowsOf(tx, sql`select to_jsonb(t)::text as row from ${sql.identifier(name)} t`)))
    return texts.join('\n')
  })
}

describe('KEY-10: whatever fails', () => {
  const FAILURES: Record<string, Upstream['answer']> = {
    'the connection is reset': ({ socket }) => void socket.resetAndDestroy(),
    'the answer breaks off': (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
      response.write('{"id":')
      setTimeout(() => response.destroy(), 10)
    },
    'the answer is no HTTP': ({ socket }) => void socket.end('220 smtp ready\r\n'),
    'the answer is no JSON': (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
    'its headers are too many': ({ socket }) => void socket.end(`HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(20_000)}\r\n`),
    'NET-5: it is a bomb': (_, response) =>
      void response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(BOMB),
    'NET-5: it is packed a thousand times': (_, response) =>
      void response.writeHead(200, { 'content-encoding': Array.from({ length: 1_000 }, () => 'gzip').join(', ') }).end(BOMB),
    'NET-5: its usage is nonsense': json({ ...COMPLETION, usage: { prompt_tokens: -5, completion_tokens: 1e300, total_tokens: 'NaN' } }),
    'NET-5: it is nested deeper than anyone reads': json(`${'['.repeat(100_000)}${']'.repeat(100_000)}`),
  }
  const BOMB = gzipSync(Buffer.alloc(300 * 1024 * 1024))

  it.each(Object.keys(FAILURES))('%s: the program is told, the next call goes through', async (failure) => {
    gateway.upstream.answer = FAILURES[failure]!
    for (const way of everyWay) {
      const { status, headers } = await gateway.ask(WAYS[way]!)
      if (status >= 500) expect(headers.get('x-latchkey-call-id'), `${way}: ${status}`).not.toBeNull()
    }
    gateway.upstream.answer = json(COMPLETION)
    expect((await gateway.ask(WAYS['a chat']!)).status).toBe(200)
  })

  it('a port that speaks no TLS', async () => {
    await gateway.connect({ slug: 'plain', destination: { baseUrl: `https://${gateway.upstream.hostPort}/v1` } })
    await gateway.askable('plain')
    gateway.upstream.requests.length = 0
    expect((await gateway.ask({ body: chatWith('plain/some-model') })).status).toBeGreaterThanOrEqual(400)
    expect(gateway.upstream.requests).toEqual([])
  })

  it('no key is in any answer, line of the log, row or file; of virtual keys there is the hash alone', async () => {
    const rows = await everyRow(gateway.server.server.services.database)
    expect(rows).toContain('virtual-key:') // the calls are there
    const places = { texts: { answers: gateway.answers.join('\n'), log: gateway.lines.join(''), rows }, paths: [gateway.server.folder] }
    expect(gateway.answers.length).toBeGreaterThan(150)
    expect(gateway.lines.length).toBeGreaterThan(50)
    expectNoSecret([gateway.providerKey], places)
    expect(sweep([gateway.token], places).hits.filter(({ form }) => !form.startsWith('SHA-256'))).toEqual([])
  })
})
