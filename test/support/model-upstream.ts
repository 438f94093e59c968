import type { ServerResponse } from 'node:http'
import { eventText, json, type Upstream } from './gateway.ts'

/**
 * A provider that speaks OpenAI chat and Anthropic messages, and answers what it is asked for: a tool call where there are
 * tools, JSON where that is the form, a word on a picture where there is one, an error of the status that a message names
 * ("FAIL-429"), and words without end for "TALK". Else it says "Good day".
 */
export function modelUpstream(seen: { open: number } = { open: 0 }): Upstream['answer'] {
  return (request, response, body) => {
    const text = body.toString()
    const asked = JSON.parse(text) as Asked
    const dialect = request.url?.endsWith('/messages') ? anthropic : openai
    const status = Number(/FAIL-(\d{3})/.exec(text)?.[1] ?? 200)
    if (status !== 200) return json(dialect.error(status), status)(request, response, body)
    if (text.includes('TALK')) return talk(dialect, response, seen)
    const said = sayFor(asked, text)
    if (asked.stream !== true) return json(dialect.whole(said))(request, response, body)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(eventText(dialect.stream(said)))
  }
}

interface Asked {
  readonly stream?: boolean
  readonly tools?: readonly { readonly name?: string; readonly function?: { readonly name: string } }[]
  readonly response_format?: { readonly type: string }
  readonly output_format?: unknown
  readonly output_config?: { readonly format?: unknown }
}

interface Answer {
  readonly text: string
  readonly tool?: string
}

const ARGUMENTS = '{"city":"Zug"}'
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
}

const sayError = (status: number): string => (status === 404 ? 'There is no such model.' : `It is ${status}.`)

function sayFor(asked: Asked, text: string): Answer {
  const [tool] = asked.tools ?? []
  if (tool) return { text: '', tool: tool.name ?? tool.function!.name }
  const wantsJson = asked.response_format?.type.startsWith('json') || asked.output_format || asked.output_config?.format
  if (wantsJson) return { text: ARGUMENTS }
  if (/image_url|"image"/.test(text)) return { text: 'I see a picture' }
  return { text: 'Good day' }
}

function talk(dialect: typeof openai, response: ServerResponse, seen: { open: number }): void {
  seen.open += 1
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(eventText(dialect.begin()))
  const timer = setInterval(() => response.write(eventText(dialect.word('word '))), 3)
  response.on('close', () => {
    seen.open -= 1
    clearInterval(timer)
  })
}

const chunk = (delta: object, finish: string | null = null, more: object = {}): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
})
const usage = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 }
const callOf = (name: string): object => ({ id: 'call_1', type: 'function', function: { name, arguments: ARGUMENTS } })

const openai = {
  error: (status: number): object => ({
    error: { message: sayError(status), type: ERROR_TYPES[status], param: null, code: status === 404 ? 'model_not_found' : null },
  }),
  whole: ({ text, tool }: Answer): object => {
    const message = { role: 'assistant', content: tool ? null : text, ...(tool && { tool_calls: [callOf(tool)] }) }
    const { object: _, ...head } = chunk({}) as { object: string }
    return { ...head, object: 'chat.completion', choices: [{ index: 0, message, finish_reason: tool ? 'tool_calls' : 'stop' }], usage }
  },
  begin: (): object[] => [chunk({ role: 'assistant', content: '' })],
  word: (text: string): object[] => [chunk({ content: text })],
  stream: ({ text, tool }: Answer): unknown[] => [
    ...openai.begin(),
    ...(tool
      ? [chunk({ tool_calls: [{ index: 0, ...callOf(tool) }] })]
      : [chunk({ content: text.slice(0, 4) }), chunk({ content: text.slice(4) })]),
    chunk({}, tool ? 'tool_calls' : 'stop'),
    { ...chunk({}), choices: [], usage },
    '[DONE]',
  ],
}

const block = (tool: string | undefined, text: string): object =>
  tool ? { type: 'tool_use', id: 'toolu_1', name: tool, input: { city: 'Zug' } } : { type: 'text', text }
const delta = (value: object): object => ({ type: 'content_block_delta', index: 0, delta: value })
const message = (content: readonly object[], stop: string | null): object => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5-20251001',
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage: { input_tokens: 12, output_tokens: stop ? 5 : 1 },
})

const anthropic: typeof openai = {
  error: (status) => ({ type: 'error', error: { type: ERROR_TYPES[status], message: sayError(status) } }),
  whole: ({ text, tool }) => message([block(tool, text)], tool ? 'tool_use' : 'end_turn'),
  begin: () => [
    { type: 'message_start', message: message([], null) },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  ],
  word: (text) => [delta({ type: 'text_delta', text })],
  stream: ({ text, tool }) => [
    { type: 'message_start', message: message([], null) },
    { type: 'content_block_start', index: 0, content_block: tool ? { ...block(tool, ''), input: {} } : { type: 'text', text: '' } },
    ...(tool
      ? [delta({ type: 'input_json_delta', partial_json: ARGUMENTS })]
      : [delta({ type: 'text_delta', text: text.slice(0, 4) }), delta({ type: 'text_delta', text: text.slice(4) })]),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: tool ? 'tool_use' : 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  ],
}
