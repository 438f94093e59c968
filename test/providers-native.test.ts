import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as contract from '../src/contract/connections.ts'
import { answerJson, type RawServer, startRawServer } from './support/raw-server.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'
import { newSecret } from './support/sweep.ts'

/** What each provider's documentation says that it answers to the check of a key and for its models. */
const startProviders = (): Promise<RawServer> =>
  startRawServer(({ method, path, headers }, response) => {
    const key = String(headers['x-goog-api-key'] ?? headers.authorization ?? '').replace('Bearer ', '')
    const isGood = key.includes('good')
    switch (`${method} ${path}`) {
      case 'GET /gemini/models?pageSize=1':
      case 'GET /gemini/models?pageSize=1000':
        if (!isGood) {
          const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' }]
          return answerJson(response, 400, {
            error: { code: 400, message: `API key not valid: ${key}`, status: 'INVALID_ARGUMENT', details },
          })
        }
        return answerJson(response, 200, {
          models: [
            {
              name: 'models/gemini-2.5-flash-lite',
              inputTokenLimit: 1_048_576,
              outputTokenLimit: 65_536,
              supportedGenerationMethods: ['generateContent', 'countTokens'],
            },
            { name: 'models/gemini-embedding-001', supportedGenerationMethods: ['embedContent'] },
          ],
        })
      case 'POST /cohere/v1/check-api-key':
        if (!isGood) return answerJson(response, 401, { id: 'x', message: `Incorrect API key provided: ${key}` })
        return answerJson(response, 200, { valid: true, organization_id: 'o' })
      case 'GET /cohere/v1/models?page_size=1000&endpoint=chat':
        return answerJson(response, 200, {
          models: [
            { name: 'command-a-03-2025', endpoints: ['chat'], context_length: 256_000 },
            { name: 'command', endpoints: ['chat'], is_deprecated: true },
          ],
        })
      case 'GET /ollama/api/tags':
        return answerJson(response, 200, { models: [{ name: 'llama3.2:3b', model: 'llama3.2:3b', size: 2_019_393_189 }] })
      case 'GET /bedrock/async-invoke?maxResults=1':
        if (!isGood) {
          const name = key.includes('narrow') ? 'AccessDeniedException' : 'UnrecognizedClientException:http://internal.amazon.com/coral/'
          return answerJson(response, 403, { message: 'not now' }, { 'x-amzn-errortype': name })
        }
        return answerJson(response, 200, { asyncInvokeSummaries: [] })
      default:
        return answerJson(response, 404, { message: 'Not found' })
    }
  })

describe('connections to providers of their own protocols', () => {
  let providers: RawServer
  let server: TestServer
  let owner: TestClient
  beforeAll(async () => {
    providers = await startProviders()
    server = await startTestServer({ on: 'pglite', environment: { LATCHKEY_PRIVATE_HOSTS: new URL(providers.url).host } })
    owner = await server.owner()
  })
  afterAll(async () => {
    await server?.close()
    await providers?.stop()
  })
  const at = (path: string): { baseUrl: string } => ({ baseUrl: providers.url + path })

  it.each([
    ['gemini', '/gemini', 'AQ.good-', 'ok'],
    ['gemini', '/gemini', 'AQ.wrong-', 'bad_key'],
    ['gemini-compatible', '/gemini', 'good-', 'ok'],
    ['gemini', '/elsewhere', 'AQ.good-', 'wrong_region_or_host'],
    ['cohere', '/cohere', 'good-', 'ok'],
    ['cohere', '/cohere/v2', 'good-', 'ok'], // as Cohere's pages write it
    ['cohere', '/cohere', 'wrong-', 'bad_key'],
    ['bedrock', '/bedrock', 'ABSKgood-', 'ok'],
    ['bedrock', '/bedrock', 'ABSKnarrow-', 'ok_limited'],
    ['bedrock', '/bedrock', 'ABSKwrong-', 'bad_key'],
  ])('the test of a key: %s at %s with %s is %s', async (provider, path, prefix, result) => {
    const key = newSecret({ prefix })
    const check = await owner.call(contract.checkOfferedKey, { body: { provider, destination: at(path), key } })
    expect(check.result).toBe(result)
    expect(JSON.stringify(check)).not.toContain(key)
  })

  it('Ollama needs no key, and its address is meant with or without /api', async () => {
    for (const path of ['/ollama', '/ollama/api']) {
      const { id } = await owner.call(contract.addConnection, { body: { provider: 'ollama', destination: at(path) } })
      const { source, items } = await owner.call(contract.listConnectionModels, {
        params: { connectionId: id },
        query: { source: 'provider' },
      })
      expect([source, items.map((model) => model.id)]).toEqual(['provider', ['llama3.2:3b']])
    }
  })

  it.each([
    ['gemini', '/gemini', { id: 'gemini-2.5-flash-lite', contextTokens: 1_048_576, maxOutputTokens: 65_536 }],
    ['cohere', '/cohere', { id: 'command-a-03-2025', contextTokens: 256_000 }],
  ])('%s lists the models that answer chats, in the names that calls use, with their prices', async (provider, path, expected) => {
    const body = { provider, destination: at(path), key: newSecret({ prefix: 'good-' }) }
    const { id } = await owner.call(contract.addConnection, { body })
    const listed = await owner.call(contract.listConnectionModels, { params: { connectionId: id }, query: { source: 'provider' } })
    expect(listed).toMatchObject({ source: 'provider', items: [{ ...expected, priceSource: 'price_book' }] })
    expect(listed.items).toHaveLength(1)
  })

  it('Bedrock’s models come from the price book, and are said to: its address lists none', async () => {
    const body = { provider: 'bedrock', destination: at('/bedrock'), key: newSecret({ prefix: 'good-' }) }
    const { id } = await owner.call(contract.addConnection, { body })
    const sent = providers.requests.length
    const listed = await owner.call(contract.listConnectionModels, { params: { connectionId: id }, query: { source: 'provider' } })
    expect(listed.source).toBe('price_book')
    expect(listed.items.map((model) => model.id)).toContain('amazon.nova-lite-v1:0')
    expect(providers.requests).toHaveLength(sent)
  })
})
