import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { anthropicError } from '../../src/apps/gateway/translate/anthropic-errors.ts'
import { anthropicMessagesIn } from '../../src/apps/gateway/translate/anthropic-messages-in.ts'
import { anthropicMessageOut } from '../../src/apps/gateway/translate/anthropic-messages-out.ts'
import { anthropicMessagesStream } from '../../src/apps/gateway/translate/anthropic-messages-stream.ts'
import { openaiChatIn } from '../../src/apps/gateway/translate/openai-chat-in.ts'
import { openaiChatOut, openaiChatStream } from '../../src/apps/gateway/translate/openai-chat-out.ts'
import { openaiError } from '../../src/apps/gateway/translate/openai-errors.ts'
import { PARAMETERS_HEADER, parametersHeader, takeWarnings } from '../../src/apps/gateway/translate/report.ts'
import { ANTHROPIC_NAMES, OPENAI_NAMES } from '../../src/apps/gateway/translate/settings.ts'
import { encodeStream } from '../../src/apps/gateway/translate/stream.ts'
import type { Usage } from '../../src/base/usage.ts'
import type { ChatModel } from '../../src/calls/chat-model.ts'
import type { ChatOffer } from '../../src/providers/offer.ts'

/** Who answers behind the translation. */
export interface Upstream {
  readonly offer: ChatOffer
  readonly name: string
  readonly model: ChatModel
  readonly usage?: Usage | undefined
}

const HEAD = { id: 'call_1', createdAt: new Date('2026-11-20T12:00:00Z') }

const DIALECTS = {
  openai: { read: openaiChatIn, write: openaiChatOut, stream: openaiChatStream, error: openaiError, names: OPENAI_NAMES },
  anthropic: {
    read: anthropicMessagesIn,
    write: anthropicMessageOut,
    stream: anthropicMessagesStream,
    error: anthropicError,
    names: ANTHROPIC_NAMES,
  },
} as const

/** A server of both dialects that is nothing but the translation: what the official clients make of it is what they would make of the gateway's. */
export async function startTranslatingServer(): Promise<TranslatingServer> {
  let upstream: Upstream | undefined
  let failure: unknown
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const dialect = DIALECTS[request.url === '/v1/messages' ? 'anthropic' : 'openai']
    try {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      if (failure !== undefined) throw failure
      const { offer, name, model, usage } = upstream!
      const translated = dialect.read(JSON.parse(Buffer.concat(chunks).toString('utf8')), { offer, model: name })
      if (translated.streams) return await streamed(dialect, { translated, response, upstream: upstream! })
      const result = await model.doGenerate(translated.options)
      takeWarnings(translated.report, result.warnings, dialect.names)
      response.writeHead(200, { 'content-type': 'application/json', [PARAMETERS_HEADER]: parametersHeader(translated.report) })
      response.end(JSON.stringify(dialect.write(result, { ...HEAD, model: name }, usage)))
    } catch (error) {
      const { status, headers, body } = dialect.error(error)
      response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answerWith: (next) => {
      upstream = next
      failure = undefined
    },
    failWith: (next) => {
      failure = next
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export interface TranslatingServer {
  readonly origin: string
  answerWith(upstream: Upstream): void
  /** Every request fails with this, before it is looked at. */
  failWith(failure: unknown): void
  close(): Promise<void>
}

async function streamed(
  dialect: (typeof DIALECTS)[keyof typeof DIALECTS],
  { translated, response, upstream }: { translated: ReturnType<typeof openaiChatIn>; response: ServerResponse; upstream: Upstream },
): Promise<void> {
  const { options, report, includesUsage } = translated
  const { stream } = await upstream.model.doStream(options)
  const encoder = dialect.stream({ ...HEAD, model: upstream.name, includesUsage, usage: () => upstream.usage })
  response.setHeader('content-type', 'text/event-stream')
  const warned = stream.pipeThrough(
    new TransformStream({
      transform: (part, out) => {
        if (part.type === 'stream-start') takeWarnings(report, part.warnings, dialect.names)
        out.enqueue(part)
      },
    }),
  )
  for await (const text of encodeStream(warned, encoder, (error) => error)) {
    if (!response.headersSent) response.setHeader(PARAMETERS_HEADER, parametersHeader(report))
    response.write(text)
  }
  response.end()
}
