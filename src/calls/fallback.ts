import type { AssignedCandidate } from '../assignments/resolve.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { Money } from '../base/money.ts'
import type { FallbackClass } from '../contract/assignments.ts'
import type { ResultWrite } from '../ledger/settlement.ts'
import { regionOf } from '../providers/asked.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import { findProvider } from '../providers/registry.ts'
import type { Candidate } from './call.ts'
import type { ChatCall } from './chat-call.ts'
import { type ChatOutcome, chatOrHandOver } from './chat.ts'
import type { RequestEnd } from './request.ts'
import { addCosts } from './retry.ts'
import type { CallServices } from './services.ts'

/** A chat request that several candidates may answer, one after another. */
export interface FallbackRequest<T> extends Omit<ChatCall, 'candidate'> {
  /** What differs where another candidate is asked: a model has limits and a tokenizer of its own. */
  readonly forCandidate?: (candidate: AssignedCandidate) => Partial<Omit<ChatCall, 'candidate'>>
  /** Called once, with the last attempt's outcome and the candidate it came from. `cost` is that of all attempts of all candidates. */
  readonly settleWith: (
    outcome: ChatOutcome,
    candidate: AssignedCandidate,
  ) => { readonly value: T; readonly writes: readonly ResultWrite<never>[] }
}

const CLASS_OF: Partial<Record<ErrorCode, FallbackClass>> = {
  'provider.rate_limited': 'rate_limited',
  'provider.overloaded': 'overloaded',
  'provider.failed': 'failed',
  'provider.unreachable': 'unreachable',
  'provider.timeout': 'timeout',
  'provider.no_credit': 'no_credit',
}

/** The class of a failure that a person can allow the next candidate to take over from; undefined for all others. */
export const fallbackClassOf = ({ code }: Pick<ProviderFailure, 'code'>): FallbackClass | undefined => CLASS_OF[code]

/**
 * `chat` with `candidates` in their order (`candidatesFor`): the first is asked, and where it fails in a way that it lists
 * in `fallbackOn`, before the first byte of an answer, the next one takes over at once. The last one, and every failure that
 * is not listed, is treated as `chat` treats it. Every attempt has its own ledger entry. @throws RangeError without a candidate.
 */
export async function chatWithFallback<T>(
  services: CallServices,
  request: FallbackRequest<T>,
  candidates: readonly AssignedCandidate[],
): Promise<RequestEnd<T>> {
  const { forCandidate, settleWith, ...call } = request
  let spent: Money | undefined = { nano: 0n, currency: request.currency }
  for (const [index, candidate] of candidates.entries()) {
    const before = spent
    const isLast = index === candidates.length - 1
    const handsOver = (failure: ProviderFailure): boolean => {
      const failureClass = fallbackClassOf(failure)
      return !isLast && failureClass !== undefined && candidate.fallbackOn.includes(failureClass)
    }
    const end = await chatOrHandOver<T>(
      services,
      {
        ...call,
        ...forCandidate?.(candidate),
        candidate: callCandidate(candidate),
        settleWith: (outcome) => settleWith({ ...outcome, cost: addCosts(before, outcome.cost) }, candidate),
      },
      handsOver,
    )
    if (end.kind !== 'handed_over') return end
    spent = addCosts(before, end.cost)
    const { connection } = candidate
    services.log.info(
      { connectionId: connection.id, model: candidate.model, origin: request.origin, code: end.failure.code },
      'the next candidate takes over',
    )
  }
  throw new RangeError('a request needs a candidate')
}

/** A candidate as a call takes it. */
export const callCandidate = ({ connection, model, found }: AssignedCandidate): Candidate => ({
  connectionId: connection.id,
  provider: connection.provider,
  model,
  found,
  rateCard: connection.rateCard,
  standsFor: connection.models?.[model],
  region: regionOf(findProvider(connection.provider), connection.destination),
})
