import { describe, expect, it } from 'vitest'
import { streamed } from '../../../test/support/streamed.ts'
import { bedrockConverse } from './bedrock-converse.ts'
import { cohereChat } from './cohere.ts'
import { gemini } from './gemini.ts'
import { ollamaChat } from './ollama.ts'
import { openAiResponses } from './openai-responses.ts'

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
