import type { IncomingHttpHeaders } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatNano } from '../src/base/money.ts'
import { findProvider } from '../src/providers/registry.ts'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { atAddress, type Installation, makeInstallation } from './support/installation.ts'
import { goodAnswer, type MockProvider, startMockProvider } from './support/mock-provider.ts'
import { startRawServer } from './support/raw-server.ts'
import { newSecret } from './support/sweep.ts'

interface Compatible {
  readonly id: string
  readonly model: string
  readonly path: string // where its documentation has calls sent
  readonly limit?: 'max_completion_tokens' // instead of max_tokens
  readonly format?: 'json_object' | 'none' // instead of a JSON schema
  readonly always?: Readonly<Record<string, unknown>> // what it is told in every request
  /** Nano-units per token as the provider publishes them, input and output; absent: given with --price. */
  readonly list?: readonly [bigint, bigint]
  /** The mock's path, where the provider's own is not one that aimock serves. */
  readonly base?: string
}

const PROVIDERS: readonly Compatible[] = [
  { id: 'groq', model: 'openai/gpt-oss-120b', path: '/openai/v1/chat/completions', limit: 'max_completion_tokens', list: [150n, 600n] },
  { id: 'deepseek', model: 'deepseek-chat', path: '/chat/completions', format: 'json_object' },
  { id: 'xai', model: 'grok-4.3', path: '/v1/chat/completions', limit: 'max_completion_tokens' },
  { id: 'together', model: 'openai/gpt-oss-20b', path: '/v1/chat/completions' },
  { id: 'fireworks', model: 'accounts/fireworks/models/glm-5p1', path: '/inference/v1/chat/completions', list: [1_400n, 4_400n] },
  { id: 'perplexity', model: 'sonar', path: '/chat/completions' },
  { id: 'cerebras', model: 'gpt-oss-120b', path: '/v1/chat/completions', limit: 'max_completion_tokens', list: [350n, 750n] },
  { id: 'deepinfra', model: 'openai/gpt-oss-120b', path: '/openai/chat/completions', base: '/openai' },
  { id: 'huggingface', model: 'openai/gpt-oss-120b:groq', path: '/v1/chat/completions' },
  { id: 'nvidia', model: 'openai/gpt-oss-20b', path: '/v1/chat/completions', format: 'none' },
  {
    id: 'alibaba',
    model: 'qwen-plus',
    path: '/compatible-mode/v1/chat/completions',
    format: 'json_object',
    always: { enable_thinking: false },
  },
  { id: 'moonshot', model: 'kimi-k3', path: '/v1/chat/completions', limit: 'max_completion_tokens', list: [3_000n, 15_000n] },
  { id: 'zai', model: 'glm-5.2', path: '/api/paas/v4/chat/completions', format: 'json_object', list: [1_400n, 4_400n] },
  {
    id: 'minimax',
    model: 'MiniMax-M3',
    path: '/v1/chat/completions',
    limit: 'max_completion_tokens',
    format: 'none',
    always: { reasoning_split: true },
    list: [300n, 1_200n],
  },
  { id: 'scaleway', model: 'glm-5.2', path: '/v1/chat/completions' },
  { id: 'ovhcloud', model: 'gpt-oss-120b', path: '/v1/chat/completions' },
  { id: 'nebius', model: 'Qwen/Qwen3-235B-A22B', path: '/v1/chat/completions', list: [200n, 600n] },
  { id: 'azure', model: 'my-deployment', path: '/openai/v1/chat/completions', limit: 'max_completion_tokens' },
  { id: 'lmstudio', model: 'qwen3-8b', path: '/v1/chat/completions' },
  { id: 'vllm', model: 'meta-llama/Llama-3.3-70B-Instruct', path: '/v1/chat/completions' },
]

const OWN: readonly [bigint, bigint] = [30n, 70n] // --price 0.03/0.07

describe('latchkey enrich at each provider that speaks OpenAI chat, at a mock of it', () => {
  let installation: Installation
  let mock: MockProvider
  let file: string
  const wire: { url: string; headers: IncomingHttpHeaders }[] = []
  const keys: string[] = []
  beforeAll(async () => {
    installation = await makeInstallation()
    mock = await startMockProvider({
      usage: { input: 500, output: 200 },
      onRequest: ({ url, headers }) => void wire.push({ url: url ?? '', headers }),
    })
    file = writeCatalogue(installation.home.file('products.csv'), madeProducts(1))
  })
  afterAll(async () => {
    await mock?.stop()
    await installation?.remove()
  })

  /** One product, at the mock under the path that the provider's own address has. */
  const enrich = async ({ id, model, list, base }: Compatible, url = mock.url) => {
    const { baseUrl, baseUrlExample } = findProvider(id)
    const key = newSecret({ prefix: `key-${id.slice(0, 6)}-`, odd: true })
    keys.push(key)
    const { pathname } = new URL(baseUrl ?? baseUrlExample!)
    const address = atAddress(url, base ?? (pathname === '/' ? '' : pathname))
    const out = installation.home.file(`${id}.csv`)
    const price = list ? [] : ['--price', '0.03/0.07']
    const args = [file, '--out', out, '--provider', id, '--model', model, '--key-env', 'MY_KEY', '--fields', 'title,description,attributes']
    const ended = await installation.enrich([...args, ...address, ...price], { MY_KEY: key })
    const [request] = mock.requests()
    mock.mock.clearRequests()
    return { ...ended, key, sent: wire.splice(0), body: request?.body as Record<string, unknown> }
  }

  it.each(PROVIDERS)('$id: its path, its key header, its words, and a cost worked by hand', async (provider) => {
    const { id, path, limit = 'max_tokens', format, always = {}, list = OWN } = provider
    const { code, report, stderr, key, sent, body } = await enrich(provider)
    expect(report, stderr).toMatchObject({ products: 1, succeeded: 1, failed: 0, calls: 1, costUnknownCalls: 0 })
    expect(report.usage).toEqual({ input_tokens: 500, output_tokens: 200 })
    expect(report.cost).toEqual({ currency: 'USD', amount: formatNano(500n * list[0] + 200n * list[1]) })
    expect(code).toBe(0)

    const [{ url, headers }] = sent as [(typeof sent)[0]]
    const name = id === 'azure' ? 'api-key' : 'authorization'
    const { [name]: carrier, ...others } = headers
    expect({ url, carrier }).toEqual({ url: path, carrier: id === 'azure' ? key : `Bearer ${key}` })
    expect(JSON.stringify([url, others, body])).not.toContain(key.slice(0, 16))

    expect(body).toMatchObject(always)
    expect(body[limit]).toBeGreaterThan(100)
    expect(body).not.toHaveProperty(limit === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens')
    const system = JSON.stringify((body['messages'] as { content: unknown }[])[0]!.content)
    if (format === undefined) expect(body['response_format']).toMatchObject({ type: 'json_schema', json_schema: { strict: true } })
    else {
      expect(body['response_format']).toEqual(format === 'none' ? undefined : { type: 'json_object' })
      expect(system).toContain('additionalProperties') // the schema, in the prompt
    }
  })

  it.each([
    { id: 'xai', model: 'grok-4.3', path: '/v1/chat/completions', says: { cost_in_usd_ticks: 3_206_005 }, amount: '0.000320601' }, // half up
    { id: 'perplexity', model: 'sonar', path: '/chat/completions', says: { cost: { total_cost: 0.00501 } }, amount: '0.00501' },
  ])('$id: what it says it charged is the cost', async ({ says, amount, ...provider }) => {
    const server = await startRawServer(({ path, body }, response) => {
      if (path !== provider.path) return void response.writeHead(404).end()
      const { messages } = JSON.parse(body) as { messages: { content: string }[] }
      response.writeHead(200, { 'content-type': 'application/json' }).end(answerOf(messages.at(-1)!.content, says))
    })
    writeCatalogue(
      file,
      madeProducts(1, () => ({ colour: `another ${provider.id}` })),
    )
    const { report, stderr } = await enrich(provider, server.url)
    await server.stop()
    expect(report, stderr).toMatchObject({ succeeded: 1, costUnknownCalls: 0, cost: { currency: 'USD', amount } })
  })

  it('leaves the keys in no file, no row and no output (KEY-1)', async () => {
    await expect(installation.expectNoSecret(keys)).resolves.toBeUndefined()
  })
})

/** aimock leaves out of a usage what it does not know. */
function answerOf(user: string, says: object): string {
  return JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'model-1',
    choices: [{ index: 0, message: { role: 'assistant', content: goodAnswer([], user) }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 500, completion_tokens: 200, total_tokens: 700, ...says },
  })
}
