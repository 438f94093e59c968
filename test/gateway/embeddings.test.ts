import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type GatewayTest, json, startGatewayTest } from '../support/gateway.ts'

// OpenAI's own client asks for vectors, of providers of its dialect and of others.

let gateway: GatewayTest
let openai: OpenAI
beforeAll(async () => {
  gateway = await startGatewayTest({ provider: 'openai' })
  for (const [slug, provider] of [
    ['voyage', 'voyage'],
    ['cohere', 'cohere'],
    ['gemini', 'gemini'],
    ['jina', 'jina'],
    ['ollama', 'ollama'],
  ] as const) {
    await gateway.connect({ slug, provider, destination: { baseUrl: gateway.upstream.origin } })
  }
  openai = new OpenAI({ apiKey: gateway.token, baseURL: `${gateway.server.url}/v1`, maxRetries: 0 })
})
afterAll(() => gateway.close())

const VECTORS = [
  [0.5, -0.25, 1],
  [1, 0, 0.125],
]
const OPENAI_LIKE = {
  object: 'list',
  model: 'text-embedding-3-small',
  data: VECTORS.map((embedding, index) => ({ object: 'embedding', index, embedding })),
  usage: { prompt_tokens: 6, total_tokens: 6 },
}
const sent = () => JSON.parse(gateway.upstream.requests.at(-1)!.body.toString()) as Record<string, unknown>

it('the same dialect goes through as it is, packed as the client asks', async () => {
  gateway.upstream.answer = json(OPENAI_LIKE)
  const { data, response } = await openai.embeddings.create({ model: 'up/text-embedding-3-small', input: ['a', 'b'] }).withResponse()
  expect(data.data.length).toBe(2)
  expect(sent()).toEqual({ model: 'text-embedding-3-small', input: ['a', 'b'], encoding_format: 'base64' })
  expect(await gateway.entry(response)).toMatchObject({ context: 'embeddings', usage: { input_tokens: 6 }, cost: { amount: '0.00000012' } })
})

it.each([
  [
    'voyage/voyage-3.5',
    { object: 'list', model: 'voyage-3.5', data: OPENAI_LIKE.data, usage: { total_tokens: 6 } },
    { input_type: 'document' },
  ],
  ['jina/jina-embeddings-v4', { ...OPENAI_LIKE, usage: { total_tokens: 6, prompt_tokens: 6 } }, {}],
  [
    'cohere/embed-v4.0',
    { id: 'x', embeddings: { float: VECTORS }, meta: { billed_units: { input_tokens: 6 } } },
    { texts: ['a', 'b'], input_type: 'search_document' },
  ],
  ['gemini/gemini-embedding-001', { embeddings: VECTORS.map((values) => ({ values })) }, {}],
  ['ollama/embeddinggemma', { model: 'embeddinggemma', embeddings: VECTORS, prompt_eval_count: 6 }, { input: ['a', 'b'] }],
])('%s is asked in its own words and answers in OpenAI’s', async (model, answer, asked) => {
  gateway.upstream.answer = json(answer)
  const { data, response } = await openai.embeddings.create({ model, input: ['a', 'b'] }).withResponse()
  expect(data.data.map(({ embedding, index }) => [index, Array.from(embedding)])).toEqual(VECTORS.map((vector, index) => [index, vector]))
  expect(sent()).toMatchObject(asked)
  const entry = await gateway.entry(response)
  expect(entry.outcome).toBe('succeeded')
  if (model.startsWith('gemini')) expect([entry.usage, data.usage]).toEqual([null, undefined])
  else expect([entry.usage?.input_tokens, data.usage.prompt_tokens]).toEqual([6, 6])
})

it('what cannot be said is refused before it costs anything, with what became of each parameter', async () => {
  const before = gateway.upstream.requests.length
  const refused = async (body: object): Promise<[number, string | null]> => {
    const response = await fetch(`${gateway.server.url}/v1/embeddings`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'cohere/embed-v4.0', ...body }),
    })
    return [response.status, response.headers.get('x-latchkey-parameters')]
  }
  expect(await refused({ input: [1, 2, 3] })).toEqual([400, expect.stringContaining('input=refused') as string])
  expect((await refused({ input: ['a', ''] }))[0]).toBe(400)
  expect((await refused({ input: [] }))[0]).toBe(400)
  expect((await refused({ input: 'a', encoding_format: 'int8' }))[0]).toBe(400)
  expect(gateway.upstream.requests.length).toBe(before)
})

it('a request beyond a provider’s bounds becomes several calls, named together', async () => {
  gateway.upstream.answer = (request, response, body) => {
    const { texts } = JSON.parse(body.toString()) as { texts: string[] }
    json({
      id: 'x',
      embeddings: { float: texts.map((text) => [Number(text), 1]) },
      meta: { billed_units: { input_tokens: texts.length } },
    })(request, response, body)
  }
  const input = Array.from({ length: 150 }, (_, at) => String(at))
  const { data, response } = await openai.embeddings.create({ model: 'cohere/embed-v4.0', input }).withResponse()
  expect(data.data.map(({ embedding }) => embedding[0])).toEqual(input.map(Number))
  expect(data.usage.prompt_tokens).toBe(150)
  expect(response.headers.get('x-latchkey-call-id')!.split(', ').length).toBe(3)
})

it('a provider’s refusal is said in OpenAI’s dialect', async () => {
  gateway.upstream.answer = json({ message: 'too many requests' }, 429, { 'retry-after': '7' })
  await expect(openai.embeddings.create({ model: 'cohere/embed-v4.0', input: 'a' })).rejects.toThrow(OpenAI.RateLimitError)
})
