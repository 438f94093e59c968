import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { ERROR_STATUS, type ErrorCode } from '../../base/errors.ts'
import { failureOf } from '../failure.ts'
import type { Protocol } from '../wire-protocol.ts'
import { bedrockConverse } from './bedrock-converse.ts'
import { cohereChat } from './cohere.ts'
import { gemini } from './gemini.ts'
import { ollamaChat } from './ollama.ts'
import { openAiResponses } from './openai-responses.ts'

const PROTOCOLS = [gemini, cohereChat, ollamaChat, bedrockConverse, openAiResponses]

describe('errors', () => {
  const google = (code: number, status: string, message: string, ...details: object[]): object => ({
    error: { code, status, message, details },
  })
  const info = (reason: string): object => ({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' })
  const rows: [Protocol, number, unknown, ErrorCode, boolean, Record<string, string>?][] = [
    // Gemini
    [
      gemini,
      400,
      google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', info('API_KEY_INVALID')),
      'provider.bad_key',
      false,
    ],
    [
      gemini,
      400,
      google(400, 'INVALID_ARGUMENT', 'API key expired. Please renew the API key.', info('API_KEY_INVALID')),
      'provider.bad_key',
      false,
    ],
    [gemini, 400, google(400, 'INVALID_ARGUMENT', 'Invalid JSON payload received. Unknown name "x"'), 'provider.request_refused', false],
    [gemini, 400, google(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'), 'provider.no_permission', false],
    [gemini, 401, google(401, 'UNAUTHENTICATED', 'Wrong type', info('ACCESS_TOKEN_TYPE_UNSUPPORTED')), 'provider.bad_key', false],
    [gemini, 402, google(402, 'FAILED_PRECONDITION', 'Your prepaid credits are depleted.'), 'provider.no_credit', false],
    [gemini, 403, google(403, 'PERMISSION_DENIED', 'Method doesn’t allow unregistered callers.'), 'provider.no_permission', false],
    [gemini, 403, google(403, 'PERMISSION_DENIED', 'Blocked', info('API_KEY_SERVICE_BLOCKED')), 'provider.no_permission', false],
    [
      gemini,
      403,
      google(403, 'PERMISSION_DENIED', 'Your API key was reported as leaked. Please use another API key.'),
      'provider.bad_key',
      false,
    ],
    [
      gemini,
      403,
      google(403, 'PERMISSION_DENIED', 'This API method requires billing', info('BILLING_DISABLED')),
      'provider.no_credit',
      false,
    ],
    [gemini, 429, google(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota'), 'provider.rate_limited', true],
    [gemini, 429, google(429, 'RESOURCE_EXHAUSTED', 'Your prepayment credits are depleted.'), 'provider.no_credit', false],
    [gemini, 500, google(500, 'INTERNAL', 'An internal error has occurred.'), 'provider.failed', true],
    [gemini, 503, google(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'), 'provider.overloaded', true],
    [gemini, 504, google(504, 'DEADLINE_EXCEEDED', 'Deadline expired'), 'provider.timeout', true],
    [gemini, 400, [google(400, 'INVALID_ARGUMENT', 'API key not valid.', info('API_KEY_INVALID'))], 'provider.bad_key', false],
    // Cohere
    [cohereChat, 401, { id: 'x', message: 'Incorrect API key provided: ***' }, 'provider.bad_key', false],
    [cohereChat, 498, { message: 'invalid token' }, 'provider.bad_key', false],
    [
      cohereChat,
      402,
      { message: 'Please add or update your payment method at https://dashboard.cohere.com/billing' },
      'provider.no_credit',
      false,
    ],
    [
      cohereChat,
      400,
      { message: 'too many tokens: total number of tokens in the prompt cannot exceed 4081' },
      'provider.request_refused',
      false,
    ],
    [cohereChat, 422, { message: 'invalid request' }, 'provider.request_refused', false],
    [cohereChat, 429, { message: 'You are using a Trial key, which is limited to 40 API calls / minute.' }, 'provider.rate_limited', true],
    [cohereChat, 429, { message: 'You are using a Trial key, which is limited to 1000 API calls / month.' }, 'provider.no_credit', false],
    [cohereChat, 503, { message: 'no healthy upstream' }, 'provider.overloaded', true],
    // Ollama
    [ollamaChat, 404, { error: "model 'llama9' not found" }, 'provider.model_missing', false],
    [ollamaChat, 400, { error: '"llama3.2" does not support thinking' }, 'provider.request_refused', false],
    [ollamaChat, 401, { error: { message: 'Unauthorized' } }, 'provider.bad_key', false],
    [
      ollamaChat,
      500,
      { error: 'model requires more system memory (5.5 GiB) than is available (3.1 GiB)' },
      'provider.request_refused',
      false,
    ],
    [ollamaChat, 500, { error: 'llama runner process has terminated' }, 'provider.failed', true],
    [ollamaChat, 503, { error: 'server busy, please try again.  maximum pending requests exceeded' }, 'provider.overloaded', true],
    [ollamaChat, 404, '404 page not found', 'provider.request_refused', false],
    // Bedrock: the name stands in a header
    [
      bedrockConverse,
      403,
      { message: 'The security token included in the request is invalid.' },
      'provider.bad_key',
      false,
      { 'x-amzn-errortype': 'UnrecognizedClientException:http://internal.amazon.com/coral/com.amazon.coral.service/' },
    ],
    [bedrockConverse, 403, { Message: 'Authentication failed: Please make sure your API Key is valid.' }, 'provider.bad_key', false],
    [
      bedrockConverse,
      403,
      { Message: 'Bearer Token has expired' },
      'provider.bad_key',
      false,
      { 'x-amzn-errortype': 'AccessDeniedException' },
    ],
    [
      bedrockConverse,
      403,
      { message: 'You don’t have access to the model with the specified model ID.' },
      'provider.no_permission',
      false,
      { 'x-amzn-errortype': 'AccessDeniedException' },
    ],
    [
      bedrockConverse,
      400,
      { message: 'The provided model identifier is invalid.' },
      'provider.model_missing',
      false,
      { 'x-amzn-errortype': 'ValidationException' },
    ],
    [
      bedrockConverse,
      400,
      { message: 'Malformed input request' },
      'provider.request_refused',
      false,
      { 'x-amzn-errortype': 'ValidationException' },
    ],
    [bedrockConverse, 404, { message: 'gone' }, 'provider.model_missing', false, { 'x-amzn-errortype': 'ResourceNotFoundException' }],
    [
      bedrockConverse,
      429,
      { __type: 'com.amazon.coral.service#ThrottlingException', message: 'Too many tokens' },
      'provider.rate_limited',
      true,
    ],
    [bedrockConverse, 429, { message: 'loading' }, 'provider.overloaded', true, { 'x-amzn-errortype': 'ModelNotReadyException' }],
    [bedrockConverse, 408, { message: 'slow' }, 'provider.timeout', true, { 'x-amzn-errortype': 'ModelTimeoutException' }],
    [bedrockConverse, 424, { message: 'broken' }, 'provider.failed', true, { 'x-amzn-errortype': 'ModelErrorException' }],
    [bedrockConverse, 503, { message: 'busy' }, 'provider.overloaded', true, { 'x-amzn-errortype': 'ServiceUnavailableException' }],
  ]
  it.each(rows)('%o %i %j is %s', (protocol, status, body, code, retryable, headers = {}) => {
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    expect(failureOf({ protocol, status, headers, bytes })).toMatchObject({ code, retryable })
  })

  const inside: [Protocol, unknown, ErrorCode][] = [
    [
      gemini,
      { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 5, totalTokenCount: 5 } },
      'provider.content_refused',
    ],
    [gemini, { candidates: [{ finishReason: 'SAFETY' }] }, 'provider.content_refused'],
    [gemini, { candidates: [{ content: {}, finishReason: 'RECITATION' }] }, 'provider.content_refused'],
    [gemini, { candidates: [{ finishReason: 'PROHIBITED_CONTENT' }] }, 'provider.content_refused'],
    [gemini, { candidates: [], usageMetadata: { promptTokenCount: 5, totalTokenCount: 5 } }, 'provider.content_refused'],
    [gemini, { usageMetadata: { promptTokenCount: 5, totalTokenCount: 5 } }, 'provider.content_refused'],
    [gemini, { error: { code: 503, status: 'UNAVAILABLE', message: 'x' } }, 'provider.overloaded'],
    [cohereChat, { finish_reason: 'ERROR', message: {} }, 'provider.failed'],
    [cohereChat, { finish_reason: 'TIMEOUT' }, 'provider.timeout'],
    [cohereChat, { type: 'message-end', delta: { finish_reason: 'ERROR', error: 'x' } }, 'provider.failed'],
    [ollamaChat, { error: 'unexpected EOF' }, 'provider.failed'],
    [openAiResponses, { status: 'failed', error: { code: 'server_error', message: 'x' } }, 'provider.failed'],
    [openAiResponses, { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'x' } }, 'provider.rate_limited'],
    [openAiResponses, { type: 'response.failed', response: { error: { code: 'insufficient_quota', message: 'x' } } }, 'provider.no_credit'],
    [openAiResponses, { type: 'error', code: 'server_error', message: 'x' }, 'provider.failed'],
    [openAiResponses, { status: 'incomplete', incomplete_details: { reason: 'content_filter' }, output: [] }, 'provider.content_refused'],
    [openAiResponses, { output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }] }, 'provider.content_refused'],
    [bedrockConverse, { stopReason: 'guardrail_intervened', usage: {} }, 'provider.content_refused'],
    [bedrockConverse, { messageStop: { stopReason: 'content_filtered' } }, 'provider.content_refused'],
    [bedrockConverse, { throttlingException: { message: 'Too many requests' } }, 'provider.rate_limited'],
    [bedrockConverse, { modelStreamErrorException: { message: 'x' } }, 'provider.failed'],
    [bedrockConverse, { serviceUnavailableException: { message: 'x' } }, 'provider.overloaded'],
  ]
  it.each(inside)('inside an answer of status 200: %o %j is %s', (protocol, body, code) => {
    expect(protocol.classifyBodyError({ status: 200, headers: {}, body })).toMatchObject({ code })
  })

  it.each<[Protocol, unknown]>([
    [gemini, { candidates: [{ finishReason: 'STOP' }] }],
    [gemini, { candidates: [{ finishReason: 'MAX_TOKENS' }] }],
    [gemini, { usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2, totalTokenCount: 7 } }], // the last chunk of a stream
    [cohereChat, { finish_reason: 'MAX_TOKENS' }],
    [ollamaChat, { done: true, done_reason: 'length', message: { content: 'error' } }],
    [bedrockConverse, { stopReason: 'max_tokens' }],
    [openAiResponses, { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, error: null, output: [] }],
    [
      openAiResponses,
      { type: 'response.completed', response: { error: null, output: [{ content: [{ type: 'output_text', text: 'error' }] }] } },
    ],
  ])('%o: %j is none', (protocol, body) => {
    expect(protocol.classifyBodyError({ status: 200, headers: {}, body })).toBeUndefined()
  })

  test.prop([fc.constantFrom(...PROTOCOLS), fc.integer({ min: 400, max: 599 }), fc.oneof(fc.json(), fc.string())])(
    'any error answer gives one of our codes',
    (protocol, status, body) => {
      const failure = failureOf({ protocol, status, headers: {}, bytes: Buffer.from(body) })
      expect(Object.keys(ERROR_STATUS)).toContain(failure.code)
      expect(failure.detail.length).toBeGreaterThan(10)
    },
  )

  it('a wait in Gemini’s body counts only where a header says none', () => {
    const body = google(429, 'RESOURCE_EXHAUSTED', 'x', { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' })
    const failure = (headers: Record<string, string>) =>
      failureOf({ protocol: gemini, status: 429, headers, bytes: Buffer.from(JSON.stringify(body)) }).retryAfterMs
    expect(failure({})).toBe(7_000)
    expect(failure({ 'retry-after': '3' })).toBe(3_000)
  })
})
