import type { ResultWrite, Settlement } from '../ledger/settlement.ts'
import type { ProviderFailure } from '../providers/provider.ts'
import type { WireRecord } from './attempt.ts'
import { type CallPlan, type CallRequest, makeCall, type MadeCall } from './call.ts'
import { logCall } from './log-call.ts'
import { reportOf } from './pace-report.ts'
import type { CallServices } from './services.ts'

/** What became of a call that is made once. All but the last two were sent, or tried to be, and are settled. */
export type AskedOnce<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly wire: WireRecord; readonly base: Settlement }
  | { readonly kind: 'failed'; readonly failure: ProviderFailure; readonly wire: WireRecord; readonly base: Settlement }
  /** By `request.signal`; undefined where it was not begun. */
  | { readonly kind: 'cancelled'; readonly made?: { readonly wire: WireRecord; readonly base: Settlement } }
  | { readonly kind: 'no_room'; readonly refusal: Extract<MadeCall<never>, { kind: 'no_room' }>['refusal'] }
  /** The connection may not be asked, or was given up for now. */
  | { readonly kind: 'refused'; readonly failure: ProviderFailure }

/**
 * One call along the whole path, at its connection's pace, and never a second one: for who wants to see what a provider does,
 * or hands its answer on as it comes. Settled when it returns. Never throws for what a provider does.
 */
export async function askOnce<Answer>(
  services: CallServices,
  {
    request,
    plan,
    sent,
    writes,
  }: {
    request: CallRequest
    plan: (at: Date) => CallPlan<Answer>
    /** What is sent, in words, so that the log does not repeat it. */
    sent: () => string
    /** Committed with the ledger entry. */
    writes?: (base: Settlement) => readonly ResultWrite<never>[]
  },
): Promise<AskedOnce<Answer>> {
  const { signal, candidate } = request
  const { clock, ledger, log } = services
  const turn = await services
    .paceOf(candidate.connectionId)
    .begin({ signal, askedAtMs: clock.now().getTime(), model: candidate.model })
    .catch(() => undefined)
  if (!turn) return { kind: 'cancelled' }
  if (turn.kind === 'given_up') return { kind: 'refused', failure: turn.failure }
  let made: MadeCall<Answer> | undefined
  try {
    made = await makeCall(services, { request, plan: plan(clock.now()), attempt: 1 })
  } finally {
    turn.end(made ? reportOf(made, { isCutOff: signal.aborted, nowMs: clock.now().getTime() }) : { kind: 'nothing' })
  }
  if (made.kind === 'no_room' || made.kind === 'refused') return made
  const { wire } = made
  const isCancelled = made.kind === 'failed' && signal.aborted
  const failure = made.kind === 'failed' && !isCancelled ? made.failure : undefined
  const base: Settlement = {
    ...made.base,
    ...(isCancelled && made.base.outcome !== 'not_sent' ? { outcome: 'cancelled' as const } : {}),
    ...(failure ? { errorCode: failure.code } : {}),
  }
  const settlement = writes ? { ...base, writes: writes(base) } : base
  await ledger.settle(settlement)
  logCall({ log, request, settlement, failure, sent })
  if (made.kind === 'answered') return { kind: 'answered', answer: made.result, wire, base }
  return failure ? { kind: 'failed', failure, wire, base } : { kind: 'cancelled', made: { wire, base } }
}
