import { describe, expect, it } from 'vitest'
import { azure } from './azure.ts'
import { pathAt } from './asked.ts'
import type { Destination } from './provider.ts'

const complete = (entered: Partial<Destination>): Partial<Destination> => azure.completeDestination!(entered)

describe('an Azure address, made whole', () => {
  it.each([
    ['https://mine.openai.azure.com', undefined, 'https://mine.openai.azure.com/openai/v1', undefined],
    ['https://mine.openai.azure.com/', undefined, 'https://mine.openai.azure.com/openai/v1', undefined],
    ['https://mine.openai.azure.com/openai/v1/', undefined, 'https://mine.openai.azure.com/openai/v1', undefined],
    ['https://mine.services.ai.azure.com/openai', undefined, 'https://mine.services.ai.azure.com/openai/v1', undefined],
    ['https://mine.cognitiveservices.azure.com', '2024-10-21', 'https://mine.cognitiveservices.azure.com/openai', '2024-10-21'],
    ['https://mine.openai.azure.com/openai/v1', '2024-10-21', 'https://mine.openai.azure.com/openai', '2024-10-21'],
    // as the portal shows it for a deployment
    [
      'https://mine.openai.azure.com/openai/deployments/small/chat/completions?api-version=2025-01-01-preview',
      undefined,
      'https://mine.openai.azure.com/openai',
      '2025-01-01-preview',
    ],
    [
      'https://mine.openai.azure.com/openai/v1/chat/completions?api-version=preview',
      undefined,
      'https://mine.openai.azure.com/openai/v1',
      undefined,
    ],
    ['https://mine.openai.azure.com/openai?api-version=2024-02-01', '2024-10-21', 'https://mine.openai.azure.com/openai', '2024-10-21'],
  ])('%s with version %s', (baseUrl, apiVersion, whole, version) => {
    const completed = complete({ baseUrl, ...(apiVersion === undefined ? {} : { apiVersion }) })
    expect(completed).toEqual({ baseUrl: whole, ...(version === undefined ? {} : { apiVersion: version }) })
    expect(complete(completed)).toEqual(completed) // and it stays as it is
  })

  it.each([
    'https://gateway.example.com/azure?api-version=2024-10-21', // a company's own
    'https://mine.openai.azure.com.evil.example/openai',
    'https://evil-openai.azure.com/x',
    'not an address',
  ])('%s stays as it is', (baseUrl) => {
    expect(complete({ baseUrl })).toEqual({ baseUrl })
  })
})

describe('where requests go', () => {
  const dated: Destination = { baseUrl: 'https://mine.openai.azure.com/openai', apiVersion: '2024-10-21' }

  it.each([
    ['/chat/completions', 'small', '/deployments/small/chat/completions?api-version=2024-10-21'],
    ['/embeddings', 'vectors', '/deployments/vectors/embeddings?api-version=2024-10-21'],
    ['/responses', 'small', '/responses?api-version=2024-10-21'],
    ['/models', undefined, '/models?api-version=2024-10-21'],
    ['/chat/completions', '../../../evil?x=', '/deployments/..%2F..%2F..%2Fevil%3Fx%3D/chat/completions?api-version=2024-10-21'],
  ])('%s of the deployment %s, by a dated version', (path, model, expected) => {
    expect(pathAt(azure, path, { destination: dated, model })).toBe(expected)
  })

  it('version 1 has the deployment in the body alone', () => {
    const destination = { baseUrl: 'https://mine.openai.azure.com/openai/v1' }
    expect(pathAt(azure, '/chat/completions', { destination, model: 'small' })).toBe('/chat/completions')
  })
})

it('its list of models says until when each answers', () => {
  const body = { data: [{ id: 'gpt-4o', deprecation: { fine_tune: 1_677_662_127, inference: 1_790_000_000 } }, { id: 'gpt-6' }, {}] }
  expect(azure.listModels!.read!(body)).toEqual([{ id: 'gpt-4o', shutdownDate: '2026-09-21' }, { id: 'gpt-6' }])
  expect(azure.listModels!.read!({ error: {} })).toBeUndefined()
})
