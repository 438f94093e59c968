import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, type ErrorCode } from '../../base/errors.ts'
import { fallbackClassOf } from '../../calls/fallback.ts'
import type { Forwarded } from '../../calls/forward.ts'
import type { CallServices } from '../../calls/services.ts'
import type { VirtualKey } from '../../people/virtual-keys.ts'
import type { ProviderFailure } from '../../providers/wire-protocol.ts'
import { newId } from '../../runtime/ids.ts'
import { createAuthenticator } from './authenticate.ts'
import { replyWithCount } from './count-tokens.ts'
import { createDirectories, type Directory } from './directory.ts'
import { type Dialect, type Endpoint, ENDPOINTS } from './endpoints.ts'
import { listModels } from './models.ts'
import { refusalOf } from './refusals.ts'
import { NOT_STORED, replyWithError } from './reply.ts'
import { dropBody, type GatewayRequest, readBody, readRequest } from './request.ts'
import { type Resolved, resolveModel } from './resolve.ts'
import { pass } from './pass.ts'
import { replyRefused, replyStream, replyWhole, type Try } from './same-dialect.ts'
import type { TopLevel } from './top-level.ts'
import { PARAMETERS_HEADER, parametersHeader, RequestRefusal } from './translate/report.ts'

/** Any program that speaks OpenAI's or Anthropic's API, on the team's own connections. */
export interface Gateway {
  /** Whether a request is the gateway's; by its path. */
  handles(url: string): boolean
  /** Answers it. Never throws. */
  handle(incoming: IncomingMessage, outgoing: ServerResponse): void
}

/** Why nothing was found, which may be because it is newer than the directory. */
const MAY_BE_NEW: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['model.unserved', 'assignment.missing'])

const BY_PATH: ReadonlyMap<string, Endpoint> = new Map(ENDPOINTS.map((endpoint) => [endpoint.path, endpoint]))

/** `closing` aborts when the server stops: running streams end with an error that says so. */
export function createGateway(services: CallServices, { closing }: { closing: AbortSignal }): Gateway {
  const authenticator = createAuthenticator(services)
  const directoryOf = createDirectories(services)

  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse, receivedMs: number): Promise<void> => {
    const path = pathOf(incoming.url ?? '')
    if (incoming.method === 'GET' && (path === '/v1/models' || path.startsWith('/v1/models/'))) {
      const key = await authenticator.now(incoming.headers)
      return replyJson(
        outgoing,
        listModels({ key, directory: await directoryOf(key.workspaceId), path, dialect: dialectOf(incoming), at: services.clock.now() }),
      )
    }
    const endpoint = BY_PATH.get(path)
    if (!endpoint || incoming.method !== 'POST') throw new AppError('route.missing', noRoute(path))
    // A count may make no call, whose own commit would hold the key against its row.
    const { headers } = incoming
    const [key, body] = await Promise.all([endpoint.counts ? authenticator.now(headers) : authenticator.known(headers), readBody(incoming)])
    const attempt = async (known: VirtualKey, { isLast = false } = {}): Promise<boolean> =>
      serve(outgoing, requestOf({ incoming, outgoing, endpoint, key: known, body, receivedMs }), { isLast })
    const isServed = await attempt(key).catch(async (error: unknown) => {
      // Why nothing was asked tells of connections and models: only the holder of a key that still works hears it.
      const { changedAt } = await authenticator.now(incoming.headers)
      if (changedAt.getTime() === key.changedAt.getTime()) throw error
      return false
    })
    // What this process knew of the key was old: once more, with what it is now.
    if (!isServed) await attempt(await authenticator.now(incoming.headers), { isLast: true })
  }

  /** @returns false where the key was changed meanwhile, and nothing was answered. */
  const serve = async (outgoing: ServerResponse, request: GatewayRequest, { isLast = false } = {}): Promise<boolean> => {
    const { key, endpoint, model, body } = request
    const at = services.clock.now()
    const resolveIn = (directory: Directory): { directory: Directory; resolved: Resolved } => ({
      directory,
      resolved: resolveModel({ asked: model, directory, scope: key, usual: endpoint.context, inputCharacters: body.byteLength, at }),
    })
    const known = await directoryOf(key.workspaceId)
    let found: ReturnType<typeof resolveIn>
    try {
      found = resolveIn(known)
    } catch (error) {
      // what was added a moment ago is found at once
      if (!(error instanceof AppError) || !MAY_BE_NEW.has(error.code)) throw error
      found = resolveIn(await directoryOf(key.workspaceId, 0))
    }
    return answerWith(outgoing, { request, ...found, isLast })
  }

  const answerWith = async (
    outgoing: ServerResponse,
    {
      request,
      resolved,
      directory,
      isLast: isLastTry,
    }: { request: GatewayRequest; resolved: Resolved; directory: Try['directory']; isLast: boolean },
  ): Promise<boolean> => {
    const { counts } = request.endpoint
    if (counts) {
      await replyWithCount(outgoing, services, { request, resolved, signal: closing })
      return true
    }
    for (const [index, candidate] of resolved.candidates.entries()) {
      if (request.left.aborted) return true
      const one: Try = { request, resolved: candidate, context: resolved.context, directory, attempt: index + 1, signal: closing }
      const { slug } = candidate
      const { forwarded, takesUsageOut, headers: more } = await pass(services, one)
      if (forwarded.kind === 'whole') {
        replyWhole(outgoing, { forwarded, request, slug, ...(more && { headers: more }) })
        return true
      }
      if (forwarded.kind === 'stream') {
        await replyStream(outgoing, { forwarded, request, slug, takesUsageOut, ...(more && { headers: more }) })
        return true
      }
      const failure = failureOf(forwarded)
      if (failure?.code === 'virtual_key.changed' && !isLastTry) return false
      // vectors of two models cannot be compared: nobody takes over in silence
      const failureClass = failure && request.endpoint.context !== 'embeddings' ? fallbackClassOf(failure) : undefined
      const isLast = index === resolved.candidates.length - 1
      if (!isLast && failureClass && candidate.fallbackOn.includes(failureClass)) continue
      if (forwarded.kind === 'failed' && forwarded.answer) {
        replyRefused(outgoing, { forwarded, slug })
        return true
      }
      const callId = forwarded.kind === 'failed' ? forwarded.callId : undefined
      const headers = { ...more, 'x-latchkey-connection': slug, ...(callId ? { 'x-latchkey-call-id': callId } : {}) }
      replyWithError(outgoing, { dialect: request.endpoint.dialect, failure: refusalOf(forwarded), headers, callId })
      return true
    }
    return true
  }

  return {
    handles: (url) => url.startsWith('/v1/'),
    handle(incoming, outgoing) {
      const receivedMs = performance.now()
      answer(incoming, outgoing, receivedMs).catch((error: unknown) => {
        if (!(error instanceof AppError)) services.log.error({ error }, 'a request to the gateway ended unexpectedly')
        const headers = error instanceof RequestRefusal ? { [PARAMETERS_HEADER]: parametersHeader(error.report) } : {}
        replyWithError(outgoing, { dialect: dialectOf(incoming), failure: error, headers })
        if (!outgoing.writableEnded) outgoing.destroy() // its answer had begun: nobody shall wait for the rest
        dropBody(incoming)
      })
    },
  }
}

const failureOf = (forwarded: Forwarded): ProviderFailure | undefined =>
  forwarded.kind === 'failed' || forwarded.kind === 'refused' ? forwarded.failure : undefined

const pathOf = (url: string): string => {
  const query = url.indexOf('?')
  const path = query === -1 ? url : url.slice(0, query)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** Anthropic's clients say their version with every request. */
const dialectOf = ({ headers, url }: IncomingMessage): Dialect =>
  headers['anthropic-version'] !== undefined || url?.startsWith('/v1/messages') ? 'anthropic' : 'openai'

function requestOf({
  incoming,
  outgoing,
  endpoint,
  key,
  body,
  receivedMs,
}: {
  incoming: IncomingMessage
  outgoing: ServerResponse
  endpoint: Endpoint
  key: VirtualKey
  body: Uint8Array
  receivedMs: number
}): GatewayRequest {
  const left = new AbortController()
  if (outgoing.destroyed) left.abort()
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) left.abort()
  })
  const read = readRequest(body, endpoint.takesForms ? incoming.headers['content-type'] : undefined)
  return {
    endpoint,
    key,
    body,
    ...read,
    receivedMs,
    left: left.signal,
    headers: handedOn(incoming, read.top),
    wantsReceipt: incoming.headers['x-latchkey-receipt'] === 'comment',
  }
}

/** Headers that say how the body is to be read, as it was read here; none that steers where it goes or who asks. */
function handedOn({ headers }: IncomingMessage, { form }: TopLevel): Record<string, string> {
  const passed: Record<string, string> = { 'content-type': (form && headers['content-type']) ?? 'application/json' }
  for (const name of ['anthropic-beta', 'openai-beta', 'accept']) {
    const value = headers[name]
    if (typeof value === 'string') passed[name] = value
  }
  return passed
}

function replyJson(outgoing: ServerResponse, answer: unknown): void {
  const body = JSON.stringify(answer)
  outgoing.writeHead(200, {
    ...NOT_STORED,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-request-id': newId(),
  })
  outgoing.end(body)
}

const noRoute = (path: string): string =>
  `The gateway has no ${path.slice(0, 100)}. It answers ${ENDPOINTS.map((endpoint) => endpoint.path).join(', ')} and /v1/models.`
