import { afterAll, beforeAll, expect, it } from 'vitest'
import { type MockProvider, startMockProvider } from './support/mock-provider.ts'
import { type Prober, proberOf, statesOf } from './support/prober.ts'
import { startTestServer, type TestServer } from './support/server.ts'

// Models of other dialects, tested through the mock that stands in for their providers: whole and streamed answers with their
// usage, and what their interfaces do not have.

let mock: MockProvider
let server: TestServer
let prober: Prober
beforeAll(async () => {
  mock = await startMockProvider({ script: ({ user }) => (user.includes('one word') ? { content: 'ready' } : undefined) })
  server = await startTestServer({ environment: { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host } })
  prober = proberOf(await server.owner(), mock)
})
afterAll(async () => {
  await server?.close()
  await mock?.stop()
})

const dialects: [provider: string, path: string, model: string, more: Record<string, string | undefined>][] = [
  ['openai', '/v1', 'gpt-4.1-mini', { stream_options: 'works' }],
  ['anthropic', '/v1', 'claude-sonnet-4-5', { seed: 'does_not: ignored', max_tokens: undefined }],
  ['gemini', '/v1beta', 'gemini-2.5-flash', { seed: 'works', max_tokens: undefined }],
]
it.each(dialects)('%s', async (provider, path, model, more) => {
  const id = await prober.add({ provider, destination: { baseUrl: mock.url + path }, prices: null, label: provider })
  const { about, atMost, callsAtMost } = await prober.quote(id, model)
  expect(Number(about!.amount)).toBeLessThan(Number(atMost!.amount))
  const card = await prober.probe(id, model, { currency: 'USD', amount: '1' })
  expect(card).toMatchObject({ state: 'finished', problem: null })
  expect(card.calls).toBeLessThanOrEqual(callsAtMost)
  const { max_tokens, seed, stream_options, ...found } = statesOf(card)
  expect(found).toMatchObject({ answer: 'works', stream: 'works', streamed_usage: 'works', tools: 'does_not: ignored' })
  expect({ max_tokens, seed, stream_options }).toMatchObject(more)
})
