import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listCalls } from '../../src/contract/consumption.ts'
import { type GatewayTest, json, startGatewayTest } from '../support/gateway.ts'
import { until } from '../support/until.ts'

let gateway: GatewayTest
let client: Anthropic
beforeAll(async () => {
  gateway = await startGatewayTest({ provider: 'openai' })
  await gateway.connect({ slug: 'claude', provider: 'anthropic' })
  await gateway.connect({ slug: 'kin', provider: 'anthropic-compatible', destination: { baseUrl: gateway.upstream.origin } })
  client = new Anthropic({ apiKey: gateway.token, baseURL: gateway.server.url, maxRetries: 0 })
})
afterAll(() => gateway.close())

const ASKED = { system: 'Be brief.', messages: [{ role: 'user' as const, content: 'What is the capital of France?' }] }

it('Anthropic counts for itself, free of charge, and it is an entry', async () => {
  gateway.upstream.answer = json({ input_tokens: 14 })
  const { data, response } = await client.messages.countTokens({ model: 'claude/claude-haiku-4-5', ...ASKED }).withResponse()
  expect(data.input_tokens).toBe(14)
  expect(response.headers.get('x-latchkey-estimated')).toBeNull()
  const sent = gateway.upstream.requests.at(-1)!
  expect([sent.path, JSON.parse(sent.body.toString())]).toEqual(['/v1/messages/count_tokens', { model: 'claude-haiku-4-5', ...ASKED }])
  await until(async () => {
    const { items } = await gateway.owner.call(listCalls)
    return items.some(({ cost, requestedModel }) => requestedModel === 'claude-haiku-4-5' && cost?.amount === '0')
  })
})

it.each(['up/gpt-4o-mini', 'kin/some-model'])('elsewhere it is estimated, and says so: %s', async (model) => {
  gateway.upstream.answer = json({ error: { type: 'not_found_error', message: 'no such model' }, type: 'error' }, 404)
  const { data, response } = await client.messages.countTokens({ model, ...ASKED }).withResponse()
  expect(data.input_tokens).toBeGreaterThan(8)
  expect(data.input_tokens).toBeLessThan(60)
  expect(response.headers.get('x-latchkey-estimated')).toMatch(/o200k_base/)
})

it('what a provider refuses is said in Anthropic’s dialect', async () => {
  gateway.upstream.answer = json({ type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } }, 401)
  await expect(client.messages.countTokens({ model: 'claude/claude-haiku-4-5', ...ASKED })).rejects.toThrow(Anthropic.AuthenticationError)
})
