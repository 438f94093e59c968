import { Agent, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { replaceAssignment } from '../../src/contract/assignments.ts'
import { listCalls } from '../../src/contract/consumption.ts'
import { rowsOf } from '../../src/db/rows.ts'
import { askGateway, eventText, type GatewayTest, startGatewayTest } from './gateway.ts'
import { chatWith, COMPLETION, piece } from './gateway-ways.ts'
import { type FuzzedRequest, fuzzedRequest } from './gateway-fuzz-requests.ts'
import { seeded } from './kill-wire.ts'
import { until } from './until.ts'

/** What fuzzing came to. */
export interface FuzzReport {
  readonly sent: number
  /** How many answers had each status, with our code where there is one; 0: the program left, or the connection ended without one. */
  readonly answers: Readonly<Record<string, number>>
  /** How many requests the provider saw. */
  readonly upstream: number
  readonly longestMs: number
  /** What may not be: a 5xx of ours, a request without an answer, a call that is not in the books. */
  readonly faults: readonly string[]
}

/** Longer than anything that the upstream does. */
const HANG_MS = 30_000
const CONCURRENT = 24
const CALM = 9
const STORMY = 2

/** Sends so many requests, most of them wrong, and keeps the books of both sides. */
export async function fuzzGateway({ count, seed }: { count: number; seed: number }): Promise<FuzzReport> {
  const random = seeded(seed)
  const gateway = await startGatewayTest({ answer: (request, response) => anything(request, response, random) })
  try {
    const { models, tokens } = await furnish(gateway)
    const arbitrary = fuzzedRequest(models)
    const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENT })
    const answers: Record<string, number> = {}
    const faults: string[] = []
    let [sent, longestMs] = [0, 0]
    let batch: FuzzedRequest[] = []
    const next = (): FuzzedRequest => {
      if (batch.length === 0) batch = fc.sample(arbitrary, { seed: seed + sent, numRuns: 500 })
      sent += 1
      return batch.pop()!
    }
    const sender = async (): Promise<void> => {
      while (sent < count) {
        const one = next()
        const heard = await send({ one, url: gateway.server.url, token: tokens[one.token], agent })
        const kind = `${heard.status} ${heard.said}`.trim()
        answers[kind] = (answers[kind] ?? 0) + 1
        longestMs = Math.max(longestMs, heard.ms)
        if (heard.fault !== undefined)
          faults.push(`${heard.fault}: ${JSON.stringify({ ...one, body: one.body?.toString('latin1').slice(0, 1_500) })}`)
      }
    }
    await Promise.all(Array.from({ length: CONCURRENT }, sender))
    agent.destroy()
    gateway.upstream.answer = (_, response) => plain(response, 200, COMPLETION)
    await until(async () => {
      const after = await askGateway(gateway.server.url, { token: gateway.token, body: chatWith('up/some-model') })
      return after.status === 200 && (await after.text()).includes('Hello')
    })
    faults.push(...(await booksOf(gateway)))
    return { sent, answers, upstream: gateway.upstream.requests.length, longestMs, faults }
  } finally {
    await gateway.close()
  }
}

/** Connections that answer, some that fail, of several protocols; and a virtual key that may use few of them. */
async function furnish(gateway: GatewayTest): Promise<{ models: string[]; tokens: Record<FuzzedRequest['token'], string> }> {
  const { origin } = gateway.upstream
  const protocols = [
    { provider: 'openai-compatible', path: '/v1' },
    { provider: 'anthropic-compatible', path: '' },
    { provider: 'openai', path: '/v1' },
    { provider: 'openai-compatible', path: '' },
    { provider: 'gemini', path: '/v1beta' },
    { provider: 'cohere', path: '/v2' },
    { provider: 'ollama', path: '' },
  ]
  const models: string[] = ['context:chat', 'nothing/here']
  const ids: string[] = []
  for (let number = 0; number < CALM + STORMY; number += 1) {
    const { provider, path } = protocols[number % protocols.length]!
    const slug = `${number < CALM ? 'calm' : 'storm'}-${number}`
    ids.push(await gateway.connect({ slug, provider, destination: { baseUrl: `${origin}/${slug}${path}` } }))
    models.push(`${slug}/some-model`)
    if (number < CALM) models.push(`${slug}/gpt-4o-mini`, `${slug}/claude-sonnet-4-5`, `${slug}/gemini-2.5-flash`)
  }
  const candidates = [
    { connectionId: ids[CALM]!, model: 'some-model', fallbackOn: ['failed' as const, 'overloaded' as const] },
    { connectionId: ids[0]!, model: 'some-model' },
  ]
  await gateway.owner.call(replaceAssignment, { params: { context: 'chat' }, body: { version: 0, candidates } })
  const { token: narrow } = await gateway.virtualKey({ connectionIds: [ids[0]!], models: ['some-*'], maxOutputTokens: 10 })
  return { models, tokens: { good: gateway.token, narrow, wrong: `sk-lk-${'x'.repeat(43)}`, none: '' } }
}

/** One request; everything that a program could complain about. */
async function send({
  one,
  url,
  token,
  agent,
}: {
  one: FuzzedRequest
  url: string
  token: string
  agent: Agent
}): Promise<{ status: number; said: string; ms: number; fault?: string }> {
  const startedMs = performance.now()
  const ended = Promise.withResolvers<{ status: number; said?: string; fault?: string }>()
  const headers = {
    ...one.headers,
    ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
    ...(one.body && { 'content-length': one.body.length }),
  }
  const sending = httpRequest(url, { method: one.method, path: one.path, headers, agent })
  const timers = [setTimeout(() => ended.resolve({ status: 0, fault: `no answer within ${HANG_MS} ms` }), HANG_MS)]
  if (one.leavesAfterMs !== undefined) timers.push(setTimeout(() => sending.destroy(), one.leavesAfterMs))
  sending.once('error', () =>
    ended.resolve({ status: 0, ...(one.leavesAfterMs === undefined ? { fault: 'the connection ended without an answer' } : {}) }),
  )
  sending.once('response', (answer) => {
    const status = answer.statusCode ?? 0
    const said = String(answer.headers['x-latchkey-error'] ?? '')
    const isProviders = said.startsWith('provider.') || answer.headers['x-latchkey-call-id'] !== undefined
    const fault = status >= 500 && !isProviders ? { fault: `${status} ${said} of ours` } : {}
    answer.resume()
    answer.once('close', () => ended.resolve({ status, said, ...fault }))
  })
  sending.end(one.body)
  const heard = await ended.promise
  for (const timer of timers) clearTimeout(timer)
  sending.destroy()
  return { said: '', ...heard, ms: performance.now() - startedMs }
}

const plain = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

/** Whatever a provider may say, and what none should. Its slug is the first part of the path. */
function anything({ url = '', socket }: IncomingMessage, response: ServerResponse, random: () => number): void {
  response.on('error', () => undefined)
  const pick = <T>(...values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  if (url.startsWith('/storm') && random() < 0.7) {
    const failing = pick<() => void>(
      () => plain(response, pick(500, 502, 503, 529), { error: { message: 'Overloaded', type: 'server_error' } }),
      () => plain(response, 429, { error: { message: 'Slow down' } }, { 'retry-after': '1' }),
      () => plain(response, pick(408, 504), '<html>gateway timeout</html>'),
      () => socket.resetAndDestroy(),
      () => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    )
    return failing()
  }
  const words = pick('Hello', '', '\u0000', '💥'.repeat(500))
  const stream = (end: string): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(eventText([piece(words), piece(words)]))
    setTimeout(() => (end === 'cut' ? response.destroy() : response.end(end)), random() * 60)
  }
  pick<() => void>(
    () => plain(response, 200, COMPLETION),
    () => plain(response, 200, COMPLETION),
    () =>
      plain(response, 200, {
        id: 'm',
        type: 'message',
        role: 'assistant',
        model: 'm',
        content: [{ type: 'text', text: words }],
        stop_reason: 'end_turn',
        usage: { input_tokens: 3, output_tokens: 4 },
      }),
    () =>
      plain(
        response,
        200,
        pick(
          '',
          'null',
          '[]',
          '{',
          '"text"',
          '[[[[',
          '{"choices":[{}]}',
          '{"choices":null}',
          '{"content":[null]}',
          '{"usage":{"prompt_tokens":-1}}',
        ),
      ),
    () => plain(response, 200, { error: { message: 'not so', code: 'x' } }),
    () => plain(response, pick(400, 404, 409, 413, 422), { error: { message: 'You asked wrongly', param: words } }),
    () => plain(response, pick(400, 403), pick('', 'null', '<p>', '\u0000')),
    () => stream(eventText([{ ...COMPLETION, choices: [] }, '[DONE]'])),
    () => stream(eventText(['[DONE]'])),
    () => stream('data: {"error":{"message":"broke"}}\n\n'),
    () => stream('data: {{{\n\ndata: [1,2\n\n: comment\n\nevent: \ndata: null\n\n'),
    () => stream('cut'),
    () =>
      void response
        .writeHead(200, { 'content-type': pick('text/plain', 'application/json', 'image/png') })
        .end(Buffer.from([0xff, 0xfe, 0, 1])),
    () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '999' })
      response.write('{"id":"chat')
      setTimeout(() => response.destroy(), random() * 40)
    },
    () => void sleep(random() * 250).then(() => plain(response, 200, COMPLETION)),
  )()
}

/** AUD-1: every request that the provider saw is in the books, once. */
async function booksOf({ owner, server, upstream }: GatewayTest): Promise<string[]> {
  const { database } = server.server.services
  const read = (): Promise<{ id: string; table: string; free: number }[]> =>
    database.asSystem('a test audits calls', (tx) =>
      rowsOf(
        tx,
        sql`select id::text as id, 'entry' as table, case when cost_source = 'free' and usage ? 'requests' then (usage->>'requests')::int else 0 end as free from ledger_entries
            union all select id::text, 'intent', 0 from call_intents`,
      ),
    )
  let rows = await read()
  await until(async () => {
    await owner.call(listCalls) // who reads the ledger has its journal unpacked
    rows = await read()
    return rows.every(({ table }) => table === 'entry')
  })
  const booked = new Map<string, number>()
  for (const { id } of rows) booked.set(id, (booked.get(id) ?? 0) + 1)
  const faults = [...booked].filter(([, times]) => times > 1).map(([id]) => `the call ${id} is in the books twice`)
  const seen = new Set<string>()
  let counts = 0
  for (const { headers, path } of upstream.requests) {
    const id = headers['x-client-request-id']
    if (typeof id !== 'string') {
      counts += 1 // a count of tokens is a free call, whose requests its entry counts
      if (!path.includes('count')) faults.push(`a request to ${path} has no call`)
    } else if (seen.has(id)) faults.push(`the call ${id} was sent twice`)
    else seen.add(id)
    if (typeof id === 'string' && !booked.has(id)) faults.push(`the call ${id} is in no book`)
  }
  const counted = rows.reduce((sum, { free }) => sum + free, 0)
  if (counted !== counts) faults.push(`${counts} free requests were seen, ${counted} are booked`)
  return faults
}
