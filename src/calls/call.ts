import type { LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import type { Admission, BudgetRefusal, CallIntent } from '../ledger/intent.ts'
import type { Settlement } from '../ledger/settlement.ts'
import type { RateCard } from '../prices/rate-card.ts'
import { type ChatOffer, chatOfferOf, type ProviderFailure } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'
import { newId } from '../runtime/ids.ts'
import { attemptFetch, failureFrom, type WireRecord } from './attempt.ts'
import { type AttemptFetch, chatModel, systemFor } from './chat-model.ts'
import { costOfCall, worstCaseOfCall } from './price.ts'
import type { CallServices } from './services.ts'

/** A connection and model that serve a request, with what is needed to price it. */
export interface ChatCandidate {
  readonly connectionId: string
  readonly provider: string
  readonly model: string
  readonly rateCard: RateCard | null
  /** Where its provider has other prices (`regionOf`). */
  readonly region?: string | undefined
}

/** What is asked, of whom, and on whose account. */
export interface ChatCall {
  readonly workspaceId: string
  readonly actor: string
  readonly origin: string // "run:<id>"
  readonly context: string
  readonly candidate: ChatCandidate
  readonly budgetIds: readonly string[]
  readonly currency: string // of the budgets
  readonly system: string // the constant part, first: what providers' prompt caches hold
  readonly user: string
  readonly schema: Readonly<Record<string, unknown>> // JSON schema of the answer
  readonly schemaName: string
  readonly maxOutputTokens: number // told to the provider
  readonly inputTokensAtMost: number // with `outputTokensAtMost` what the call is reserved for
  readonly outputTokensAtMost: number
  readonly inputParts?: Readonly<Record<string, number>>
  readonly reasoning?: LanguageModelV4CallOptions['reasoning']
  readonly signal: AbortSignal
}

/** A call that was made and is not settled yet, or the reason why it may not be made. */
export type MadeCall =
  | { readonly kind: 'answered'; readonly result: LanguageModelV4GenerateResult; readonly wire: WireRecord; readonly base: Settlement }
  | { readonly kind: 'failed'; readonly failure: ProviderFailure; readonly wire: WireRecord; readonly base: Settlement }
  | { readonly kind: 'no_room'; readonly refusal: BudgetRefusal }
  | { readonly kind: 'refused'; readonly failure: ProviderFailure }

/** Steps 3 to 6 of a call's path and its price: all but the settling. Never throws for what a provider does. */
export async function makeCall(services: CallServices, request: ChatCall, attempt: number): Promise<MadeCall> {
  const provider = findProvider(request.candidate.provider)
  const intent = intentOf(request, attempt, services.clock.now())
  const admission = await services.ledger.intend(intent)
  if (admission.kind === 'no_room') return { kind: 'no_room', refusal: admission.refusal }
  if (admission.kind !== 'admitted') return { kind: 'refused', failure: refusalOf(admission) }
  const { connection, intendedAt } = admission
  const wire: WireRecord = { sent: 'no' }
  const fetch = attemptFetch({
    services,
    callId: intent.id,
    provider,
    model: request.candidate.model,
    connection,
    workspaceId: request.workspaceId,
    signal: request.signal,
    wire,
  })
  const result = await generate(request, chatOfferOf(provider, request.candidate.model), fetch).catch((error: unknown) => {
    wire.failure ??= failureFrom(error)
    return undefined
  })
  const base: Settlement = { ...settlementOf({ services, request, intent, wire }), intendedAt, keyVersion: connection.keyVersion }
  if (result && !wire.failure) return { kind: 'answered', result, wire, base: { ...base, outcome: 'succeeded' } }
  return { kind: 'failed', failure: wire.failure ?? failureFrom(undefined), wire, base }
}

function intentOf(request: ChatCall, attempt: number, now: Date): CallIntent {
  const { workspaceId, actor, origin, context, candidate, currency, budgetIds } = request
  return {
    id: newId(now.getTime()),
    workspaceId,
    connectionId: candidate.connectionId,
    actor,
    origin,
    context,
    attempt,
    requestedModel: candidate.model,
    worstCaseNano: worstCaseOfCall({ ...request, at: now }),
    currency,
    budgetIds,
  }
}

async function generate(request: ChatCall, offer: ChatOffer, fetch: AttemptFetch): Promise<LanguageModelV4GenerateResult> {
  const model = await chatModel({ offer, model: request.candidate.model, fetch })
  return model.doGenerate({
    prompt: [
      // Anthropic caches only what is marked; the other packages ignore the mark.
      { role: 'system', content: systemFor(offer, request), providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } } },
      { role: 'user', content: [{ type: 'text', text: request.user }] },
    ],
    maxOutputTokens: request.maxOutputTokens,
    responseFormat: { type: 'json', schema: request.schema, name: request.schemaName },
    abortSignal: request.signal,
    ...(request.reasoning ? { reasoning: request.reasoning } : {}),
  })
}

function settlementOf({
  services,
  request,
  intent,
  wire,
}: {
  services: CallServices
  request: ChatCall
  intent: CallIntent
  wire: WireRecord
}): Omit<Settlement, 'intendedAt' | 'keyVersion'> {
  const { metered } = wire
  return {
    intent,
    outcome: wire.sent === 'no' ? 'not_sent' : 'failed',
    status: wire.status,
    servedModel: metered?.servedModel,
    serviceTier: metered?.serviceTier,
    providerRequestId: metered?.providerRequestId,
    usage: metered?.usage,
    usageSource: metered?.source,
    rawUsage: metered?.raw,
    inputParts: request.inputParts,
    cost: costOfCall({ candidate: request.candidate, metered, wire, at: services.clock.now(), currency: request.currency }),
    sentAt: wire.sentAt,
    firstByteAt: wire.firstByteAt,
    endedAt: services.clock.now(),
  }
}

function refusalOf(admission: Exclude<Admission, { kind: 'admitted' | 'no_room' }>): ProviderFailure {
  switch (admission.kind) {
    case 'unpriced':
      return {
        code: 'price.unknown',
        detail:
          'A capped run needs a price, and nobody has published one for this model. Enter it with --price INPUT/OUTPUT (per million tokens; 0/0 for free).',
        retryable: false,
      }
    case 'revoked':
      return {
        code: 'connection.revoked',
        detail: `The connection "${admission.slug}" was revoked. Add a key for it again, or use another.`,
        retryable: false,
      }
    case 'missing':
      return { code: 'connection.missing', detail: 'The connection of this run is gone, or may not serve this context.', retryable: false }
  }
}
