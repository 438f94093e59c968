import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeVirtualKey } from '../../src/contract/gateway.ts'
import { readMe, removeMember } from '../../src/contract/people.ts'
import { askGateway, type GatewayTest, json, startGatewayTest } from '../support/gateway.ts'
import { until } from '../support/until.ts'

// What programs send that no client of OpenAI's or Anthropic's would, and what happens between two of them.

const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
}
const MESSAGES = [{ role: 'user', content: 'Hi' }]

let gateway: GatewayTest
beforeAll(async () => {
  gateway = await startGatewayTest({ provider: 'openai', answer: json(COMPLETION) })
  await gateway.connect({ slug: 'claude', provider: 'anthropic-compatible', destination: { baseUrl: gateway.upstream.origin } })
})
afterAll(() => gateway.close())

const ask = (body: unknown, token = gateway.token): Promise<Response> => askGateway(gateway.server.url, { token, body })

/** Bytes on a connection of their own, and what came back until `enough` says so, or the other side has hung up. */
async function raw(bytes: string, enough: (text: string) => boolean): Promise<{ text: string; socket: Socket }> {
  const { hostname, port } = new URL(gateway.server.url)
  const socket = connect(Number(port), hostname)
  let text = ''
  let isOver = false
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  socket.on('close', () => (isOver = true))
  socket.write(bytes)
  await until(() => Promise.resolve(isOver || enough(text)))
  return { text, socket }
}
const head = (line: string, more = ''): string =>
  `${line} HTTP/1.1\r\nHost: ${new URL(gateway.server.url).host}\r\nAuthorization: Bearer ${gateway.token}\r\n${more}\r\n`

describe('names', () => {
  it.each(['%zz', '%', '%E0%A4%A', '%00', '__proto__'])('a model of the name %s is not there', async (name) => {
    const answer = await fetch(`${gateway.server.url}/v1/models/${name}`, { headers: { authorization: `Bearer ${gateway.token}` } })
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ error: { code: 'model_not_found' } })
  })

  it.each(['gpt\u0000', 'gpt\r\nx-evil: 1', '模型', '\ud800', '../../x', 'a?b=c', '__proto__'])(
    'a model of the name %j is asked for, and its call is in the ledger',
    async (name) => {
      const answer = await ask({ model: `up/${name}`, messages: MESSAGES })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('x-evil')).toBe(null)
      expect(await gateway.entry(answer)).toMatchObject({ state: 'ended', outcome: 'succeeded' })
    },
  )

  it('a parameter of any name is reported in a header', async () => {
    gateway.upstream.answer = json({
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: 'c',
      content: [],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
    })
    const answer = await ask({ model: 'claude/claude-x', messages: MESSAGES, 'x\r\ny: z': 1, 模: 2, __proto__x: 3 })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-latchkey-parameters')).toContain('x_y_z=dropped')
    gateway.upstream.answer = json(COMPLETION)
  })
})

it('no virtual key is for the context in which connections are set up: their limits do not hold there', async () => {
  const body = { name: 'sly', contexts: ['connection-check'] }
  expect((await gateway.owner.ask(makeVirtualKey, { body })).status).toBe(422)
})

describe('requests', () => {
  it('of other methods are answered, and their connection goes on', async () => {
    const { text, socket } = await raw(
      head('HEAD /v1/models') + head('OPTIONS /v1/chat/completions') + head('PUT /v1/models') + head('GET /v1/models/up%2Fgpt-4o-mini'),
      (seen) => seen.includes('"object":"model"'),
    )
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 404', 'HTTP/1.1 404', 'HTTP/1.1 200'])
    socket.destroy()
  })

  it('that wait for leave to send their body are given it', async () => {
    const body = JSON.stringify({ model: 'up/gpt-4o-mini', messages: MESSAGES })
    const { text, socket } = await raw(
      head('POST /v1/chat/completions', `Expect: 100-continue\r\nContent-Length: ${body.length}\r\n`) + body,
      (seen) => seen.includes('Hello'),
    )
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
    socket.destroy()
  })

  it('that are refused before their body has come leave the connection usable', async () => {
    const { text, socket } = await raw(
      head('POST /v1/nothing', 'Content-Length: 100000\r\n') + 'x'.repeat(100_000) + head('GET /v1/models'),
      (seen) => seen.includes('"object":"list"'),
    )
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 200'])
    socket.destroy()
  })

  it('that come one behind the other are answered in their order', async () => {
    const one = (content: string): string => {
      const body = JSON.stringify({ model: 'up/gpt-4o-mini', messages: [{ role: 'user', content }] })
      return head('POST /v1/chat/completions', `Content-Length: ${body.length}\r\n`) + body
    }
    const before = gateway.upstream.requests.length
    gateway.upstream.answer = (_, response, body) => {
      const { content } = (JSON.parse(body.toString()) as { messages: { content: string }[] }).messages[0]!
      setTimeout(() => json({ ...COMPLETION, id: content })(_, response, body), content === 'first' ? 50 : 0)
    }
    const { text, socket } = await raw(one('first') + one('second'), (seen) => seen.includes('"second"'))
    expect(text.match(/"id":"\w+"/g)).toEqual(['"id":"first"', '"id":"second"'])
    expect(gateway.upstream.requests.length - before).toBe(2)
    gateway.upstream.answer = json(COMPLETION)
    socket.destroy()
  })
})

it('a call whose virtual key’s owner is removed while it answers is cut within a second', async () => {
  const editor = await gateway.server.member('editor')
  const { user } = await editor.call(readMe)
  const { token } = await gateway.owner.call(makeVirtualKey, { body: { name: 'soon gone', ownerId: user.id } })
  let isClosed = false
  gateway.upstream.answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const talk = setInterval(() => response.write('data: {"choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'), 20)
    response.on('close', () => {
      isClosed = true
      clearInterval(talk)
    })
  }
  const answer = await ask({ model: 'up/gpt-4o-mini', messages: MESSAGES, stream: true }, token)
  const text = answer.text()
  await gateway.owner.call(removeMember, { params: { userId: user.id } })
  const removedMs = performance.now()
  await until(() => Promise.resolve(isClosed))
  expect(performance.now() - removedMs).toBeLessThan(5_000) // five times what is promised
  expect(await text).toContain('its owner has left')
  gateway.upstream.answer = json(COMPLETION)
})
