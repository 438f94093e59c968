import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../base/errors.ts'
import { openAiChat } from '../../../providers/protocols/openai-chat.ts'
import type { ChatOffer } from '../../../providers/offer.ts'
import { createEventReader } from '../../../providers/sse.ts'
import { anthropicMessagesIn } from './anthropic-messages-in.ts'
import { anthropicMessagesStream } from './anthropic-messages-stream.ts'
import { openaiChatIn } from './openai-chat-in.ts'
import { openaiChatStream } from './openai-chat-out.ts'
import { parametersHeader } from './report.ts'
import { type StreamEncoder, type StreamSettings } from './stream.ts'

// Whatever comes in from either side: requests of any JSON, and a model's stream in any order.

const SDKS: readonly ChatOffer['sdk'][] = [
  'anthropic',
  'google',
  'cohere',
  'amazon-bedrock',
  'mistral',
  'openai-compatible',
  'openai-responses',
  'ollama',
]
const sdk = fc.constantFrom(...SDKS)

const wordsOf = (text: string): fc.Arbitrary<string> => fc.constantFrom(...text.split(' '))

/** Words of both dialects in wrong places, so that chance gets further than the first check. */
const word = wordsOf(
  'text user assistant tool system image_url image tool_use tool_result function thinking auto a data:image/png;base64,AAAA ' +
    'https://example.com/x json_schema base64 file document enabled __proto__',
)
const key = wordsOf(
  'role content type text image_url url source data media_type tool_calls function name arguments id tool_call_id ' +
    'tool_use_id input thinking signature file file_data schema json_schema input_schema __proto__',
)
const leaf = fc.oneof(word, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.string({ maxLength: 5 }))
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof({ maxDepth: 5 }, leaf, fc.array(tie('json'), { maxLength: 3 }), fc.dictionary(key, tie('json'), { maxKeys: 4 })),
}))
const parameter = wordsOf(
  'messages system tools tool_choice response_format output_config thinking stop stop_sequences max_tokens temperature ' +
    'top_p top_k seed n stream stream_options metadata parallel_tool_calls logit_bias toString',
)
const mostly = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: json })
const object = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<unknown> => mostly(fc.record(fields))
const say = fc.constantFrom('Hi', '', 'x')
const content = mostly(
  fc.oneof(
    say,
    fc.array(
      fc.oneof(
        object({ type: fc.constant('text'), text: say }),
        object({ type: fc.constant('image_url'), image_url: object({ url: word }) }),
        object({
          type: fc.constant('image'),
          source: object({ type: fc.constant('base64'), media_type: fc.constant('image/png'), data: fc.constant('AAAA') }),
        }),
        object({ type: fc.constant('thinking'), thinking: say, signature: say }),
        object({ type: fc.constant('tool_use'), id: fc.constant('a'), name: say, input: json }),
        object({ type: fc.constant('tool_result'), tool_use_id: fc.constant('a'), content: say }),
      ),
      { maxLength: 3 },
    ),
  ),
)
const message = object({ role: fc.constantFrom('user', 'assistant', 'system', 'user'), content })
const settings = fc.record(
  {
    temperature: mostly(fc.constantFrom(0, 1, 1.7)),
    top_p: mostly(fc.constant(0.5)),
    stop: mostly(fc.constant(['x'])),
    max_tokens: mostly(fc.constant(10)),
    system: mostly(say),
    tools: mostly(fc.constant([{ name: 'look', input_schema: {}, type: 'custom' }])),
    thinking: mostly(fc.constant({ type: 'adaptive' })),
    stream: mostly(fc.boolean()),
    response_format: mostly(fc.constant({ type: 'json_object' })),
  },
  { requiredKeys: [] },
)
const body = fc.oneof(
  { weight: 1, arbitrary: json },
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.array(message, { minLength: 1, maxLength: 3 }), settings, fc.dictionary(parameter, json, { maxKeys: 1 }))
      .map(([messages, known, rest]) => ({ max_tokens: 10, ...known, ...rest, messages })),
  },
)

describe('a request of any JSON', () => {
  test.prop([body, sdk], { numRuns: 2_000 })('is translated or refused with a path, and nothing else happens', (value, to) => {
    const target = { offer: { protocol: openAiChat, path: '/', sdk: to, jsonSchema: true }, model: 'm' } as const
    for (const read of [openaiChatIn, anthropicMessagesIn]) {
      try {
        const { options, report } = read(value, target)
        expect(Array.isArray(options.prompt)).toBe(true)
        expect(parametersHeader(report)).toMatch(/^[\x20-\x7e]*$/)
      } catch (error) {
        expect(error).toBeInstanceOf(AppError)
        expect((error as AppError).code).toMatch(/^(?:request\.invalid|parameter\.refused)$/)
        expect((error as AppError).issues?.[0]?.path).toBeTypeOf('string')
      }
    }
  })
})

it('a request nested without end is refused too', () => {
  const deep = (depth: number): unknown => JSON.parse(`${'{"type":"document","source":{"content":['.repeat(depth)}1${']}}'.repeat(depth)}`)
  const target = { offer: { protocol: openAiChat, path: '/', sdk: 'ollama', jsonSchema: true }, model: 'm' } as const
  for (const read of [openaiChatIn, anthropicMessagesIn]) {
    expect(() => read({ max_tokens: 1, messages: [{ role: 'user', content: [deep(50_000)] }] }, target)).toThrow('levels of nesting')
  }
})

const id = fc.constantFrom('0', '1', 'a')
const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
}
const part: fc.Arbitrary<LanguageModelV4StreamPart> = fc.oneof(
  fc.record({ type: fc.constantFrom('text-start', 'text-end', 'reasoning-start', 'reasoning-end', 'tool-input-end'), id }),
  fc.record({ type: fc.constantFrom('text-delta', 'reasoning-delta', 'tool-input-delta'), id, delta: fc.string({ maxLength: 4 }) }),
  fc.record({ type: fc.constant('tool-input-start' as const), id, toolName: fc.constant('look') }),
  fc.record({ type: fc.constant('tool-call' as const), toolCallId: id, toolName: fc.constant('look'), input: fc.constant('{"a":1}') }),
  fc.constant({ type: 'response-metadata' as const, id: 'x' }),
  fc.record({ type: fc.constant('error' as const), error: fc.constant('broken') }),
  fc
    .constantFrom('stop' as const, 'length' as const, 'tool-calls' as const, 'interrupted' as const)
    .map((unified) => ({ type: 'finish' as const, usage, finishReason: { unified, raw: undefined } })),
)

const SETTINGS: StreamSettings = {
  id: 'c',
  model: 'm',
  createdAt: new Date(0),
  includesUsage: true,
  usage: () => ({ input_tokens: 1, output_tokens: 1 }),
}

function eventsOf(encoder: StreamEncoder, parts: readonly LanguageModelV4StreamPart[]): { type: string | undefined; data: string }[] {
  const events: { type: string | undefined; data: string }[] = []
  const reader = createEventReader(({ event, data }) => events.push({ type: event, data }))
  const text = [...parts.map((one) => encoder.push(one)), encoder.end(), encoder.end(), encoder.push(parts[0] ?? { type: 'ping' })].join('')
  reader.push(Buffer.from(text))
  return events
}

const textOf = (parts: readonly LanguageModelV4StreamPart[], type: 'text-delta' | 'reasoning-delta'): string =>
  parts.map((one) => (one.type === type ? one.delta : '')).join('')

/** Of each tool call what was said of it until it was whole: one call's parts do not depend on another's. */
function inputsOf(parts: readonly LanguageModelV4StreamPart[]): string[] {
  const calls = new Map<string, { input: string; isWhole: boolean }>()
  for (const one of parts) {
    if (one.type === 'tool-input-start' && !calls.has(one.id)) calls.set(one.id, { input: '', isWhole: false })
    const call = one.type === 'tool-input-delta' ? calls.get(one.id) : undefined
    if (one.type === 'tool-input-delta' && call && !call.isWhole) call.input += one.delta
    if (one.type !== 'tool-call') continue
    const known = calls.get(one.toolCallId)
    if (known?.isWhole !== true) calls.set(one.toolCallId, { input: known?.input || one.input, isWhole: true })
  }
  return [...calls.values()].map(({ input }) => input).toSorted()
}

/** As far as the stream goes before it ends. */
function before(parts: readonly LanguageModelV4StreamPart[]): LanguageModelV4StreamPart[] {
  const end = parts.findIndex(({ type }) => type === 'finish' || type === 'error')
  return end < 0 ? [...parts] : parts.slice(0, end)
}

describe('a stream of parts in any order', () => {
  test.prop([fc.array(part, { maxLength: 25 })], { numRuns: 1_000 })('ends once in OpenAI’s dialect, and says all text', (parts) => {
    const events = eventsOf(openaiChatStream(SETTINGS), parts).map(({ data }) => data)
    const last = events.at(-1)!
    const isDone = last === '[DONE]'
    const chunks = (isDone ? events.slice(0, -1) : events).map((data) => JSON.parse(data) as OpenaiChunk)
    expect(chunks.filter(({ error }) => error !== undefined)).toHaveLength(isDone ? 0 : 1)
    const deltas = chunks.flatMap(({ choices }) => choices ?? [])
    expect(deltas.filter(({ delta }) => delta.role !== undefined).length).toBeLessThanOrEqual(1)
    expect(deltas.map(({ delta }) => delta.content ?? '').join('')).toBe(textOf(before(parts), 'text-delta'))
    expect(deltas.map(({ delta }) => delta.reasoning_content ?? '').join('')).toBe(textOf(before(parts), 'reasoning-delta'))
    expect(deltas.filter(({ finish_reason: finish }) => finish !== null)).toHaveLength(isDone ? 1 : 0)
    if (isDone) {
      const inputs: string[] = []
      for (const { index, function: named } of deltas.flatMap(({ delta }) => delta.tool_calls ?? []))
        inputs[index] = `${inputs[index] ?? ''}${named?.arguments ?? ''}`
      expect(inputs.toSorted()).toEqual(inputsOf(before(parts)))
    }
    const indices = deltas.flatMap(({ delta }) => delta.tool_calls?.filter((call) => call.id !== undefined).map(({ index }) => index) ?? [])
    expect(indices).toEqual(indices.map((_, index) => index))
  })

  test.prop([fc.array(part, { maxLength: 25 })], { numRuns: 1_000 })('keeps Anthropic’s order of events', (parts) => {
    const events = eventsOf(anthropicMessagesStream(SETTINGS), parts).map(({ type, data }) => ({
      type,
      data: JSON.parse(data) as AnthropicEvent,
    }))
    const types = events.map(({ type }) => type)
    for (const { type, data } of events) expect(data.type).toBe(type)
    // start, blocks one after the other, then the end or an error in whatever place
    const grammar = /^(?:S(?:B(?:D)*E)*(?:B(?:D)*)?!|!|S(?:BD*E)*ME)$/
    const LETTERS: Readonly<Record<string, string>> = {
      message_start: 'S',
      content_block_start: 'B',
      content_block_delta: 'D',
      content_block_stop: 'E',
      message_delta: 'M',
      message_stop: 'E',
      error: '!',
    }
    expect(types.map((type) => LETTERS[type!]).join('')).toMatch(grammar)
    const starts = events.filter(({ type }) => type === 'content_block_start').map(({ data }) => data.index)
    expect(starts).toEqual(starts.map((_, index) => index))
    if (types.at(-1) === 'message_stop') {
      const said = (field: 'text' | 'thinking'): string => events.map(({ data }) => data.delta?.[field] ?? '').join('')
      expect(said('text')).toBe(textOf(before(parts), 'text-delta'))
      const tools = events.flatMap(({ data }) => (data.content_block?.type === 'tool_use' ? [data.index] : []))
      const inputs = tools.map((index) => events.map(({ data }) => (data.index === index ? (data.delta?.partial_json ?? '') : '')).join(''))
      expect(inputs.toSorted()).toEqual(inputsOf(before(parts)))
      expect(said('thinking')).toBe(textOf(before(parts), 'reasoning-delta'))
    }
  })
})

interface OpenaiChunk {
  readonly error?: object
  readonly choices?: readonly {
    readonly finish_reason: string | null
    readonly delta: {
      readonly role?: string
      readonly content?: string
      readonly reasoning_content?: string
      readonly tool_calls?: readonly { readonly index: number; readonly id?: string; readonly function?: { readonly arguments?: string } }[]
    }
  }[]
}

interface AnthropicEvent {
  readonly type: string
  readonly index?: number
  readonly content_block?: { readonly type: string }
  readonly delta?: { readonly text?: string; readonly thinking?: string; readonly partial_json?: string }
}
