import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../test/support/shared.ts'
import { addUsage, type Usage } from '../base/usage.ts'
import { failureOf } from './failure.ts'
import { protocolOf } from './asked.ts'
import type { MeteredUsage } from './wire-protocol.ts'
import { findProvider } from './registry.ts'
import { createEventReader } from './sse.ts'

// Every recorded answer of these providers is read, found by listing the folders: a new recording that is not read, or
// whose numbers do not add up, fails here.

type Block = Record<string, unknown>

interface Recording {
  readonly path: string
  readonly provider: string
  readonly metered: MeteredUsage
  /** The provider's last usage block, found without our readers. */
  readonly block: Block | undefined
}

const CHAT_FOLDERS = [
  { folder: 'http/openai', provider: 'openai', prefix: /^chat-/ },
  { folder: 'http/openrouter', provider: 'openrouter', prefix: /^chat-/ },
  { folder: 'http/mistral', provider: 'mistral', prefix: /^chat-/ },
  { folder: 'http/anthropic', provider: 'anthropic', prefix: /^messages-/ },
  { folder: 'http/deepseek', provider: 'deepseek', prefix: /^chat-/ },
  { folder: 'http/groq', provider: 'groq', prefix: /^chat-/ },
  { folder: 'http/together', provider: 'together', prefix: /^chat-/ },
  { folder: 'http/cerebras', provider: 'cerebras', prefix: /^chat-/ },
  { folder: 'http/zai', provider: 'zai', prefix: /^chat-/ },
  { folder: 'http/huggingface', provider: 'huggingface', prefix: /^chat-/ },
  { folder: 'http/ollama-cloud', provider: 'openai-compatible', prefix: /^chat-/ },
  { folder: 'http/vllm', provider: 'vllm', prefix: /^chat-/ },
  { folder: 'http/azure', provider: 'azure', prefix: /^chat-/ },
  { folder: 'http/azure-foundry', provider: 'azure', prefix: /^chat-/ },
  { folder: 'http/perplexity', provider: 'perplexity', prefix: /^chat-/ },
] as const

const SDK_FOLDERS: readonly { readonly folder: string; readonly provider: string; readonly prefix?: RegExp }[] = [
  { folder: 'vercel-ai/openai/chat', provider: 'openai' },
  { folder: 'vercel-ai/openai/completion', provider: 'openai' },
  { folder: 'vercel-ai/anthropic', provider: 'anthropic' },
  { folder: 'vercel-ai/mistral', provider: 'mistral' },
  { folder: 'vercel-ai/openai-compatible/chat', provider: 'xai' },
  { folder: 'vercel-ai/xai', provider: 'xai' },
  { folder: 'vercel-ai/groq', provider: 'groq' },
  { folder: 'vercel-ai/deepseek/chat', provider: 'deepseek' },
  { folder: 'vercel-ai/moonshotai', provider: 'moonshot' },
  { folder: 'vercel-ai/perplexity', provider: 'perplexity' },
  { folder: 'vercel-ai/azure', provider: 'azure', prefix: /^azure-deepseek-/ }, // the others are of another interface
]

/** Recordings whose usage is unknown, each with the reason why that is right. */
const UNKNOWN: Readonly<Record<string, string>> = {
  'http/openai/chat-stream__test-chat-tools-async-streaming__0.json': 'streamed without stream_options.include_usage',
  'http/azure/chat-stream__test-chat-async-streaming-with-event': 'streamed without stream_options.include_usage',
  'http/vllm/chat-stream__test-trace-propagation-stream-ChatOpe': 'streamed without stream_options.include_usage',
  'http/azure-foundry/chat-json__chat-basic-chat-functionality-':
    'Grok on Foundry: cached tokens stand beside prompt_tokens and exceed them',
  'http/azure-foundry/chat-json__chat-vision-models-azure-grok-':
    'Grok on Foundry: cached tokens stand beside prompt_tokens and overlap the image',
  'http/azure-foundry/chat-stream__chat-function-calling-azure-':
    'Grok on Foundry: cached tokens stand beside prompt_tokens and exceed them',
}

const unknownReason = (path: string): string | undefined => Object.entries(UNKNOWN).find(([start]) => path.startsWith(start))?.[1]

function eventsOf(text: string): unknown[] {
  const events: unknown[] = []
  const reader = createEventReader(({ data }) => {
    if (data !== '[DONE]') events.push(JSON.parse(data))
  })
  // in pieces that split lines and characters
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += 97) reader.push(bytes.subarray(at, at + 97))
  reader.end()
  return events
}

function lastBlock(events: readonly unknown[]): Block | undefined {
  const merged: Block = {}
  for (const event of events as { usage?: Block | null; message?: { usage?: Block } }[]) {
    const usage = event.usage ?? event.message?.usage
    if (usage) Object.assign(merged, usage)
  }
  return Object.keys(merged).length > 0 ? merged : undefined
}

function record({ path, provider, body }: { path: string; provider: string; body: unknown }): Recording {
  const reader = protocolOf(findProvider(provider)).usage
  if (!Array.isArray(body)) return { path, provider, metered: reader.whole(body), block: (body as { usage?: Block }).usage }
  const stream = reader.stream()
  for (const event of body) stream.push(event)
  return { path, provider, metered: stream.end(), block: lastBlock(body) }
}

/** Some files hold the answers of several calls, one after the other. */
function answersOf(events: readonly unknown[]): unknown[][] {
  const answers: unknown[][] = []
  for (const event of events) {
    if (answers.length === 0 || (event as { type?: string }).type === 'message_start') answers.push([])
    answers.at(-1)!.push(event)
  }
  return answers
}

function recordings(): Recording[] {
  const fromHttp = CHAT_FOLDERS.flatMap(({ folder, provider, prefix }) =>
    readdirSync(sharedPath(`fixtures/${folder}`))
      .filter((name) => prefix.test(name))
      .map((name) => ({ path: `${folder}/${name}`, provider })),
  ).flatMap(({ path, provider }) => {
    const { request, response } = JSON.parse(readFileSync(sharedPath(`fixtures/${path}`), 'utf8')) as {
      request: { uri: string }
      response: { body: unknown }
    }
    // a folder's prefix also matches OpenAI's threads, which are another interface
    if (request.uri.includes('/threads/')) return []
    const body = typeof response.body === 'string' ? eventsOf(response.body) : response.body
    return [record({ path, provider, body })]
  })
  const fromSdk = SDK_FOLDERS.flatMap(({ folder, provider, prefix = /^/ }) =>
    readdirSync(sharedPath(`fixtures/${folder}`), { withFileTypes: true })
      .filter((entry) => entry.isFile() && prefix.test(entry.name))
      .flatMap((entry) => {
        const path = `${folder}/${entry.name}`
        const text = readFileSync(sharedPath(`fixtures/${path}`), 'utf8')
        if (!path.endsWith('.chunks.txt')) return [record({ path, provider, body: JSON.parse(text) })]
        const lines = text.split('\n').filter((line) => line.trim() !== '' && line !== '[DONE]')
        return answersOf(lines.map((line) => JSON.parse(line) as unknown)).map((body, index) =>
          record({ path: index === 0 ? path : `${path} (answer ${index + 1})`, provider, body }),
        )
      }),
  )
  return [...fromHttp, ...fromSdk]
}

const sum = (usage: Usage, units: readonly (keyof Usage)[]): number => units.reduce((total, unit) => total + (usage[unit] ?? 0), 0)
const INPUT = [
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'cache_write_long_tokens',
  'audio_input_tokens',
  'image_input_tokens',
] as const
const OUTPUT = ['output_tokens', 'reasoning_tokens', 'audio_output_tokens', 'image_output_tokens'] as const

/** What the block itself says, by the field names of its protocol, against our units. */
function expectSameTokens({ provider, metered, block }: Recording): void {
  const usage = metered.usage!
  const tokens = block as Record<string, number> & {
    prompt_tokens_details?: Record<string, number>
    completion_tokens_details?: Record<string, number>
  }
  if (provider === 'anthropic') {
    const all = addUsage(usage, ...(metered.other ?? []).map((other) => other.usage))
    const iterations = (block!['iterations'] as Record<string, number>[] | undefined) ?? [tokens]
    const total = (field: string): number => iterations.reduce((count, iteration) => count + (iteration[field] ?? 0), 0)
    expect(all.input_tokens).toBe(total('input_tokens'))
    expect(all.cache_read_tokens ?? 0).toBe(total('cache_read_input_tokens'))
    expect(sum(all, ['cache_write_tokens', 'cache_write_long_tokens'])).toBe(total('cache_creation_input_tokens'))
    expect(sum(all, ['output_tokens', 'reasoning_tokens'])).toBe(total('output_tokens'))
    return
  }
  const reasoning = tokens.completion_tokens_details?.['reasoning_tokens'] ?? 0
  const output = sum(usage, OUTPUT)
  expect(sum(usage, INPUT)).toBe(tokens['prompt_tokens'])
  expect([tokens['completion_tokens'], tokens['completion_tokens']! + reasoning]).toContain(output)
  const audioBeside = usage.seconds === undefined ? 0 : (tokens.prompt_tokens_details?.['audio_tokens'] ?? 0)
  if (tokens['total_tokens'] !== undefined) expect(sum(usage, INPUT) + output + audioBeside).toBe(tokens['total_tokens'])
  expect(usage.cache_read_tokens).toBe(tokens.prompt_tokens_details?.['cached_tokens'])
  expect(usage.reasoning_tokens).toBe(tokens.completion_tokens_details?.['reasoning_tokens'])
}

describeShared('recorded answers', () => {
  const all = recordings()

  it('are many, of each provider', () => {
    const count = (provider: string): number => all.filter((recording) => recording.provider === provider).length
    for (const provider of ['openai', 'anthropic', 'openrouter', 'mistral', 'deepseek', 'groq', 'azure'])
      expect(count(provider), provider).toBeGreaterThanOrEqual(6)
    for (const provider of ['xai', 'perplexity', 'moonshot', 'cerebras', 'zai', 'huggingface', 'together', 'vllm'])
      expect(count(provider), provider).toBeGreaterThanOrEqual(1)
  })

  it.each(all.map((recording) => [recording.path, recording] as const))('%s', (path, recording) => {
    const { metered } = recording
    const reason = unknownReason(path)
    if (reason) {
      expect(metered.usage).toBeUndefined()
      expect(metered.doubt).toBeTypeOf('string')
      return
    }
    expect(metered.doubt).toBeUndefined()
    expect(metered.source).toBe('reported')
    expect(metered.usage).toBeDefined()
    expectSameTokens(recording)
    expect(metered.servedModel).toBeTypeOf('string')
    expect(metered.raw).toEqual(recording.block)
  })

  it('with a declared cost give it exactly', () => {
    const declared = all.filter(({ provider, block }) => provider === 'openrouter' && block?.['cost'] !== undefined)
    expect(declared.length).toBeGreaterThanOrEqual(10)
    for (const { metered, block } of declared) expect(Number(metered.declaredCost!.amount)).toBe(block!['cost'])
    const inTicks = all.filter(({ provider, block }) => provider === 'xai' && block?.['cost_in_usd_ticks'] !== undefined)
    expect(inTicks.length).toBeGreaterThanOrEqual(4)
    for (const { metered, block } of inTicks) {
      expect(Math.abs(Number(metered.declaredCost!.amount) - (block!['cost_in_usd_ticks'] as number) / 1e10)).toBeLessThanOrEqual(5e-10)
    }
    const searched = all.filter(({ provider, block }) => provider === 'perplexity' && block?.['cost'] !== undefined)
    expect(searched.length).toBeGreaterThanOrEqual(1)
    for (const { metered, block } of searched)
      expect(Number(metered.declaredCost!.amount)).toBe((block!['cost'] as { total_cost: number }).total_cost)
  })
})

describeShared('recorded lists of models', () => {
  it.each([['cerebras', 'http/cerebras/models-json__test-known-model-names__0.json']])(
    '%s: a good key is told from another server',
    (id, path) => {
      const { response } = JSON.parse(readFileSync(sharedPath(`fixtures/${path}`), 'utf8')) as { response: { body: unknown } }
      const { read } = findProvider(id).checkKey
      expect(read(response.body)).toBe('ok')
      expect(read({ models: [] })).toBe('elsewhere')
    },
  )
})

// The table: what each recorded error means. A new recording fails until it has its line.
const ERRORS: Readonly<Record<string, string>> = {
  'http/openai/error-400__test-vision-base64__3.json': 'provider.request_refused',
  'http/openai/error-400__test-vision__2.json': 'provider.request_refused',
  'http/openai/error-401__chat-error-handling-with-openai-gpt-5-nano-raises-appropriate-auth-err__0.json': 'provider.bad_key',
  'http/openai/error-404__test-agents-and-tools__2.json': 'provider.model_missing',
  'http/anthropic/error-400__chat-real-error-scenarios-anthropic-claude-haiku-4-5-handles-context-l__0.json': 'provider.request_refused',
  'http/anthropic/error-400__test-anthropic-explicit-effort-xhigh-unsupported-model-errors__0.json': 'provider.request_refused',
  'http/anthropic/error-401__chat-error-handling-with-anthropic-claude-haiku-4-5-raises-appropriate__0.json': 'provider.bad_key',
  'http/openrouter/error-400__chat-real-error-scenarios-openrouter-claude-haiku-4-5-handles-context-__0.json': 'provider.request_refused',
  'http/mistral/error-401__chat-error-handling-with-mistral-mistral-small-latest-raises-appropria__0.json': 'provider.bad_key',
  'http/xai/error-400__chat-error-handling-with-xai-grok-4-1-fast-non-reasoning-raises-approp__0.json': 'provider.bad_key',
  'http/groq/error-400__test-tool-use-failed-error__0.json': 'provider.request_refused',
  'http/groq/error-400__test-tool-use-failed-error-with-text__0.json': 'provider.request_refused',
  'http/groq/error-404__test-model-name-suggestion-groq__0.json': 'provider.model_missing',
  'http/deepseek/error-400__test-deepseek-responses-rejects-interleaved-function-calls__0.json': 'provider.request_refused',
  'http/azure/error-404__test-chat-reasoning__1.json': 'provider.model_missing',
  'http/azure-foundry/error-401__chat-error-handling-with-azure-grok-4-1-fast-non-reasoning-raises-appr__0.json': 'provider.bad_key',
  'http/ollama-cloud/error-400__chat-real-error-scenarios-ollama-cloud-gpt-oss-120b-handles-context-le__0.json': 'provider.request_refused',
  'http/ollama-cloud/error-401__chat-error-handling-with-ollama-cloud-gpt-oss-120b-raises-appropriate-__0.json': 'provider.bad_key',
  'http/azure-foundry/error-429__chat-real-error-scenarios-azure-grok-4-1-fast-non-reasoning-handles-co__0.json': 'provider.rate_limited',
}

const OFFERED_AS: Readonly<Record<string, string>> = { 'azure-foundry': 'azure', 'ollama-cloud': 'openai-compatible' }

describeShared('recorded errors', () => {
  // those of interfaces of their own are read in recordings-native.test.ts, those of embeddings in recordings-embeddings.test.ts
  const elsewhere = ['gemini', 'vertex', 'cohere', 'voyage']
  const folders = readdirSync(sharedPath('fixtures/http')).filter((folder) => !elsewhere.includes(folder))
  const paths = folders.flatMap((provider) =>
    readdirSync(sharedPath(`fixtures/http/${provider}`))
      .filter((name) => name.startsWith('error-'))
      .map((name) => `http/${provider}/${name}`),
  )

  it.each(paths)('%s', (path) => {
    const { provider, response } = JSON.parse(readFileSync(sharedPath(`fixtures/${path}`), 'utf8')) as {
      provider: string
      response: { status: number; headers: Record<string, string>; body: unknown }
    }
    const failure = failureOf({
      protocol: protocolOf(findProvider(OFFERED_AS[provider] ?? provider)),
      status: response.status,
      headers: response.headers,
      bytes: Buffer.from(typeof response.body === 'string' ? response.body : JSON.stringify(response.body)),
    })
    expect(failure.code).toBe(ERRORS[path])
    expect(failure.retryable).toBe(response.status === 429)
    expect(failure.excerpt).toBeTypeOf('string')
    expect(failure.excerpt!.length).toBeLessThanOrEqual(200)
  })
})
