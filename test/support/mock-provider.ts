import type { IncomingMessage, ServerResponse } from 'node:http'
import { LLMock, type ChatCompletionRequest, type FixtureResponse } from '@copilotkit/aimock'

export interface MockUsage {
  readonly input: number
  readonly output: number
}

/** What the mock answers for one request; `content` undefined: a good answer for every product asked. */
export type Script = (request: { readonly number: number; readonly ids: readonly string[]; readonly user: string }) => Reply | undefined

export type Reply =
  /** `usage` and `finishReason` (in OpenAI's words) where they are not what every answer says. */
  | { readonly content: string; readonly usage?: Readonly<Record<string, unknown>>; readonly finishReason?: string }
  /** `cut`: the connection is closed without an answer; `malformed`: status 200 and a body that is no JSON. */
  | { readonly fault: 'cut' | 'malformed' }
  | {
      readonly status: number
      readonly message: string
      readonly type?: string
      readonly code?: string
      readonly retryAfterSeconds?: number
    }

/** `@copilotkit/aimock` standing in for OpenAI, Anthropic, Gemini, Cohere and Bedrock, answering the prompts of the default recipe. */
export interface MockProvider {
  /** The base URL for `--base-url`, without /v1. */
  readonly url: string
  /** The call ids of the chat requests received, in order, each as often as it came. */
  callIds(): string[]
  /** The bodies of the chat requests received. */
  requests(): { path: string; headers: Record<string, string>; body: unknown }[]
  readonly mock: LLMock
  stop(): Promise<void>
}

/**
 * `usage`: what each answer reports, or what it is for one user message. `onRequest` sees each request when it arrives and
 * may make it wait, or answer it (true); what the journal misses (a client that leaves before its answer) is seen there too.
 */
export async function startMockProvider({
  latencyMs = 0,
  usage = { input: 500, output: 200 },
  script = () => undefined,
  onRequest,
}: {
  latencyMs?: number
  usage?: MockUsage | ((user: string) => MockUsage)
  script?: Script
  onRequest?: (request: IncomingMessage, response: ServerResponse) => unknown
} = {}): Promise<MockProvider> {
  const chaos = latencyMs > 0 ? { chaos: { latencyMs } } : {}
  const mock = new LLMock({ port: 0, logLevel: 'silent', journalMaxEntries: 0, ...chaos }) // 0: keeps every entry
  if (onRequest) {
    const handleRequest = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
      return (await onRequest(request, response)) === true // otherwise the mock itself answers
    }
    for (const path of ['/v1', '/v1beta', '/v2', '/model', '/openai', '/inference', '/compatible-mode', '/api', '/chat'])
      mock.mount(path, { handleRequest })
  }
  let number = 0
  const replies = new WeakMap<ChatCompletionRequest, Reply>()
  /** Each request's reply, made once: several rules of the mock look at the same request. */
  const replyTo = (request: ChatCompletionRequest): Reply => {
    let reply = replies.get(request)
    if (!reply) {
      number += 1
      const user = lastUserText(request)
      const ids = [...user.matchAll(/<product id="(p\d+)">/g)].map((match) => match[1]!)
      replies.set(request, (reply = script({ number, ids, user }) ?? { content: goodAnswer(ids, user) }))
    }
    return reply
  }
  const hasFault = (fault: string) => (request: ChatCompletionRequest) => {
    const reply = replyTo(request)
    return 'fault' in reply && reply.fault === fault
  }
  const never = { content: '' }
  mock.on({ predicate: hasFault('cut') }, never, { chaos: { disconnectRate: 1, latencyMs } })
  mock.on({ predicate: hasFault('malformed') }, never, { chaos: { malformedRate: 1, latencyMs } })
  mock.onMessage(/[\s\S]*/, (request) => respond(replyTo(request), typeof usage === 'function' ? usage(lastUserText(request)) : usage))
  await mock.start()
  const chatRequests = () =>
    mock.getRequests().filter(({ path }) => /chat\/completions|messages$|responses$|:generateContent$|\/v2\/chat$|\/converse$/.test(path))
  return {
    url: mock.url,
    mock,
    callIds: () => chatRequests().map(({ headers }) => headers['x-client-request-id'] ?? ''),
    requests: () => chatRequests().map(({ path, headers, body }) => ({ path, headers, body })),
    stop: () => mock.stop(),
  }
}

function respond(reply: Reply, usage: MockUsage): FixtureResponse {
  if ('fault' in reply) throw new Error('faults are answered before')
  if ('status' in reply) {
    const { status, message, type = 'error', code, retryAfterSeconds } = reply
    return {
      error: { message, type, ...(code ? { code } : {}) },
      status,
      ...(retryAfterSeconds === undefined ? {} : { retryAfter: retryAfterSeconds }),
    }
  }
  return {
    content: reply.content,
    // Both spellings: aimock hands each dialect its own.
    usage: {
      prompt_tokens: usage.input,
      completion_tokens: usage.output,
      total_tokens: usage.input + usage.output,
      input_tokens: usage.input,
      output_tokens: usage.output,
      ...reply.usage,
    },
    ...(reply.finishReason ? { finishReason: reply.finishReason } : {}),
  }
}

function lastUserText({ messages }: ChatCompletionRequest): string {
  const content = messages.findLast(({ role }) => role === 'user')?.content
  if (typeof content === 'string') return content
  return Array.isArray(content) ? content.map((part) => ('text' in part && typeof part.text === 'string' ? part.text : '')).join('') : ''
}

/** A good answer to the default recipe: nothing in it that the product's record does not say. */
export function goodAnswer(ids: readonly string[], user: string): string {
  if (ids.length === 0) return JSON.stringify(fieldsFor(user))
  const records = user.split(/(?=<product id=")/)
  return JSON.stringify({
    products: ids.map((id) => ({ id, ...fieldsFor(records.find((record) => record.startsWith(`<product id="${id}"`)) ?? '') })),
  })
}

function fieldsFor(record: string): Record<string, unknown> {
  const brand = /^(?:brand|name): *(.+)$/im.exec(record)?.[1]?.trim() ?? 'Article'
  return {
    title: `${brand} article`,
    description: `${brand} offers this article. It serves well at home and at work, and it is easy to use every day.`,
    attributes: [{ name: 'Brand', value: brand }],
  }
}
