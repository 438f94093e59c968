import type { LanguageModelV4CallOptions, LanguageModelV4Content, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTranslatingServer, type TranslatingServer } from '../../../../test/support/translating-server.ts'
import { AppError } from '../../../base/errors.ts'
import type { Usage } from '../../../base/usage.ts'
import { openAiChat } from '../../../providers/protocols/openai-chat.ts'
import type { ChatOffer } from '../../../providers/offer.ts'

// The official clients, unmodified, against the translation: what they parse and what they throw.

const NO_USAGE = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
}

let server: TranslatingServer
let openai: OpenAI
let anthropic: Anthropic
let asked: LanguageModelV4CallOptions | undefined
beforeAll(async () => {
  server = await startTranslatingServer()
  openai = new OpenAI({ baseURL: `${server.origin}/v1`, apiKey: 'k', maxRetries: 0 })
  anthropic = new Anthropic({ baseURL: server.origin, apiKey: 'k', maxRetries: 0 })
})
afterAll(() => server.close())

interface Answer {
  readonly content?: readonly LanguageModelV4Content[]
  readonly parts?: readonly LanguageModelV4StreamPart[]
  readonly finish?: 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'other'
  readonly raw?: string
  readonly usage?: Usage
  readonly sdk?: ChatOffer['sdk']
}

/** The next requests are answered so. */
function answer({ content = [], parts = [], finish = 'stop', raw, usage, sdk = 'anthropic' }: Answer): void {
  server.answerWith({
    name: 'model-x',
    offer: { protocol: openAiChat, path: '/', sdk, jsonSchema: true },
    usage,
    model: {
      doGenerate: (options) => {
        asked = options
        return Promise.resolve({ content: [...content], finishReason: { unified: finish, raw }, usage: NO_USAGE, warnings: [] })
      },
      doStream: (options) => {
        asked = options
        return Promise.resolve({ stream: ReadableStream.from([{ type: 'stream-start' as const, warnings: [] }, ...parts]) })
      },
    },
  })
}

const finished = (unified: 'stop' | 'tool-calls' | 'interrupted' | 'error'): LanguageModelV4StreamPart => ({
  type: 'finish',
  usage: NO_USAGE,
  finishReason: { unified, raw: undefined },
})
const said = (id: string, delta: string): LanguageModelV4StreamPart => ({ type: 'text-delta', id, delta })
const HI = { model: 'm', messages: [{ role: 'user' as const, content: 'Hi' }] }
const HI_ANTHROPIC = { ...HI, max_tokens: 100 }
const USAGE: Usage = { input_tokens: 10, cache_read_tokens: 30, cache_write_tokens: 5, output_tokens: 7, reasoning_tokens: 3 }

describe('the openai client', () => {
  it('reads text, reasoning, tool calls, the reason and the usage as OpenAI counts it', async () => {
    answer({
      content: [
        { type: 'reasoning', text: 'Hm.' },
        { type: 'text', text: 'Let me look.' },
        { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: '{"a":1}' },
      ],
      finish: 'tool-calls',
      usage: USAGE,
    })
    const { data, response } = await openai.chat.completions.create({ ...HI, seed: 4, temperature: 2 }).withResponse()
    expect(data).toMatchObject({ id: 'call_1', object: 'chat.completion', model: 'model-x' })
    expect(data.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'Let me look.',
        reasoning_content: 'Hm.',
        tool_calls: [{ id: 'c1', function: { name: 'look', arguments: '{"a":1}' } }],
      },
    })
    expect(data.usage).toEqual({
      prompt_tokens: 45,
      completion_tokens: 10,
      total_tokens: 55,
      prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 3 },
    })
    expect(response.headers.get('x-latchkey-parameters')).toBe(
      `seed=dropped;note="not of this provider", max_tokens=added;note="what is reserved, else the model's maximum: this provider demands a limit", ` +
        'model=mapped, messages=mapped, temperature=mapped;note="lowered to 1, the highest here"',
    )
  })

  it('unknown usage is absent, not zero', async () => {
    answer({ content: [{ type: 'text', text: 'Hi' }] })
    expect((await openai.chat.completions.create(HI)).usage).toBeUndefined()
  })

  it('reads a stream with two tool calls side by side, and usage only when it asked for it', async () => {
    const parts: LanguageModelV4StreamPart[] = [
      { type: 'tool-input-start', id: 'a', toolName: 'look' },
      { type: 'tool-input-start', id: 'b', toolName: 'listen' },
      { type: 'tool-input-delta', id: 'a', delta: '{"x":' },
      { type: 'tool-input-delta', id: 'b', delta: '{}' },
      { type: 'tool-input-delta', id: 'a', delta: '1}' },
      { type: 'tool-call', toolCallId: 'a', toolName: 'look', input: '{"x":1}' },
      { type: 'tool-call', toolCallId: 'b', toolName: 'listen', input: '{}' },
      finished('tool-calls'),
    ]
    answer({ parts, usage: USAGE })
    const completion = await openai.chat.completions.stream(HI).finalChatCompletion()
    expect(
      completion.choices[0]?.message.tool_calls?.map((call) => call.type === 'function' && [call.id, call.function.arguments]),
    ).toEqual([
      ['a', '{"x":1}'],
      ['b', '{}'],
    ])
    expect(completion.usage).toBeUndefined()
    const counted = await openai.chat.completions.stream({ ...HI, stream_options: { include_usage: true } }).finalChatCompletion()
    expect(counted.usage?.total_tokens).toBe(55)
  })

  it('parses a structured output', async () => {
    answer({ content: [{ type: 'text', text: '{"city":"Zug"}' }] })
    const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
    const format = { type: 'json_schema' as const, json_schema: { name: 'place', strict: true, schema } }
    const completion = await openai.chat.completions.create({ ...HI, response_format: format })
    expect(JSON.parse(completion.choices[0]!.message.content!)).toEqual({ city: 'Zug' })
    expect(asked?.responseFormat).toEqual({ type: 'json', name: 'place', schema })
  })

  it.each([
    ['breaks off', [said('0', 'Hel')], 'broke off'],
    ['fails', [said('0', 'Hel'), { type: 'error', error: new AppError('provider.overloaded', 'Too busy.') }], 'Too busy.'],
    ['ends without a reason', [said('0', 'Hel'), finished('interrupted')], 'broke off'],
  ] as const)('21. throws when a stream %s', async (_, parts, message) => {
    answer({ parts })
    const stream = await openai.chat.completions.create({ ...HI, stream: true })
    let text = ''
    await expect(async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    }).rejects.toThrow(message)
    expect(text).toBe('Hel')
  })

  it('names the parameter that was refused', async () => {
    answer({})
    await expect(openai.chat.completions.create({ ...HI, n: 2 })).rejects.toMatchObject({
      status: 400,
      param: 'n',
      code: 'parameter.refused',
    })
  })
})

describe('the anthropic client', () => {
  it('reads text, thinking, tool use, the reason and the usage as Anthropic counts it', async () => {
    answer({
      sdk: 'openai-compatible',
      content: [
        { type: 'reasoning', text: 'Hm.' },
        { type: 'text', text: 'Let me look.' },
        { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: '{"a":1}' },
      ],
      finish: 'tool-calls',
      usage: USAGE,
    })
    const message = await anthropic.messages.create(HI_ANTHROPIC)
    expect(message).toMatchObject({ id: 'call_1', type: 'message', role: 'assistant', model: 'model-x', stop_reason: 'tool_use' })
    expect(message.content).toEqual([
      { type: 'thinking', thinking: 'Hm.', signature: 'latchkey:unsigned' },
      { type: 'text', text: 'Let me look.', citations: null },
      { type: 'tool_use', id: 'c1', name: 'look', input: { a: 1 } },
    ])
    expect(message.usage).toMatchObject({
      input_tokens: 10,
      cache_read_input_tokens: 30,
      cache_creation_input_tokens: 5,
      output_tokens: 10,
      output_tokens_details: { thinking_tokens: 3 },
    })
  })

  it('reads a stream whose parts come mixed, and what is sent back with its answer is taken', async () => {
    const parts: LanguageModelV4StreamPart[] = [
      { type: 'reasoning-delta', id: 'r', delta: 'Hm.' },
      said('0', 'Let me '),
      said('0', 'look.'),
      { type: 'tool-input-start', id: 'a', toolName: 'look' },
      { type: 'tool-input-start', id: 'b', toolName: 'listen' },
      { type: 'tool-input-delta', id: 'b', delta: '{"y":2}' },
      { type: 'tool-input-delta', id: 'a', delta: '{"x":1}' },
      { type: 'tool-call', toolCallId: 'a', toolName: 'look', input: '{"x":1}' },
      { type: 'tool-call', toolCallId: 'b', toolName: 'listen', input: '{"y":2}' },
      finished('tool-calls'),
    ]
    answer({ sdk: 'google', parts, usage: USAGE })
    const message = await anthropic.messages.stream(HI_ANTHROPIC).finalMessage()
    expect(message.content.map((block) => (block.type === 'tool_use' ? [block.id, block.input] : block.type))).toEqual([
      'thinking',
      'text',
      ['a', { x: 1 }],
      ['b', { y: 2 }],
    ])
    expect([message.stop_reason, message.usage.input_tokens, message.usage.output_tokens]).toEqual(['tool_use', 10, 10])

    const results = message.content.flatMap((block) =>
      block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'ok' }] : [],
    )
    await anthropic.messages
      .stream({
        ...HI_ANTHROPIC,
        messages: [...HI.messages, { role: 'assistant', content: message.content }, { role: 'user', content: results }],
      })
      .finalMessage()
    expect(asked?.prompt.map(({ role, content }) => [role, Array.isArray(content) ? content.map(({ type }) => type) : content])).toEqual([
      ['user', ['text']],
      ['assistant', ['text', 'tool-call', 'tool-call']],
      ['tool', ['tool-result', 'tool-result']],
    ])
  })

  it.each([
    ['other', 'stop_sequence', 'stop_sequence'],
    ['length', 'length', 'max_tokens'],
    ['content-filter', 'content_filter', 'refusal'],
    ['stop', 'stop', 'end_turn'],
  ] as const)('%s (%s) is %s', async (finish, raw, reason) => {
    answer({ sdk: 'openai', content: [{ type: 'text', text: 'Hi' }], finish, raw })
    expect((await anthropic.messages.create(HI_ANTHROPIC)).stop_reason).toBe(reason)
  })

  it('unknown usage is null, not zero', async () => {
    answer({ sdk: 'openai', parts: [said('0', 'Hi'), finished('stop')] })
    const { usage } = await anthropic.messages.stream(HI_ANTHROPIC).finalMessage()
    expect([usage.input_tokens, usage.output_tokens]).toEqual([null, null])
  })

  it.each([
    ['breaks off', [said('0', 'Hel')], 'broke off'],
    ['fails', [said('0', 'Hel'), { type: 'error', error: new AppError('provider.overloaded', 'Too busy.') }], 'Too busy.'],
  ] as const)('21. throws when a stream %s', async (_, parts, message) => {
    answer({ sdk: 'openai', parts })
    await expect(anthropic.messages.stream(HI_ANTHROPIC).finalMessage()).rejects.toThrow(message)
  })
})
