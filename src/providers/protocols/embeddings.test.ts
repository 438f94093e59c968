import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../base/errors.ts'
import type { Usage } from '../../base/usage.ts'
import { bedrock } from '../bedrock.ts'
import { failureOf } from '../failure.ts'
import { embeddingsOfferOf } from '../asked.ts'
import type { MeteredUsage, Protocol } from '../wire-protocol.ts'
import { findProvider } from '../registry.ts'
import { vertexEmbeddingsBy } from './native-embeddings.ts'

// What recordings do not show: answers as the providers' documentation gives them.

const protocolOf = (provider: string, model = 'm'): Protocol => embeddingsOfferOf(findProvider(provider), model).protocol
const read = (provider: string, answer: unknown, headers?: Readonly<Record<string, string>>): MeteredUsage =>
  protocolOf(provider).usage.whole(answer, headers)

describe('what embeddings used', () => {
  it.each<[string, unknown, Usage]>([
    ['openai', { model: 'm', usage: { prompt_tokens: 8, total_tokens: 8 } }, { input_tokens: 8 }],
    ['mistral', { usage: { prompt_tokens: 5, total_tokens: 5, completion_tokens: 0, prompt_audio_seconds: null } }, { input_tokens: 5 }],
    ['nvidia', { usage: { prompt_tokens: 7, total_tokens: 9, completion_tokens: 2 } }, { input_tokens: 7, output_tokens: 2 }],
    [
      'openrouter',
      { usage: { prompt_tokens: 300, total_tokens: 300, prompt_tokens_details: { image_tokens: 258 } } },
      { input_tokens: 42, image_input_tokens: 258 },
    ],
    ['voyage', { usage: { total_tokens: 10 } }, { input_tokens: 10 }],
    ['voyage', { usage: { text_tokens: 5, image_pixels: 2_000_000, total_tokens: 3_576 } }, { input_tokens: 5, image_input_tokens: 3_571 }],
    ['jina', { usage: { total_tokens: 14, prompt_tokens: 14 } }, { input_tokens: 14 }],
    ['jina', { usage: { total_tokens: 14, prompt_tokens: 4, image_tokens: 10 } }, { input_tokens: 4, image_input_tokens: 10 }],
    ['cohere', { meta: { billed_units: { images: 2 } } }, { images: 2 }],
    ['gemini', { embeddings: [], usageMetadata: { promptTokenCount: 9 } }, { input_tokens: 9 }],
    [
      'gemini',
      {
        usageMetadata: {
          promptTokenCount: 267,
          promptTokenDetails: [
            { modality: 'TEXT', tokenCount: 9 },
            { modality: 'IMAGE', tokenCount: 258 },
          ],
        },
      },
      { input_tokens: 9, image_input_tokens: 258 },
    ],
    ['ollama', { model: 'm', embeddings: [[1]], total_duration: 14, load_duration: 1, prompt_eval_count: 8 }, { input_tokens: 8 }],
    ['bedrock', { embedding: [1], inputTextTokenCount: 6 }, { input_tokens: 6 }],
  ])('%s: %j', (provider, answer, usage) => {
    expect(read(provider, answer)).toMatchObject({ usage, source: 'reported' })
    expect(read(provider, answer)).not.toHaveProperty('doubt')
  })

  it('Ollama says how long it took', () => {
    expect(read('ollama', { model: 'm', embeddings: [[1]], total_duration: 14_143_917, prompt_eval_count: 8 })).toMatchObject({
      tookMs: 14.143917,
      servedModel: 'm',
      raw: { total_duration: 14_143_917, prompt_eval_count: 8 },
    })
  })

  it('Bedrock counts in a header where the model does not', () => {
    const headers = { 'x-amzn-bedrock-input-token-count': '12', 'x-amzn-requestid': 'r' }
    expect(read('bedrock', { embeddings: [{ embeddingType: 'TEXT', embedding: [1] }] }, headers)).toMatchObject({
      usage: { input_tokens: 12 },
      raw: { 'x-amzn-bedrock-input-token-count': 12 },
      providerRequestId: 'r',
    })
  })

  it('Vertex AI: each text’s tokens, or all characters, as the model is charged', () => {
    const answer = {
      predictions: [{ embeddings: { statistics: { token_count: 10 } } }, { embeddings: { statistics: { token_count: 4 } } }],
      metadata: { billableCharacterCount: 51 },
    }
    expect(vertexEmbeddingsBy('input_tokens').usage.whole(answer).usage).toEqual({ input_tokens: 14 })
    expect(vertexEmbeddingsBy('characters').usage.whole(answer).usage).toEqual({ characters: 51 })
    expect(vertexEmbeddingsBy('input_tokens').usage.whole({ predictions: [{ embeddings: {} }] }).usage).toBeUndefined()
  })

  it.each([
    ['openai', { data: [] }, 'the answer has no usage'],
    ['openai', { usage: { prompt_tokens: 8, total_tokens: 9 } }, 'total_tokens is 9, its parts sum to 8'],
    ['lmstudio', { usage: { prompt_tokens: 0, total_tokens: 0 } }, 'texts were read, and no token is counted'],
    ['voyage', { usage: {} }, 'total_tokens is missing'],
    ['voyage', { usage: { total_tokens: 0 } }, 'texts were read, and no token is counted'],
    ['voyage', { usage: { total_tokens: '12' } }, 'total_tokens is no count'],
    ['voyage', { usage: { total_tokens: 9, video_pixels: 5 } }, '5 video_pixels have no unit here'],
    ['voyage', { usage: { total_tokens: 3, text_tokens: 4 } }, 'text_tokens is 4, more than the 3 of total_tokens'],
    ['jina', { usage: { total_tokens: 14, prompt_tokens: 13 } }, 'total_tokens is 14, its parts sum to 13'],
    ['cohere', { meta: {} }, 'input_tokens is missing'],
    ['cohere', { embeddings: {} }, 'the answer has no usage'],
    ['gemini', { embeddings: [{ values: [1] }] }, 'the answer has no usage'],
    [
      'gemini',
      { usageMetadata: { promptTokenCount: 5, promptTokenDetails: [{ modality: 'VIDEO', tokenCount: 5 }] } },
      '5 tokens of VIDEO have no unit here',
    ],
    ['ollama', { model: 'm', embeddings: [[1]], total_duration: 14 }, 'prompt_eval_count is missing'],
    ['bedrock', { embeddings: [[1]] }, 'the answer has no usage'],
  ])('%s: %j is unknown, never zero', (provider, answer, doubt) => {
    expect(read(provider, answer)).toMatchObject({ usage: undefined, doubt })
  })
})

it('each maker’s models at Bedrock are asked in their own way', () => {
  const forms = ['amazon.titan-embed-text-v2:0', 'eu.cohere.embed-v4:0', 'amazon.nova-2-multimodal-embeddings-v1:0', 'arn:aws:bedrock:x']
  expect(forms.map((model) => embeddingsOfferOf(bedrock, model).form)).toEqual([
    'bedrock-titan',
    'bedrock-cohere',
    'bedrock-nova',
    'bedrock-titan',
  ])
})

it('Vertex AI: older models are charged by characters', () => {
  const answer = { predictions: [{ embeddings: { statistics: { token_count: 10 } } }], metadata: { billableCharacterCount: 29 } }
  const units = ['gemini-embedding-001', 'text-embedding-005', 'publishers/google/models/text-multilingual-embedding-002'].map(
    (model) => embeddingsOfferOf(findProvider('vertex'), model).protocol.usage.whole(answer).usage,
  )
  expect(units).toEqual([{ input_tokens: 10 }, { characters: 29 }, { characters: 29 }])
})

it('a provider that makes no embeddings says so', () => {
  expect(() => embeddingsOfferOf(findProvider('anthropic'), 'm')).toThrow('makes no embeddings')
})

it.each<[string, number, unknown, ErrorCode]>([
  ['voyage', 401, { detail: 'Provided API key is invalid.' }, 'provider.bad_key'],
  ['voyage', 429, { detail: 'You have exceeded your rate limit.' }, 'provider.rate_limited'],
  ['voyage', 400, { detail: 'Request to model voyage-4 failed. The max allowed tokens per batch is 320000.' }, 'provider.request_refused'],
  ['voyage', 503, '<html>', 'provider.overloaded'],
  ['voyage', 404, { detail: 'Not Found' }, 'provider.model_missing'],
  ['jina', 401, { code: 'AUTH_INVALID_API_KEY', message: 'Invalid API key.' }, 'provider.bad_key'],
  ['jina', 403, { code: 'AUTHZ_INSUFFICIENT_BALANCE', message: 'Insufficient account balance. Top up.' }, 'provider.no_credit'],
  ['jina', 403, { code: 'AUTHZ_RESOURCE_LIMIT_EXCEEDED', message: 'Resource limit exceeded for your plan.' }, 'provider.no_permission'],
  ['jina', 400, { code: 'INPUT_MODEL_NOT_FOUND', message: 'Not found. Available: ...' }, 'provider.model_missing'],
  ['jina', 400, { code: 'INPUT_TOKEN_LIMIT_EXCEEDED', message: 'Input text exceeds the maximum.' }, 'provider.request_refused'],
  ['jina', 429, { code: 'RATE_TOKEN_LIMIT_EXCEEDED', message: 'Token rate limit exceeded' }, 'provider.rate_limited'],
  ['jina', 503, { code: 'SERVICE_UNAVAILABLE', message: 'Service temporarily unavailable.' }, 'provider.overloaded'],
  ['ollama', 404, { error: 'model "nomic-embed-text" not found, try pulling it first' }, 'provider.model_missing'],
  ['ollama', 400, { error: 'the input length exceeds the context length' }, 'provider.request_refused'],
  ['cohere', 498, { message: 'blocked' }, 'provider.bad_key'],
  ['mistral', 400, { message: 'Too many tokens overall, split into more batches.', code: '3210' }, 'provider.request_refused'],
])('%s: %i %j', (provider, status, body, code) => {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  expect(failureOf({ protocol: protocolOf(provider), status, headers: {}, bytes }).code).toBe(code)
})
