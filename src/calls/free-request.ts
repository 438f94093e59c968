import { AppError, connectionRevoked } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { type CallIntent, CONNECTION_CHECK } from '../ledger/intent.ts'
import type { CallOutcome } from '../ledger/settlement.ts'
import { ProviderCallError } from '../providers/failure.ts'
import { parseJson } from '../providers/parse-json.ts'
import { pathAt, protocolOf } from '../providers/asked.ts'
import type { Destination, Provider } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'
import type { ProviderAnswer, SendRequest } from '../providers/send.ts'
import { newId } from '../runtime/ids.ts'
import { failureFrom, requireSuccess } from './attempt.ts'
import { cutFailure, cuttable } from './cut.ts'
import { withConnectionKey, withOfferedKey } from './open-key.ts'
import type { CallServices } from './services.ts'

/** A key and the destination it was given for, which are not the connection's: of this request alone, and kept nowhere. */
export interface Offered {
  readonly destination: Destination
  readonly key: Secret | undefined
}

/** On whose account a provider is asked for something that costs nothing. */
export interface FreeCall {
  readonly workspaceId: string
  readonly connectionId: string
  readonly provider: string
  readonly actor: string
  readonly member?: string | undefined
  readonly virtualKeyId?: string | undefined
  readonly origin: string
  /** Absent: it is the connection itself that is looked at. */
  readonly context?: string
  readonly signal: AbortSignal
  /** What it is about, where that is one. */
  readonly model?: string
  /** Tried instead of the connection's own, whose sealed key then stays closed. The caller keeps its secret and wipes it. */
  readonly offered?: Offered | undefined
}

export interface FreeQuestion {
  readonly method?: SendRequest['method'] | undefined
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is, instead, with what says how to read it. */
  readonly bytes?: { readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> }
  /** Shorter than what a call may take, where a person waits; longer, where a machine works. */
  readonly timeouts?: SendRequest['timeouts']
  readonly maxBodyBytes?: number | undefined
  /** An end of the base URL that this path does not have before it ("/v1"): the request stays on the same host. */
  readonly beside?: string | undefined
}

export type FreeRequest = FreeCall & FreeQuestion

/**
 * A request that a provider answers free of charge (its list of models, the check of a key), along the same path as every
 * call: intent, key, send, entry. @returns the parsed body. @throws AppError with what the provider refused.
 */
export const freeRequest = (services: CallServices, request: FreeRequest): Promise<unknown> =>
  freeCall(services, request, async (ask) => parseJson(await (await ask(request)).readAll()))

/** Why a free call is given up: the server stops. Any other reason is a person's. */
export const SERVER_STOPS = new AppError('call.interrupted', 'The server stopped.')

/**
 * The same for work that takes its time: `use` asks as often as it needs to, one question after another, and reads the answers
 * as they come. It is one call with one entry, which counts its requests; an answer of another status than success ends it, and so
 * does the revocation of what it stands on.
 * @throws AppError with what the provider refused, and what `use` throws.
 */
export async function freeCall<T>(
  services: CallServices,
  call: FreeCall,
  use: (ask: (question: FreeQuestion) => Promise<ProviderAnswer>) => Promise<T>,
): Promise<T> {
  const { workspaceId, connectionId, provider: providerId, actor, member, virtualKeyId, origin, context, model = '', offered } = call
  const { ledger, clock } = services
  const provider = findProvider(providerId)
  const intent: CallIntent = {
    id: newId(),
    workspaceId,
    connectionId,
    actor,
    member,
    virtualKeyId,
    origin,
    context: context ?? CONNECTION_CHECK,
    attempt: 1,
    requestedModel: model,
    worstCaseNano: 0n,
    currency: 'USD',
    budgetIds: [],
    ...(offered ? { offersKey: true } : {}),
  }
  const admission = await ledger.intend(intent)
  if (admission.kind === 'revoked') throw connectionRevoked(admission.slug)
  if (admission.kind !== 'admitted') throw new AppError('connection.missing', 'There is no such connection.')
  const { connection, intendedAt } = admission
  const cost = { nano: 0n, currency: 'USD', source: 'free' as const, rowIds: [] }
  const ended = { intent, intendedAt, keyVersion: connection.keyVersion, cost }
  const destination = offered?.destination ?? connection.destination
  const inFlight = cuttable(services.watch, { signal: call.signal, connectionId, virtualKeyId })
  const { signal } = inFlight
  const withKey = (work: (key: Secret | undefined) => Promise<T>): Promise<T> =>
    offered
      ? withOfferedKey({ services, provider, offered, signal }, work)
      : withConnectionKey({ services, workspaceId, connection, provider, signal }, work)
  const wire: FreeWire = { requests: 0 }
  // All that such a call uses, and what we know without being told.
  const used = () =>
    wire.requests === 0 ? {} : ({ usage: { requests: wire.requests }, usageSource: 'counted', status: wire.status } as const)
  try {
    const asked = withKey((key) => use((question) => askFree({ services, provider, destination, key, signal, question, wire })))
    const value = await asked.finally(() => inFlight.end())
    await ledger.settle({ ...ended, ...used(), outcome: 'succeeded', endedAt: clock.now() })
    return value
  } catch (error) {
    const cutBy = inFlight.cutBy()
    const failure = cutBy ? cutFailure(cutBy) : failureFrom(error)
    const outcome = outcomeOf(wire.requests, call.signal)
    await ledger.settle({ ...ended, ...used(), outcome, errorCode: failure.code, endedAt: clock.now() })
    throw error instanceof AppError && !cutBy ? error : new AppError(failure.code, failure.detail)
  }
}

/** What has left, and the last answer's status. */
interface FreeWire {
  requests: number
  status?: number
}

async function askFree({
  services: { sender },
  provider,
  destination,
  key,
  signal,
  question: { method = 'GET', path, body, bytes, timeouts, maxBodyBytes, beside },
  wire,
}: {
  services: CallServices
  provider: Provider
  destination: Destination
  key: Secret | undefined
  signal: AbortSignal
  question: FreeQuestion
  wire: FreeWire
}): Promise<ProviderAnswer> {
  const { baseUrl } = destination
  const from = beside !== undefined && baseUrl.endsWith(beside) ? baseUrl.slice(0, -beside.length) : baseUrl
  const asked = {
    provider,
    destination: { ...destination, baseUrl: from },
    method,
    path: pathAt(provider, path, { destination }),
    signal,
    timeouts,
    maxBodyBytes,
    ...(body === undefined ? bytes : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    ...(key ? { key } : {}),
  }
  const answer = await sender.send(asked).catch((error: unknown) => {
    if (!(error instanceof ProviderCallError) || error.sent === 'maybe') wire.requests += 1
    throw error
  })
  wire.requests += 1
  wire.status = answer.status
  if (answer.status < 200 || answer.status > 299)
    requireSuccess({ protocol: protocolOf(provider), answer, bytes: await answer.readAll(), key })
  return answer
}

function outcomeOf(requests: number, signal: AbortSignal): CallOutcome {
  if (requests === 0) return 'not_sent'
  if (!signal.aborted) return 'failed'
  return signal.reason === SERVER_STOPS ? 'interrupted' : 'cancelled'
}
