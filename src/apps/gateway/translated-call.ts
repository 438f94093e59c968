import { AppError } from '../../base/errors.ts'
import { type CallPlan, type CallRequest } from '../../calls/call.ts'
import type { AttemptFetch, ChatModel } from '../../calls/chat-model.ts'
import type { CallReceipt, Forwarded } from '../../calls/forward.ts'
import { type AskedOnce, askUnwaited, type OneQuestion } from '../../calls/once.ts'
import type { CallServices } from '../../calls/services.ts'
import type { Settlement } from '../../ledger/settlement.ts'
import { CANCELLED } from '../../providers/exchange.ts'
import type { ProviderFailure } from '../../providers/wire-protocol.ts'
import type { CHAT_DIALECTS } from './dialects.ts'
import type { GatewayRequest } from './request.ts'
import type { Try } from './same-dialect.ts'
import { packageRefusal } from './translate/package-refusal.ts'
import type { TranslatedRequest } from './translate/settings.ts'
import { type AnswerHead, roughTokens } from './translate/stream.ts'

/** A program's request as another provider gets it, ready to be asked. */
export interface Translation {
  readonly one: Try
  readonly call: CallRequest
  /** Everything of the plan but how it is asked. */
  readonly plan: Omit<CallPlan<never>, 'ask'>
  readonly dialect: (typeof CHAT_DIALECTS)[keyof typeof CHAT_DIALECTS]
  readonly translated: TranslatedRequest
  /** The package that builds and reads the provider's bodies, over this attempt's own fetch. */
  readonly modelOver: (fetch: AttemptFetch) => Promise<ChatModel>
}

/** The program's request, to be said in other words. @throws AppError request.invalid. */
export function bodyOf({ body }: GatewayRequest): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')) as unknown
  } catch {
    throw new AppError('request.invalid', 'The body is not JSON.')
  }
}

/** What stands in every answer to a translated chat. */
export const headOf = ({ dialect, call, one }: Translation, { callId, createdAt }: { callId: string; createdAt: Date }): AnswerHead => ({
  id: dialect.idPrefix + callId,
  model: call.candidate.model,
  createdAt,
  roughInputTokens: roughTokens(one.request.body.byteLength),
})

/** Makes the call. What the package cannot say to its provider is the program's to mend, and not the provider's failure. */
export async function askTranslated(
  services: CallServices,
  { call, one, plan }: Translation,
  signal: AbortSignal,
  ask: CallPlan<void>['ask'],
): Promise<AskedOnce<void>> {
  const question: OneQuestion<void> = {
    request: { ...call, signal },
    attempt: one.attempt,
    sent: () => Buffer.from(one.request.body).toString('utf8'),
    plan: () => ({
      ...plan,
      ask: (fetch, after) =>
        ask(fetch, after).catch((error: unknown) => {
          throw packageRefusal(error) ?? error
        }),
    }),
  }
  return askUnwaited(services, question, call.signal)
}

/** What is known of a call that was made. */
export function settlementIn(asked: AskedOnce<unknown>): Settlement | undefined {
  if (asked.kind === 'answered' || asked.kind === 'failed') return asked.base
  return asked.kind === 'cancelled' ? asked.made?.base : undefined
}

export const failureIn = (asked: AskedOnce<unknown>): ProviderFailure | undefined => {
  if (asked.kind === 'failed' || asked.kind === 'refused') return asked.failure
  return asked.kind === 'cancelled' ? CANCELLED : undefined
}

export const receiptOf = (
  { intent, outcome, servedModel, usage, cost }: Settlement,
  failure: ProviderFailure | undefined,
): CallReceipt => ({
  callId: intent.id,
  outcome,
  servedModel,
  usage,
  cost,
  failure,
})

/** A call that gave no answer. The provider's own words go to whoever wrote the request; they speak of nothing else. */
export function failedFrom(asked: AskedOnce<unknown>): Forwarded {
  if (asked.kind === 'no_room') return asked
  const failure = failureIn(asked) ?? CANCELLED
  const base = settlementIn(asked)
  if (!base) return { kind: 'refused', failure: { ...failure, retryable: failure.retryable || failure.retryAfterMs !== undefined } }
  const isOfRequest = failure.code === 'provider.request_refused' && failure.excerpt !== undefined
  const detail = isOfRequest ? `${failure.detail} It said: ${failure.excerpt}` : failure.detail
  return { kind: 'failed', callId: base.intent.id, failure: { ...failure, detail } }
}
