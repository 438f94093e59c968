import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
