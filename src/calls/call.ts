import { connectionRevoked } from '../base/errors.ts'
import type { Found } from '../assignments/abilities.ts'
import type { Admission, BudgetRefusal, CallIntent, RateLimitRefusal } from '../ledger/intent.ts'
import type { Settlement } from '../ledger/settlement.ts'
import type { RateCard } from '../prices/rate-card.ts'
import { pathAt } from '../providers/asked.ts'
import type { Offer } from '../providers/offer.ts'
import type { MeteredUsage, ProviderFailure } from '../providers/wire-protocol.ts'
import { findProvider } from '../providers/registry.ts'
import { newId } from '../runtime/ids.ts'
import { type AnswerBounds, type Attempt, attemptFetch, failureFrom, type WireRecord } from './attempt.ts'
import type { AttemptFetch } from './chat-model.ts'
import { estimateBroken } from './estimate.ts'
import { createFollow, type Follow } from './follow.ts'
import { cutFailure, cuttable } from './cut.ts'
import { chargedMachineMs } from './machine-time.ts'
import { costOfCall } from './price.ts'
import type { CallServices } from './services.ts'

/** A connection and model that serve a request, with what is needed to price it. */
export interface Candidate {
  readonly connectionId: string
  readonly provider: string
  readonly model: string
  readonly rateCard: RateCard | null
  /** Where its provider has other prices (`regionOf`). */
  readonly region?: string | undefined
  /** The model behind a name that people gave (a deployment of Azure), as its person says: its prices and facts hold. */
  readonly standsFor?: string | undefined
  /** What the model was found to do: it is asked accordingly. */
  readonly found?: Found | undefined
}

/** Of whom something is asked, and on whose account; whatever kind of work it is. */
export interface CallRequest {
  readonly workspaceId: string
  readonly actor: string
  readonly member?: string | undefined // the person who acts, by their user id
  readonly virtualKeyId?: string | undefined // with which a program asks
  readonly virtualKeyChangedAt?: Date | undefined // as its caller has read it
  readonly byTheThousand?: true // see CallIntent
  readonly origin: string // "run:<id>"
  readonly context: string
  readonly candidate: Candidate
  readonly budgetIds: readonly string[]
  readonly currency: string // of the budgets
  readonly inputParts?: Readonly<Record<string, number>> | undefined
  readonly signal: AbortSignal
  /** Of a program that waits for the answer: aborts when it is gone. What was begun then goes its own way. */
  readonly left?: AbortSignal | undefined
}

/** A request with what it takes to make it: of which interface, for how much at most, and how it is asked. */
export interface CallPlan<Answer> {
  readonly offer: Offer
  readonly path: string
  /** The most it can cost in the request's currency; undefined: no price is known. */
  readonly worstCaseNano: bigint | undefined
  /** The most tokens it can use; undefined: unknown, or it uses none. */
  readonly tokensAtMost?: number | undefined
  readonly streams?: boolean | undefined
  readonly bounds?: AnswerBounds | undefined
  readonly handsOnRefusals?: boolean | undefined
  /**
   * Asks with a `fetch` good for one POST, and reads the answer to its end: what it used is known only then. What it throws
   * is the call's failure. Where an answer only promises one, `after` goes on with the same call.
   */
  readonly ask: (fetch: AttemptFetch, after: AfterPost) => Promise<Answer>
}

/** What a call may know and do after its POST: some providers answer a job with a ticket. */
export interface AfterPost {
  readonly callId: string
  /** What was metered by now. */
  readonly metered: () => MeteredUsage | undefined
  /** Asks an address that an answer named. */
  readonly follow: Follow
  /** What is known of the usage by now, in place of what was known before. */
  readonly meter: (metered: MeteredUsage) => void
}

/** A call that was made and is not settled yet, or the reason why it may not be made. */
export type MadeCall<Answer> =
  | { readonly kind: 'answered'; readonly result: Answer; readonly wire: WireRecord; readonly base: Settlement }
  | { readonly kind: 'failed'; readonly failure: ProviderFailure; readonly wire: WireRecord; readonly base: Settlement }
  | { readonly kind: 'no_room'; readonly refusal: BudgetRefusal }
  | { readonly kind: 'refused'; readonly failure: ProviderFailure }

/** Steps 3 to 6 of a call's path and its price: all but the settling. Never throws for what a provider does. */
export async function makeCall<Answer>(
  services: CallServices,
  { request, plan, attempt }: { request: CallRequest; plan: CallPlan<Answer>; attempt: number },
): Promise<MadeCall<Answer>> {
  const provider = findProvider(request.candidate.provider)
  const intent = intentOf(request, {
    attempt,
    worstCaseNano: plan.worstCaseNano,
    tokensAtMost: plan.tokensAtMost,
    now: services.clock.now(),
  })
  const admission = await services.ledger.intend(intent)
  if (admission.kind === 'no_room') return { kind: 'no_room', refusal: admission.refusal }
  if (admission.kind !== 'admitted') return { kind: 'refused', failure: refusalOf(admission) }
  const { connection, intendedAt } = admission
  const wire: WireRecord = { sent: 'no' }
  const { offer, streams, bounds, handsOnRefusals } = plan
  const path = pathAt(provider, plan.path, { destination: connection.destination, model: request.candidate.model })
  const { workspaceId } = request
  const call = cuttable(services.watch, {
    signal: request.signal,
    connectionId: connection.id,
    virtualKeyId: request.virtualKeyId,
  })
  const { signal } = call
  const about = { provider, offer, path, streams, bounds, handsOnRefusals, connection, workspaceId, signal, wire }
  const one: Attempt = { services, callId: intent.id, ...about }
  const after: AfterPost = {
    callId: intent.id,
    metered: () => wire.metered ?? wire.meteredSoFar?.(),
    follow: createFollow(one),
    meter: (metered) => void (wire.metered = metered),
  }
  const result = await plan.ask(attemptFetch(one), after).then(
    (answer) => ({ answer }),
    (error: unknown) => {
      wire.failure ??= failureFrom(error)
      return undefined
    },
  )
  call.end()
  const cutBy = call.cutBy()
  if (cutBy && !result) wire.failure = cutFailure(cutBy)
  wire.endedAt = services.clock.now()
  if (!result) await estimateBroken(wire, request.candidate)
  const base: Settlement = { ...settlementOf({ services, request, intent, wire }), intendedAt, keyVersion: connection.keyVersion }
  if (result && !wire.failure) return { kind: 'answered', result: result.answer, wire, base: { ...base, outcome: 'succeeded' } }
  return { kind: 'failed', failure: wire.failure ?? failureFrom(undefined), wire, base }
}

export function intentOf(
  request: CallRequest,
  {
    attempt,
    worstCaseNano,
    tokensAtMost,
    now,
  }: { attempt: number; worstCaseNano: bigint | undefined; tokensAtMost?: number | undefined; now: Date },
): CallIntent {
  const { workspaceId, actor, member, virtualKeyId, virtualKeyChangedAt, byTheThousand, origin, context, candidate, currency, budgetIds } =
    request
  return {
    id: newId(now.getTime()),
    workspaceId,
    connectionId: candidate.connectionId,
    actor,
    member,
    virtualKeyId,
    virtualKeyChangedAt,
    origin,
    context,
    attempt,
    requestedModel: candidate.model,
    worstCaseNano,
    tokensAtMost,
    currency,
    budgetIds,
    ...(byTheThousand && { byTheThousand }),
  }
}

export function settlementOf({
  services,
  request,
  intent,
  wire,
}: {
  services: CallServices
  request: CallRequest
  intent: CallIntent
  wire: WireRecord
}): Omit<Settlement, 'intendedAt' | 'keyVersion'> {
  const { metered } = wire
  const { candidate, currency } = request
  const machineMs = wire.machine && chargedMachineMs(wire.machine.end(), metered?.tookMs)
  const isPaidByTime = machineMs !== undefined && candidate.rateCard?.hourly !== undefined
  return {
    intent,
    outcome: wire.sent === 'no' ? 'not_sent' : 'failed',
    status: wire.status,
    servedModel: metered?.servedModel,
    serviceTier: metered?.serviceTier,
    providerRequestId: metered?.providerRequestId,
    usage: metered?.usage && isPaidByTime ? { ...metered.usage, machine_ms: machineMs } : metered?.usage,
    usageSource: metered?.source,
    rawUsage: metered?.raw,
    inputParts: request.inputParts,
    cost: costOfCall({ candidate, metered, wire, machineMs, at: services.clock.now(), currency }),
    sentAt: wire.sentAt,
    firstByteAt: wire.firstByteAt,
    endedAt: wire.endedAt ?? services.clock.now(),
  }
}

export function refusalOf(admission: Exclude<Admission, { kind: 'admitted' | 'no_room' }>): ProviderFailure {
  switch (admission.kind) {
    case 'unpriced':
      return {
        code: 'price.unknown',
        detail:
          admission.name === null
            ? 'A capped run needs a price, and nobody has published one for this model. Enter it with --price INPUT/OUTPUT (per million tokens; 0/0 for free).'
            : `The budget "${admission.name}" covers this call, and no price in ${admission.currency} is known for it. Give the connection its own price for this model, or the budget one for calls of unknown price.`,
        retryable: false,
      }
    case 'limited':
      return { code: 'rate_limit.exceeded', detail: tooFast(admission.refusal), retryable: false, ...retryAfter(admission.refusal) }
    case 'revoked':
      return { code: 'connection.revoked', detail: connectionRevoked(admission.slug).detail, retryable: false }
    case 'virtual_key':
      return admission.state === 'ended'
        ? { code: 'virtual_key.refused', detail: 'This virtual key has ended. Make a new one at AI Services → Gateway.', retryable: false }
        : { code: 'virtual_key.changed', detail: 'The virtual key was changed at this moment. Try again.', retryable: true }
    case 'missing':
      return { code: 'connection.missing', detail: 'The connection is gone, or may not serve this context.', retryable: false }
  }
}

function tooFast({ name, counts, perMinute, burst, available, asked, retryAfterMs }: RateLimitRefusal): string {
  const limit = `The rate limit "${name}" lets ${perMinute} ${counts} a minute through, ${burst} at once.`
  if (retryAfterMs === null)
    return `${limit} This call asks for ${asked}: it can never be let through. Lower its output limit, or raise the rate limit.`
  return `${limit} ${Math.max(0, available)} are left, this call asks for ${asked}. Ask again in ${Math.ceil(retryAfterMs / 1_000)} s.`
}

const retryAfter = ({ retryAfterMs }: RateLimitRefusal): { retryAfterMs?: number } => (retryAfterMs === null ? {} : { retryAfterMs })
