import type { ServerResponse } from 'node:http'
import { type Forwarded, forward, type ForwardRequest } from '../../calls/forward.ts'
import type { ForwardedStream } from '../../calls/forwarded-stream.ts'
import { offerAsFound } from '../../calls/chat-call.ts'
import type { CallServices } from '../../calls/services.ts'
import { chatOfferOf } from '../../providers/asked.ts'
import { findProvider } from '../../providers/registry.ts'
import { answerBounds, type Bounds, boundsOf, worstCaseWithin } from './bounds.ts'
import type { Directory } from './directory.ts'
import type { Offered } from './endpoints.ts'
import { errorEventIn, passedOn, receiptHeaders, receiptLine } from './reply.ts'
import type { GatewayRequest } from './request.ts'
import type { ResolvedCandidate } from './resolve.ts'
import { drained } from './slow-reader.ts'
import { valueOf, withMembers } from './top-level.ts'
import { UNSIGNED, withoutUnsignedThinking } from './translate/thinking.ts'
import { createUsageChunkFilter } from './usage-chunk.ts'
import { objectOf } from '../../base/json.ts'

/** One try of a request with one candidate: who asks, of whom, in which context, and which try it is. */
export interface Try {
  readonly request: GatewayRequest
  readonly resolved: ResolvedCandidate
  readonly context: string
  readonly directory: Directory
  readonly attempt: number
  readonly signal: AbortSignal
}

/** A request in the provider's own dialect: its bytes, but for the model's name and what brings a stream's usage. */
export interface Passed {
  readonly forwarded: Forwarded
  /** The usage chunk is the gateway's own wish, and is taken out again. */
  readonly takesUsageOut: boolean
  /** What else the program is told, whatever comes of it. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends the program's own bytes on. */
export async function passOn(services: CallServices, one: Try, offered: Offered): Promise<Passed> {
  const { request, resolved } = one
  const { candidate } = resolved
  const { endpoint, streams } = request
  const provider = findProvider(candidate.provider)
  const isChat = streams && endpoint.path === '/v1/chat/completions'
  const takesUsageOut =
    isChat && offerAsFound(chatOfferOf(provider, candidate.model), candidate.found).streamedUsage === 'asked' && !asksForUsage(request)
  const forwarded = await forward(services, {
    ...callOf(services, one),
    offer: offered.offer,
    path: offered.path(streams),
    body: bodyFor(request, { model: candidate.model, takesUsageOut }),
    headers: request.headers,
    streams,
    bounds: answerBounds(request),
  })
  return { forwarded, takesUsageOut }
}

/** The most that this try can take. */
export function boundsOfTry({ clock }: CallServices, { request: { endpoint, body, top, key }, resolved: { candidate } }: Try): Bounds {
  return boundsOf({ endpoint, body, top, candidate, stated: key.maxOutputTokens, at: clock.now() })
}

/** What the path of a call wants to know of a request, whichever dialect it leaves in. */
export function callOf(
  services: CallServices,
  one: Try,
  bounds = boundsOfTry(services, one),
): Omit<ForwardRequest, 'offer' | 'path' | 'body' | 'headers' | 'streams' | 'bounds'> {
  const {
    request: { key, left },
    resolved: { candidate },
    context,
    directory: { currency },
    attempt,
    signal,
  } = one
  const at = services.clock.now()
  const { inputTokensAtMost, outputTokensAtMost } = bounds
  return {
    workspaceId: key.workspaceId,
    actor: `user:${key.ownerId}`,
    member: key.ownerId,
    virtualKeyId: key.id,
    virtualKeyChangedAt: key.changedAt,
    byTheThousand: true,
    origin: `virtual-key:${key.id}`,
    context,
    candidate,
    budgetIds: [],
    currency,
    signal,
    left,
    attempt,
    worstCaseNano: worstCaseWithin(bounds, { candidate, currency, at }),
    tokensAtMost: inputTokensAtMost === undefined || outputTokensAtMost === undefined ? undefined : inputTokensAtMost + outputTokensAtMost,
  }
}

const asksForUsage = ({ body, top }: GatewayRequest): boolean => objectOf(valueOf(body, top, 'stream_options'))?.['include_usage'] === true

/** The program's own bytes, but for what has to be another. */
export function bodyFor(request: GatewayRequest, { model, takesUsageOut }: { model: string; takesUsageOut: boolean }): Uint8Array {
  const { body, top, model: asked } = request
  const thinking = withoutForeignThinking(request)
  if (asked === model && !takesUsageOut && !thinking) return body
  const options = takesUsageOut ? { stream_options: { ...objectOf(valueOf(body, top, 'stream_options')), include_usage: true } } : {}
  return withMembers(body, top, { ...(asked === model ? {} : { model }), ...options, ...thinking })
}

/** Anthropic refuses a conversation for thinking that it did not sign: what our own translation gave out is taken out again. */
function withoutForeignThinking({ endpoint, body, top }: GatewayRequest): { messages?: unknown } | undefined {
  if (endpoint.protocol !== 'anthropic-messages') return undefined
  if (!Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(UNSIGNED)) return undefined
  return withoutUnsignedThinking({ messages: valueOf(body, top, 'messages') })
}

/** Writes a whole answer as the provider gave it. */
export function replyWhole(
  outgoing: ServerResponse,
  {
    forwarded,
    request,
    slug,
    headers: more,
  }: { forwarded: Extract<Forwarded, { kind: 'whole' }>; request: GatewayRequest; slug: string; headers?: Passed['headers'] },
): void {
  const { callId, status, headers, bytes, receipt, providerMs } = forwarded
  const addedMs = performance.now() - request.receivedMs - providerMs
  outgoing.writeHead(status, {
    ...passedOn(headers),
    ...receiptHeaders({ callId, slug, receipt, addedMs }),
    ...more,
    'content-length': bytes.byteLength,
  })
  outgoing.end(bytes)
}

/** Writes what the provider refused, in its own words and under its own status. */
export function replyRefused(
  outgoing: ServerResponse,
  { forwarded, slug }: { forwarded: Extract<Forwarded, { kind: 'failed' }>; slug: string },
): void {
  const { callId, failure, answer } = forwarded
  if (!answer) return
  outgoing.writeHead(answer.status, {
    ...passedOn(answer.headers),
    'x-latchkey-call-id': callId,
    'x-latchkey-connection': slug,
    'x-latchkey-error': failure.code,
    'content-length': answer.bytes.byteLength,
  })
  outgoing.end(answer.bytes)
}

/** Hands a stream on as it comes. A program that leaves ends the reading; what then happens at the provider is the call's affair. */
export async function replyStream(
  outgoing: ServerResponse,
  {
    forwarded: { callId, status, headers, stream, sentAtMs },
    request,
    slug,
    takesUsageOut,
    headers: more,
  }: { forwarded: Extract<Forwarded, { kind: 'stream' }>; request: GatewayRequest; slug: string } & Omit<Passed, 'forwarded'>,
): Promise<void> {
  const addedMs = sentAtMs - request.receivedMs
  outgoing.writeHead(status, { ...passedOn(headers), ...receiptHeaders({ callId, slug, addedMs }), ...more })
  outgoing.flushHeaders()
  const isEvents = headers['content-type']?.startsWith('text/event-stream') ?? false
  await writeStream(outgoing, { stream, request, slug, takesUsageOut, callId, isEvents })
}

async function writeStream(
  outgoing: ServerResponse,
  {
    stream,
    request,
    slug,
    takesUsageOut,
    callId,
    isEvents,
  }: { stream: ForwardedStream; request: GatewayRequest; slug: string; takesUsageOut: boolean; callId: string; isEvents: boolean },
): Promise<void> {
  const { left, endpoint, wantsReceipt } = request
  const leave = (): void => stream.leave()
  if (left.aborted) leave()
  left.addEventListener('abort', leave, { once: true })
  const filter = takesUsageOut ? createUsageChunkFilter() : undefined
  try {
    for (let chunk = await stream.next(); chunk && !left.aborted; chunk = await stream.next()) {
      const bytes = filter ? filter.push(chunk) : chunk
      if (bytes.byteLength === 0 || outgoing.write(bytes) || (await drained(outgoing))) continue
      leave()
      outgoing.destroy()
      return
    }
    if (left.aborted) return
    if (filter) outgoing.write(filter.end())
    if (wantsReceipt && isEvents) outgoing.write(receiptLine(await stream.ended, slug))
    outgoing.end()
  } catch (error) {
    if (left.aborted || outgoing.destroyed) return
    const { failure } = await stream.ended
    outgoing.end(isEvents ? errorEventIn(endpoint, failure ?? error, callId) : undefined)
  } finally {
    left.removeEventListener('abort', leave)
  }
}
