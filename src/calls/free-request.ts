import { AppError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { type CallIntent, CONNECTION_CHECK } from '../ledger/intent.ts'
import { ProviderCallError } from '../providers/failure.ts'
import { parseJson } from '../providers/parse-json.ts'
import { type Destination, protocolOf } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'
import type { SendRequest } from '../providers/send.ts'
import { newId } from '../runtime/ids.ts'
import { failureFrom, requireSuccess, withConnectionKey, withOfferedKey } from './attempt.ts'
import type { CallServices } from './services.ts'

/** A key and the destination it was given for, which are not the connection's: of this request alone, and kept nowhere. */
export interface Offered {
  readonly destination: Destination
  readonly key: Secret | undefined
}

export interface FreeRequest {
  readonly workspaceId: string
  readonly connectionId: string
  readonly provider: string
  readonly method?: 'GET' | 'POST' // a POST has no body
  readonly path: string
  readonly actor: string
  readonly origin: string
  readonly signal: AbortSignal
  /** Shorter than what a call may take, where a person waits. */
  readonly timeouts?: SendRequest['timeouts']
  /** Tried instead of the connection's own, whose sealed key then stays closed. The caller keeps its secret and wipes it. */
  readonly offered?: Offered | undefined
}

/**
 * A request that a provider answers free of charge (its list of models, the check of a key), along the same path as every
 * call: intent, key, send, entry. @returns the parsed body. @throws AppError with what the provider refused.
 */
export async function freeRequest(services: CallServices, request: FreeRequest): Promise<unknown> {
  const { workspaceId, connectionId, provider: providerId, method = 'GET', path, actor, origin, signal, timeouts, offered } = request
  const { ledger, clock, sender } = services
  const provider = findProvider(providerId)
  const intent: CallIntent = {
    id: newId(),
    workspaceId,
    connectionId,
    actor,
    origin,
    context: CONNECTION_CHECK,
    attempt: 1,
    requestedModel: '',
    worstCaseNano: 0n,
    currency: 'USD',
    budgetIds: [],
    ...(offered ? { offersKey: true } : {}),
  }
  const admission = await ledger.intend(intent)
  if (admission.kind === 'revoked') throw new AppError('connection.revoked', `The connection "${admission.slug}" was revoked.`)
  if (admission.kind !== 'admitted') throw new AppError('connection.missing', 'There is no such connection.')
  const { connection, intendedAt } = admission
  const cost = { nano: 0n, currency: 'USD', source: 'free' as const, rowIds: [] }
  const ended = { intent, intendedAt, keyVersion: connection.keyVersion, cost }
  const destination = offered?.destination ?? connection.destination
  const withKey = <T>(use: (key: Secret | undefined) => Promise<T>): Promise<T> =>
    offered ? withOfferedKey({ provider, offered }, use) : withConnectionKey({ services, workspaceId, connection, provider }, use)
  try {
    const { status, body } = await withKey(async (key) => {
      const answer = await sender.send({
        provider,
        destination,
        method,
        path,
        signal,
        timeouts,
        ...(key ? { key } : {}),
      })
      const bytes = await answer.readAll()
      requireSuccess({ protocol: protocolOf(provider), answer, bytes, key })
      return { status: answer.status, body: parseJson(bytes) }
    })
    await ledger.settle({ ...ended, ...ONE_REQUEST, outcome: 'succeeded', status, endedAt: clock.now() })
    return body
  } catch (error) {
    const failure = failureFrom(error)
    const outcome = error instanceof ProviderCallError && error.sent === 'no' ? 'not_sent' : 'failed'
    const used = outcome === 'failed' ? ONE_REQUEST : {}
    await ledger.settle({ ...ended, ...used, outcome, errorCode: failure.code, endedAt: clock.now() })
    throw error instanceof AppError ? error : new AppError(failure.code, failure.detail)
  }
}

/** All that such a request uses, and what we know without being told. */
const ONE_REQUEST = { usage: { requests: 1 }, usageSource: 'counted' } as const
