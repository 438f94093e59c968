import type { ProviderFailure } from '../providers/wire-protocol.ts'
import { type CallPlan, type CallRequest, makeCall, type MadeCall } from './call.ts'
import { reportOf } from './pace-report.ts'
import type { Pace, PaceTurn } from './pace.ts'
import type { CallServices } from './services.ts'

/** Longer than a program, or a person, waits for an answer to begin. */
const LONGEST_HOLD_MS = 15_000

/**
 * A turn at the connection's pace for somebody who waits for the answer and tries again by themselves: they are told at once
 * what would take longer than they wait. Undefined: nobody waits any more.
 */
export async function turnFor(
  { paceOf, clock }: Pick<CallServices, 'paceOf' | 'clock'>,
  { candidate, signal, left }: Pick<CallRequest, 'candidate' | 'signal' | 'left'>,
): Promise<Awaited<ReturnType<Pace['begin']>> | undefined> {
  if (signal.aborted || left?.aborted) return undefined
  const pace = paceOf(candidate.connectionId)
  const begun = pace.tryBegin(candidate.model)
  if (begun) return begun
  const askedAtMs = clock.now().getTime()
  const { held } = pace.state()
  const retryAfterMs = (held?.untilMs ?? 0) - askedAtMs
  if (retryAfterMs <= LONGEST_HOLD_MS) {
    const tooLong = AbortSignal.timeout(LONGEST_HOLD_MS)
    const waits = AbortSignal.any(left ? [signal, left, tooLong] : [signal, tooLong])
    const turn = await pace.begin({ signal: waits, askedAtMs, model: candidate.model }).catch(() => undefined)
    return turn ?? (tooLong.aborted ? { kind: 'given_up', failure: CROWDED } : undefined)
  }
  const detail = 'The provider asked for no calls over this connection for a while. Try again when Retry-After is over.'
  return { kind: 'given_up', failure: { code: 'provider.rate_limited', detail, retryable: true, retryAfterMs } }
}

/** Makes a call in its turn, which ends with what the call says of the provider. Never throws for what a provider does. */
export async function makeInTurn<Answer>(
  services: CallServices,
  { turn, request, plan, attempt }: { turn: PaceTurn; request: CallRequest; plan: (at: Date) => CallPlan<Answer>; attempt: number },
): Promise<MadeCall<Answer>> {
  let made: MadeCall<Answer> | undefined
  try {
    made = await makeCall(services, { request, plan: plan(services.clock.now()), attempt })
    return made
  } finally {
    turn.end(made ? reportOf(made, { isCutOff: request.signal.aborted, nowMs: services.clock.now().getTime() }) : { kind: 'nothing' })
  }
}

const CROWDED: ProviderFailure = {
  code: 'provider.overloaded',
  detail: 'The provider fails, or asks for less, so that calls over this connection wait for their turn. Try again later.',
  retryable: true,
}
