import { createLog } from '../../src/runtime/log.ts'
import { askGateway, type GatewayTest, json, startGatewayTest } from './gateway.ts'
import { until } from './until.ts'

export const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'some-model-2026',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
}
/** One event of the same answer as a stream. */
export const piece = (content: string): object => ({ ...COMPLETION, choices: [{ index: 0, delta: { content }, finish_reason: null }] })

const MESSAGES = [{ role: 'user', content: 'Hi' }]
export const chatWith = (model: string): { model: string; messages: typeof MESSAGES } => ({ model, messages: MESSAGES })
const HELLO = chatWith('up/some-model')

export interface Way {
  readonly path?: string
  readonly body: Readonly<Record<string, unknown>>
}
/** The ways in which a program asks: in its provider's dialect and in another's, whole and streamed; vectors. */
export const WAYS: Readonly<Record<string, Way>> = {
  'a chat': { body: HELLO },
  'a streamed chat': { body: { ...HELLO, stream: true } },
  'a translated chat': { path: '/v1/messages', body: { ...HELLO, max_tokens: 50 } },
  'a translated, streamed chat': { path: '/v1/messages', body: { ...HELLO, max_tokens: 50, stream: true } },
  'a chat in Anthropic’s words': { path: '/v1/messages', body: { ...HELLO, model: 'claude/some-model', max_tokens: 50 } },
  'a chat with Gemini': { body: { ...HELLO, model: 'gemini/gemini-2.5-flash' } },
  'a streamed chat with Gemini': { body: { ...HELLO, model: 'gemini/gemini-2.5-flash', stream: true } },
  vectors: { path: '/v1/embeddings', body: { model: 'up/some-model', input: 'Hi' } },
}

export interface Heard {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** A gateway that is asked in every way, and all that it said, to programs and to its log. */
export interface WaysTest extends GatewayTest {
  ask(way: Way, more?: { headers?: Readonly<Record<string, string>>; query?: string }): Promise<Heard>
  /** Until the gateway has heard of a new connection: what it knows of them is a second old at most. */
  askable(slug: string): Promise<void>
  readonly answers: readonly string[]
  readonly lines: readonly string[]
}

export async function startWaysTest(): Promise<WaysTest> {
  const lines: string[] = []
  const answers: string[] = []
  const log = createLog({ level: 'debug', target: { write: (line) => lines.push(line) } })
  const gateway = await startGatewayTest({ log, answer: json(COMPLETION) })
  const { token, upstream, connect } = gateway
  await connect({ slug: 'claude', provider: 'anthropic-compatible', destination: { baseUrl: upstream.origin } })
  await connect({ slug: 'gemini', provider: 'gemini', destination: { baseUrl: `${upstream.origin}/v1beta` } })
  const ask: WaysTest['ask'] = async ({ path = '/v1/chat/completions', body }, { headers = {}, query = '' } = {}) => {
    const answer = await askGateway(gateway.server.url, { token, body, path: path + query, headers })
    const text = await answer.text()
    answers.push(`${answer.status} ${JSON.stringify([...answer.headers])} ${text}`)
    return { status: answer.status, headers: answer.headers, text }
  }
  const askable = (slug: string): Promise<void> =>
    until(async () => !(await ask({ body: chatWith(`${slug}/m`) })).text.includes('model_not_found'))
  return { ...gateway, ask, askable, answers, lines }
}
