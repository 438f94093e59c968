import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listCalls } from '../../src/contract/consumption.ts'
import { type GatewayTest, json, startGatewayTest } from '../support/gateway.ts'
import { until } from '../support/until.ts'

const USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }
const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'some-model-2026',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello  there' }, finish_reason: 'stop' }],
  usage: USAGE,
}

describe('OpenAI’s own client', () => {
  let gateway: GatewayTest
  let client: OpenAI
  beforeAll(async () => {
    gateway = await startGatewayTest({ answer: json(COMPLETION) })
    client = new OpenAI({ apiKey: gateway.token, baseURL: `${gateway.server.url}/v1`, maxRetries: 0 })
  })
  afterAll(() => gateway.close())

  it('asks with its base URL changed and nothing else', async () => {
    gateway.upstream.answer = json(COMPLETION)
    const answer = await client.chat.completions.create({ model: 'up/some-model', messages: [{ role: 'user', content: 'hi' }] })
    expect(answer.choices[0]!.message.content).toBe('Hello  there')
    const sent = gateway.upstream.requests.at(-1)!
    expect(sent.path).toBe('/v1/chat/completions')
    expect(sent.headers.authorization).toBe(`Bearer ${gateway.providerKey}`)
    expect(JSON.parse(sent.body.toString())).toEqual({ model: 'some-model', messages: [{ role: 'user', content: 'hi' }] })
    await until(async () => {
      const { items } = await gateway.owner.call(listCalls)
      return items.length === 1
    })
  })
})
