import type { IncomingMessage, ServerResponse } from 'node:http'
import { LLMock, type ChatCompletionRequest, type FixtureResponse } from '@copilotkit/aimock'

export interface MockUsage {
  readonly input: number
  readonly output: number
}

/** What the mock answers for one request; `content` undefined: a good answer for every product asked. */
export type Script = (request: { readonly number: number; readonly ids: readonly string[]; readonly user: string }) => Reply | undefined

export type Reply =
  | { readonly content: string }
  | {
      readonly status: number
      readonly message: string
      readonly type?: string
      readonly code?: string
      readonly retryAfterSeconds?: number
    }

/** `@copilotkit/aimock` standing in for OpenAI and Anthropic, answering the prompts of the default recipe. */
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
 * may make it wait; what the journal misses (a client that leaves before its answer) is seen there too.
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
  onRequest?: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>
} = {}): Promise<MockProvider> {
  const chaos = latencyMs > 0 ? { chaos: { latencyMs } } : {}
  const mock = new LLMock({ port: 0, logLevel: 'silent', journalMaxEntries: 0, ...chaos }) // 0: keeps every entry
  if (onRequest) {
    const handleRequest = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
      await onRequest(request, response)
      return false // the mock itself answers
    }
    mock.mount('/v1', { handleRequest })
  }
  let number = 0
  mock.onMessage(/[\s\S]*/, (request) => {
    number += 1
    const user = lastUserText(request)
    const ids = [...user.matchAll(/<product id="(p\d+)">/g)].map((match) => match[1]!)
    return respond(script({ number, ids, user }) ?? { content: goodAnswer(ids, user) }, typeof usage === 'function' ? usage(user) : usage)
  })
  await mock.start()
  const chatRequests = () => mock.getRequests().filter(({ path }) => /chat\/completions|messages$/.test(path))
  return {
    url: mock.url,
    mock,
    callIds: () => chatRequests().map(({ headers }) => headers['x-client-request-id'] ?? ''),
    requests: () => chatRequests().map(({ path, headers, body }) => ({ path, headers, body })),
    stop: () => mock.stop(),
  }
}

function respond(reply: Reply, usage: MockUsage): FixtureResponse {
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
    },
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
