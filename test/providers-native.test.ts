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
            { name: 'models/gemini-embedding-001', inputTokenLimit: 2_048, supportedGenerationMethods: ['embedContent'] },
            { name: 'models/imagen-4', supportedGenerationMethods: ['predict'] },
          ],
        })
      case 'POST /cohere/v1/check-api-key':
        if (!isGood) return answerJson(response, 401, { id: 'x', message: `Incorrect API key provided: ${key}` })
        return answerJson(response, 200, { valid: true, organization_id: 'o' })
      case 'GET /cohere/v1/models?page_size=1000':
        return answerJson(response, 200, {
          models: [
            { name: 'command-a-03-2025', endpoints: ['chat'], context_length: 256_000 },
            { name: 'command', endpoints: ['chat'], is_deprecated: true },
            { name: 'embed-v4.0', endpoints: ['embed'], context_length: 128_000 },
            { name: 'rerank-v3.5', endpoints: ['rerank'], context_length: 4_096 },
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
      case 'GET /deepinfra/payment/checklist?compute_owed=true': {
        if (!isGood) return answerJson(response, 401, { detail: { error: 'User is not authenticated' } })
        const isSuspended = key.includes('owing')
        return answerJson(response, 200, { stripe_balance: -66.6, recent: 5.5, limit: 200, suspended: isSuspended, suspend_reason: null })
      }
      case 'GET /fireworks/v1/accounts': {
        if (!isGood) return answerJson(response, 401, { code: 16, message: 'invalid API key' })
        const suspendState = key.includes('owing') ? 'CREDIT_DEPLETED' : 'UNSUSPENDED'
        return answerJson(response, 200, { accounts: [{ name: 'accounts/mine', state: 'READY', suspendState }], totalSize: 1 })
      }
      case 'POST /voyage/embeddings': // nothing was asked for
        return answerJson(response, isGood ? 400 : 401, {
          detail: isGood ? 'Request body is not valid JSON.' : 'Provided API key is invalid.',
        })
      case 'POST /jina/embeddings':
        if (isGood) return answerJson(response, 422, { detail: [{ type: 'missing', loc: ['body'], msg: 'Field required' }] })
        return answerJson(response, 401, { code: 'AUTH_INVALID_API_KEY', message: 'Invalid API key.' })
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
    ['deepinfra', '/deepinfra/v1/openai', 'good-', 'ok'],
    ['deepinfra', '/deepinfra/v1/openai', 'good-owing-', 'no_credit'],
    ['deepinfra', '/deepinfra/v1/openai', 'wrong-', 'bad_key'],
    ['fireworks', '/fireworks/inference/v1', 'fw_good-', 'ok'],
    ['fireworks', '/fireworks/inference/v1', 'good-owing-', 'no_credit'],
    ['fireworks', '/fireworks/inference/v1', 'fw_wrong-', 'bad_key'],
    ['voyage', '/voyage', 'pa-good-', 'unproven'],
    ['voyage', '/voyage', 'pa-wrong-', 'bad_key'],
    ['voyage', '/elsewhere', 'pa-good-', 'wrong_region_or_host'],
    ['jina', '/jina', 'jina_good-', 'unproven'],
    ['jina', '/jina', 'jina_wrong-', 'bad_key'],
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
    [
      'gemini',
      '/gemini',
      [
        { id: 'gemini-2.5-flash-lite', contextTokens: 1_048_576, maxOutputTokens: 65_536 },
        { id: 'gemini-embedding-001', contextTokens: 2_048 },
      ],
    ],
    [
      'cohere',
      '/cohere',
      [
        { id: 'command-a-03-2025', contextTokens: 256_000 },
        { id: 'embed-v4.0', contextTokens: 128_000 },
      ],
    ],
  ])('%s lists the models of chats and embeddings, in the names that calls use, with their prices', async (provider, path, expected) => {
    const body = { provider, destination: at(path), key: newSecret({ prefix: 'good-' }) }
    const { id } = await owner.call(contract.addConnection, { body })
    const listed = await owner.call(contract.listConnectionModels, { params: { connectionId: id }, query: { source: 'provider' } })
    expect(listed).toMatchObject({ source: 'provider', items: expected.map((model) => ({ ...model, priceSource: 'price_book' })) })
    expect(listed.items).toHaveLength(expected.length)
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
