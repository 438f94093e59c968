import type { ErrorCode } from '../base/errors.ts'
import type { Money } from '../base/money.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import { backoffMs } from './backoff.ts'
import { LONGEST_WAIT_MS, PATIENCE_MS } from './pace.ts'

/** The attempts of one request that have ended; none ended well. */
export interface Tries {
  readonly codes: readonly ErrorCode[] // one for each
  readonly inOutage: number // how many of them ended while the connection worked for nobody
  readonly firstEndedAtMs: number
  readonly cost: Money | undefined // of all; undefined: one of them has an unknown cost
}

/** What follows a failed attempt. `refused`: nothing of it is this request's fault; `ended`: this request fails. */
export type Retry =
  | { readonly kind: 'again'; readonly waitMs: number }
  | { readonly kind: 'refused'; readonly failure: ProviderFailure }
  | { readonly kind: 'ended'; readonly failure: ProviderFailure }

const MOST_ATTEMPTS = 5
/** While a connection works for nobody, failures say nothing of the request: so many are not counted among its attempts. */
const MOST_IN_OUTAGE = 7
/** An answer that is not valid costs all the same, whether or not the connection works for others. */
const MOST_MALFORMED = 2

/** Asking again cannot help, and asking for the next item cannot either. */
const REFUSES_ALL: ReadonlySet<string> = new Set([
  'provider.bad_key',
  'provider.no_permission',
  'provider.no_credit',
  'provider.model_missing',
  'provider.redirected',
  'key.missing',
  'key.invalid',
  'clock.skewed',
  'key.unreadable',
  'connection.revoked',
  'connection.missing',
  'destination.refused',
  'header.refused',
  'price.unknown',
])

export const refusesAll = ({ code }: ProviderFailure): boolean => REFUSES_ALL.has(code)

/** The provider has room later: no request is at fault, however often it was turned away. */
const ASKS_FOR_LESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['provider.rate_limited', 'provider.overloaded'])

export const asksForLess = ({ code }: ProviderFailure): boolean => ASKS_FOR_LESS.has(code)

/**
 * Whether a request whose last attempt ended with `failure` is tried again. A provider that asks for less is asked for
 * minutes, until its connection is given up (`givenUp`) or, while it serves others, this request alone; any other failure
 * that may pass is tried five times, and some more while the connection works for nobody. Retry-After needs no word here: the pace holds every call back for it.
 */
export function afterFailure({
  failure,
  tries,
  givenUp,
  nowMs,
}: {
  failure: ProviderFailure
  tries: Tries // this attempt included
  givenUp: ProviderFailure | undefined
  nowMs: number
}): Retry {
  if (REFUSES_ALL.has(failure.code)) return { kind: 'refused', failure }
  if (failure.retryable && givenUp) return { kind: 'refused', failure: pausedFor(givenUp) }
  const malformed = tries.codes.filter((code) => code === 'provider.answer_malformed').length
  const attempts = tries.codes.length - Math.min(tries.inOutage, MOST_IN_OUTAGE)
  const isPatient = asksForLess(failure) && nowMs - tries.firstEndedAtMs < PATIENCE_MS
  const mayHelp = malformed < MOST_MALFORMED && (attempts < MOST_ATTEMPTS || isPatient)
  if (failure.retryable && mayHelp) return { kind: 'again', waitMs: backoffMs(Math.max(1, attempts)) }
  return { kind: 'ended', failure: endedAfter(failure, tries) }
}

const HAPPENED: Partial<Record<ErrorCode, string>> = {
  'provider.rate_limited': 'The provider limited how much may be sent',
  'provider.overloaded': 'The provider was overloaded',
  'provider.failed': 'The provider failed',
  'provider.timeout': 'The provider took too long',
  'provider.unreachable': 'The provider could not be reached',
  'provider.cut_off': 'The provider’s answer broke off',
}

/** For the person whose run pauses, and goes on where it stopped. */
export function pausedFor(failure: ProviderFailure): ProviderFailure {
  const { retryAfterMs = 0 } = failure
  const happened = HAPPENED[failure.code] ?? 'The provider failed'
  const detail =
    retryAfterMs > LONGEST_WAIT_MS
      ? `The provider asks to wait ${minutes(retryAfterMs)} min: continue it then.`
      : `${happened}, and nothing else came for ${minutes(PATIENCE_MS)} min. Continue it later: nothing that is done is paid for again.`
  return { ...failure, detail }
}

/** For the list of what failed: what was tried, and that it can be tried again. */
function endedAfter(failure: ProviderFailure, { codes }: Tries): ProviderFailure {
  const happened = HAPPENED[failure.code]
  if (!happened || codes.length < 2) return failure
  const when = codes.every((code) => code === failure.code) ? 'each' : 'the last'
  return {
    ...failure,
    detail: `${happened} at ${when} of ${codes.length} attempts. It can be tried again.`,
  }
}

const minutes = (ms: number): number => Math.ceil(ms / 60_000)

/** The sum of what attempts cost; unknown where one is unknown, or the currencies differ. */
export function addCosts(one: Money | undefined, other: Money | undefined): Money | undefined {
  if (!one || !other) return undefined
  if (other.nano === 0n) return one
  if (one.nano === 0n) return other
  return one.currency === other.currency ? { nano: one.nano + other.nano, currency: one.currency } : undefined
}
