import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { ERROR_STATUS } from '../../base/errors.ts'
import { streamed } from '../../../test/support/streamed.ts'
import { bedrockConverse } from './bedrock-converse.ts'
import { cohereChat } from './cohere.ts'
import { gemini } from './gemini.ts'
import { ollamaChat } from './ollama.ts'
import { openAiResponses } from './openai-responses.ts'

const PROTOCOLS = [gemini, cohereChat, ollamaChat, bedrockConverse, openAiResponses]

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
