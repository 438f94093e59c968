import type { Money } from '../base/money.ts'
import type { BudgetRefusal } from '../ledger/intent.ts'
import type { ResultWrite, Settlement } from '../ledger/settlement.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import type { WireRecord } from './attempt.ts'
import type { CallPlan, CallRequest } from './call.ts'
import { addCosts, afterFailure, pausedFor, type Tries } from './retry.ts'
import type { CallServices } from './services.ts'
import { settleCall } from './settle-call.ts'
import { makeInTurn } from './turn.ts'

/** Something asked of a provider, of whatever kind, tried again where that may help. */
export interface TriedRequest<Answer, Value> extends CallRequest {
  /** How it is asked now: prices change while it waits. */
  readonly plan: (at: Date) => CallPlan<Answer>
  /** What is sent, in words, so that the log does not repeat it. */
  readonly sent: () => string
  /** Called once, with the last attempt's outcome: the value for the caller, and results to commit with the ledger entry. */
  settleWith(outcome: Outcome<Answer>): { readonly value: Value; readonly writes: readonly ResultWrite<never>[] }
}

/** What became of a request, told to its caller before the commit. `cost` is that of all its attempts; undefined is unknown. */
export type Outcome<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly base: Settlement; readonly cost: Money | undefined }
  | { readonly kind: 'failed'; readonly callId: string; readonly failure: ProviderFailure; readonly cost: Money | undefined }

/** How a request ended; only `settled` has results in the database. */
export type RequestEnd<Value> =
  | { readonly kind: 'settled'; readonly value: Value }
  /** The provider, the key or the connection refuses every call alike, or has for minutes: nothing of it is this request's fault. */
  | { readonly kind: 'refused'; readonly failure: ProviderFailure }
  | { readonly kind: 'no_room'; readonly refusal: BudgetRefusal }
  | { readonly kind: 'cancelled' }

/** A failure after which somebody else may answer: nothing was settled with it but its own ledger entries. */
export interface HandedOver {
  readonly kind: 'handed_over'
  readonly failure: ProviderFailure
  readonly cost: Money | undefined // of all attempts so far; undefined is unknown
}

/**
 * One request along the whole path of a call, retried where the provider's answer says that may help; each attempt is a call
 * of its own with its own ledger entry. Where `handsOver` says so of a failure, it ends there and is not tried again, so that
 * another candidate may take over; it is only asked before the first byte of an answer came. Never throws for what a provider does.
 */
export async function requestOrHandOver<Answer, Value>(
  services: CallServices,
  request: TriedRequest<Answer, Value>,
  handsOver: (failure: ProviderFailure) => boolean,
): Promise<RequestEnd<Value> | HandedOver> {
  const askedAtMs = services.clock.now().getTime()
  let tries: Tries | undefined
  for (;;) {
    const end = await attemptOnce(services, request, { askedAtMs, tries, handsOver })
    if (end.kind !== 'again') return end
    tries = end.tries
    try {
      await services.clock.sleep(end.waitMs, request.signal)
    } catch {
      return { kind: 'cancelled' }
    }
  }
}

type AttemptEnd<Value> =
  | RequestEnd<Value>
  | HandedOver
  | { readonly kind: 'again'; readonly waitMs: number; readonly tries: Tries | undefined }

async function attemptOnce<Answer, Value>(
  services: CallServices,
  request: TriedRequest<Answer, Value>,
  { askedAtMs, tries, handsOver }: { askedAtMs: number; tries: Tries | undefined; handsOver: (failure: ProviderFailure) => boolean },
): Promise<AttemptEnd<Value>> {
  const settle = (settlement: Settlement, failure?: ProviderFailure): Promise<void> =>
    settleCall(services, { request, settlement, failure, sent: request.sent })
  const costBefore = tries ? tries.cost : { nano: 0n, currency: request.currency }
  const { signal } = request
  const { connectionId, model } = request.candidate
  const pace = services.paceOf(connectionId)
  const turn = await pace.begin({ signal, askedAtMs, model }).catch(() => undefined)
  if (!turn) return { kind: 'cancelled' }
  if (turn.kind === 'given_up') {
    if (handsOver(turn.failure)) return { kind: 'handed_over', failure: turn.failure, cost: costBefore }
    return { kind: 'refused', failure: pausedFor(turn.failure) }
  }
  const attempt = (tries?.codes.length ?? 0) + 1
  const made = await makeInTurn(services, { turn, request, plan: request.plan, attempt })
  if (made.kind === 'no_room') return made
  if (made.kind === 'refused') return afterRefusal(made, tries)
  const { base } = made
  const cost = tries ? addCosts(tries.cost, base.cost) : base.cost
  if (made.kind === 'answered') {
    const { value, writes } = request.settleWith({ kind: 'answered', answer: made.result, base, cost })
    await settle({ ...base, writes })
    return { kind: 'settled', value }
  }
  if (signal.aborted) {
    await settle({ ...base, outcome: base.outcome === 'not_sent' ? 'not_sent' : 'cancelled' })
    return { kind: 'cancelled' }
  }
  const { failure } = made
  const nowMs = services.clock.now().getTime()
  const ended: Settlement = { ...base, errorCode: failure.code }
  if (!hasBegun(made.wire) && handsOver(failure)) {
    await settle(ended, failure)
    return { kind: 'handed_over', failure, cost }
  }
  const all: Tries = {
    codes: [...(tries?.codes ?? []), failure.code],
    inOutage: (tries?.inOutage ?? 0) + (pace.isOpen() ? 1 : 0),
    firstEndedAtMs: tries?.firstEndedAtMs ?? nowMs,
    cost,
  }
  const next = afterFailure({ failure, tries: all, givenUp: pace.givenUpSince(askedAtMs), nowMs })
  if (next.kind === 'ended') {
    const { value, writes } = request.settleWith({ kind: 'failed', callId: base.intent.id, failure: next.failure, cost })
    await settle({ ...ended, writes }, failure)
    return { kind: 'settled', value }
  }
  await settle(ended, failure)
  return next.kind === 'refused' ? next : { ...next, tries: all }
}

/** Too fast for a rate limit of the workspace's own: whoever calls through here has the time to wait for it. */
function afterRefusal<Value>(refused: Extract<RequestEnd<Value>, { kind: 'refused' }>, tries: Tries | undefined): AttemptEnd<Value> {
  const { code, retryAfterMs } = refused.failure
  return code === 'rate_limit.exceeded' && retryAfterMs !== undefined ? { kind: 'again', waitMs: retryAfterMs, tries } : refused
}

/** From a status of success on the answer is on its way: what it cost cannot be taken back, and nobody else is asked. */
const hasBegun = ({ status }: WireRecord): boolean => status !== undefined && status >= 200 && status < 300
