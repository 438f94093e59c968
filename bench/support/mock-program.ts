import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tokenCounter } from '../../src/providers/tokenizers.ts'
import { answerFor } from './mock-answer.ts'

/**
 * A stand-in for OpenAI's chat completions for load: a process of its own, so that its time and memory are not counted as
 * the command's. Answers each request `LATENCY_MS` after its last byte. Started by mock.ts; talks over IPC.
 */
export interface MockReport {
  readonly port?: number
  readonly requests: number
  readonly mostInFlight: number
  readonly cpuMs: number
}

const latencyMs = Number(process.argv[2])
/** With a model's name, tokens are counted with its tokenizer; else by their characters, which takes no time. */
const counter = process.argv[3] === undefined ? undefined : await tokenCounter('openai', process.argv[3])
const count = (text: string): number => counter?.count(text) ?? Math.ceil(text.length / 4)
let requests = 0
let inFlight = 0
let mostInFlight = 0

const report = (port?: number): void => {
  const { user, system } = process.cpuUsage()
  const message: MockReport = { requests, mostInFlight, cpuMs: (user + system) / 1_000, ...(port === undefined ? {} : { port }) }
  process.send!(message)
}

async function bodyOf(request: IncomingMessage): Promise<{ model: string; messages: { content: unknown }[] }> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return JSON.parse(Buffer.concat(parts).toString('utf8')) as { model: string; messages: { content: unknown }[] }
}

async function completionFor(request: IncomingMessage): Promise<string> {
  const { model, messages } = await bodyOf(request)
  const content = answerFor(textOf(messages.at(-1)?.content), textOf(messages[0]?.content))
  const input = messages.reduce((sum, message) => sum + count(textOf(message.content)), 0)
  const output = count(content)
  return JSON.stringify({
    id: `chatcmpl-${requests}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1_000),
    model,
    choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
    },
    service_tier: 'default',
  })
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return Array.isArray(content) ? content.map((part: { text?: string }) => part.text ?? '').join('') : ''
}

const server = createServer((request, response) => {
  requests += 1
  inFlight += 1
  mostInFlight = Math.max(mostInFlight, inFlight)
  response.on('close', () => (inFlight -= 1))
  completionFor(request).then(
    (body) =>
      setTimeout(() => {
        response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': `req_${requests}` }).end(body)
      }, latencyMs),
    () => response.writeHead(400).end(),
  )
})
server.listen(0, '127.0.0.1', () => report((server.address() as AddressInfo).port))

process.on('message', (message) => {
  if (message === 'report') report()
})
process.on('disconnect', () => process.exit(0))
