import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatNano } from '../src/base/money.ts'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { atAddress, type Installation, makeInstallation } from './support/installation.ts'
import { goodAnswer, type MockProvider, startMockProvider } from './support/mock-provider.ts'
import { startRawServer } from './support/raw-server.ts'
import { newSecret } from './support/sweep.ts'

const PRODUCTS = 4
const FIELDS = ['--fields', 'title,description,attributes']

/** List prices in nano-dollars per token, as the providers publish them. */
const PROVIDERS = [
  {
    id: 'gemini',
    model: 'gemini-2.5-flash-lite',
    base: '/v1beta',
    path: '/v1beta/models/gemini-2.5-flash-lite:generateContent',
    keyHeader: 'x-goog-api-key',
    input: 100n,
    output: 400n,
  },
  {
    id: 'cohere',
    model: 'command-a-03-2025',
    base: '',
    path: '/v2/chat',
    keyHeader: 'authorization',
    input: 2_500n,
    output: 10_000n,
  },
  {
    id: 'openai',
    model: 'gpt-5.4-pro', // which only the Responses interface serves
    base: '/v1',
    path: '/v1/responses',
    keyHeader: 'authorization',
    input: 30_000n,
    output: 180_000n,
  },
  {
    id: 'bedrock',
    model: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
    base: '',
    path: '/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse',
    keyHeader: 'authorization',
    input: 3_000n,
    output: 15_000n,
  },
  {
    id: 'openai-responses-compatible',
    model: 'local-one',
    base: '/v1',
    path: '/v1/responses',
    keyHeader: 'authorization',
    input: 30n,
    output: 70n,
    price: '0.03/0.07',
  },
  {
    id: 'gemini-compatible',
    model: 'local-two',
    base: '/v1beta',
    path: '/v1beta/models/local-two:generateContent',
    keyHeader: 'x-goog-api-key',
    input: 40n,
    output: 90n,
    price: '0.04/0.09',
  },
] as const

describe('latchkey enrich in protocols of their own', () => {
  let installation: Installation
  let mock: MockProvider
  let file: string
  let out: string
  const wire: { url: string; headers: Record<string, unknown> }[] = []
  beforeAll(async () => {
    installation = await makeInstallation()
    mock = await startMockProvider({
      usage: { input: 500, output: 200 },
      onRequest: ({ url, headers }) => void wire.push({ url: url ?? '', headers }),
    })
    file = writeCatalogue(installation.home.file('products.csv'), madeProducts(PRODUCTS))
    out = installation.home.file('out.csv')
  })
  afterAll(async () => {
    await mock?.stop()
    await installation?.remove()
  })
  const enrich = (provider: string, model: string, address: string[], key?: string) =>
    installation.enrich(
      [file, '--out', out, '--provider', provider, '--model', model, ...(key ? ['--key-env', 'MY_KEY'] : []), ...FIELDS, ...address],
      key ? { MY_KEY: key } : {},
    )

  it.each(PROVIDERS)(
    '$id: its own path and key header, a JSON schema, usage and cost worked by hand',
    async ({ id, model, base, path, keyHeader, input, output, ...own }) => {
      const key = newSecret({ prefix: `key-${id.slice(0, 6)}-`, odd: true })
      const priced = 'price' in own ? ['--price', own.price] : []
      const { code, report, stderr } = await enrich(id, model, [...atAddress(mock.url, base), ...priced], key)
      expect(report, stderr).toMatchObject({ products: PRODUCTS, succeeded: PRODUCTS, failed: 0, calls: PRODUCTS, costUnknownCalls: 0 })
      expect(report.usage).toMatchObject({ input_tokens: 500 * PRODUCTS, output_tokens: 200 * PRODUCTS })
      expect(report.cost).toEqual({ currency: 'USD', amount: formatNano(BigInt(PRODUCTS) * (500n * input + 200n * output)) })
      expect(code).toBe(0)
      const sent = wire.splice(0)
      expect(sent).toHaveLength(PRODUCTS)
      for (const { url, headers } of sent) {
        expect(url).toBe(path)
        const { [keyHeader]: carrier, ...others } = headers
        expect(carrier).toBe(keyHeader === 'authorization' ? `Bearer ${key}` : key)
        expect(JSON.stringify([url, others])).not.toContain(key.slice(0, 12))
      }
      const bodies = mock.requests().map(({ body }) => JSON.stringify(body))
      mock.mock.clearRequests()
      expect(bodies).toHaveLength(PRODUCTS)
      for (const body of bodies) expect(body).not.toContain(key)
    },
  )

  it('ollama: its own chat with the schema as format, a context that holds the prompt, and no key', async () => {
    const server = await startRawServer(({ method, path, body }, response) => {
      if (method !== 'POST' || path !== '/api/chat') return void response.writeHead(404).end()
      const { messages, model } = JSON.parse(body) as { model: string; messages: { content: string }[] }
      const user = messages.at(-1)!.content
      const ids = [...user.matchAll(/<product id="(p\d+)">/g)].map((match) => match[1]!)
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          model,
          created_at: '2026-11-20T10:00:00Z',
          message: { role: 'assistant', content: goodAnswer(ids, user) },
          done: true,
          done_reason: 'stop',
          total_duration: 5_000_000_000,
          prompt_eval_count: 500,
          eval_count: 200,
          eval_duration: 4_000_000_000,
        }),
      )
    })
    const { code, report, stderr } = await enrich('ollama', 'llama3.2:3b', [...atAddress(server.url, '/api/'), '--price', '0/0'])
    await server.stop()
    expect(report, stderr).toMatchObject({ succeeded: PRODUCTS, calls: PRODUCTS, costUnknownCalls: 0, cost: { amount: '0' } })
    expect(report.usage).toEqual({ input_tokens: 500 * PRODUCTS, output_tokens: 200 * PRODUCTS })
    expect(code).toBe(0)
    expect(server.requests).toHaveLength(PRODUCTS)
    for (const { headers, body } of server.requests) {
      expect(headers).not.toHaveProperty('authorization')
      expect(JSON.parse(body)).toMatchObject({
        model: 'llama3.2:3b',
        stream: false,
        truncate: false,
        format: { type: 'object', properties: expect.any(Object) },
        options: { num_ctx: expect.any(Number), num_predict: expect.any(Number) },
        messages: [{ role: 'system' }, { role: 'user' }],
      })
      const { options, messages } = JSON.parse(body) as {
        options: { num_ctx: number; num_predict: number }
        messages: { content: string }[]
      }
      const bytes = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0)
      expect(options.num_ctx).toBeGreaterThanOrEqual(bytes / 3 + options.num_predict)
      expect(Math.log2(options.num_ctx) % 1).toBe(0)
    }
  })

  it('ollama: a model that is not there is said to be missing', async () => {
    const server = await startRawServer((_request, response) =>
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"model \'nope\' not found"}'),
    )
    const { code, stdout, stderr } = await enrich('ollama', 'nope', [...atAddress(server.url, ''), '--price', '0/0'])
    await server.stop()
    expect(code).not.toBe(0)
    expect(stdout + stderr).toContain('no such model')
  })

  it('gemini: a blocked answer is refused content, charged for what was read', async () => {
    const server = await startRawServer((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          candidates: [{ finishReason: 'PROHIBITED_CONTENT', index: 0 }],
          usageMetadata: { promptTokenCount: 500, totalTokenCount: 500 },
          modelVersion: 'gemini-2.5-flash-lite',
        }),
      ),
    )
    const { report } = await enrich('gemini', 'gemini-2.5-flash-lite', atAddress(server.url, '/v1beta'), newSecret())
    await server.stop()
    expect(report).toMatchObject({ succeeded: 0, failed: PRODUCTS, usage: { input_tokens: 500 * PRODUCTS } })
    expect(report.cost).toEqual({ currency: 'USD', amount: formatNano(BigInt(PRODUCTS) * 500n * 100n) })
  })
})
