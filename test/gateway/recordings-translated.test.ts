import { readdirSync, readFileSync } from 'node:fs'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type GatewayTest, startGatewayTest } from '../support/gateway.ts'
import { describeShared, sharedPath } from '../support/shared.ts'
import { anthropic as anthropicProvider } from '../../src/providers/anthropic.ts'
import { createEventStreamReader, eventOf } from '../../src/providers/aws-event-stream.ts'
import { bedrock } from '../../src/providers/bedrock.ts'
import { cohere } from '../../src/providers/cohere.ts'
import { gemini } from '../../src/providers/gemini.ts'
import { chatOfferOf } from '../../src/providers/asked.ts'
import type { ChatProvider } from '../../src/providers/provider.ts'
import type { MeteredUsage } from '../../src/providers/wire-protocol.ts'
import { createEventReader } from '../../src/providers/sse.ts'
import { openaiUsage } from '../../src/apps/gateway/translate/usage.ts'
import { type Said, saidBy } from '../support/said.ts'

// Every recorded answer of another dialect, replayed as its provider along the whole path of a call: the official clients read what was said,
// and the ledger keeps the provider's own count.

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
  { folder: 'http/anthropic', provider: anthropicProvider, uri: /\/v1\/messages$/, model: () => 'claude-haiku-4-5' },
  { folder: 'http/gemini', provider: gemini, uri: /:(?:stream)?[gG]enerateContent/, model: modelInPath },
  { folder: 'http/vertex', provider: gemini, uri: /:(?:stream)?[gG]enerateContent/, model: modelInPath },
  { folder: 'http/cohere', provider: cohere, uri: /\/v2\/chat$/, model: () => 'command-a' },
  { folder: 'http/bedrock', provider: bedrock, uri: /\/converse(?:-stream)?$/, model: modelInPath },
] as const

/** One event per line, or a whole body; the model's name is not kept. */
const EVENT_FOLDERS = [
  { folder: 'vercel-ai/anthropic', provider: anthropicProvider, model: 'claude-haiku-4-5' },
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

interface Asked {
  readonly model: string
  readonly streams: boolean
}

/** The client's own reading of a call, as text, tool calls and the reason for the end. */
async function askOpenai(client: OpenAI, { model, streams }: Asked): Promise<Said & { usage: unknown }> {
  const request = { model, messages: [{ role: 'user' as const, content: 'Hello' }] }
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

async function askAnthropic(client: Anthropic, { model, streams }: Asked): Promise<Said & { usage: Anthropic.Usage }> {
  const request = { model, max_tokens: 1_000, messages: [{ role: 'user' as const, content: 'Hello' }] }
  const message = streams ? await client.messages.stream(request).finalMessage() : await client.messages.create(request)
  const text = message.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  const calls = message.content.flatMap((block) => (block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : []))
  const finish = message.stop_reason ?? ''
  return { text, calls, finish: ANTHROPIC_FINISH[finish] ?? finish, usage: message.usage }
}

describeShared('recorded answers, translated', () => {
  const all = [...recordings(), ...eventRecordings()]
  let gateway: GatewayTest
  let playing: Recording
  let lastCall: Response
  let openai: OpenAI
  let anthropic: Anthropic
  beforeAll(async () => {
    gateway = await startGatewayTest({
      answer: (_, response) => {
        response.writeHead(200, { 'content-type': playing.contentType })
        for (let at = 0; at < playing.bytes.length; at += 911) response.write(playing.bytes.subarray(at, at + 911))
        response.end()
      },
    })
    for (const { id } of new Set(all.map(({ provider }) => provider))) {
      await gateway.connect({ slug: `by-${id}`, provider: id, destination: { baseUrl: gateway.upstream.origin } })
    }
    const asked = {
      apiKey: gateway.token,
      maxRetries: 0,
      fetch: async (...request: Parameters<typeof fetch>) => (lastCall = await fetch(...request)),
    }
    openai = new OpenAI({ ...asked, baseURL: `${gateway.server.url}/v1` })
    anthropic = new Anthropic({ ...asked, baseURL: gateway.server.url })
  })
  afterAll(() => gateway.close())

  it('are there', () => expect(all.length).toBeGreaterThan(30))

  it.each(all)('$path', async (recording) => {
    playing = recording
    const { provider, body } = recording
    const { usage } = metered(recording)
    const streams = Array.isArray(body)
    const original = saidBy(provider.id, body)
    const asked = { model: `by-${provider.id}/${recording.model}`, streams }

    // Anthropic's own dialect is not translated for its own client
    const translated = provider === anthropicProvider ? [askOpenai] : [askOpenai, askAnthropic]
    for (const ask of translated) {
      const said = ask === askOpenai ? await askOpenai(openai, asked) : await askAnthropic(anthropic, asked)
      expect(said).toMatchObject(original)
      if (ask === askOpenai) expect(said.usage ?? undefined).toEqual(openaiUsage(usage))
      else if (usage) expect(said.usage).toMatchObject({ output_tokens: openaiUsage(usage)?.completion_tokens })
      const { outcome, usage: kept } = await gateway.entry(lastCall)
      expect([outcome === 'succeeded', kept]).toEqual([original.finish !== 'refusal', usage ?? null])
    }
  })
})
