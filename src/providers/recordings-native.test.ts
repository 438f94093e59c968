import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../test/support/shared.ts'
import type { Usage } from '../base/usage.ts'
import { createEventStreamReader, eventOf } from './aws-event-stream.ts'
import { bedrock } from './bedrock.ts'
import { cohere } from './cohere.ts'
import { failureOf } from './failure.ts'
import { gemini } from './gemini.ts'
import { ollama } from './ollama.ts'
import { openaiResponsesCompatible } from './openai-responses-compatible.ts'
import { openrouter } from './openrouter.ts'
import { protocolOf } from './asked.ts'
import type { Provider } from './provider.ts'
import type { MeteredUsage } from './wire-protocol.ts'
import { createEventReader } from './sse.ts'
import { vertex } from './vertex.ts'
import { xai } from './xai.ts'

// Every recorded answer of the protocols that are not OpenAI's or Anthropic's: found by listing the folders, so that a new
// recording that is not read, or whose numbers do not add up, fails here.

type Block = Readonly<Record<string, unknown>>

interface Recording {
  readonly path: string
  readonly provider: Provider
  readonly body: unknown
  readonly metered: MeteredUsage
}

interface Exchange {
  readonly request: { readonly uri: string }
  readonly response: {
    readonly status: number
    readonly headers: Record<string, string>
    readonly body?: unknown
    readonly body_base64?: string
  }
}

const FOLDERS = [
  { folder: 'http/gemini', provider: gemini, uri: /:(?:stream)?[gG]enerateContent/ },
  { folder: 'http/vertex', provider: vertex, uri: /:(?:stream)?[gG]enerateContent/ },
  { folder: 'http/cohere', provider: cohere, uri: /\/v2\/chat$/ },
  { folder: 'http/ollama', provider: ollama, uri: /\/api\/(?:chat|generate)$/ },
  { folder: 'http/bedrock', provider: bedrock, uri: /\/converse(?:-stream)?$/ },
  ...['openai', 'azure', 'azure-foundry', 'bedrock-mantle', 'deepseek', 'openrouter', 'xai'].map((name) => ({
    folder: `http/${name}`,
    provider: openaiResponsesCompatible,
    uri: /\/responses$/,
  })),
  { folder: 'vercel-ai/google', provider: gemini },
  { folder: 'vercel-ai/cohere', provider: cohere },
  { folder: 'vercel-ai/amazon-bedrock', provider: bedrock },
  { folder: 'vercel-ai/openai/responses', provider: openaiResponsesCompatible },
  { folder: 'vercel-ai/azure', provider: openaiResponsesCompatible },
  { folder: 'vercel-ai/xai/responses', provider: openaiResponsesCompatible },
  { folder: 'vercel-ai/open-responses/responses', provider: openaiResponsesCompatible },
] as const

/** Files that hold something else than an answer to a chat. */
const OTHER = /embedding|google-429|azure-deepseek-reasoning|openai-error\.1\.json/

/** Recordings whose usage is unknown, each with the reason why that is right. */
const UNKNOWN: Readonly<Record<string, string>> = {
  'vercel-ai/openai/responses/openai-error.1.chunks.txt': 'failed before any count',
  'http/vertex/chat-json__test-google-model-armor-prompt-template-text-gets-blocked__1.json': 'blocked before any count',
  'vercel-ai/amazon-bedrock/amazon-bedrock-json-tool.2.chunks.txt': 'made by hand, without metadata',
  'vercel-ai/amazon-bedrock/amazon-bedrock-json-tool.3.chunks.txt': 'made by hand, without metadata',
  'vercel-ai/amazon-bedrock/amazon-bedrock-json-with-tool.1.chunks.txt': 'made by hand, without metadata',
  'vercel-ai/amazon-bedrock/amazon-bedrock-json-with-tools.1.chunks.txt': 'made by hand, without metadata',
}

const shared = (path: string): string => readFileSync(sharedPath(`fixtures/${path}`), 'utf8')

function bodyOf({ response: { body, body_base64: binary, headers } }: Exchange): unknown {
  if (binary !== undefined) {
    const events: unknown[] = []
    const reader = createEventStreamReader((message) => events.push(eventOf(message)))
    const bytes = Buffer.from(binary, 'base64')
    for (let at = 0; at < bytes.length; at += 97) reader.push(bytes.subarray(at, at + 97))
    reader.end()
    return events
  }
  if (typeof body !== 'string') return body
  const events: unknown[] = []
  if (headers['content-type']?.includes('ndjson')) return linesOf(body)
  const reader = createEventReader(({ data }) => {
    if (data !== '[DONE]') events.push(JSON.parse(data))
  })
  reader.push(Buffer.from(body))
  reader.end()
  return events
}

const linesOf = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as unknown)

function read(provider: Provider, body: unknown): MeteredUsage {
  const { usage } = protocolOf(provider)
  if (!Array.isArray(body)) return usage.whole(body)
  const stream = usage.stream()
  for (const event of body) stream.push(event)
  return stream.end()
}

function recordings(): Recording[] {
  return FOLDERS.flatMap(({ folder, provider, ...own }) =>
    readdirSync(sharedPath(`fixtures/${folder}`), { withFileTypes: true })
      .filter((entry) => entry.isFile() && !OTHER.test(entry.name) && !entry.name.startsWith('error-'))
      .flatMap(({ name }) => {
        const path = `${folder}/${name}`
        let body: unknown
        if ('uri' in own) {
          const exchange = JSON.parse(shared(path)) as Exchange
          if (!own.uri.test(exchange.request.uri.replace(/\?.*$/, ''))) return []
          body = bodyOf(exchange)
        } else {
          body = name.endsWith('.chunks.txt') ? linesOf(shared(path)) : (JSON.parse(shared(path)) as unknown)
        }
        return [{ path, provider, body, metered: read(provider, body) }]
      }),
  )
}

const sum = (usage: Usage, ...units: (keyof Usage)[]): number => units.reduce((total, unit) => total + (usage[unit] ?? 0), 0)
const tokens = (block: unknown, field: string): number => ((block as Block)[field] as number | undefined) ?? 0

/** What the last event (or the whole answer) says, found without our readers, against our units. */
const EXPECT: Readonly<Record<string, (usage: Usage, last: Block) => void>> = {
  gemini: (usage, last) => {
    const block = last['usageMetadata'] as Block
    const audio = (block['promptTokensDetails'] as Block[] | undefined)?.find(({ modality }) => modality === 'AUDIO')
    expect(sum(usage, 'input_tokens', 'cache_read_tokens', 'audio_input_tokens')).toBe(
      tokens(block, 'promptTokenCount') + tokens(block, 'toolUsePromptTokenCount'),
    )
    expect(usage.cache_read_tokens).toBe(block['cachedContentTokenCount'])
    expect(usage.audio_input_tokens).toBe(audio?.['tokenCount'])
    expect(usage.reasoning_tokens).toBe(block['thoughtsTokenCount'])
    expect(sum(usage, 'output_tokens', 'image_output_tokens')).toBe(tokens(block, 'candidatesTokenCount'))
    const { searches: _, ...all } = usage
    expect(sum(all, ...(Object.keys(all) as (keyof Usage)[]))).toBe(block['totalTokenCount'])
  },
  cohere: (usage, last) => {
    const said = ((last['delta'] as Block | undefined)?.['usage'] ?? last['usage']) as Block
    const billed = said['billed_units'] as Block
    expect(usage.input_tokens).toBe(billed['input_tokens'])
    expect(sum(usage, 'output_tokens', 'reasoning_tokens')).toBe(billed['output_tokens'])
    expect(usage.reasoning_tokens).toBe((said['tokens'] as Block)['reasoning_tokens'])
    expect(usage).not.toHaveProperty('cache_read_tokens')
  },
  ollama: (usage, last) => {
    expect(usage).toEqual({ input_tokens: last['prompt_eval_count'], output_tokens: last['eval_count'] })
  },
  bedrock: (usage, last) => {
    const block = last['usage'] as Block
    expect(usage.input_tokens).toBe(block['inputTokens'])
    expect(usage.output_tokens).toBe(block['outputTokens'])
    expect(usage.cache_read_tokens).toBe(block['cacheReadInputTokens'])
    expect(sum(usage, 'cache_write_tokens', 'cache_write_long_tokens')).toBe(tokens(block, 'cacheWriteInputTokens'))
    expect(sum(usage, ...(Object.keys(usage) as (keyof Usage)[]))).toBe(block['totalTokens'])
  },
  'openai-responses-compatible': (usage, last) => {
    const block = last['usage'] as Block
    expect(sum(usage, 'input_tokens', 'cache_read_tokens', 'cache_write_tokens')).toBe(block['input_tokens'])
    expect(sum(usage, 'output_tokens', 'reasoning_tokens')).toBe(block['output_tokens'])
    expect(usage.cache_read_tokens).toBe((block['input_tokens_details'] as Block | undefined)?.['cached_tokens'])
    expect(usage.reasoning_tokens).toBe((block['output_tokens_details'] as Block | undefined)?.['reasoning_tokens'])
    const { searches: _, ...all } = usage
    expect(sum(all, ...(Object.keys(all) as (keyof Usage)[]))).toBe(block['total_tokens'])
  },
}

function lastSaid(provider: string, body: unknown): Block {
  const events = (Array.isArray(body) ? body : [body]) as Block[]
  if (provider === 'openai-responses-compatible') {
    const last = events.findLast((event) => event['response'] ?? event['usage'])!
    return (last['response'] as Block | undefined) ?? last
  }
  if (provider !== 'bedrock')
    return events.findLast((event) => event['usageMetadata'] ?? event['usage'] ?? event['delta'] ?? event['done'])!
  const metadata = events.findLast((event) => event['metadata'] !== undefined)
  return (metadata?.['metadata'] as Block | undefined) ?? events.at(-1)!
}

describeShared('recorded answers of protocols of their own', () => {
  const all = recordings()

  it.each([
    [gemini, 20],
    [cohere, 9],
    [ollama, 1],
    [bedrock, 12],
    [openaiResponsesCompatible, 60],
  ])('are many', ({ id }, least) => {
    expect(all.filter(({ provider }) => provider.id === id).length).toBeGreaterThanOrEqual(least)
  })

  it.each(all.map((recording) => [recording.path, recording] as const))('%s', (path, { provider, body, metered }) => {
    if (UNKNOWN[path] !== undefined) {
      expect(metered).toMatchObject({ usage: undefined, doubt: expect.any(String) })
      return
    }
    expect(metered).toMatchObject({ source: 'reported', usage: expect.any(Object) })
    expect(metered).not.toHaveProperty('doubt')
    const interfaceOf = provider === vertex ? gemini.id : provider.id
    EXPECT[interfaceOf]!(metered.usage!, lastSaid(interfaceOf, body))
    if (provider !== cohere && provider !== bedrock) expect(metered.servedModel).toBeTypeOf('string')
    for (const event of Array.isArray(body) ? body : [body]) {
      const failure = protocolOf(provider).classifyBodyError({ status: 200, headers: {}, body: event })
      expect(failure).toBeUndefined()
    }
  })

  it('searches are counted: each query of Gemini 3, once a grounded prompt before', () => {
    const searches = Object.fromEntries(
      all.flatMap(({ path, metered }) => (metered.usage?.searches ? [[path.slice(5, 70), metered.usage.searches]] : [])),
    )
    expect(searches).toMatchObject({
      'gemini/chat-json__chat-web-search-with-gemini-gemini-3-5-flash-gr': 3,
      'gemini/chat-json__chat-citations-with-gemini-gemini-2-5-flash-ret': 1,
      'vertex/chat-json__chat-citations-with-vertexai-gemini-2-5-flash-r': 1,
    })
  })

  it.each([
    ['http/xai', xai, ['0.0003206', '0.00524105']],
    ['vercel-ai/xai/responses', xai, undefined],
    ['http/openrouter', openrouter, ['0.025265']],
  ])('responses of %s say what was charged, whole and streamed', (folder, { responses }, amounts) => {
    const { usage } = responses!.protocol
    const charged = all
      .filter(({ path, provider }) => path.startsWith(`${folder}/`) && provider === openaiResponsesCompatible)
      .map(({ body }) => {
        const last = lastSaid('openai-responses-compatible', body)
        const stream = usage.stream()
        stream.push({ type: 'response.completed', response: last })
        expect(stream.end()).toEqual(usage.whole(last))
        return { said: last['usage'] as Block, declared: usage.whole(last).declaredCost }
      })
    expect(charged.length).toBeGreaterThan(0)
    if (amounts) expect(charged.map(({ declared }) => declared?.amount)).toEqual(amounts)
    for (const { said, declared } of charged) {
      const ticks = said['cost_in_usd_ticks'] as number | undefined
      if (ticks === undefined && said['cost'] === undefined) expect(declared).toBeUndefined()
      else expect(Number(declared!.amount)).toBeCloseTo(ticks === undefined ? (said['cost'] as number) : ticks / 1e10, 9)
    }
  })

  it('a prompt that Model Armor stopped is refused content', () => {
    const { body, provider } = all.find(({ path }) => path.includes('model-armor'))!
    expect(protocolOf(provider).classifyBodyError({ status: 200, headers: {}, body })).toMatchObject({
      code: 'provider.content_refused',
      retryable: false,
      excerpt: expect.stringContaining('Jailbreak'),
    })
  })
})

// The table: what each recorded error means. A new recording fails until it has its line.
const ERRORS: Readonly<Record<string, string>> = {
  'http/gemini/error-404__TestGoogle-test-count-tokens-error__0.json': 'provider.model_missing',
  'http/gemini/error-404__TestGoogle-test-embed-error__0.json': 'provider.model_missing',
  'http/gemini/error-404__test-model-name-suggestion-google__0.json': 'provider.model_missing',
  'http/vertex/error-400__test-model-sees-multiple-images-google-vertex__1.json': 'provider.request_refused',
  'http/cohere/error-404__TestCohere-test-embed-error__0.json': 'provider.model_missing',
}

describeShared('recorded errors of protocols of their own', () => {
  // those at OpenAI's kin are in the table of recordings.test.ts: their errors are the same in both interfaces
  const own = FOLDERS.filter(({ provider }) => provider !== openaiResponsesCompatible)
  const paths = own.flatMap(({ folder, provider }) =>
    readdirSync(sharedPath(`fixtures/${folder}`))
      .filter((name) => name.startsWith('error-'))
      .map((name) => [`${folder}/${name}`, provider] as const),
  )

  it.each(paths)('%s', (path, provider) => {
    const { response } = JSON.parse(shared(path)) as Exchange
    const failure = failureOf({
      protocol: protocolOf(provider),
      status: response.status,
      headers: response.headers,
      bytes: Buffer.from(JSON.stringify(response.body)),
    })
    expect(failure).toMatchObject({ code: ERRORS[path], retryable: false, excerpt: expect.any(String) })
  })

  it('a limit of Gemini says how long to wait in its body', () => {
    const bytes = Buffer.from(shared('vercel-ai/google/google-429-retry-info.json'))
    expect(failureOf({ protocol: gemini.chat.protocol, status: 429, headers: {}, bytes })).toMatchObject({
      code: 'provider.rate_limited',
      retryable: true,
      retryAfterMs: 34_400,
    })
  })
})
