import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { streamed } from '../../../test/support/streamed.ts'
import { anthropicMessages } from './anthropic-messages.ts'

const { usage: reader } = anthropicMessages

describe('Anthropic messages', () => {
  const message = (usage: unknown, more: object = {}): object => ({
    id: 'msg_1',
    model: 'claude',
    type: 'message',
    stop_reason: 'end_turn',
    usage,
    ...more,
  })
  const start = (usage: unknown, more: object = {}): object => ({
    type: 'message_start',
    message: message(usage, { stop_reason: null, ...more }),
  })
  const delta = (usage: unknown, stop: string | null = 'end_turn'): object => ({
    type: 'message_delta',
    delta: { stop_reason: stop },
    usage,
  })
  const stop = { type: 'message_stop' }

  it('keeps input, reads, writes by lifetime, thinking and searches apart', () => {
    const usage = {
      input_tokens: 10,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 50,
      cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
      output_tokens: 40,
      output_tokens_details: { thinking_tokens: 15 },
      server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 },
      service_tier: 'priority',
      speed: 'fast',
      inference_geo: 'us',
    }
    expect(reader.whole(message(usage))).toEqual({
      usage: {
        input_tokens: 10,
        cache_read_tokens: 100,
        cache_write_tokens: 20,
        cache_write_long_tokens: 30,
        output_tokens: 25,
        reasoning_tokens: 15,
        searches: 2,
      },
      source: 'reported',
      raw: usage,
      servedModel: 'claude',
      serviceTier: 'priority',
      speed: 'fast',
      inferenceGeo: 'us',
      providerRequestId: 'msg_1',
    })
  })

  it('takes the last value of each field of a stream, and nothing from a null', () => {
    const events = [
      start({ input_tokens: 5, output_tokens: 1, cache_read_input_tokens: 7, service_tier: 'standard' }),
      delta({ output_tokens: 3 }, null),
      delta({ input_tokens: 6, output_tokens: 9, cache_read_input_tokens: null }),
      stop,
    ]
    expect(streamed(anthropicMessages, events)).toMatchObject({
      usage: { input_tokens: 6, cache_read_tokens: 7, output_tokens: 9 },
      serviceTier: 'standard',
      source: 'reported',
    })
  })

  it('never takes the placeholder output of message_start for the output', () => {
    const cut = streamed(anthropicMessages, [start({ input_tokens: 5, output_tokens: 1 })])
    expect(cut).toMatchObject({ usage: undefined, doubt: 'the stream ended early', atLeast: { input_tokens: 5 } })
    expect(cut.atLeast).not.toHaveProperty('output_tokens')
    expect(streamed(anthropicMessages, [])).toMatchObject({ usage: undefined, doubt: 'the answer has no usage' })
  })

  it('a later total above the first step’s split is not lost: it is inferred, and said so', () => {
    const split = (short: number, long: number): object => ({ ephemeral_5m_input_tokens: short, ephemeral_1h_input_tokens: long })
    const first = { input_tokens: 5, output_tokens: 1, cache_creation_input_tokens: 30, cache_creation: split(0, 30) }
    const long = streamed(anthropicMessages, [start(first), delta({ output_tokens: 9, cache_creation_input_tokens: 180 }), stop])
    expect(long).toMatchObject({
      usage: { cache_write_tokens: 0, cache_write_long_tokens: 180 },
      source: 'estimated',
      doubt: expect.stringContaining('150 of 180'),
    })
    const short = streamed(anthropicMessages, [
      start({ ...first, cache_creation: split(30, 0) }),
      delta({ output_tokens: 9, cache_creation_input_tokens: 180 }),
      stop,
    ])
    expect(short).toMatchObject({ usage: { cache_write_tokens: 180, cache_write_long_tokens: 0 }, source: 'estimated' })
    const said = streamed(anthropicMessages, [
      start(first),
      delta({ output_tokens: 9, cache_creation_input_tokens: 180, cache_creation: split(100, 80) }),
      stop,
    ])
    expect(said).toMatchObject({ usage: { cache_write_tokens: 100, cache_write_long_tokens: 80 }, source: 'reported' })
  })

  it('sums compaction into the usage and another model’s steps apart', () => {
    const step = (type: string, input: number, output: number, model?: string): object => ({
      type,
      input_tokens: input,
      output_tokens: output,
      ...(model && { model }),
    })
    const usage = {
      input_tokens: 600,
      output_tokens: 30,
      iterations: [
        step('compaction', 60_000, 500),
        step('message', 600, 30),
        step('advisor_message', 2700, 800, 'opus'),
        step('advisor_message', 300, 200, 'opus'),
      ],
    }
    expect(reader.whole(message(usage))).toMatchObject({
      usage: { input_tokens: 60_600, output_tokens: 530 },
      other: [{ model: 'opus', usage: { input_tokens: 3000, output_tokens: 1000 } }],
    })
  })

  it.each([
    ['no output', { input_tokens: 1 }, 'output_tokens is missing'],
    [
      'a split above the total',
      { input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 5, cache_creation: { ephemeral_5m_input_tokens: 9 } },
      'cache_creation_input_tokens is 5, its split sums to 9',
    ],
    [
      'more thinking than output',
      { input_tokens: 1, output_tokens: 1, output_tokens_details: { thinking_tokens: 2 } },
      'thinking_tokens is 2, output_tokens only 1',
    ],
    [
      'iterations below the top',
      { input_tokens: 9, output_tokens: 1, iterations: [{ input_tokens: 1, output_tokens: 1 }] },
      'input_tokens is 9, its iterations sum to 1',
    ],
    ['a negative count', { input_tokens: 1, output_tokens: -1 }, 'output_tokens is no count'],
    [
      'searches that are no count',
      { input_tokens: 1, output_tokens: 1, server_tool_use: { web_search_requests: 0.5 } },
      'web_search_requests is no count',
    ],
  ])('does not trust %s', (_, block, doubt) => {
    expect(reader.whole(message(block))).toMatchObject({ usage: undefined, doubt, raw: block })
  })

  it('does not trust a stream of several messages', () => {
    const events = [
      start({ input_tokens: 1, output_tokens: 1 }),
      delta({ output_tokens: 2 }),
      stop,
      start({ input_tokens: 5, output_tokens: 1 }, { id: 'msg_2' }),
      delta({ output_tokens: 7 }),
      stop,
    ]
    expect(streamed(anthropicMessages, events)).toMatchObject({ usage: undefined, doubt: 'the stream holds several messages' })
  })

  const count = fc.nat({ max: 1e9 })
  test.prop([
    fc.record({ input: count, read: count, short: count, long: count, thinking: count, visible: count, searches: count }),
    fc.boolean(),
  ])('stream(x) = whole(x)', ({ input, read, short, long, thinking, visible, searches }, isInputFinal) => {
    const cache = {
      cache_creation_input_tokens: short + long,
      cache_creation: { ephemeral_5m_input_tokens: short, ephemeral_1h_input_tokens: long },
    }
    const early = { input_tokens: input, cache_read_input_tokens: read, ...cache, service_tier: 'standard' }
    const late = {
      output_tokens: thinking + visible,
      output_tokens_details: { thinking_tokens: thinking },
      server_tool_use: { web_search_requests: searches },
    }
    const events = isInputFinal
      ? [start({ ...early, input_tokens: 0, output_tokens: 1 }), delta({ ...late, input_tokens: input }), stop]
      : [start({ ...early, output_tokens: 1 }), { type: 'ping' }, delta({ ...late, output_tokens: 0 }, null), delta(late), stop]
    expect(streamed(anthropicMessages, events)).toEqual(reader.whole(message({ ...early, ...late })))
  })
})
