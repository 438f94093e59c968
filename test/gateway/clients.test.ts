import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import Anthropic from '@anthropic-ai/sdk'
import { ChatAnthropic } from '@langchain/anthropic'
import { HumanMessage } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { generateText, Output, streamText, tool, type ToolSet } from 'ai'
import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type GatewayTest, startGatewayTest } from '../support/gateway.ts'
import { modelUpstream } from '../support/model-upstream.ts'
import { until } from '../support/until.ts'

// Unmodified clients, each with nothing but its base URL and key changed, against a provider of its own dialect and one of another.

// what the AI SDK says of model names that it does not know is not this test's affair
;(globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false

const PLACE = z.object({ city: z.string() })
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='
const WEATHER = { name: 'weather', description: 'The weather of a city' }

/** What every client can do, in its own words. */
interface Client {
  chat(model: string, text: string): Promise<string>
  stream(model: string, text: string, signal?: AbortSignal): AsyncIterable<string>
  callTool(model: string): Promise<{ name: string; input: unknown }>
  structured(model: string): Promise<unknown>
  look(model: string): Promise<string>
}

async function* textsOf(parts: AsyncIterable<string | undefined | null>): AsyncGenerator<string> {
  for await (const part of parts) if (part) yield part
}

async function* mapped<From, To>(parts: AsyncIterable<From>, to: (part: From) => To): AsyncGenerator<To> {
  for await (const part of parts) yield to(part)
}

const user = (content: string) => [{ role: 'user' as const, content }]

function openaiClient(baseURL: string, apiKey: string): Client {
  const client = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey, maxRetries: 0 })
  const { completions } = client.chat
  const tools = [{ type: 'function' as const, function: { ...WEATHER, parameters: z.toJSONSchema(PLACE) } }]
  return {
    chat: async (model, text) => (await completions.create({ model, messages: user(text) })).choices[0]!.message.content!,
    async *stream(model, text, signal) {
      const stream = await completions.create({ model, messages: user(text), stream: true }, { signal: signal ?? null })
      yield* textsOf(mapped(stream, ({ choices }) => choices[0]?.delta.content))
    },
    async callTool(model) {
      const call = (await completions.create({ model, messages: user('Weather?'), tools })).choices[0]!.message.tool_calls![0]!
      if (call.type !== 'function') throw new Error('no function')
      return { name: call.function.name, input: JSON.parse(call.function.arguments) as unknown }
    },
    structured: async (model) => {
      const format = zodResponseFormat(PLACE, 'place')
      return (await completions.parse({ model, messages: user('Where?'), response_format: format })).choices[0]!.message.parsed
    },
    look: async (model) => {
      const content = [{ type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PIXEL}` } }]
      return (await completions.create({ model, messages: [{ role: 'user', content }] })).choices[0]!.message.content!
    },
  }
}

function anthropicClient(baseURL: string, apiKey: string): Client {
  const { messages } = new Anthropic({ baseURL, apiKey, maxRetries: 0 })
  const textOf = ({ content }: Anthropic.Message): string => content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  const about = { max_tokens: 500 }
  return {
    chat: async (model, text) => textOf(await messages.create({ ...about, model, messages: user(text) })),
    async *stream(model, text, signal) {
      const stream = await messages.create({ ...about, model, messages: user(text), stream: true }, { signal: signal ?? null })
      yield* textsOf(
        mapped(stream, (event) => (event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? event.delta.text : '')),
      )
    },
    async callTool(model) {
      const tools = [{ ...WEATHER, input_schema: z.toJSONSchema(PLACE) as Anthropic.Tool.InputSchema }]
      const { content } = await messages.create({ ...about, model, messages: user('Weather?'), tools })
      const call = content.find((block) => block.type === 'tool_use')!
      return { name: call.name, input: call.input }
    },
    structured: async (model) => {
      const format = { type: 'json_schema' as const, schema: z.toJSONSchema(PLACE) as Record<string, unknown> }
      return JSON.parse(textOf(await messages.create({ ...about, model, messages: user('Where?'), output_config: { format } }))) as unknown
    },
    look: async (model) => {
      const source = { type: 'base64' as const, media_type: 'image/png' as const, data: PIXEL }
      return textOf(await messages.create({ ...about, model, messages: [{ role: 'user', content: [{ type: 'image', source }] }] }))
    },
  }
}

type AiModel = Parameters<typeof generateText>[0]['model']

function aiSdkClient(modelOf: (name: string) => AiModel): Client {
  return {
    chat: async (name, text) => (await generateText({ model: modelOf(name), prompt: text, maxRetries: 0 })).text,
    async *stream(name, text, signal) {
      let failure: unknown
      const { textStream } = streamText({
        model: modelOf(name),
        prompt: text,
        maxRetries: 0,
        ...(signal && { abortSignal: signal }),
        onError: ({ error }) => void (failure = error),
      })
      yield* textStream
      if (failure !== undefined) throw failure as Error
    },
    async callTool(name) {
      const tools = { weather: tool({ description: WEATHER.description, inputSchema: PLACE }) } as unknown as ToolSet
      const [call] = (await generateText({ model: modelOf(name), prompt: 'Weather?', tools, maxRetries: 0 })).toolCalls
      return { name: call!.toolName, input: call!.input }
    },
    structured: async (name) =>
      (await generateText({ model: modelOf(name), prompt: 'Where?', output: Output.object({ schema: PLACE }), maxRetries: 0 })).output,
    look: async (name) => {
      const content = [{ type: 'file' as const, data: PIXEL, mediaType: 'image/png' }]
      return (await generateText({ model: modelOf(name), messages: [{ role: 'user', content }], maxRetries: 0 })).text
    },
  }
}

function langChainClient(modelOf: (name: string) => ChatOpenAI | ChatAnthropic): Client {
  return {
    chat: async (name, text) => (await modelOf(name).invoke(text)).text,
    async *stream(name, text, signal) {
      yield* textsOf(mapped(await modelOf(name).stream(text, signal ? { signal } : {}), (part) => part.text))
    },
    async callTool(name) {
      const bound = (modelOf(name) as ChatOpenAI).bindTools([
        { type: 'function', function: { ...WEATHER, parameters: z.toJSONSchema(PLACE) } },
      ])
      const [call] = (await bound.invoke('Weather?')).tool_calls!
      return { name: call!.name, input: call!.args }
    },
    structured: (name) => (modelOf(name) as ChatOpenAI).withStructuredOutput(PLACE, { name: 'place' }).invoke('Where?'),
    look: async (name) => {
      const content = [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } }]
      return (await modelOf(name).invoke([new HumanMessage({ content })])).text
    },
  }
}

const STATUSES = [400, 401, 404, 429, 500] as const
const seen = { open: 0 }
let gateway: GatewayTest
beforeAll(async () => {
  gateway = await startGatewayTest({ provider: 'openai', answer: modelUpstream(seen) })
  const claude = { provider: 'anthropic', destination: { baseUrl: gateway.upstream.origin } }
  await gateway.connect({ slug: 'claude', ...claude })
  // a connection that fails is soon spared: each failure has its own
  for (const client of Object.keys(CLIENTS).keys()) {
    for (const status of STATUSES) {
      await gateway.connect({ slug: `up-${client}-${status}` })
      await gateway.connect({ slug: `claude-${client}-${status}`, ...claude })
    }
  }
})
afterAll(() => gateway.close())

const CLIENTS: Readonly<Record<string, (url: string, apiKey: string) => Client>> = {
  openai: openaiClient,
  '@anthropic-ai/sdk': anthropicClient,
  '@ai-sdk/openai': (url, apiKey) => {
    const provider = createOpenAI({ baseURL: `${url}/v1`, apiKey })
    return aiSdkClient((name) => provider.chat(name))
  },
  '@ai-sdk/anthropic': (url, apiKey) => {
    const provider = createAnthropic({ baseURL: `${url}/v1`, apiKey })
    return aiSdkClient((name) => provider(name))
  },
  '@langchain/openai': (url, apiKey) =>
    langChainClient((model) => new ChatOpenAI({ model, apiKey, maxRetries: 0, configuration: { baseURL: `${url}/v1` } })),
  '@langchain/anthropic': (url, apiKey) =>
    langChainClient((model) => new ChatAnthropic({ model, apiKey, maxRetries: 0, maxTokens: 500, anthropicApiUrl: url })),
}

describe.each(Object.entries(CLIENTS).map(([name, make], index) => [name, make, index] as const))('%s', (_, make, index) => {
  describe.each(['up/gpt-4o-mini', 'claude/claude-haiku-4-5'])('with %s', (model) => {
    const client = (): Client => make(gateway.server.url, gateway.token)

    it('chats, whole and streamed', async () => {
      expect(await client().chat(model, 'Hi')).toBe('Good day')
      let said = ''
      for await (const text of client().stream(model, 'Hi')) said += text
      expect(said).toBe('Good day')
    })

    it('calls a tool', async () => {
      expect(await client().callTool(model)).toEqual({ name: 'weather', input: { city: 'Zug' } })
    })

    it('gets JSON of a schema', async () => {
      expect(await client().structured(model)).toMatchObject({ city: 'Zug' })
    })

    it('shows a picture', async () => {
      expect(await client().look(model)).toBe('I see a picture')
    })

    it.each(STATUSES)('throws for %d', async (status) => {
      const failed = await client()
        .chat(model.replace('/', `-${index}-${status}/`), `FAIL-${status}`)
        .then(
          () => undefined,
          (error: unknown) => error as { status?: number; statusCode?: number },
        )
      const said = failed?.status ?? failed?.statusCode
      if (status === 500) expect(said).toBeGreaterThanOrEqual(500)
      else expect(said).toBe(status)
    })

    it('leaves, and the provider’s work ends', async () => {
      const leaving = new AbortController()
      let words = 0
      const read = async (): Promise<void> => {
        for await (const word of client().stream(model, 'TALK', leaving.signal)) {
          if (word !== '') words += 1
          if (words === 3) leaving.abort()
        }
      }
      await read().catch(() => undefined)
      expect(words).toBeGreaterThanOrEqual(3)
      await until(() => seen.open === 0)
    })
  })
})
