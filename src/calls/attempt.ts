import { AppError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { CommittedConnection } from '../ledger/intent.ts'
import { bodyFailureOf, failureOf, ProviderCallError } from '../providers/failure.ts'
import { parseJson } from '../providers/parse-json.ts'
import type { Offer } from '../providers/offer.ts'
import type { Provider } from '../providers/provider.ts'
import type { Framing, MeteredUsage, Protocol, ProviderFailure } from '../providers/wire-protocol.ts'
import type { ProviderAnswer, SendRequest } from '../providers/send.ts'
import { createAnswerTap } from './answer-tap.ts'
import type { AttemptFetch } from './chat-model.ts'
import type { MachineTurn } from './machine-time.ts'
import { withConnectionKey } from './open-key.ts'
import type { CallServices } from './services.ts'

/** What one request on the wire came to: everything the ledger wants to know, whatever happened. */
export interface WireRecord {
  /** Whether the request can have reached the provider. */
  sent: 'no' | 'maybe'
  status?: number
  sentAt?: Date
  firstByteAt?: Date
  /** When nothing more came, where that is not when it is settled: what broke off is estimated in between. */
  endedAt?: Date
  metered?: MeteredUsage
  /** Of a stream that is still coming. */
  meteredSoFar?: () => MeteredUsage
  /** What was sent for a stream, and what came of it: what it cost is estimated from both where it broke off. */
  streamed?: { readonly body: string | Uint8Array; said: string }
  failure?: ProviderFailure
  headers?: Readonly<Record<string, string>>
  /** Since it was sent; ended where the call is settled. */
  machine?: MachineTurn
}

/** One request on the wire: of whom it is asked, how, and where what happens is noted. */
export interface Attempt {
  readonly services: CallServices
  readonly callId: string
  readonly provider: Provider
  readonly offer: Offer
  readonly path: string
  readonly connection: CommittedConnection
  readonly workspaceId: string
  readonly signal: AbortSignal
  readonly wire: WireRecord
  /** A streamed answer was asked for: it is handed on as it comes, and metered on its way. */
  readonly streams?: boolean | undefined
  /** Where an answer takes longer, or is larger, than a text. */
  readonly bounds?: AnswerBounds | undefined
  /** A model's refusal is an answer to whoever asked, and handed on; it is noted as the call's failure all the same. */
  readonly handsOnRefusals?: boolean | undefined
}

export type AnswerBounds = Pick<SendRequest, 'timeouts' | 'maxBodyBytes'>

/**
 * Steps 4 to 6 of a call's path as a `fetch` good for exactly one POST to the attempt's own path: opens the key, sends,
 * reads the usage from the wire, wipes the key. What the AI SDK put into address, key and most headers is ignored.
 */
export function attemptFetch(attempt: Attempt): AttemptFetch {
  const { callId, wire } = attempt
  let used = false
  return async (_url, init) => {
    if (used) throw new Error('an attempt sends one request')
    used = true
    const { body } = init ?? {}
    if (typeof body !== 'string' && !(body instanceof Uint8Array)) throw new Error('a request has a body of text or bytes')
    const given = new Headers(init?.headers)
    const beta = given.get('anthropic-beta') // names features of the body's format: the SDK knows which
    const headers: Record<string, string> = {
      'content-type': typeof body === 'string' ? 'application/json' : (given.get('content-type') ?? 'application/octet-stream'),
      'x-client-request-id': callId, // OpenAI's name for it: what to tell their support, and what ties their log to our ledger
      ...(beta ? { 'anthropic-beta': beta } : {}),
    }
    return new Promise<Response>((resolve, reject) => {
      // A streamed answer is handed on when its headers are there; its key stays open until the last of it has come.
      withConnectionKey(attempt, async (key) => {
        const answer = await openAnswer(attempt, { body, headers, key })
        if (attempt.streams) wire.streamed = { body, said: '' }
        if (!attempt.streams) return resolve(await wholeAnswer(attempt, answer, key))
        await new Promise<void>((over) => resolve(streamedAnswer({ attempt, answer, key, over })))
      }).catch((error: unknown) => {
        wire.failure ??= failureFrom(error)
        if (error instanceof ProviderCallError) wire.sent = error.sent
        reject(error instanceof Error ? error : new Error('a request failed and gave no error', { cause: error }))
      })
    })
  }
}

/** Sends, and notes what is known when the headers have come; a refusal is an answer too. @throws ProviderCallError. */
export async function sendAttempt(
  { services, provider, path, connection, signal, wire, bounds = {} }: Omit<Attempt, 'callId' | 'offer' | 'workspaceId'>,
  { body, headers, key }: { body: string | Uint8Array; headers: Readonly<Record<string, string>>; key: Secret | undefined },
): Promise<ProviderAnswer> {
  const { destination } = connection
  wire.machine ??= services.machineOf(connection.id).begin()
  const request = { provider, destination, method: 'POST', path, headers, body, signal, ...bounds } as const
  const answer = await services.sender.send({ ...request, ...(key ? { key } : {}) })
  wire.sent = 'maybe'
  wire.status = answer.status
  wire.headers = answer.headers
  wire.sentAt = answer.sentAt
  return answer
}

/** @throws ProviderCallError with what the provider refused, for any status that is not one of success. */
async function openAnswer(attempt: Attempt, request: Parameters<typeof sendAttempt>[1]): Promise<ProviderAnswer> {
  const answer = await sendAttempt(attempt, request)
  if (isSuccess(answer.status)) return answer
  const bytes = await answer.readAll()
  if (answer.firstByteAt) attempt.wire.firstByteAt = answer.firstByteAt
  requireSuccess({ protocol: attempt.offer.protocol, answer, bytes, key: request.key })
  return answer
}

async function wholeAnswer(
  { offer: { protocol }, wire, handsOnRefusals }: Attempt,
  answer: ProviderAnswer,
  key: Secret | undefined,
): Promise<Response> {
  const { bytes, failure } = await readWhole({ protocol, answer, wire, key, parse: parseBody })
  if (failure && !(handsOnRefusals && failure.code === 'provider.content_refused')) throw new ProviderCallError(failure, 'maybe')
  return new Response(new Uint8Array(bytes), { status: answer.status, headers: { 'content-type': 'application/json' } })
}

/** Reads an answer to its end, and notes its usage and its failure. `parse` throws what bytes that are no JSON come to. */
export async function readWhole({
  protocol,
  answer,
  wire,
  key,
  parse,
}: {
  protocol: Protocol
  answer: ProviderAnswer
  wire: WireRecord
  key: Secret | undefined
  parse: (bytes: Uint8Array) => unknown
}): Promise<{ bytes: Uint8Array; failure: ProviderFailure | undefined }> {
  const bytes = await answer.readAll()
  if (answer.firstByteAt) wire.firstByteAt = answer.firstByteAt
  const body = parse(bytes)
  wire.metered = protocol.usage.whole(body, answer.headers)
  const failure = bodyFailureOf({ protocol, headers: answer.headers, body, key })
  if (failure) wire.failure = failure
  return { bytes, failure }
}

/** The answer as it comes. However it ends (its last byte, an error, a reader that left), `over` is called once and the usage is noted. */
function streamedAnswer({
  attempt: { offer, wire },
  answer,
  key,
  over,
}: {
  attempt: Attempt
  answer: ProviderAnswer
  key: Secret | undefined
  over: () => void
}): Response {
  const tap = createAnswerTap({ protocol: offer.protocol, headers: answer.headers, key })
  const chunks = answer.chunks()[Symbol.asyncIterator]()
  const end = (): void => {
    const { metered, failure, said } = tap.end()
    wire.metered = metered
    if (wire.streamed) wire.streamed.said = said
    if (failure) wire.failure ??= failure
    over()
  }
  wire.meteredSoFar = () => tap.metered()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await chunks.next()
        if (answer.firstByteAt) wire.firstByteAt ??= answer.firstByteAt
        if (next.done) {
          end()
          return controller.close()
        }
        tap.push(next.value)
        const failure = tap.failure()
        if (failure) wire.failure ??= failure // before a package makes something less exact of the same event
        controller.enqueue(next.value)
      } catch (error) {
        wire.failure ??= failureFrom(error)
        end()
        controller.error(error)
      }
    },
    async cancel() {
      answer.cancel()
      end()
    },
  })
  return new Response(body, { status: answer.status, headers: { 'content-type': CONTENT_TYPES[offer.protocol.framing ?? 'sse'] } })
}

const CONTENT_TYPES: Readonly<Record<Framing, string>> = {
  sse: 'text/event-stream',
  'aws-event-stream': 'application/vnd.amazon.eventstream',
  'json-lines': 'application/x-ndjson',
}

export const isSuccess = (status: number): boolean => status >= 200 && status <= 299

/** @throws ProviderCallError with what the provider refused, for an answer of another status than 2xx. */
export function requireSuccess({
  protocol,
  answer: { status, headers },
  bytes,
  key,
}: {
  protocol: Protocol
  answer: Pick<ProviderAnswer, 'status' | 'headers'>
  bytes: Uint8Array
  key: Secret | undefined
}): void {
  if (!isSuccess(status)) throw new ProviderCallError(failureOf({ protocol, status, headers, bytes, key }), 'maybe')
}

function parseBody(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes)
  } catch {
    throw new ProviderCallError(MALFORMED, 'maybe')
  }
}

/** An answer that says success and is no answer. Asking again may help, and costs again: it is asked once more. */
export const MALFORMED: ProviderFailure = {
  code: 'provider.answer_malformed',
  detail:
    'The provider answered with something that is not valid JSON of its protocol. If this keeps happening, check the base URL and the provider.',
  retryable: true,
}

/** What the ledger and the caller learn of an error that came up before or while sending. */
export function failureFrom(error: unknown): ProviderFailure {
  if (error instanceof ProviderCallError) return error.failure
  if (error instanceof AppError) return { code: error.code, detail: error.detail, retryable: false }
  return MALFORMED
}
