import { failureOf, ProviderCallError } from '../providers/failure.ts'
import type { Offer } from '../providers/offer.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import type { Secret } from '../base/secret.ts'
import { type Attempt, isSuccess } from './attempt.ts'
import { withConnectionKey } from './open-key.ts'

/** A request to an address that an answer named: how a job is getting on, its result, its cancellation, a file. */
export interface FollowUp {
  readonly method: 'GET' | 'PUT'
  readonly url: string
  /** A file's address is signed by itself and gets no key. */
  readonly isFile?: true
  readonly bytesAtMost?: number
  /** Instead of the call's own: a call that is cancelled still tells its provider so. */
  readonly signal?: AbortSignal
}

export interface FollowedAnswer {
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
}

/** Sends a follow-up of a call, as a part of that call. @throws ProviderCallError, for statuses of 400 and more too. */
export type Follow = (followUp: FollowUp) => Promise<FollowedAnswer>

/** A file, or a word on how a job is getting on: no model has to think for it. */
const TIMEOUTS = { headersMs: 60_000, firstByteMs: 30_000, idleMs: 30_000, totalMs: 300_000 }

/**
 * Follow-ups of one attempt. An address leads to the destination's own host, or to one that the provider's file declares; https
 * and public addresses only, and no redirect is followed, as for every request. The key is opened anew for each and goes to the
 * host that it is sealed to, never to another of the provider's.
 */
export function createFollow(attempt: Attempt): Follow {
  const { connection, offer } = attempt
  return async (followUp) => {
    const target = URL.parse(followUp.url)
    const isOwn = target !== null && target.origin === URL.parse(connection.destination.baseUrl)?.origin
    if (!target || !(isOwn || isDeclared(target, offer))) throw new ProviderCallError(FOREIGN, 'maybe')
    const send = (key: Secret | undefined): Promise<FollowedAnswer> => sendFollowUp(attempt, { followUp, target, isOwn, key })
    return (isOwn && !followUp.isFile ? withConnectionKey(attempt, send) : send(undefined)).catch((error: unknown) => {
      // an address that leads on to another says nothing of the connection, whose own address it is not
      const leadsOn = error instanceof ProviderCallError && error.failure.code === 'provider.redirected'
      throw leadsOn ? new ProviderCallError(FOREIGN, 'maybe') : error
    })
  }
}

async function sendFollowUp(
  { services, provider, connection, offer, callId, signal }: Attempt,
  { followUp, target, isOwn, key }: { followUp: FollowUp; target: URL; isOwn: boolean; key: Secret | undefined },
): Promise<FollowedAnswer> {
  const { method, isFile, bytesAtMost } = followUp
  const answer = await services.sender.send({
    provider,
    // the address is whole: nothing of the base URL is added to it, and what a person added for one host stays there
    destination: { ...(isOwn && !isFile ? connection.destination : {}), baseUrl: target.origin },
    method,
    path: target.pathname + target.search,
    headers: { 'x-client-request-id': callId },
    signal: followUp.signal ?? signal,
    timeouts: TIMEOUTS,
    ...(bytesAtMost === undefined ? {} : { maxBodyBytes: bytesAtMost }),
    ...(key ? { key } : { keyless: true }),
  })
  const { status, headers } = answer
  const bytes = await answer.readAll()
  if (isSuccess(status)) return { headers, bytes }
  throw new ProviderCallError(isFile ? missing(status) : failureOf({ protocol: offer.protocol, status, headers, bytes, key }), 'maybe')
}

const isDeclared = ({ protocol, host }: URL, { hosts = [] }: Offer): boolean =>
  protocol === 'https:' && hosts.some((pattern) => (pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern))

const FOREIGN: ProviderFailure = {
  code: 'provider.foreign_address',
  detail:
    'The provider’s answer leads to an address that is not known to be the provider’s own. Nothing was sent there. What was made may have been charged.',
  retryable: false,
}

/** A file's own server says little, and nothing about the key. */
const missing = (status: number): ProviderFailure => ({
  code: 'provider.failed',
  detail: `The provider made the file and does not hand it out any more (status ${status}). Its address may have expired.`,
  retryable: status >= 500 || status === 429 || status === 408,
})
