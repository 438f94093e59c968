import type { Admission } from '../ledger/intent.ts'
import type { SettledCost, Settlement } from '../ledger/settlement.ts'
import type { Secret } from '../base/secret.ts'
import type { Usage } from '../base/usage.ts'
import { CANCELLED } from '../providers/exchange.ts'
import { failureOf, ProviderCallError } from '../providers/failure.ts'
import { parseJson } from '../providers/parse-json.ts'
import { pathAt } from '../providers/asked.ts'
import type { Offer } from '../providers/offer.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import { findProvider } from '../providers/registry.ts'
import type { ProviderAnswer } from '../providers/send.ts'
import { createKeyScrubber } from '../runtime/scrub.ts'
import { type AnswerBounds, failureFrom, isSuccess, readWhole, sendAttempt, type WireRecord } from './attempt.ts'
import { type CallRequest, intentOf, refusalOf, settlementOf } from './call.ts'
import { withConnectionKey } from './open-key.ts'
import { reportOf } from './pace-report.ts'
import type { CallServices } from './services.ts'
import { cutFailure, cuttable } from './cut.ts'
import { type ForwardedStream, openStream } from './forwarded-stream.ts'
import { settleUnwaited } from './settle-call.ts'
import { turnFor } from './turn.ts'

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

/**
 * Steps 3 to 7 of a call's path for bytes that are not ours to change: intent, key, send, meter, settle. It settles by
 * itself, whatever becomes of its reader, and no answer waits for that. Never throws for what a provider does.
 */
export async function forward(services: CallServices, request: ForwardRequest): Promise<Forwarded> {
  const { candidate, signal, worstCaseNano, tokensAtMost, attempt } = request
  const provider = findProvider(candidate.provider)
  const turn = await turnFor(services, request)
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
  // A stream that nobody will read is not waited for where that stops its bill.
  const isDropped = request.streams && provider.afterDisconnect === 'stops'
  const drop = (): void => call.abort()
  if (request.left?.aborted) drop() // it left while its intent was written: nothing is sent
  else if (isDropped) request.left?.addEventListener('abort', drop, { once: true })

  /** Step 7: once, when nothing more of the answer can come. */
  const settle = (ending: { cut?: true } = {}): CallReceipt => {
    call.end()
    if (isDropped) request.left?.removeEventListener('abort', drop)
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
    settleUnwaited(services, { request, settlement, failure, sent: () => Buffer.from(request.body).toString('utf8') }, signal)
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
        const { bytes, failure } = await readWhole({ protocol: request.offer.protocol, answer, wire, key, parse: parseJson })
        const providerMs = performance.now() - sentAtMs
        const receipt = settle()
        // an error under a status of success: somebody else may still be asked
        if (failure && failure.code !== 'provider.content_refused')
          return resolve({ kind: 'failed', callId: intent.id, failure, answer: { ...head, bytes: withoutKeyIn(bytes, key) } })
        return resolve({ kind: 'whole', ...head, bytes, providerMs, receipt })
      }
      const stream = await openStream({ answer, request, provider, wire, key, call, clock: services.clock, settle })
      if (!('next' in stream)) return resolve({ kind: 'failed', callId: intent.id, failure: stream })
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

const isStream = ({ headers }: ProviderAnswer): boolean => !headers['content-type']?.startsWith('application/json')

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
  return { status, headers, bytes: withoutKeyIn(bytes, key) }
}

/** The bytes of an error, without the key in any of its forms and without what looks like one. */
function withoutKeyIn(bytes: Uint8Array, key: Secret | undefined): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const scrubbed = createKeyScrubber(key)(text)
  return scrubbed === text ? bytes : Buffer.from(scrubbed)
}
