import type { SettledCost, Settlement } from '../../ledger/settlement.ts'
import type { BatchResult } from '../../providers/batch.ts'
import { bodyFailureOf } from '../../providers/failure.ts'
import { chatOfferOf } from '../../providers/asked.ts'
import type { MeteredUsage, ProviderFailure } from '../../providers/wire-protocol.ts'
import { findProvider } from '../../providers/registry.ts'
import { isSuccess, MALFORMED } from '../attempt.ts'
import type { Candidate } from '../call.ts'
import type { ChatCall } from '../chat-call.ts'
import type { ChatOutcome } from '../chat.ts'
import { costInBatch } from '../price.ts'
import { refusesAll } from '../retry.ts'
import type { CallServices } from '../services.ts'
import { readBody } from './bodies.ts'
import type { Batch, OpenRequest } from './rows.ts'

/** What became of one request, told to its caller before the commit. */
export type BatchOutcome =
  | ChatOutcome
  /** It was not answered, and may be when it is asked again: its items wait. */
  | { readonly kind: 'unanswered' }

export interface BatchAnswer {
  readonly request: OpenRequest
  readonly outcome: BatchOutcome
}

/** How a batch's requests were asked. */
export interface Asking {
  readonly candidate: Candidate
  readonly currency: string
  readonly schema: ChatCall['schema']
  readonly schemaName: string
}

/** A request that has ended, with what its entry will say. */
export interface Judged extends BatchAnswer {
  readonly settlement: Omit<Settlement, 'writes'>
  readonly failure?: ProviderFailure | undefined
}

/** An item that was handed out so often and was never answered fails: something is wrong with it. */
const MOST_ATTEMPTS = 6

/** What a result is, as its entry will say and as whoever asked is told. */
export async function judge(
  { clock }: CallServices,
  {
    request,
    result,
    batch,
    asking,
    signal,
  }: { request: OpenRequest; result: BatchResult; batch: Batch; asking: Asking; signal: AbortSignal },
): Promise<Judged> {
  const { intent, intendedAt, keyVersion, inputParts } = request
  const { candidate, currency } = asking
  const now = clock.now()
  const common = {
    intent,
    intendedAt,
    keyVersion,
    inputParts: inputParts ?? undefined,
    serviceTier: 'batch',
    sentAt: batch.submittedAt ?? undefined,
    endedAt: now,
  }
  const unbilled: SettledCost = { nano: 0n, currency, source: 'not_billed', rowIds: [] }
  if (result.kind !== 'answered') {
    const outcome = result.kind === 'expired' ? 'failed' : 'cancelled'
    const settlement = { ...common, outcome, errorCode: `batch.${result.kind}`, cost: unbilled } as const
    return { request, outcome: { kind: 'unanswered' }, settlement }
  }
  const { status, body } = result
  const { protocol } = chatOfferOf(findProvider(candidate.provider), candidate.model)
  if (!isSuccess(status)) {
    const failure = protocol.classifyError({ status, headers: {}, body })
    return {
      request,
      outcome: outcomeOf(failure, { request, cost: unbilled }),
      failure,
      settlement: { ...common, outcome: 'failed', errorCode: failure.code, status, cost: unbilled },
    }
  }
  const metered: MeteredUsage = protocol.usage.whole(body, {})
  const cost = costInBatch({ candidate, metered, at: now })
  const used = {
    status,
    servedModel: metered.servedModel,
    providerRequestId: metered.providerRequestId,
    usage: metered.usage,
    usageSource: metered.source,
    rawUsage: metered.raw,
    cost,
  }
  const failed = bodyFailureOf({ protocol, headers: {}, body })
  const text = failed ? undefined : await readBody({ ...asking, signal }, body).catch(() => undefined)
  if (text) {
    const outcome = { kind: 'answered', callId: intent.id, ...text, cost, usage: metered.usage } as const
    return { request, outcome, settlement: { ...common, ...used, outcome: 'succeeded' } }
  }
  const failure = failed ?? MALFORMED
  return {
    request,
    outcome: outcomeOf(failure, { request, cost }),
    failure,
    settlement: { ...common, ...used, outcome: 'failed', errorCode: failure.code },
  }
}

/** What may pass is asked again; what refuses every request alike is not this one's fault. */
function outcomeOf(failure: ProviderFailure, { request, cost }: { request: OpenRequest; cost: SettledCost | undefined }): BatchOutcome {
  const isTiredOf = request.items.some(([, attempt]) => attempt >= MOST_ATTEMPTS)
  if (refusesAll(failure) || (failure.retryable && !isTiredOf)) return { kind: 'unanswered' }
  return { kind: 'failed', callId: request.intent.id, failure, cost }
}
