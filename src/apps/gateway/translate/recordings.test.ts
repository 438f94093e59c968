import { readdirSync, readFileSync } from 'node:fs'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../../../test/support/shared.ts'
import { startTranslatingServer, type TranslatingServer } from '../../../../test/support/translating-server.ts'
import { chatModel } from '../../../calls/chat-model.ts'
import { anthropic } from '../../../providers/anthropic.ts'
import { createEventStreamReader, eventOf } from '../../../providers/aws-event-stream.ts'
import { bedrock } from '../../../providers/bedrock.ts'
import { cohere } from '../../../providers/cohere.ts'
import { gemini } from '../../../providers/gemini.ts'
import { chatOfferOf, type ChatProvider, type MeteredUsage } from '../../../providers/provider.ts'
import { createEventReader } from '../../../providers/sse.ts'
import { openaiUsage } from './usage.ts'
import { type Said, saidBy } from '../../../../test/support/said.ts'

// Every recorded answer of another dialect, given to the official clients through the translation: they read what was said.

interface Recording {
  readonly path: string
  readonly provider: ChatProvider
  readonly model: string
  readonly bytes: Buffer
  readonly contentType: string
  /** The parsed body, or the parsed events of a stream. */
  readonly body: unknown
}

interface Exchange {
  readonly request: { readonly uri: string; readonly body?: { readonly model?: string } }
  readonly response: { readonly headers: Record<string, string>; readonly body?: unknown; readonly body_base64?: string }
}

const FOLDERS = [
  { folder: 'http/anthropic', provider: anthropic, uri: /\/v1\/messages$/, model: () => 'claude-haiku-4-5' },
  { folder: 'http/gemini', provider: gemini, uri: /:(?:stream)?[gG]enerateContent/, model: modelInPath },
  { folder: 'http/vertex', provider: gemini, uri: /:(?:stream)?[gG]enerateContent/, model: modelInPath },
  { folder: 'http/cohere', provider: cohere, uri: /\/v2\/chat$/, model: () => 'command-a' },
  { folder: 'http/bedrock', provider: bedrock, uri: /\/converse(?:-stream)?$/, model: modelInPath },
] as const

/** One event per line, or a whole body; the model's name is not kept. */
const EVENT_FOLDERS = [
  { folder: 'vercel-ai/anthropic', provider: anthropic, model: 'claude-haiku-4-5' },
  { folder: 'vercel-ai/google', provider: gemini, model: 'gemini-2.5-flash' },
  { folder: 'vercel-ai/cohere', provider: cohere, model: 'command-a' },
] as const

/** Files that hold something else than one answer to a chat, or an answer to what a translated request never asks for. */
const OTHER = new RegExp(
  [
    'embedding|google-429',
    'anthropic-tool-search.*chunks', // several answers, one after the other
    'anthropic-compaction', // Anthropic's own summary of a conversation
    'google-(?:vertex-)?stream-(?:no-args|tool-call)', // arguments piece by piece
  ].join('|'),
)

function modelInPath(uri: string): string {
  return decodeURIComponent(/\/models?\/([^/:]+(?::\d+)?)/.exec(uri)?.[1] ?? 'model')
}

function recordings(): Recording[] {
  return FOLDERS.flatMap(({ folder, provider, uri, model }) =>
    readdirSync(sharedPath(`fixtures/${folder}`))
      .filter((name) => !/^(?:error|batch)-/.test(name))
      .flatMap((name) => {
        const exchange = JSON.parse(readFileSync(sharedPath(`fixtures/${folder}/${name}`), 'utf8')) as Exchange
        if (!uri.test(exchange.request.uri.replace(/\?.*$/, ''))) return []
        return [{ path: `${folder}/${name}`, provider, model: model(exchange.request.uri), ...answerOf(exchange.response) }]
      }),
  )
}

function eventRecordings(): Recording[] {
  return EVENT_FOLDERS.flatMap(({ folder, provider, model }) =>
    readdirSync(sharedPath(`fixtures/${folder}`), { withFileTypes: true })
      .filter((entry) => entry.isFile() && !OTHER.test(entry.name))
      .map(({ name }) => {
        const text = readFileSync(sharedPath(`fixtures/${folder}/${name}`), 'utf8')
        const path = `${folder}/${name}`
        if (!name.endsWith('.chunks.txt')) {
          return { path, provider, model, bytes: Buffer.from(text), contentType: 'application/json', body: JSON.parse(text) as unknown }
        }
        const lines = text.split('\n').filter((line) => line.trim() !== '')
        const bytes = Buffer.from(lines.map((line) => `data: ${line}\n\n`).join(''))
        return { path, provider, model, bytes, contentType: 'text/event-stream', body: lines.map((line) => JSON.parse(line) as unknown) }
      }),
  )
}

function answerOf({ body, body_base64: binary, headers }: Exchange['response']): Pick<Recording, 'bytes' | 'contentType' | 'body'> {
  const events: unknown[] = []
  const contentType = headers['content-type'] ?? 'application/json'
  if (binary !== undefined) {
    const bytes = Buffer.from(binary, 'base64')
    const reader = createEventStreamReader((message) => events.push(eventOf(message)))
    reader.push(bytes)
    reader.end()
    return { bytes, contentType, body: events }
  }
  if (typeof body !== 'string') return { bytes: Buffer.from(JSON.stringify(body)), contentType: 'application/json', body }
  const reader = createEventReader(({ data }) => {
    if (data !== '[DONE]') events.push(JSON.parse(data))
  })
  reader.push(Buffer.from(body))
  reader.end()
  return { bytes: Buffer.from(body), contentType: 'text/event-stream', body: events }
}

function metered({ provider, model, body }: Recording): MeteredUsage {
  const { usage } = chatOfferOf(provider, model).protocol
  if (!Array.isArray(body)) return usage.whole(body)
  const stream = usage.stream()
  for (const event of body) stream.push(event)
  return stream.end()
}

/** The client's own reading of a call, as text, tool calls and the reason for the end. */
async function askOpenai(client: OpenAI, streams: boolean): Promise<Said & { usage: unknown }> {
  const request = { model: 'm', messages: [{ role: 'user' as const, content: 'Hello' }] }
  const completion = streams
    ? await client.chat.completions.stream({ ...request, stream_options: { include_usage: true } }).finalChatCompletion()
    : await client.chat.completions.create(request)
  const { message, finish_reason: finish } = completion.choices[0]!
  const calls = (message.tool_calls ?? []).flatMap((call) =>
    call.type === 'function' ? [{ name: call.function.name, input: JSON.parse(call.function.arguments) as unknown }] : [],
  )
  return { text: message.content ?? '', calls, finish: OPENAI_FINISH[finish] ?? finish, usage: completion.usage }
}

const OPENAI_FINISH: Readonly<Record<string, string>> = { tool_calls: 'tools', content_filter: 'refusal' }
const ANTHROPIC_FINISH: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_use: 'tools',
}

async function askAnthropic(client: Anthropic, streams: boolean): Promise<Said & { usage: Anthropic.Usage }> {
  const request = { model: 'm', max_tokens: 1_000, messages: [{ role: 'user' as const, content: 'Hello' }] }
  const message = streams ? await client.messages.stream(request).finalMessage() : await client.messages.create(request)
  const text = message.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  const calls = message.content.flatMap((block) => (block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : []))
  const finish = message.stop_reason ?? ''
  return { text, calls, finish: ANTHROPIC_FINISH[finish] ?? finish, usage: message.usage }
}

describeShared('recorded answers, translated', () => {
  let server: TranslatingServer
  beforeAll(async () => {
    server = await startTranslatingServer()
  })
  afterAll(() => server.close())

  const all = [...recordings(), ...eventRecordings()]
  it('are there', () => expect(all.length).toBeGreaterThan(30))

  it.each(all)('$path', async (recording) => {
    const { provider, model, bytes, contentType, body } = recording
    const offer = chatOfferOf(provider, model)
    const { usage } = metered(recording)
    const fetch = (): Promise<Response> =>
      Promise.resolve(new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType } }))
    server.answerWith({ offer, name: model, usage, model: await chatModel({ offer, model, fetch }) })
    const streams = Array.isArray(body)
    const original = saidBy(provider.id, body)

    const openai = await askOpenai(new OpenAI({ baseURL: `${server.origin}/v1`, apiKey: 'k', maxRetries: 0 }), streams)
    expect(openai).toMatchObject({ ...original })
    expect(openai.usage ?? undefined).toEqual(openaiUsage(usage))

    const { usage: counted, ...anthropicSaid } = await askAnthropic(
      new Anthropic({ baseURL: server.origin, apiKey: 'k', maxRetries: 0 }),
      streams,
    )
    expect(anthropicSaid).toEqual(original)
    if (usage === undefined) expect(counted.output_tokens).toBeNull()
    else expect(counted).toMatchObject(originalCounts(openaiUsage(usage)))
  })
})

/** Both dialects count the same answer: Anthropic's parts of the input add up to OpenAI's sum. */
function originalCounts(usage: ReturnType<typeof openaiUsage>): object {
  return { output_tokens: usage?.completion_tokens ?? null }
}
