import type { LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import type { Money } from '../base/money.ts'
import type { Usage } from '../base/usage.ts'
import type { BudgetRefusal, CallIntent } from '../ledger/intent.ts'
import type { ResultWrite, Settlement } from '../ledger/settlement.ts'
import type { RateCard } from '../prices/rate-card.ts'
import { exhaustedFor } from '../providers/protocols/retry-after.ts'
import type { ChatOffer, ProviderFailure } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'
import { newId } from '../runtime/ids.ts'
import { attemptFetch, type WireRecord, failureFrom } from './attempt.ts'
import { type AttemptFetch, chatModel } from './chat-model.ts'
import { LONGEST_WAIT_MS } from './pace.ts'
import { costOfCall, worstCaseOfCall } from './price.ts'
import type { CallServices } from './services.ts'

/** A connection and model that serve a request, with what is needed to price it. */
export interface ChatCandidate {
  readonly connectionId: string
  readonly provider: string
  readonly model: string
  readonly rateCard: RateCard | null
}

export interface ChatRequest<T> {
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
  /** Called once, with the last attempt's outcome: the value for the caller, and results to commit with the ledger entry. */
  settleWith(outcome: ChatOutcome): { readonly value: T; readonly writes: readonly ResultWrite<never>[] }
}

/** What became of a request, told to its caller before the commit. */
export type ChatOutcome =
  | {
      readonly kind: 'answered'
      readonly callId: string
      readonly text: string
      readonly cutShort: boolean // by the output limit
      readonly cost: Money | undefined // undefined is unknown
      readonly usage: Usage | undefined // undefined is unknown
    }
  | { readonly kind: 'failed'; readonly callId: string; readonly failure: ProviderFailure; readonly cost: Money | undefined }

/** How a request ended; only `settled` has results in the database. */
export type ChatEnd<T> =
  | { readonly kind: 'settled'; readonly value: T }
  /** The provider, the key or the connection refuses every call alike: nothing of it is this request's fault. */
  | { readonly kind: 'refused'; readonly failure: ProviderFailure }
  | { readonly kind: 'no_room'; readonly refusal: BudgetRefusal }
  | { readonly kind: 'cancelled' }

const MOST_ATTEMPTS = 5
const FIRST_BACKOFF_MS = 500
const LONGEST_BACKOFF_MS = 30_000

/** Asking again cannot help, and asking for the next item cannot either. */
const REFUSES_ALL: ReadonlySet<string> = new Set([
  'provider.bad_key',
  'provider.no_permission',
  'provider.no_credit',
  'provider.model_missing',
  'provider.redirected',
  'key.missing',
  'key.unreadable',
  'connection.revoked',
  'connection.missing',
  'destination.refused',
  'header.refused',
  'price.unknown',
])

/**
 * One chat request along the whole path of a call, retried where the provider's answer says that may help; each attempt
 * is a call of its own with its own ledger entry. Never throws for what a provider does.
 */
export async function chat<T>(services: CallServices, request: ChatRequest<T>): Promise<ChatEnd<T>> {
  for (let attempt = 1; ; attempt += 1) {
    const end = await attemptOnce(services, request, attempt)
    if (end.kind !== 'again') return end
    try {
      await services.clock.sleep(end.waitMs, request.signal)
    } catch {
      return { kind: 'cancelled' }
    }
  }
}

type AttemptEnd<T> = ChatEnd<T> | { readonly kind: 'again'; readonly waitMs: number }

async function attemptOnce<T>(services: CallServices, request: ChatRequest<T>, attempt: number): Promise<AttemptEnd<T>> {
  const { candidate, signal } = request
  const provider = findProvider(candidate.provider)
  const pace = services.paceOf(candidate.connectionId)
  try {
    await pace.begin(signal)
  } catch {
    return { kind: 'cancelled' }
  }
  let paced: { result: 'succeeded' | 'limited' | 'failed'; retryAfterMs?: number } = { result: 'failed' }
  try {
    const intent = intentOf(request, attempt, services.clock.now())
    const admission = await services.ledger.intend(intent)
    if (admission.kind === 'no_room') return { kind: 'no_room', refusal: admission.refusal }
    if (admission.kind !== 'admitted') return { kind: 'refused', failure: refusalOf(admission) }
    const wire: WireRecord = { sent: 'no' }
    const fetch = attemptFetch({
      services,
      callId: intent.id,
      provider,
      connection: admission.connection,
      workspaceId: request.workspaceId,
      signal,
      wire,
    })
    const result = await generate(request, provider.chat.sdk, fetch).catch((error: unknown) => {
      wire.failure ??= failureFrom(error)
      return undefined
    })
    const base: Settlement = {
      ...settlementOf({ services, request, intent, wire }),
      intendedAt: admission.intendedAt,
      keyVersion: admission.connection.keyVersion,
    }
    if (result && !wire.failure) {
      paced = { result: 'succeeded', ...usedUp(wire, services.clock.now()) }
      const { value, writes } = request.settleWith(answered(intent.id, result, base))
      await services.ledger.settle({ ...base, outcome: 'succeeded', writes })
      return { kind: 'settled', value }
    }
    const failure = wire.failure ?? failureFrom(undefined)
    if (failure.code === 'provider.rate_limited' || failure.code === 'provider.overloaded') paced = { result: 'limited' }
    if (failure.retryAfterMs) paced = { ...paced, retryAfterMs: failure.retryAfterMs }
    return await settleFailure({ services, request, attempt, base, failure, sent: wire.sent })
  } finally {
    pace.end(paced.result, paced.retryAfterMs)
  }
}

/** A limit that this answer used up: other calls are held back until it opens, where that is soon. */
function usedUp({ headers }: WireRecord, now: Date): { retryAfterMs?: number } {
  const waitMs = headers && exhaustedFor(headers, now.getTime())
  return waitMs !== undefined && waitMs <= LONGEST_WAIT_MS ? { retryAfterMs: waitMs } : {}
}

async function settleFailure<T>({
  services,
  request,
  attempt,
  base,
  failure,
  sent,
}: {
  services: CallServices
  request: ChatRequest<T>
  attempt: number
  base: Settlement
  failure: ProviderFailure
  sent: 'no' | 'maybe'
}): Promise<AttemptEnd<T>> {
  if (request.signal.aborted) {
    await services.ledger.settle({ ...base, outcome: sent === 'no' ? 'not_sent' : 'cancelled', cost: undefined })
    return { kind: 'cancelled' }
  }
  const outcome = sent === 'no' ? 'not_sent' : 'failed'
  const ended: Settlement = { ...base, outcome, errorCode: failure.code }
  const tooLong = (failure.retryAfterMs ?? 0) > LONGEST_WAIT_MS
  if (REFUSES_ALL.has(failure.code) || tooLong) {
    await services.ledger.settle(ended)
    return { kind: 'refused', failure }
  }
  if (failure.retryable && attempt < MOST_ATTEMPTS && !(failure.code === 'provider.answer_malformed' && attempt >= 2)) {
    await services.ledger.settle(ended)
    return { kind: 'again', waitMs: failure.retryAfterMs ?? backoffMs(attempt) }
  }
  const { value, writes } = request.settleWith({ kind: 'failed', callId: base.intent.id, failure, cost: base.cost })
  await services.ledger.settle({ ...ended, writes })
  return { kind: 'settled', value }
}

/** Exponential with full jitter, so that callers that failed together do not come back together. */
const backoffMs = (attempt: number): number => Math.random() * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt)

function intentOf(request: ChatRequest<unknown>, attempt: number, now: Date): CallIntent {
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

async function generate(request: ChatRequest<unknown>, sdk: ChatOffer['sdk'], fetch: AttemptFetch): Promise<LanguageModelV4GenerateResult> {
  const model = await chatModel({ sdk, model: request.candidate.model, fetch })
  return model.doGenerate({
    prompt: [
      // Anthropic caches only what is marked; the other packages ignore the mark.
      { role: 'system', content: request.system, providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } } },
      { role: 'user', content: [{ type: 'text', text: request.user }] },
    ],
    maxOutputTokens: request.maxOutputTokens,
    responseFormat: { type: 'json', schema: request.schema, name: request.schemaName },
    abortSignal: request.signal,
    ...(request.reasoning ? { reasoning: request.reasoning } : {}),
  })
}

function answered(callId: string, result: LanguageModelV4GenerateResult, { cost, usage }: Settlement): ChatOutcome {
  const text = result.structuredOutputText ?? result.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')
  return {
    kind: 'answered',
    callId,
    text,
    cutShort: result.finishReason.unified === 'length',
    cost,
    usage,
  }
}

function settlementOf({
  services,
  request,
  intent,
  wire,
}: {
  services: CallServices
  request: ChatRequest<unknown>
  intent: CallIntent
  wire: WireRecord
}): Omit<Settlement, 'intendedAt' | 'keyVersion'> {
  const { metered } = wire
  return {
    intent,
    outcome: 'failed',
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

function refusalOf(admission: { kind: 'unpriced' | 'revoked' | 'missing'; slug?: string }): ProviderFailure {
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
