import type { ServerResponse } from 'node:http'
import { inflateSync } from 'node:zlib'
import { answerJson, type RawRequest, type RawServer, startRawServer } from './raw-server.ts'

/** What a model can lack, each in its own way. */
export type Lack =
  | 'stream' // answers whole whatever is asked
  | 'pieces' // streams, and sends all of it at once
  | 'streamed_usage'
  | 'stream_options refused'
  | 'tools' // answers in words
  | 'tools refused'
  | 'forced tools refused'
  | 'whole tools' // the arguments are broken
  | 'streamed tools' // calls none where it streams
  | 'json_schema'
  | 'json_schema refused'
  | 'sight' // takes the picture and guesses
  | 'vision refused'
  | 'max_tokens refused'
  | 'max_completion_tokens refused'
  | 'max_completion_tokens' // takes it and writes on
  | 'temperature refused'
  | 'seed refused'
  | 'stop' // takes it and writes on
  | 'reasoning_effort refused'
  | 'limit headers'
  | 'words' // thinks until its limit is used up
  | 'slow stream' // begins to stream, and never ends

export interface ProbedModel extends RawServer {
  /** The chats that were asked, parsed. */
  bodies(): Record<string, any>[] // oxlint-disable-line no-explicit-any -- a test looks wherever it wants
  /** How many streamed answers were closed before their end by who asked. */
  left(): number
}

/** Tokens of every answer's input, as the mock reports them; of its output there are as many as words. */
export const PROMPT_TOKENS = 20

/** What a test finds of a model that lacks nothing. */
export const ALL_WORK: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['answer', 'stream', 'streamed_usage', 'stream_options', 'tools', 'streamed_tools', 'json_schema', 'vision', 'max_tokens', 'max_completion_tokens',
      'temperature', 'seed', 'stop', 'reasoning_effort', 'limit_headers'].map((ability) => [ability, 'works']), // prettier-ignore
  ),
  abort: 'works: no_usage',
}

/** A server of OpenAI's chat that does all that is asked of it, but for what it lacks. Its `lacks` may change while it runs. */
export async function startProbedModel(lacks: Set<Lack>): Promise<ProbedModel> {
  let left = 0
  const server = await startRawServer((request, response) => {
    if (request.path.endsWith('/models')) return answerJson(response, 200, { object: 'list', data: [{ id: 'house-1' }, { id: 'house-2' }] })
    if (request.path.endsWith('/embeddings')) return answerEmbedding(request, response)
    if (request.headers.authorization?.includes('bad')) return refuse(response, 'Incorrect API key provided', 401)
    const body = JSON.parse(request.body) as Asked
    const refused = refusalOf(body, lacks)
    if (refused) return refuse(response, refused)
    const answer = answerTo(body, lacks)
    const headers = lacks.has('limit headers') ? {} : { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '59' }
    if (!body.stream || lacks.has('stream')) {
      const { text, calls, finish, tokens } = answer
      const message = { role: 'assistant', content: text, ...(calls ? { tool_calls: calls } : {}) }
      return answerJson(
        response,
        200,
        { ...HEAD, choices: [{ index: 0, message, finish_reason: finish }], usage: usageOf(tokens) },
        headers,
      )
    }
    response.on('close', () => {
      if (!response.writableFinished) left += 1
    })
    response.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
    void stream(response, { body, answer, lacks })
  })
  return {
    ...server,
    bodies: () => server.requests.filter(({ path }) => path.endsWith('/chat/completions')).map(({ body }) => JSON.parse(body) as Asked),
    left: () => left,
  }
}

const HEAD = { id: 'chatcmpl-1', object: 'chat.completion', created: 1_700_000_000, model: 'house-1' }
const usageOf = (output: number) => ({ prompt_tokens: PROMPT_TOKENS, completion_tokens: output, total_tokens: PROMPT_TOKENS + output })

// oxlint-disable-next-line no-explicit-any -- whatever a client sends
type Asked = Record<string, any>

const refuse = (response: ServerResponse, message: string, status = 400): void =>
  answerJson(response, status, { error: { message, type: 'invalid_request_error', code: null, param: null } })

function refusalOf(body: Asked, lacks: ReadonlySet<Lack>): string | undefined {
  const names = ['max_tokens', 'max_completion_tokens', 'temperature', 'seed', 'reasoning_effort', 'stream_options'] as const
  const name = names.find((one) => body[one] !== undefined && lacks.has(`${one} refused`))
  if (name) return `Unsupported parameter: '${name}' is not supported with this model.`
  if (body['tools'] && lacks.has('tools refused')) return 'This model does not support tools.'
  if (body['tool_choice'] && lacks.has('forced tools refused')) return 'tool_choice is not supported.'
  if (body['response_format']?.type === 'json_schema' && lacks.has('json_schema refused'))
    return 'response_format json_schema is unavailable.'
  if (pictureIn(body) && lacks.has('vision refused')) return 'This model cannot see: content must be a string.'
  return undefined
}

interface Answer {
  readonly text: string | null
  readonly calls?: readonly object[]
  readonly finish: 'stop' | 'length' | 'tool_calls'
  readonly tokens: number
}

function answerTo(body: Asked, lacks: ReadonlySet<Lack>): Answer {
  if (lacks.has('words')) return { text: '', finish: 'length', tokens: limitOf(body, lacks) ?? 1_000 }
  const isBroken = lacks.has('whole tools') || (body['stream'] === true && lacks.has('streamed tools'))
  if (body['tools'] && !lacks.has('tools') && !(body['stream'] === true && lacks.has('streamed tools'))) {
    const args = isBroken ? '{"city": "Lis' : '{"city":"Lisbon"}'
    return {
      text: null,
      calls: [{ index: 0, id: 'call-1', type: 'function', function: { name: 'note_city', arguments: args } }],
      finish: 'tool_calls',
      tokens: 8,
    }
  }
  return limited(wordsFor(body, lacks), body, lacks)
}

function wordsFor(body: Asked, lacks: ReadonlySet<Lack>): string {
  const seen = pictureIn(body)
  if (seen) return lacks.has('sight') ? 'Blue and yellow.' : coloursOf(seen).join(', ')
  if (body['response_format']?.type === 'json_schema' && !lacks.has('json_schema')) return '{"mood":"k7","weight":3}'
  const text = JSON.stringify(body['messages'])
  if (text.includes('Count')) return Array.from({ length: 200 }, (_, index) => String(index + 1)).join(' ')
  if (text.includes('one two three four')) return body['stop'] && !lacks.has('stop') ? 'one two ' : 'one two three four'
  return text.includes('one word') ? 'ready' : 'I am well, thank you.'
}

const limitOf = ({ max_tokens, max_completion_tokens }: Asked, lacks: ReadonlySet<Lack>): number | undefined =>
  (max_tokens as number | undefined) ?? (lacks.has('max_completion_tokens') ? undefined : (max_completion_tokens as number | undefined))

function limited(text: string, body: Asked, lacks: ReadonlySet<Lack>): Answer {
  const words = text.split(' ')
  const limit = limitOf(body, lacks) ?? Infinity
  if (words.length <= limit) return { text, finish: 'stop', tokens: words.length }
  return { text: words.slice(0, limit).join(' '), finish: 'length', tokens: limit }
}

async function stream(
  response: ServerResponse,
  { body, answer, lacks }: { body: Asked; answer: Answer; lacks: ReadonlySet<Lack> },
): Promise<void> {
  const { text, calls, finish, tokens } = answer
  const delta = (part: object, reason: string | null = null): string =>
    `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices: [{ index: 0, delta: part, finish_reason: reason }] })}\n\n`
  const words = text === null || text === '' ? [] : text.split(' ').map((word) => delta({ content: `${word} ` }))
  const hasUsage = body['stream_options']?.include_usage === true && !lacks.has('streamed_usage')
  const events = [
    delta({ role: 'assistant' }),
    ...words,
    ...(calls ? [delta({ tool_calls: calls })] : []),
    delta({}, finish),
    ...(hasUsage ? [`data: ${JSON.stringify({ ...HEAD, choices: [], usage: usageOf(tokens) })}\n\n`] : []),
    'data: [DONE]\n\n',
  ]
  if (lacks.has('pieces')) return void response.end(events.join(''))
  for (const [index, event] of events.entries()) {
    if (response.destroyed) return
    response.write(event)
    if (lacks.has('slow stream') && index === 2) return
    await new Promise((resolve) => setTimeout(resolve, index < 100 ? 0 : 5)) // a long answer takes long
  }
  response.end()
}

function pictureIn({ messages }: Asked): string | undefined {
  const parts = (messages as { content: unknown }[]).flatMap(({ content }) => (Array.isArray(content) ? (content as Asked[]) : []))
  return parts.find(({ type }) => type === 'image_url')?.['image_url'].url as string | undefined
}

/** What a person would say of the picture's first and last pixel. */
function coloursOf(dataUrl: string): string[] {
  const png = Buffer.from(dataUrl.split(',')[1]!, 'base64')
  const width = png.readUInt32BE(16)
  const from = png.indexOf('IDAT')
  const pixels = inflateSync(png.subarray(from + 4, from + 4 + png.readUInt32BE(from - 4)))
  const names: Readonly<Record<string, string>> = { '0,128,0': 'Green', '255,140,0': 'Orange' }
  return [1, 1 + (width - 1) * 3].map((at) => names[[...pixels.subarray(at, at + 3)].join(',')] ?? 'Unknown')
}

function answerEmbedding({ body }: RawRequest, response: ServerResponse): void {
  const { model, input } = JSON.parse(body) as { model: string; input: string[] }
  const data = [input].flat().map((_, index) => ({ object: 'embedding', index, embedding: [0.1, 0.2, 0.3] }))
  if (model.includes('broken')) return refuse(response, 'No such embeddings.')
  answerJson(response, 200, { object: 'list', model, data, usage: { prompt_tokens: 1, total_tokens: 1 } })
}
