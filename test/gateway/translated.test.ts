import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addBudget } from '../../src/contract/budgets.ts'
import { events, type GatewayTest, json, startGatewayTest } from '../support/gateway.ts'

// One dialect in, another out, along the whole path of a call: what the official clients read, and what the ledger keeps.

const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5-20251001',
  content: [{ type: 'text', text: 'Good day' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 12, output_tokens: 5 },
}
const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Good day' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 },
}
const START = {
  type: 'message_start',
  message: { ...MESSAGE, content: [], stop_reason: null, usage: { input_tokens: 12, output_tokens: 1 } },
}
const OPEN = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
const text = (said: string): object => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: said } })
const END = [
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } },
  { type: 'message_stop' },
]
const HI = [{ role: 'user' as const, content: 'Hi' }]

let gateway: GatewayTest
let openai: OpenAI
let anthropic: Anthropic
beforeAll(async () => {
  gateway = await startGatewayTest({ provider: 'openai-compatible' })
  await gateway.connect({ slug: 'claude', provider: 'anthropic-compatible', destination: { baseUrl: gateway.upstream.origin } })
  openai = new OpenAI({ apiKey: gateway.token, baseURL: `${gateway.server.url}/v1`, maxRetries: 0 })
  anthropic = new Anthropic({ apiKey: gateway.token, baseURL: gateway.server.url, maxRetries: 0 })
})
afterAll(() => gateway.close())

describe('OpenAI chat in, Anthropic messages out', () => {
  it('a whole answer, its receipt, and what became of each parameter', async () => {
    gateway.upstream.answer = json(MESSAGE)
    const { data, response } = await openai.chat.completions
      .create({ model: 'claude/claude-haiku-4-5', messages: HI, seed: 3, max_completion_tokens: 50 })
      .withResponse()
    expect(data.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Good day' } })
    expect(data.usage).toEqual({ prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 })
    const sent = gateway.upstream.requests.at(-1)!
    expect([sent.path, sent.headers['x-api-key']]).toEqual(['/v1/messages', gateway.providerKey])
    expect(JSON.parse(sent.body.toString())).toEqual({
      model: 'claude-haiku-4-5',
      max_tokens: 50,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    })
    const header = (name: string): string | null => response.headers.get(`x-latchkey-${name}`)
    expect([header('connection'), header('model')]).toEqual(['claude', 'claude-haiku-4-5-20251001'])
    expect(header('parameters')).toContain('seed=dropped')
    expect(Number(header('added-ms'))).toBeGreaterThan(0)
    expect(data.id).toBe(`chatcmpl-${header('call-id')}`)
    expect(await gateway.entry(response)).toMatchObject({ outcome: 'succeeded', usage: { input_tokens: 12, output_tokens: 5 } })
  })

  it('a stream, with the usage that it asked for and a receipt', async () => {
    gateway.upstream.answer = events([START, OPEN, text('Good '), text('day'), ...END])
    const { data: stream, response } = await openai.chat.completions
      .create({ model: 'claude/claude-haiku-4-5', messages: HI, stream: true, stream_options: { include_usage: true } })
      .withResponse()
    let said = ''
    let usage: unknown
    for await (const chunk of stream) {
      said += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    expect(said).toBe('Good day')
    expect(usage).toEqual({ prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 })
    expect(await gateway.entry(response)).toMatchObject({ outcome: 'succeeded', usage: { output_tokens: 5 } })
  })
})

describe('Anthropic messages in, OpenAI chat out', () => {
  it('a whole answer', async () => {
    gateway.upstream.answer = json(COMPLETION)
    const message = await anthropic.messages.create({ model: 'up/gpt-4o-mini', max_tokens: 50, messages: HI })
    expect(message).toMatchObject({ content: [{ type: 'text', text: 'Good day' }], stop_reason: 'end_turn' })
    expect(message.usage).toMatchObject({ input_tokens: 12, output_tokens: 5 })
    expect(gateway.upstream.requests.at(-1)!.path).toBe('/v1/chat/completions')
  })
})

describe('what a translation must not lose', () => {
  const ask = (model: string, more: object = {}) =>
    openai.chat.completions.create({ model, messages: HI, ...more } as OpenAI.ChatCompletionCreateParamsNonStreaming).withResponse()
  const sent = () => JSON.parse(gateway.upstream.requests.at(-1)!.body.toString()) as Record<string, unknown>

  it('lesson 23: what would change the meaning is refused before it costs anything, and named', async () => {
    const before = gateway.upstream.requests.length
    const refused = await ask('claude/claude-haiku-4-5', { n: 3, logit_bias: { 5: 1 } }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ status: 400, code: 'parameter.refused', param: 'n' })
    expect((refused as InstanceType<typeof OpenAI.APIError>).headers!.get('x-latchkey-parameters')).toMatch(/n=refused.*logit_bias=refused/)
    expect(gateway.upstream.requests.length).toBe(before)
  })

  it('a refusal of the model is an answer, whole and streamed, and noted in the ledger', async () => {
    gateway.upstream.answer = json({ ...MESSAGE, content: [{ type: 'text', text: 'No' }], stop_reason: 'refusal' })
    const { data, response } = await ask('claude/claude-haiku-4-5')
    expect(data.choices[0]).toMatchObject({ finish_reason: 'content_filter', message: { content: 'No' } })
    expect(await gateway.entry(response)).toMatchObject({ errorCode: 'provider.content_refused', usage: { output_tokens: 5 } })
    const refusal = { type: 'message_delta', delta: { stop_reason: 'refusal', stop_sequence: null }, usage: { output_tokens: 5 } }
    gateway.upstream.answer = events([START, OPEN, text('No'), END[0], refusal, END[2]])
    const stream = await openai.chat.completions.create({ model: 'claude/claude-haiku-4-5', messages: HI, stream: true })
    const reasons: unknown[] = []
    for await (const { choices } of stream) reasons.push(choices[0]?.finish_reason)
    expect(reasons.at(-1)).toBe('content_filter')
  })

  it('the words in which a provider refuses a request', async () => {
    gateway.upstream.answer = json({ type: 'error', error: { type: 'invalid_request_error', message: 'messages: too many images' } }, 400)
    await expect(ask('claude/claude-haiku-4-5')).rejects.toMatchObject({
      status: 400,
      code: 'provider.request_refused',
      message: expect.stringContaining('messages: too many images') as string,
    })
  })

  it('the output limit: the caller’s, else the virtual key’s where the provider demands one', async () => {
    gateway.upstream.answer = json(MESSAGE)
    const { token } = await gateway.virtualKey({ name: 'short answers', maxOutputTokens: 77 })
    const limited = new OpenAI({ apiKey: token, baseURL: `${gateway.server.url}/v1`, maxRetries: 0 })
    const { response } = await limited.chat.completions.create({ model: 'claude/claude-haiku-4-5', messages: HI }).withResponse()
    expect(sent()['max_tokens']).toBe(77)
    expect(response.headers.get('x-latchkey-parameters')).toContain('max_tokens=added')
    await limited.chat.completions.create({ model: 'claude/claude-haiku-4-5', messages: HI, max_tokens: 9 })
    expect(sent()['max_tokens']).toBe(9)
  })

  it('lesson 18: a budget, which is named with what is used and when it resets, in the caller’s dialect', async () => {
    const connectionId = await gateway.connect({ slug: 'poor', provider: 'openai' })
    const covers = { connectionIds: [connectionId] }
    await gateway.owner.call(addBudget, { body: { name: 'Pennies', limit: '0.0001', period: 'day', covers } })
    const before = gateway.upstream.requests.length
    const refused = anthropic.messages.create({ model: 'poor/gpt-4o-mini', max_tokens: 5_000, messages: HI })
    await expect(refused).rejects.toThrow(Anthropic.RateLimitError)
    await expect(refused).rejects.toThrow(/Pennies.*It resets at/)
    expect(gateway.upstream.requests.length).toBe(before)
  })
})
