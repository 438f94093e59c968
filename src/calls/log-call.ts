import type { Settlement } from '../ledger/settlement.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import type { Log } from '../runtime/log.ts'
import type { CallRequest } from './call.ts'

/** A call that is over: what it came to, and what of it may be told. */
export interface EndedCall {
  readonly request: Pick<CallRequest, 'origin'>
  readonly settlement: Settlement
  readonly failure?: ProviderFailure | undefined
  /** What was sent: a provider that repeats it is not quoted. */
  readonly sent: () => string
}

/**
 * One line of the log for each settled call: at debug, and at info for one that failed. Never at warn: a failure that stays
 * is listed in the report or pauses the run, and one that is tried again is nobody's trouble.
 */
export function logCall({ log, request, settlement, failure, sent }: EndedCall & { readonly log: Log }): void {
  const { intent, outcome, status, sentAt, intendedAt, endedAt } = settlement
  const fields = {
    callId: intent.id,
    connectionId: intent.connectionId,
    model: intent.requestedModel,
    origin: request.origin,
    attempt: intent.attempt,
    outcome,
    durationMs: endedAt.getTime() - (sentAt ?? intendedAt).getTime(),
    ...(status === undefined ? {} : { status }),
  }
  if (!failure) return log.debug(fields, 'call settled')
  const excerpt = sayable(failure, sent)
  log.info({ ...fields, code: failure.code, ...(excerpt === undefined ? {} : { excerpt }) }, 'call failed')
}

const PIECE = 16 // characters
/** Of a longer request nothing is quoted: to look through megabytes for each piece would hold everybody up. */
const MOST_LOOKED_THROUGH = 256 * 1024

/** What the provider said, unless it repeats what it was sent, or is what the model said in place of an answer. */
function sayable({ code, excerpt }: ProviderFailure, textSent: () => string): string | undefined {
  if (excerpt === undefined || code === 'provider.content_refused') return undefined
  const text = textSent()
  if (text.length > MOST_LOOKED_THROUGH) return undefined
  const sent = text.replace(/\s+/g, ' ')
  for (let at = 0; at + PIECE <= excerpt.length; at += 1) if (sent.includes(excerpt.slice(at, at + PIECE))) return undefined
  return excerpt
}
