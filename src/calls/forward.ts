import type { Admission } from '../ledger/intent.ts'
import type { SettledCost, Settlement } from '../ledger/settlement.ts'
import type { Secret } from '../base/secret.ts'
import type { Usage } from '../base/usage.ts'
import { bodyFailureOf, failureOf, ProviderCallError } from '../providers/failure.ts'
import { parseJson } from '../providers/parse-json.ts'
import { type Offer, pathAt, type Provider, type ProviderFailure } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'
import type { ProviderAnswer } from '../providers/send.ts'
import { createScrubber } from '../runtime/scrub.ts'
import { createAnswerTap } from './answer-tap.ts'
import { type AnswerBounds, failureFrom, isSuccess, sendAttempt, withConnectionKey, type WireRecord } from './attempt.ts'
import { type CallRequest, intentOf, refusalOf, settlementOf } from './call.ts'
import { logCall } from './log-call.ts'
import type { Pace } from './pace.ts'
import { reportOf } from './pace-report.ts'
import type { CallServices } from './services.ts'
import { type CuttableCall, cutFailure, cuttable } from './cut.ts'

/** A request whose bytes go to the provider as they are, in the provider's own dialect. */
export interface ForwardRequest extends CallRequest {
  readonly offer: Offer
  readonly path: string
  readonly body: Uint8Array
  /** What says how the body is to be read: content-type, anthropic-beta, openai-beta. */
  readonly headers: Readonly<Record<string, string>>
  readonly streams: boolean
  readonly bounds?: AnswerBounds | undefined
  readonly attempt: number
  readonly worstCaseNano: bigint | undefined
  readonly tokensAtMost?: number | undefined
}

/** What is known of a forwarded call when it is over. Undefined is unknown, which is not zero. */
export interface CallReceipt {
  readonly callId: string
  readonly outcome: Settlement['outcome']
  readonly servedModel: string | undefined
  readonly usage: Usage | undefined
  readonly cost: SettledCost | undefined
  readonly failure?: ProviderFailure | undefined
}

interface AnswerHead {
  readonly callId: string
  readonly status: number
  /** Those of the provider's that may be shown. */
  readonly headers: Readonly<Record<string, string>>
  /** When it left; of `performance.now()`. */
  readonly sentAtMs: number
}

/** What came back. Of a failure nothing was handed on, so that somebody else may still be asked. */
export type Forwarded =
  | { readonly kind: 'no_room'; readonly refusal: Extract<Admission, { kind: 'no_room' }>['refusal'] }
  | { readonly kind: 'refused'; readonly failure: ProviderFailure }
  /** `answer`: what the provider said, without the key's value; absent where it said nothing. */
  | {
      readonly kind: 'failed'
      readonly callId: string
      readonly failure: ProviderFailure
      readonly answer?: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly bytes: Uint8Array }
    }
  /** `providerMs`: from sending it to its last byte. */
  | ({ readonly kind: 'whole'; readonly bytes: Uint8Array; readonly providerMs: number; readonly receipt: CallReceipt } & AnswerHead)
  | ({ readonly kind: 'stream'; readonly stream: ForwardedStream } & AnswerHead)

/** A streamed answer on its way. Read it to its end, or leave. */
export interface ForwardedStream {
  /** The next bytes as they came; undefined at the end. @throws ProviderCallError where it breaks or is cut. */
  next(): Promise<Uint8Array | undefined>
  /** Nobody reads on: the provider's work is cancelled where that stops its bill, and read to its end and metered where it does not. */
  leave(): void
  /** What it came to, whichever way it ended. Never rejects. */
  readonly ended: Promise<CallReceipt>
}

/** How long, and how much, an answer that nobody reads any more is read on for its usage. */
export const DRAIN_MS = 60_000
export const DRAIN_BYTES = 4 * 1024 * 1024

/**
 * Steps 3 to 7 of a call's path for bytes that are not ours to change: intent, key, send, meter, settle. It settles by
 * itself, whatever becomes of its reader, and no answer waits for that. Never throws for what a provider does.
 */
export async function forward(services: CallServices, request: ForwardRequest): Promise<Forwarded> {
  const { candidate, signal, worstCaseNano, tokensAtMost, attempt } = request
  const provider = findProvider(candidate.provider)
  const pace = services.paceOf(candidate.connectionId)
  const turn = await pace.begin({ signal, askedAtMs: services.clock.now().getTime(), model: candidate.model }).catch(() => undefined)
  if (!turn) return { kind: 'refused', failure: CANCELLED }
  if (turn.kind === 'given_up') return { kind: 'refused', failure: turn.failure }
  const intent = intentOf(request, { attempt, worstCaseNano, tokensAtMost, now: services.clock.now() })
  const admission = await services.ledger.intend(intent).catch((error: unknown) => {
    turn.end({ kind: 'nothing' })
    throw error
  })
  if (admission.kind !== 'admitted') {
    turn.end({ kind: 'nothing' })
    if (admission.kind === 'no_room') return { kind: 'no_room', refusal: admission.refusal }
    const failure = refusalOf(admission)
    return { kind: 'refused', failure: { ...failure, retryable: failure.retryAfterMs !== undefined } } // a program tries again by itself
  }
  const { connection, intendedAt } = admission
  const wire: WireRecord = { sent: 'no' }
  const call = cuttable(services.watch, { signal, connectionId: candidate.connectionId, virtualKeyId: request.virtualKeyId })

  /** Step 7: once, when nothing more of the answer can come. */
  const settle = (ending: { cut?: true } = {}): CallReceipt => {
    call.end()
    const { failure } = wire
    const base = { ...settlementOf({ services, request, intent, wire }), intendedAt, keyVersion: connection.keyVersion }
    const outcome = failure || ending.cut ? (ending.cut && base.outcome === 'failed' ? 'cancelled' : base.outcome) : 'succeeded'
    const settlement: Settlement = { ...base, outcome, ...(failure ? { errorCode: failure.code } : {}) }
    turn.end(
      reportOf(failure ? { kind: 'failed', failure, wire } : { kind: 'answered', wire }, {
        isCutOff: ending.cut === true,
        nowMs: services.clock.now().getTime(),
      }),
    )
    services.ledger.settle(settlement).then(
      () => logCall({ log: services.log, request, settlement, failure, sent: () => Buffer.from(request.body).toString('utf8') }),
      (error: unknown) => services.log.error({ error, callId: intent.id }, 'a call could not be settled; it stays an intent'),
    )
    return { callId: intent.id, outcome, servedModel: settlement.servedModel, usage: settlement.usage, cost: settlement.cost, failure }
  }

  return new Promise<Forwarded>((resolve) => {
    withConnectionKey({ services, workspaceId: request.workspaceId, connection, provider, signal: call.signal }, async (key) => {
      const headers = { ...request.headers, 'x-client-request-id': intent.id }
      const { body } = request
      const path = pathAt(provider, request.path, { destination: connection.destination, model: candidate.model })
      const sentAtMs = performance.now()
      const answer = await sendAttempt(
        { services, provider, path, connection, signal: call.signal, wire, bounds: request.bounds },
        { body, headers, key },
      )
      const head: AnswerHead = { callId: intent.id, status: answer.status, headers: answer.headers, sentAtMs }
      if (!isSuccess(answer.status)) {
        const said = await readRefusal({ answer, request, wire, key })
        settle()
        return resolve({ kind: 'failed', callId: intent.id, failure: wire.failure!, answer: said })
      }
      if (!request.streams || !isStream(answer)) {
        const bytes = await readWhole({ answer, request, wire, key })
        const providerMs = performance.now() - sentAtMs
        return resolve({ kind: 'whole', ...head, bytes, providerMs, receipt: settle() })
      }
      const stream = streamOf({ answer, request, provider, wire, key, call, settle })
      resolve({ kind: 'stream', ...head, stream })
      await stream.ended // the key stays open until the last byte has come
    }).catch((error: unknown) => {
      wire.failure ??= call.cutBy() ? cutFailure(call.cutBy()!) : failureFrom(error)
      if (error instanceof ProviderCallError) wire.sent = error.sent
      settle(call.signal.aborted ? { cut: true } : {})
      resolve({ kind: 'failed', callId: intent.id, failure: wire.failure })
    })
  })
}

/** A program waits for its answer, and tries again by itself: it is told at once what would take longer than it waits. */
const LONGEST_HOLD_MS = 15_000

async function waitForTurn(
  pace: Pace,
  { signal, candidate }: ForwardRequest,
  nowMs: number,
): Promise<Awaited<ReturnType<Pace['begin']>> | undefined> {
  const retryAfterMs = pace.heldUntilMs() - nowMs
  if (retryAfterMs <= LONGEST_HOLD_MS) return pace.begin({ signal, askedAtMs: nowMs, model: candidate.model }).catch(() => undefined)
  const detail = 'The provider asked for no calls over this connection for a while. Try again when Retry-After is over.'
  return { kind: 'given_up', failure: { code: 'provider.rate_limited', detail, retryable: true, retryAfterMs } }
}

const isStream = ({ headers }: ProviderAnswer): boolean => !headers['content-type']?.startsWith('application/json')

async function readWhole({
  answer,
  request: { offer },
  wire,
  key,
}: {
  answer: ProviderAnswer
  request: ForwardRequest
  wire: WireRecord
  key: Secret | undefined
}): Promise<Uint8Array> {
  const bytes = await answer.readAll()
  if (answer.firstByteAt) wire.firstByteAt = answer.firstByteAt
  const body = parseJson(bytes)
  wire.metered = offer.protocol.usage.whole(body)
  const failure = bodyFailureOf({ protocol: offer.protocol, headers: answer.headers, body, key })
  if (failure) wire.failure = failure
  return bytes
}

/** The provider's own words, but for the key: it can repeat what it was sent (KEY-11). */
async function readRefusal({
  answer,
  request: { offer },
  wire,
  key,
}: {
  answer: ProviderAnswer
  request: ForwardRequest
  wire: WireRecord
  key: Secret | undefined
}): Promise<{ status: number; headers: Readonly<Record<string, string>>; bytes: Uint8Array }> {
  const { status, headers } = answer
  const bytes = await answer.readAll()
  wire.failure = failureOf({ protocol: offer.protocol, status, headers, bytes, key })
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const scrubbed = createScrubber(key)(text)
  return { status, headers, bytes: scrubbed === text ? bytes : Buffer.from(scrubbed) }
}

function streamOf({
  answer,
  request: { offer },
  provider,
  wire,
  key,
  call,
  settle,
}: {
  answer: ProviderAnswer
  request: ForwardRequest
  provider: Provider
  wire: WireRecord
  key: Secret | undefined
  call: CuttableCall
  settle: (ending?: { cut?: true }) => CallReceipt
}): ForwardedStream {
  const tap = createAnswerTap({ protocol: offer.protocol, headers: answer.headers, key })
  const chunks = answer.chunks()[Symbol.asyncIterator]()
  const { promise: ended, resolve } = Promise.withResolvers<CallReceipt>()
  let isOver = false
  let hasLeft = false

  const end = (ending?: { cut?: true }): void => {
    if (isOver) return
    isOver = true
    const { metered, failure } = tap.end()
    wire.metered = metered
    if (failure) wire.failure ??= failure
    resolve(settle(ending))
  }
  const next = async (): Promise<Uint8Array | undefined> => {
    try {
      const { value, done } = await chunks.next()
      if (answer.firstByteAt) wire.firstByteAt ??= answer.firstByteAt
      if (done) {
        end()
        return undefined
      }
      tap.push(value)
      return value
    } catch (error) {
      const cut = call.cutBy()
      wire.failure ??= cut ? cutFailure(cut) : failureFrom(error)
      end(call.signal.aborted ? { cut: true } : undefined)
      throw wire.failure === undefined ? error : new ProviderCallError(wire.failure, 'maybe')
    }
  }
  const drain = async (): Promise<void> => {
    const tooLong = setTimeout(call.abort, DRAIN_MS)
    try {
      for (let bytes = 0, chunk = await next(); chunk; chunk = await next()) {
        bytes += chunk.byteLength
        if (bytes > DRAIN_BYTES) call.abort()
      }
    } catch {
      // it broke, or was cut after all: `next` has settled it
    } finally {
      clearTimeout(tooLong)
    }
  }
  return {
    next,
    leave() {
      if (isOver || hasLeft) return
      hasLeft = true
      if (provider.afterDisconnect === 'stops') call.abort()
      void drain()
    },
    ended,
  }
}

const CANCELLED: ProviderFailure = { code: 'call.interrupted', detail: 'The call was cancelled.', retryable: false }
