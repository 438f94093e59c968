import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { revokeConnection } from '../../src/contract/connections.ts'
import { listCalls } from '../../src/contract/consumption.ts'
import { type GatewayTest, json, startGatewayTest } from '../support/gateway.ts'
import { until } from '../support/until.ts'

// What users of other gateways suffer from, where it concerns bytes, keys and money: each test bears the number of its complaint.

const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100, prompt_tokens_details: { cached_tokens: 400 } },
}
const HI = [{ role: 'user' as const, content: 'Hi' }]

let gateway: GatewayTest
let openai: OpenAI
beforeAll(async () => {
  gateway = await startGatewayTest({ provider: 'openai' })
  await gateway.connect({ slug: 'claude', provider: 'anthropic-compatible', destination: { baseUrl: gateway.upstream.origin } })
  openai = new OpenAI({ apiKey: gateway.token, baseURL: `${gateway.server.url}/v1`, maxRetries: 0 })
})
afterAll(() => gateway.close())

const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${gateway.server.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json', ...headers },
    body,
  })
const sent = () => gateway.upstream.requests.at(-1)!

describe('metering', () => {
  it('lesson 6: cached tokens are a unit of their own, and cost their own price', async () => {
    gateway.upstream.answer = json(COMPLETION)
    const { response } = await openai.chat.completions.create({ model: 'up/gpt-4o-mini', messages: HI }).withResponse()
    const entry = await gateway.entry(response)
    expect(entry.usage).toEqual({ input_tokens: 600, cache_read_tokens: 400, output_tokens: 100 })
    // 600 x 0.15 + 400 x 0.075 + 100 x 0.60 USD per million
    expect(entry.cost).toEqual({ amount: '0.00018', currency: 'USD' })
  })

  it('lesson 12: the cost stands in a header, and in the last line of a stream that asks for it', async () => {
    gateway.upstream.answer = json(COMPLETION)
    const { response } = await openai.chat.completions.create({ model: 'up/gpt-4o-mini', messages: HI }).withResponse()
    expect([response.headers.get('x-latchkey-cost'), response.headers.get('x-latchkey-currency')]).toEqual(['0.00018', 'USD'])
    const { choices: _, ...rest } = COMPLETION
    gateway.upstream.answer = (_request, out) => {
      const first = { ...rest, usage: null, choices: [{ index: 0, delta: { content: 'Hello' }, finish_reason: 'stop' }] }
      out.writeHead(200, { 'content-type': 'text/event-stream' })
      out.end(`data: ${JSON.stringify(first)}\n\ndata: ${JSON.stringify({ ...rest, choices: [] })}\n\ndata: [DONE]\n\n`)
    }
    const asked = JSON.stringify({ model: 'up/gpt-4o-mini', stream: true, messages: HI })
    const text = await (await post('/v1/chat/completions', asked, { 'x-latchkey-receipt': 'comment' })).text()
    const line = /: latchkey (\{.*\})\n\n$/.exec(text)?.[1]
    expect(JSON.parse(line!)).toMatchObject({ connection: 'up', cost: { amount: '0.00018', currency: 'USD' }, outcome: 'succeeded' })
    expect(text).not.toContain('prompt_tokens"') // the usage chunk was our own wish
  })

  it('lesson 5: a usage of 0 is 0, and one that is not said is unknown', async () => {
    gateway.upstream.answer = json({ ...COMPLETION, usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } })
    const zero = await openai.chat.completions.create({ model: 'up/gpt-4o-mini', messages: HI }).withResponse()
    expect(zero.response.headers.get('x-latchkey-cost')).toBe('0')
    gateway.upstream.answer = json({ ...COMPLETION, usage: undefined })
    const unknown = await openai.chat.completions.create({ model: 'up/gpt-4o-mini', messages: HI }).withResponse()
    expect(unknown.response.headers.get('x-latchkey-cost')).toBe('unknown')
    expect(await gateway.entry(unknown.response)).toMatchObject({ usage: null, cost: null })
  })

  it('lesson 9: a model without a price costs an unknown sum, not nothing', async () => {
    gateway.upstream.answer = json({ ...COMPLETION, model: 'gpt-99' })
    const { response } = await openai.chat.completions.create({ model: 'up/gpt-99', messages: HI }).withResponse()
    expect(response.headers.get('x-latchkey-cost')).toBe('unknown')
  })

  it('lesson 42: the model asked for, the one that served, and where the usage comes from are all kept', async () => {
    gateway.upstream.answer = json(COMPLETION)
    const { response } = await openai.chat.completions.create({ model: 'up/gpt-4o-mini', messages: HI }).withResponse()
    expect(await gateway.entry(response)).toMatchObject({
      requestedModel: 'gpt-4o-mini',
      servedModel: 'gpt-4o-mini-2024-07-18',
      usageSource: 'reported',
    })
  })
})

describe('bytes', () => {
  const ODD =
    '{ "messages" : [{"role":"user","content":"\\u00e9 \\/ é"}],\n "enable_thinking":false,"model": "up/gpt-4o-mini","x":1e2, "store":false}'

  it('lessons 23 and 25: every byte but the model’s name goes through, known or not', async () => {
    gateway.upstream.answer = json(COMPLETION)
    await post('/v1/chat/completions', ODD)
    expect(sent().body.toString()).toBe(ODD.replace('up/gpt-4o-mini', 'gpt-4o-mini'))
  })

  it('lesson 25: thinking that Latchkey translated is not sent back to Anthropic; what Anthropic signed is', async () => {
    gateway.upstream.answer = json({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      content: [],
      usage: { input_tokens: 1, output_tokens: 1 },
    })
    const signed = { type: 'thinking' as const, thinking: 'Hm', signature: 'EqQBCgIYAhIM' }
    const unsigned = { type: 'thinking' as const, thinking: 'Ho', signature: 'latchkey:unsigned' }
    const anthropic = new Anthropic({ apiKey: gateway.token, baseURL: gateway.server.url, maxRetries: 0 })
    const ask = (content: Anthropic.ContentBlockParam[]): Promise<unknown> =>
      anthropic.messages.create({
        model: 'claude/claude-haiku-4-5',
        max_tokens: 9,
        messages: [...HI, { role: 'assistant', content }, { role: 'user', content: 'Go on' }],
      })
    await ask([signed, { type: 'text', text: 'Yes' }])
    expect(sent().body.toString()).toContain(JSON.stringify([signed, { type: 'text', text: 'Yes' }]))
    await ask([unsigned, { type: 'text', text: 'Yes' }])
    const { messages } = JSON.parse(sent().body.toString()) as Anthropic.MessageCreateParams
    expect(messages[1]).toEqual({ role: 'assistant', content: [{ type: 'text', text: 'Yes' }] })
  })

  it('lesson 24: nothing of ours goes to a provider, and of the program’s headers only what says how to read the body', async () => {
    gateway.upstream.answer = json(COMPLETION)
    await post('/v1/chat/completions', ODD, {
      'x-latchkey-receipt': 'comment',
      cookie: 'a=b',
      'x-forwarded-for': '10.0.0.1',
      'openai-beta': 'x',
    })
    const { headers, body } = sent()
    expect(Object.keys(headers).toSorted()).toEqual(
      [
        'accept',
        'accept-encoding',
        'authorization',
        'connection',
        'content-length',
        'content-type',
        'host',
        'openai-beta',
        'user-agent',
        'x-client-request-id',
      ].toSorted(),
    )
    expect(`${JSON.stringify(headers)}${body.toString()}`).not.toContain('sk-lk-')
  })

  it('lesson 30: a request does not say where it goes', async () => {
    gateway.upstream.answer = json(COMPLETION)
    const body = { model: 'up/gpt-4o-mini', messages: HI, api_base: 'http://169.254.169.254/', base_url: 'http://169.254.169.254/' }
    expect((await post('/v1/chat/completions?api_base=http://169.254.169.254/', JSON.stringify(body))).status).toBe(200)
    expect(sent().path).toBe('/v1/chat/completions')
  })
})

describe('keys', () => {
  it('lessons 28 and 29: a provider that repeats the key, in headers or in an error, does not give it away', async () => {
    gateway.upstream.answer = json({ error: { message: `Incorrect API key provided: ${gateway.providerKey}` } }, 401, {
      'x-goog-api-key': gateway.providerKey,
      'set-cookie': 'a=b',
      'x-request-id': `req-${gateway.providerKey}`,
    })
    for (const path of ['/v1/chat/completions', '/v1/messages']) {
      const response = await post(path, JSON.stringify({ model: 'up/gpt-4o-mini', max_tokens: 9, messages: HI }))
      expect(response.status).toBe(401)
      const all = `${JSON.stringify([...response.headers])}${await response.text()}`
      expect(all).not.toContain(gateway.providerKey.slice(0, 20))
      expect(all).not.toContain('set-cookie')
    }
  })

  it('lesson 40: each answer says which connection served it; one that is revoked is replaced by no other', async () => {
    gateway.upstream.answer = json(COMPLETION)
    const id = await gateway.connect({ slug: 'short-lived' })
    const asked = JSON.stringify({ model: 'short-lived/gpt-4o-mini', messages: HI })
    expect((await post('/v1/chat/completions', asked)).headers.get('x-latchkey-connection')).toBe('short-lived')
    await gateway.owner.call(revokeConnection, { params: { connectionId: id } })
    const before = gateway.upstream.requests.length
    const refused = await post('/v1/chat/completions', asked)
    expect([409, 404, 400]).toContain(refused.status)
    expect(gateway.upstream.requests.length).toBe(before)
  })
})

it('lesson 11: every request that a provider received is an entry, and nothing else is', async () => {
  const answered = gateway.upstream.requests.length
  await until(async () => {
    const { items } = await gateway.owner.call(listCalls, { query: { limit: 200 } })
    return items.filter(({ outcome }) => outcome !== 'not_sent').length === answered
  })
  expect(answered).toBeGreaterThan(10)
})
