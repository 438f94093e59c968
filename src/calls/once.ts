import type { ResultWrite, Settlement } from '../ledger/settlement.ts'
import type { ProviderFailure } from '../providers/provider.ts'
import type { WireRecord } from './attempt.ts'
import { type CallPlan, type CallRequest, makeCall, type MadeCall } from './call.ts'
import { logCall } from './log-call.ts'
import { reportOf } from './pace-report.ts'
import type { CallServices } from './services.ts'
import { turnFor } from './turn.ts'

/** Rows to commit with a call's ledger entry. */
export type CallWrites = (base: Settlement) => readonly ResultWrite<never>[]

/** What became of a call that is made once. All but the last two were sent, or tried to be, and are settled. */
export type AskedOnce<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly wire: WireRecord; readonly base: Settlement }
  | { readonly kind: 'failed'; readonly failure: ProviderFailure; readonly wire: WireRecord; readonly base: Settlement }
  /** By `request.signal`; undefined where it was not begun. */
  | { readonly kind: 'cancelled'; readonly made?: { readonly wire: WireRecord; readonly base: Settlement } }
  | { readonly kind: 'no_room'; readonly refusal: Extract<MadeCall<never>, { kind: 'no_room' }>['refusal'] }
  /** The connection may not be asked, or was given up for now. */
  | { readonly kind: 'refused'; readonly failure: ProviderFailure }

export interface OneQuestion<Answer> {
  readonly request: CallRequest
  readonly plan: (at: Date) => CallPlan<Answer>
  /** Of whoever asks: 1 for the first. */
  readonly attempt?: number
  /** What is sent, in words, so that the log does not repeat it. */
  readonly sent: () => string
  readonly writes?: CallWrites | undefined
}

/**
 * One call along the whole path, at its connection's pace, and never a second one: for who wants to see what a provider does,
 * or hands its answer on as it comes. Settled when it returns. Never throws for what a provider does.
 */
export async function askOnce<Answer>(services: CallServices, question: OneQuestion<Answer>): Promise<AskedOnce<Answer>> {
  const { asked, settled } = await askUnsettled(services, question)
  await settled
  return asked
}

/** The same for an answer that waits for no commit: `settled` resolves when there is an entry, and rejects when there is none. */
export async function askUnsettled<Answer>(
  services: CallServices,
  { request, plan, attempt = 1, sent, writes }: OneQuestion<Answer>,
): Promise<{ readonly asked: AskedOnce<Answer>; readonly settled: Promise<void> }> {
  const { signal, candidate } = request
  const { clock, ledger, log } = services
  const turn = await (request.left
    ? turnFor(services, request)
    : services
        .paceOf(candidate.connectionId)
        .begin({ signal, askedAtMs: clock.now().getTime(), model: candidate.model })
        .catch(() => undefined))
  const unsent = (asked: AskedOnce<Answer>) => ({ asked, settled: Promise.resolve() })
  if (!turn) return unsent({ kind: 'cancelled' })
  if (turn.kind === 'given_up') return unsent({ kind: 'refused', failure: turn.failure })
  let made: MadeCall<Answer> | undefined
  try {
    made = await makeCall(services, { request, plan: plan(clock.now()), attempt })
  } finally {
    turn.end(made ? reportOf(made, { isCutOff: signal.aborted, nowMs: clock.now().getTime() }) : { kind: 'nothing' })
  }
  if (made.kind === 'no_room' || made.kind === 'refused') return unsent(made)
  const { wire } = made
  const isCancelled = made.kind === 'failed' && signal.aborted
  const failure = made.kind === 'failed' && !isCancelled ? made.failure : undefined
  const base: Settlement = {
    ...made.base,
    ...(isCancelled && made.base.outcome !== 'not_sent' ? { outcome: 'cancelled' as const } : {}),
    ...(failure ? { errorCode: failure.code } : {}),
  }
  const settlement = writes ? { ...base, writes: writes(base) } : base
  const settled = ledger.settle(settlement).then(() => logCall({ log, request, settlement, failure, sent }))
  if (made.kind === 'answered') return { asked: { kind: 'answered', answer: made.result, wire, base }, settled }
  return { asked: failure ? { kind: 'failed', failure, wire, base } : { kind: 'cancelled', made: { wire, base } }, settled }
}
