import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { ERROR_STATUS, type ErrorCode } from '../../base/errors.ts'
import { failureOf } from '../failure.ts'
import type { MeteredUsage, Protocol } from '../provider.ts'
import { bedrockConverse } from './bedrock-converse.ts'
import { cohereChat } from './cohere.ts'
import { gemini } from './gemini.ts'
import { ollamaChat } from './ollama.ts'
import { openAiResponses } from './openai-responses.ts'

const PROTOCOLS = [gemini, cohereChat, ollamaChat, bedrockConverse, openAiResponses]

function streamed({ usage }: Protocol, events: readonly unknown[]): MeteredUsage {
  const stream = usage.stream()
  for (const event of events) stream.push(event)
  return stream.end()
}

describe('usage of Gemini', () => {
  const answer = (usageMetadata: unknown, more: object = {}): object => ({
    candidates: [{ content: { parts: [{ text: 'x' }] }, finishReason: 'STOP' }],
    usageMetadata,
    modelVersion: 'gemini-3-flash',
    responseId: 'r1',
    ...more,
  })

  it('keeps cache, tool use, thoughts and sound apart', () => {
    const block = {
      promptTokenCount: 1000,
      cachedContentTokenCount: 600,
      toolUsePromptTokenCount: 50,
      candidatesTokenCount: 80,
      thoughtsTokenCount: 300,
      totalTokenCount: 1430,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 700 },
        { modality: 'AUDIO', tokenCount: 200 },
        { modality: 'IMAGE', tokenCount: 100 },
      ],
      cacheTokensDetails: [
        { modality: 'TEXT', tokenCount: 550 },
        { modality: 'AUDIO', tokenCount: 50 },
      ],
      candidatesTokensDetails: [
        { modality: 'TEXT', tokenCount: 60 },
        { modality: 'IMAGE', tokenCount: 20 },
      ],
      serviceTier: 'flex',
    }
    expect(gemini.usage.whole(answer(block))).toEqual({
      usage: {
        input_tokens: 300, // 1000 - 600 cached - 150 of sound, and 50 that tools put in
        cache_read_tokens: 600,
        audio_input_tokens: 150,
        output_tokens: 60,
        image_output_tokens: 20,
        reasoning_tokens: 300,
      },
      source: 'reported',
      raw: block,
      servedModel: 'gemini-3-flash',
      serviceTier: 'flex',
      providerRequestId: 'r1',
    })
  })

  it('an answer that was all thought has no output: the total says so', () => {
    const block = { promptTokenCount: 6, thoughtsTokenCount: 100, totalTokenCount: 106 }
    expect(gemini.usage.whole(answer(block)).usage).toEqual({ input_tokens: 6, output_tokens: 0, reasoning_tokens: 100 })
    expect(gemini.usage.whole(answer({ promptTokenCount: 6 }))).toMatchObject({
      usage: undefined,
      doubt: 'candidatesTokenCount is missing',
    })
  })

  it.each([
    ['no prompt', { trafficType: 'ON_DEMAND' }, 'promptTokenCount is missing'],
    [
      'a total that differs',
      { promptTokenCount: 6, candidatesTokenCount: 1, totalTokenCount: 42 },
      'totalTokenCount is 42, its parts sum to 7',
    ],
    [
      'more cached than the prompt',
      { promptTokenCount: 6, candidatesTokenCount: 1, cachedContentTokenCount: 9, totalTokenCount: 7 },
      'the details of 6 promptTokenCount exceed them by 3',
    ],
  ])('does not trust %s', (_, block, doubt) => {
    expect(gemini.usage.whole(answer(block))).toMatchObject({ usage: undefined, doubt })
  })

  it('sound beside a cache of unknown content is marked as inferred', () => {
    const block = {
      promptTokenCount: 100,
      cachedContentTokenCount: 40,
      candidatesTokenCount: 1,
      totalTokenCount: 101,
      promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 30 }],
    }
    expect(gemini.usage.whole(answer(block))).toMatchObject({
      usage: { input_tokens: 30, cache_read_tokens: 40, audio_input_tokens: 30 },
      source: 'estimated',
      doubt: expect.stringContaining('40'),
    })
  })

  it('names the tier that was served, and traffic that is paid in advance', () => {
    const block = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 }
    expect(gemini.usage.whole(answer({ ...block, trafficType: 'ON_DEMAND' }))).not.toHaveProperty('serviceTier')
    expect(gemini.usage.whole(answer({ ...block, trafficType: 'PROVISIONED_THROUGHPUT' })).serviceTier).toBe('provisioned_throughput')
  })

  it('a stream that ends early is a lower bound, and searches of all chunks count once each', () => {
    const chunk = (output: number, queries: string[], finish?: string): object => ({
      candidates: [{ groundingMetadata: { webSearchQueries: queries }, ...(finish && { finishReason: finish }) }],
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount: output, totalTokenCount: 5 + output },
      modelVersion: 'gemini-3-flash',
    })
    expect(streamed(gemini, [chunk(1, ['a']), chunk(4, ['b'])])).toMatchObject({
      usage: undefined,
      doubt: 'the stream ended early',
      atLeast: { input_tokens: 5, output_tokens: 4 },
    })
    expect(streamed(gemini, [chunk(1, ['a']), chunk(4, ['a', 'b'], 'STOP')]).usage).toEqual({
      input_tokens: 5,
      output_tokens: 4,
      searches: 2,
    })
  })
})

describe('usage of Cohere', () => {
  it('is what is billed, not what was read', () => {
    const usage = {
      billed_units: { input_tokens: 10, output_tokens: 20 },
      tokens: { input_tokens: 505, output_tokens: 25 },
      cached_tokens: 448,
    }
    expect(cohereChat.usage.whole({ id: 'c1', usage })).toEqual({
      usage: { input_tokens: 10, output_tokens: 20 },
      source: 'reported',
      raw: usage,
      providerRequestId: 'c1',
    })
  })

  it('reasoning is part of the billed output; where it is counted higher, the split is not known', () => {
    const usage = (reasoning: number): object => ({
      usage: { billed_units: { input_tokens: 1, output_tokens: 20 }, tokens: { reasoning_tokens: reasoning } },
    })
    expect(cohereChat.usage.whole(usage(15)).usage).toEqual({ input_tokens: 1, output_tokens: 5, reasoning_tokens: 15 })
    expect(cohereChat.usage.whole(usage(25)).usage).toEqual({ input_tokens: 1, output_tokens: 20 })
  })

  it('without billed units it is unknown', () => {
    expect(cohereChat.usage.whole({ usage: { tokens: { input_tokens: 5, output_tokens: 5 } } })).toMatchObject({
      usage: undefined,
      doubt: 'input_tokens is missing',
    })
    expect(streamed(cohereChat, [{ type: 'message-start', id: 'c1' }, { type: 'content-delta' }])).toMatchObject({
      usage: undefined,
      doubt: 'the answer has no usage',
      providerRequestId: 'c1',
    })
  })
})

describe('usage of Ollama', () => {
  const last = { model: 'm', done: true, total_duration: 9, eval_count: 4 }
  it('a prompt that was still in memory is unknown, never zero', () => {
    expect(ollamaChat.usage.whole(last)).toEqual({
      usage: undefined,
      source: 'reported',
      doubt: 'prompt_eval_count is missing',
      atLeast: { output_tokens: 4 },
      raw: { total_duration: 9, eval_count: 4 },
      servedModel: 'm',
      tookMs: 0.000009, // nanoseconds, as Ollama says them
    })
  })

  it('a stream without its last line has no usage', () => {
    expect(streamed(ollamaChat, [{ model: 'm', message: { content: 'a' }, done: false }])).toEqual({
      usage: undefined,
      source: 'reported',
      doubt: 'the answer has no usage',
      servedModel: 'm',
    })
  })
})

describe('usage of Bedrock Converse', () => {
  it('keeps writes by lifetime apart, names a router’s model and the tier', () => {
    const usage = {
      inputTokens: 10,
      outputTokens: 5,
      cacheReadInputTokens: 100,
      cacheWriteInputTokens: 50,
      totalTokens: 165,
      cacheDetails: [
        { ttl: '5m', inputTokens: 20 },
        { ttl: '1h', inputTokens: 30 },
      ],
    }
    const more = { serviceTier: { type: 'priority' }, trace: { promptRouter: { invokedModelId: 'anthropic.claude' } } }
    const expected = {
      usage: { input_tokens: 10, output_tokens: 5, cache_read_tokens: 100, cache_write_tokens: 20, cache_write_long_tokens: 30 },
      source: 'reported',
      raw: usage,
      servedModel: 'anthropic.claude',
      serviceTier: 'priority',
    }
    expect(bedrockConverse.usage.whole({ stopReason: 'end_turn', usage, ...more })).toEqual(expected)
    expect(streamed(bedrockConverse, [{ messageStop: { stopReason: 'end_turn' } }, { metadata: { usage, ...more } }])).toEqual(expected)
  })

  it.each([
    ['a total that differs', { inputTokens: 1, outputTokens: 1, totalTokens: 3 }, 'totalTokens is 3, its parts sum to 2'],
    ['no output', { inputTokens: 1, totalTokens: 1 }, 'outputTokens is missing'],
    [
      'more written for long than written',
      { inputTokens: 1, outputTokens: 1, totalTokens: 4, cacheWriteInputTokens: 2, cacheDetails: [{ ttl: '1h', inputTokens: 3 }] },
      'cacheDetails has 3 of 1h, cacheWriteInputTokens is 2',
    ],
  ])('does not trust %s', (_, usage, doubt) => {
    expect(bedrockConverse.usage.whole({ usage })).toMatchObject({ usage: undefined, doubt })
  })

  it('a stream that breaks before its metadata has no usage', () => {
    expect(streamed(bedrockConverse, [{ messageStart: {} }])).toMatchObject({ usage: undefined, doubt: 'the answer has no usage' })
  })
})

describe('usage of OpenAI responses', () => {
  const usage = {
    input_tokens: 1000,
    input_tokens_details: { cached_tokens: 600, cache_write_tokens: 100 },
    output_tokens: 80,
    output_tokens_details: { reasoning_tokens: 50 },
    total_tokens: 1080,
  }

  it('splits input and output into disjoint units, and counts the searches', () => {
    const call = (type: string): object => ({ type: 'web_search_call', action: { type } })
    const response = { id: 'resp_1', model: 'gpt-5.4-pro', service_tier: 'priority', usage, output: [call('search'), call('open_page')] }
    expect(openAiResponses.usage.whole(response)).toEqual({
      usage: { input_tokens: 300, cache_read_tokens: 600, cache_write_tokens: 100, output_tokens: 30, reasoning_tokens: 50, searches: 1 },
      source: 'reported',
      raw: usage,
      servedModel: 'gpt-5.4-pro',
      serviceTier: 'priority',
      providerRequestId: 'resp_1',
    })
    const counted = { ...response, tool_usage: { web_search: { num_requests: 3 } } }
    expect(openAiResponses.usage.whole(counted).usage).toMatchObject({ searches: 3 })
  })

  it.each([
    ['a total that differs', { ...usage, total_tokens: 9 }, 'total_tokens is 9, its parts sum to 1080'],
    ['more cached than came in', { ...usage, input_tokens: 5, total_tokens: 85 }, 'the details of 5 input_tokens exceed them by 695'],
    ['more reasoning than output', { ...usage, output_tokens: 5, total_tokens: 1005 }, 'the details of 5 output_tokens exceed them by 45'],
  ])('does not trust %s', (_, block, doubt) => {
    expect(openAiResponses.usage.whole({ usage: block })).toMatchObject({ usage: undefined, doubt })
  })

  it('a stream that breaks before its last event has none', () => {
    const created = { type: 'response.created', response: { id: 'resp_1', model: 'm', usage: null } }
    expect(streamed(openAiResponses, [created, { type: 'response.output_text.delta' }])).toMatchObject({
      usage: undefined,
      doubt: 'the answer has no usage',
      servedModel: 'm',
    })
  })
})

const count = fc.nat({ max: 1e9 })
describe('stream(x) = whole(x)', () => {
  test.prop([
    fc.record({ text: count, read: count, audio: count, tool: count, thoughts: count, visible: count, chunks: fc.nat({ max: 4 }) }),
  ])('Gemini, and the units sum to the total', ({ text, read, audio, tool, thoughts, visible, chunks }) => {
    const usageMetadata = {
      promptTokenCount: text + read + audio,
      cachedContentTokenCount: read,
      cacheTokensDetails: [{ modality: 'TEXT', tokenCount: read }],
      promptTokensDetails: [{ modality: 'AUDIO', tokenCount: audio }],
      toolUsePromptTokenCount: tool,
      thoughtsTokenCount: thoughts,
      candidatesTokenCount: visible,
      totalTokenCount: text + read + audio + tool + thoughts + visible,
    }
    const about = { modelVersion: 'gemini-3', responseId: 'r' }
    const early = { ...about, candidates: [{}], usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 } }
    const last = { ...about, candidates: [{ finishReason: 'STOP' }], usageMetadata }
    const metered = gemini.usage.whole(last)
    expect(streamed(gemini, [...Array.from({ length: chunks }, () => early), last])).toEqual(metered)
    expect(Object.values(metered.usage!).reduce((a, b) => a + b, 0)).toBe(usageMetadata.totalTokenCount)
  })

  test.prop([fc.record({ input: count, output: count, read: count })])('Cohere', ({ input, output, read }) => {
    const usage = { billed_units: { input_tokens: input, output_tokens: output }, tokens: { input_tokens: read, reasoning_tokens: output } }
    const events = [{ type: 'message-start', id: 'c' }, { type: 'content-delta' }, { type: 'message-end', delta: { usage } }]
    expect(streamed(cohereChat, events)).toEqual(cohereChat.usage.whole({ id: 'c', usage }))
  })

  test.prop([count, count])('Ollama', (input, output) => {
    const last = { model: 'm', done: true, prompt_eval_count: input, eval_count: output }
    expect(streamed(ollamaChat, [{ model: 'm', done: false, eval_count: 1 }, last])).toEqual(ollamaChat.usage.whole(last))
  })

  test.prop([fc.record({ input: count, output: count, read: count, write: count })])(
    'Bedrock, and the units sum to the total',
    ({ input, output, read, write }) => {
      const usage = {
        inputTokens: input,
        outputTokens: output,
        cacheReadInputTokens: read,
        cacheWriteInputTokens: write,
        totalTokens: input + output + read + write,
      }
      const metered = bedrockConverse.usage.whole({ usage })
      expect(streamed(bedrockConverse, [{ contentBlockDelta: {} }, { metadata: { usage } }])).toEqual(metered)
      expect(Object.values(metered.usage!).reduce((a, b) => a + b, 0)).toBe(usage.totalTokens)
    },
  )

  test.prop([
    fc.record({ text: count, read: count, write: count, visible: count, reasoning: count }),
    fc.constantFrom('completed', 'incomplete'),
  ])('OpenAI responses, and the units sum to the total', ({ text, read, write, visible, reasoning }, end) => {
    const usage = {
      input_tokens: text + read + write,
      input_tokens_details: { cached_tokens: read, cache_write_tokens: write },
      output_tokens: visible + reasoning,
      output_tokens_details: { reasoning_tokens: reasoning },
      total_tokens: text + read + write + visible + reasoning,
    }
    const response = { id: 'r', model: 'm', usage }
    const metered = openAiResponses.usage.whole(response)
    const events = [
      { type: 'response.created', response: { ...response, usage: null } },
      { type: 'response.output_text.delta' },
      { type: `response.${end}`, response },
    ]
    expect(streamed(openAiResponses, events)).toEqual(metered)
    expect(Object.values(metered.usage!).reduce((a, b) => a + b, 0)).toBe(usage.total_tokens)
  })

  test.prop([fc.anything(), fc.constantFrom(...PROTOCOLS)])(
    'whatever an answer holds, a usage has whole numbers of 0 and more, or is unknown with its reason; nothing throws',
    (value, protocol) => {
      for (const body of [
        value,
        { usageMetadata: value, candidates: value },
        { usageMetadata: { promptTokenCount: value, candidatesTokenCount: value, promptTokensDetails: value }, promptFeedback: value },
        { usage: value, finish_reason: value },
        { usage: { billed_units: value, inputTokens: value, outputTokens: 1, cacheDetails: [value] }, output: value },
        { done: true, prompt_eval_count: value, eval_count: 1, message: value },
        { metadata: { usage: value, trace: value }, stopReason: value, throttlingException: value },
        { type: 'message-end', delta: value },
        { usage: { input_tokens: 5, output_tokens: value, input_tokens_details: value }, tool_usage: value, output: [value], error: value },
        { type: 'response.completed', response: value },
      ]) {
        for (const { usage, doubt } of [protocol.usage.whole(body), streamed(protocol, [body])]) {
          if (usage === undefined) expect(doubt).toBeTypeOf('string')
          else for (const units of Object.values(usage)) expect(Number.isSafeInteger(units) && units >= 0).toBe(true)
        }
        const failure = protocol.classifyBodyError({ status: 200, headers: {}, body })
        if (failure) expect(Object.keys(ERROR_STATUS)).toContain(failure.code)
      }
    },
  )
})

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
