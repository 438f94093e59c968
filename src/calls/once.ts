import type { ResultWrite, Settlement } from '../ledger/settlement.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import type { WireRecord } from './attempt.ts'
import type { CallPlan, CallRequest, MadeCall } from './call.ts'
import type { EndedCall } from './log-call.ts'
import type { CallServices } from './services.ts'
import { settleCall, settleUnwaited } from './settle-call.ts'
import { makeInTurn, turnFor } from './turn.ts'

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
  const { asked, ended } = await ask(services, question)
  if (ended) await settleCall(services, ended)
  return asked
}

/** The same for an answer that waits for no commit. @param closing aborts when the server stops. */
export async function askUnwaited<Answer>(
  services: CallServices,
  question: OneQuestion<Answer>,
  closing: AbortSignal,
): Promise<AskedOnce<Answer>> {
  const { asked, ended } = await ask(services, question)
  if (ended) settleUnwaited(services, ended, closing)
  return asked
}

/** What became of it, and the call that is to be settled where there was one. */
async function ask<Answer>(
  services: CallServices,
  { request, plan, attempt = 1, sent, writes }: OneQuestion<Answer>,
): Promise<{ readonly asked: AskedOnce<Answer>; readonly ended?: EndedCall }> {
  const { signal, candidate } = request
  const { clock } = services
  const turn = await (request.left
    ? turnFor(services, request)
    : services
        .paceOf(candidate.connectionId)
        .begin({ signal, askedAtMs: clock.now().getTime(), model: candidate.model })
        .catch(() => undefined))
  if (!turn) return { asked: { kind: 'cancelled' } }
  if (turn.kind === 'given_up') return { asked: { kind: 'refused', failure: turn.failure } }
  const made = await makeInTurn(services, { turn, request, plan, attempt })
  if (made.kind === 'no_room' || made.kind === 'refused') return { asked: made }
  const { wire } = made
  const isCancelled = made.kind === 'failed' && signal.aborted
  const failure = made.kind === 'failed' && !isCancelled ? made.failure : undefined
  const base: Settlement = {
    ...made.base,
    ...(isCancelled && made.base.outcome !== 'not_sent' ? { outcome: 'cancelled' as const } : {}),
    ...(failure ? { errorCode: failure.code } : {}),
  }
  const settlement = writes ? { ...base, writes: writes(base) } : base
  const ended: EndedCall = { request, settlement, failure, sent }
  if (made.kind === 'answered') return { asked: { kind: 'answered', answer: made.result, wire, base }, ended }
  return { asked: failure ? { kind: 'failed', failure, wire, base } : { kind: 'cancelled', made: { wire, base } }, ended }
}
