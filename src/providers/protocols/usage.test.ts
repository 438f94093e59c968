import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { streamed } from '../../../test/support/streamed.ts'
import { findProvider } from '../registry.ts'
import { protocolOf } from '../asked.ts'
import { openAiChatWith } from './openai-chat.ts'

const usageOf = (provider: string) => protocolOf(findProvider(provider)).usage
const chat = (usage: unknown, more: object = {}): object => ({ id: 'c1', model: 'm', choices: [{ finish_reason: 'stop' }], usage, ...more })

describe('OpenAI chat', () => {
  it('splits prompt and completion into disjoint units', () => {
    const usage = {
      prompt_tokens: 1000,
      completion_tokens: 300,
      total_tokens: 1300,
      prompt_tokens_details: { cached_tokens: 200, cache_write_tokens: 100, audio_tokens: 30, image_tokens: 70 },
      completion_tokens_details: { reasoning_tokens: 120, audio_tokens: 20, image_tokens: 0, accepted_prediction_tokens: 5 },
    }
    expect(usageOf('openai').whole(chat(usage, { service_tier: 'priority' }))).toEqual({
      usage: {
        input_tokens: 600,
        cache_read_tokens: 200,
        cache_write_tokens: 100,
        audio_input_tokens: 30,
        image_input_tokens: 70,
        output_tokens: 160,
        reasoning_tokens: 120,
        audio_output_tokens: 20,
        image_output_tokens: 0,
      },
      source: 'reported',
      raw: usage,
      servedModel: 'm',
      serviceTier: 'priority',
      providerRequestId: 'c1',
    })
  })

  it('keeps absent apart from zero', () => {
    expect(usageOf('openai').whole(chat({ prompt_tokens: 5, completion_tokens: 0, total_tokens: 5 })).usage).toEqual({
      input_tokens: 5,
      output_tokens: 0,
    })
    expect(usageOf('openai').whole(chat({ prompt_tokens: 5, completion_tokens: 0, prompt_tokens_details: null })).usage).toEqual({
      input_tokens: 5,
      output_tokens: 0,
    })
    const none = usageOf('openai').whole({ model: 'm', choices: [] })
    expect(none).toEqual({ usage: undefined, source: 'reported', doubt: 'the answer has no usage', servedModel: 'm' })
  })

  it.each([
    ['a total that differs', { prompt_tokens: 5, completion_tokens: 2, total_tokens: 8 }, 'total_tokens is 8, its parts sum to 7'],
    [
      'more cached than prompt',
      { prompt_tokens: 5, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 9 } },
      'the details of 5 prompt_tokens exceed them by 4',
    ],
    [
      'more reasoning than completion',
      { prompt_tokens: 5, completion_tokens: 2, completion_tokens_details: { reasoning_tokens: 3 } },
      'the details of 2 completion_tokens exceed them by 1',
    ],
    ['no completion', { prompt_tokens: 5 }, 'completion_tokens is missing'],
    ['a negative number', { prompt_tokens: -5, completion_tokens: 2 }, 'prompt_tokens is no count'],
    ['NaN', { prompt_tokens: NaN, completion_tokens: 2 }, 'prompt_tokens is no count'],
    ['a fraction', { prompt_tokens: 5, completion_tokens: 2.5 }, 'completion_tokens is no count'],
    ['text', { prompt_tokens: '5', completion_tokens: 2 }, 'prompt_tokens is no count'],
    ['2^53', { prompt_tokens: 2 ** 53, completion_tokens: 2 }, 'prompt_tokens is no count'],
    ['a bad detail', { prompt_tokens: 5, completion_tokens: 2, prompt_tokens_details: { cached_tokens: -1 } }, 'cached_tokens is no count'],
    [
      'video, which has no unit',
      { prompt_tokens: 5, completion_tokens: 2, prompt_tokens_details: { video_tokens: 3 } },
      '3 video_tokens have no unit here',
    ],
  ])('does not trust %s: unknown, with the block kept', (_, block, doubt) => {
    expect(usageOf('openai').whole(chat(block))).toMatchObject({ usage: undefined, doubt, raw: block, servedModel: 'm' })
  })

  it('takes a completion that the total confirms over a larger count of reasoning, and says so', () => {
    // recorded at OpenRouter, minimax-m2
    const block = { prompt_tokens: 43, completion_tokens: 10, total_tokens: 53, completion_tokens_details: { reasoning_tokens: 11 } }
    expect(usageOf('openrouter').whole(chat(block))).toMatchObject({
      usage: { input_tokens: 43, output_tokens: 0, reasoning_tokens: 10 },
      source: 'estimated',
      doubt: expect.stringContaining('11'),
    })
  })

  it('takes the last usage of a stream, also where every chunk has one', () => {
    const chunk = (prompt: number, completion: number, finish: string | null): object => ({
      model: 'm',
      choices: [{ finish_reason: finish }],
      usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
    })
    expect(streamed({ usage: usageOf('openai') }, [chunk(9, 1, null), chunk(9, 2, null), chunk(9, 3, 'stop')]).usage).toEqual({
      input_tokens: 9,
      output_tokens: 3,
    })
    const cut = streamed({ usage: usageOf('openai') }, [chunk(9, 1, null), chunk(9, 2, null)])
    expect(cut).toMatchObject({ usage: undefined, doubt: 'the stream ended early', atLeast: { input_tokens: 9, output_tokens: 2 } })
  })

  it('of servers we do not know tells by the total whether reasoning is inside or beside', () => {
    const inside = { prompt_tokens: 10, completion_tokens: 50, total_tokens: 60, completion_tokens_details: { reasoning_tokens: 40 } }
    const beside = { prompt_tokens: 10, completion_tokens: 50, total_tokens: 100, completion_tokens_details: { reasoning_tokens: 40 } }
    expect(usageOf('openai-compatible').whole(chat(inside)).usage).toMatchObject({ output_tokens: 10, reasoning_tokens: 40 })
    expect(usageOf('openai-compatible').whole(chat(beside)).usage).toMatchObject({ output_tokens: 50, reasoning_tokens: 40 })
    expect(usageOf('openai').whole(chat(beside)).usage).toBeUndefined()
  })
})

describe('Mistral', () => {
  it('counts sound beside the prompt, in seconds', () => {
    const usage = {
      prompt_audio_seconds: 3,
      prompt_tokens: 9,
      total_tokens: 632,
      completion_tokens: 248,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 375 },
    }
    expect(usageOf('mistral').whole(chat(usage)).usage).toEqual({ input_tokens: 9, cache_read_tokens: 0, output_tokens: 248, seconds: 3 })
    expect(usageOf('openai').whole(chat(usage)).usage).toBeUndefined()
  })

  it.each([{ prompt_tokens_details: { cached_tokens: 64 } }, { prompt_token_details: { cached_tokens: 64 } }, { num_cached_tokens: 64 }])(
    'finds cached tokens in %j',
    (where) => {
      const usage = { prompt_tokens: 100, completion_tokens: 1, total_tokens: 101, prompt_audio_seconds: {}, ...where }
      expect(usageOf('mistral').whole(chat(usage)).usage).toEqual({ input_tokens: 36, cache_read_tokens: 64, output_tokens: 1 })
    },
  )

  it('says its service tier inside usage', () => {
    expect(usageOf('mistral').whole(chat({ prompt_tokens: 1, completion_tokens: 1, service_tier: 'standard' }))).toMatchObject({
      serviceTier: 'standard',
    })
  })
})

describe('OpenRouter', () => {
  const base = { prompt_tokens: 16, completion_tokens: 2, total_tokens: 18 }
  it.each([
    ['a small float', { cost: 1.4e-7 }, '0.00000014'],
    ['zero', { cost: 0 }, '0'],
    [
      'own key upstream: fee and upstream bill',
      { cost: 0.00001, is_byok: true, cost_details: { upstream_inference_cost: 0.0003253 } },
      '0.0003353',
    ],
    [
      'not own key: the upstream cost is inside',
      { cost: 0.0133, is_byok: false, cost_details: { upstream_inference_cost: 0.0133 } },
      '0.0133',
    ],
  ])('declares %s', (_, cost, amount) => {
    expect(usageOf('openrouter').whole(chat({ ...base, ...cost })).declaredCost).toEqual({ amount, currency: 'USD' })
  })

  it.each([
    {},
    { cost: -1 },
    { cost: null },
    { cost: '0.1' },
    { cost: 0, is_byok: true },
    { cost: 0, is_byok: true, cost_details: { upstream_inference_cost: null } },
  ])('declares nothing for %j', (cost) => {
    expect(usageOf('openrouter').whole(chat({ ...base, ...cost }))).not.toHaveProperty('declaredCost')
  })

  it('counts web searches', () => {
    expect(usageOf('openrouter').whole(chat({ ...base, server_tool_use_details: { web_search_requests: 2 } })).usage).toMatchObject({
      searches: 2,
    })
  })

  it('other providers’ "cost" is not taken for money', () => {
    expect(usageOf('openai-compatible').whole(chat({ ...base, cost: 0.1 }))).not.toHaveProperty('declaredCost')
  })
})

describe('any provider', () => {
  const count = fc.nat({ max: 1e9 })
  const parts = fc.record({ uncached: count, read: count, write: count, audio: count, image: count, visible: count, reasoning: count })
  test.prop([parts, fc.constantFrom('openai', 'openrouter', 'openai-compatible'), fc.boolean()])(
    'OpenAI chat: stream(x) = whole(x), and the units sum to the total',
    (tokens, provider, isLastChunkApart) => {
      const usage = {
        prompt_tokens: tokens.uncached + tokens.read + tokens.write + tokens.audio + tokens.image,
        completion_tokens: tokens.visible + tokens.reasoning,
        total_tokens: Object.values(tokens).reduce((a, b) => a + b, 0),
        prompt_tokens_details: {
          cached_tokens: tokens.read,
          cache_write_tokens: tokens.write,
          audio_tokens: tokens.audio,
          image_tokens: tokens.image,
        },
        completion_tokens_details: { reasoning_tokens: tokens.reasoning },
        cost: 0.0001,
      }
      const about = { id: 'c1', model: 'm', service_tier: 'default' }
      const events = isLastChunkApart
        ? [
            { ...about, choices: [{ delta: {} }], usage: null },
            { ...about, choices: [{ finish_reason: 'stop' }], usage: null },
            { ...about, choices: [], usage },
          ]
        : [
            { ...about, choices: [{ delta: {} }] },
            { ...about, choices: [{ finish_reason: 'stop' }], usage },
          ]
      const metered = streamed({ usage: usageOf(provider) }, events)
      expect(metered).toEqual(usageOf(provider).whole({ ...about, choices: [{ finish_reason: 'stop' }], usage }))
      expect(Object.values(metered.usage!).reduce((a, b) => a + b, 0)).toBe(usage.total_tokens)
    },
  )

  test.prop([fc.anything(), fc.constantFrom('openai', 'anthropic', 'mistral', 'openrouter', 'openai-compatible')])(
    'whatever an answer holds, a usage has whole numbers of 0 and more, or is unknown with its reason',
    (value, provider) => {
      for (const body of [
        value,
        { usage: value },
        { usage: { prompt_tokens: value, completion_tokens: 1, input_tokens: value, output_tokens: 1 } },
        { usage: { iterations: [value], input_tokens: 0, output_tokens: 0, cache_creation: value } },
      ]) {
        const metered = usageOf(provider).whole(body)
        const fed = usageOf(provider).stream()
        fed.push(body)
        fed.push({ type: 'message_delta', usage: value, choices: value })
        for (const { usage, doubt } of [metered, fed.end()]) {
          if (usage === undefined) expect(doubt).toBeTypeOf('string')
          else for (const units of Object.values(usage)) expect(Number.isSafeInteger(units) && units >= 0).toBe(true)
        }
      }
    },
  )

  it('rules of usage belong to the provider’s data', () => {
    const protocol = openAiChatWith({ cachedTokens: [['hits']] })
    expect(protocol.usage.whole(chat({ prompt_tokens: 9, completion_tokens: 1, hits: 4 })).usage).toMatchObject({
      input_tokens: 5,
      cache_read_tokens: 4,
    })
  })
})
