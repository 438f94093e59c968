import { AppError } from '../base/errors.ts'
import type { Money } from '../base/money.ts'
import type { Usage } from '../base/usage.ts'
import type { BudgetRefusal } from '../ledger/intent.ts'
import type { ResultWrite } from '../ledger/settlement.ts'
import { embeddingsOfferOf, pathOf } from '../providers/asked.ts'
import type { EmbeddingPurpose, EmbeddingsOffer } from '../providers/offer.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import { findProvider } from '../providers/registry.ts'
import { type TokenCounter, tokenCounter } from '../providers/tokenizers.ts'
import type { CallPlan, CallRequest } from './call.ts'
import { partsOf, type TextsPart } from './embed-parts.ts'
import { embeddingBody, readVectors, type Vector } from './embedding-forms.ts'
import { worstCaseOfCall } from './price.ts'
import { type Outcome, requestOrHandOver } from './request.ts'
import type { CallServices } from './services.ts'

/** Texts to be turned into vectors, by one model: vectors of different models cannot be compared, so nobody else takes over. */
export interface EmbedRequest extends CallRequest {
  /** None of them empty: providers refuse a request for it. */
  readonly texts: readonly string[]
  readonly purpose: EmbeddingPurpose
  /** How many numbers a vector has; undefined: as many as the model makes by itself. */
  readonly dimensions?: number | undefined
  /** Rows to commit with the ledger entry of the call that made these vectors, so that nothing that was paid for is lost. */
  readonly writesOf?: ((part: EmbeddedPart) => readonly ResultWrite<never>[]) | undefined
}

/** What one call made: `vectors[0]` stands for the text at `from`. `cost` is that of all its attempts; undefined is unknown. */
export interface EmbeddedPart {
  readonly from: number
  readonly vectors: readonly Vector[]
  readonly callId: string
  readonly usage: Usage | undefined
  readonly cost: Money | undefined
}

/** How it ended. `parts` are those that were made and paid for, whatever became of the others, in the order of their texts. */
export type EmbedEnd = { readonly parts: readonly EmbeddedPart[] } & (
  | { readonly kind: 'embedded'; readonly vectors: readonly Vector[] } // one for each text, all of one length
  /** A request failed for its own sake, after its attempts. */
  | { readonly kind: 'failed'; readonly failure: ProviderFailure }
  /** As in `RequestEnd`: every call would be refused alike. */
  | { readonly kind: 'refused'; readonly failure: ProviderFailure }
  | { readonly kind: 'no_room'; readonly refusal: BudgetRefusal }
  | { readonly kind: 'cancelled' }
)

/**
 * Vectors for texts along the whole path of a call, in as few requests as the provider's bounds allow; each is a call of its
 * own, and so is each retry. It ends with the first request that is not answered. Never throws for what a provider does.
 * @throws AppError provider.does_not_serve where the provider makes no embeddings, or not of chosen dimensions. RangeError for an empty text.
 */
export async function embed(services: CallServices, request: EmbedRequest): Promise<EmbedEnd> {
  const { candidate, texts, dimensions } = request
  const provider = findProvider(candidate.provider)
  const offer = embeddingsOfferOf(provider, candidate.model)
  if (texts.includes('')) throw new RangeError('an empty text has no vector')
  if (dimensions !== undefined && offer.dimensions === undefined)
    throw new AppError('provider.does_not_serve', `${provider.name} makes vectors of its models’ own length: no dimensions can be chosen.`)
  const counter = await tokenCounter(candidate.provider, candidate.standsFor ?? candidate.model)
  const parts: EmbeddedPart[] = []
  for (const part of partsOf(texts, { offer, tokensOf: (text) => likelyTokens(counter, text) })) {
    const end = await embedPart(services, request, { offer, counter, part, dimensions: dimensions ?? parts[0]?.vectors[0]?.length })
    if (end.kind !== 'settled') return { ...end, parts }
    const { value } = end
    if ('failure' in value) return { kind: 'failed', failure: value.failure, parts }
    parts.push(value)
  }
  return { kind: 'embedded', vectors: parts.flatMap(({ vectors }) => vectors), parts }
}

/** How each request is asked that these texts take, for who makes the calls. `planAt`: with the length of the vectors before. */
export async function planEmbedding(
  request: EmbedRequest,
  offer: EmbeddingsOffer,
): Promise<{ readonly planAt: (at: Date, dimensions: number | undefined) => CallPlan<Vector[]> }[]> {
  const { candidate, texts } = request
  const counter = await tokenCounter(candidate.provider, candidate.standsFor ?? candidate.model)
  return partsOf(texts, { offer, tokensOf: (text) => likelyTokens(counter, text) }).map((part) => ({
    planAt: (at, dimensions) => planPart(request, { offer, counter, part, dimensions: request.dimensions ?? dimensions }, at),
  }))
}

interface PartPlan {
  readonly offer: EmbeddingsOffer
  readonly counter: TokenCounter
  readonly part: TextsPart
  readonly dimensions: number | undefined
}

async function embedPart(services: CallServices, request: EmbedRequest, planned: PartPlan) {
  const { part } = planned
  const { writesOf, texts: _, ...call } = request
  const made = (outcome: Outcome<Vector[]>): EmbeddedPart | { readonly failure: ProviderFailure } => {
    if (outcome.kind === 'failed') return { failure: outcome.failure }
    const { answer, base, cost } = outcome
    return { from: part.from, vectors: answer, callId: base.intent.id, usage: base.usage, cost }
  }
  const end = await requestOrHandOver<Vector[], EmbeddedPart | { readonly failure: ProviderFailure }>(
    services,
    {
      ...call,
      plan: (at) => planPart(request, planned, at),
      sent: () => part.texts.join(' '),
      settleWith: (outcome) => {
        const value = made(outcome)
        return { value, writes: 'vectors' in value ? (writesOf?.(value) ?? []) : [] }
      },
    },
    () => false,
  )
  if (end.kind === 'handed_over') throw new Error('nobody was there to take over')
  return end
}

function planPart(request: EmbedRequest, { offer, counter, part, dimensions }: PartPlan, at: Date): CallPlan<Vector[]> {
  const { candidate, currency, purpose } = request
  const { texts } = part
  const inputTokensAtMost = texts.reduce((sum, text) => sum + tokensAtMost(counter, text), 0)
  return {
    offer,
    path: pathOf(offer, candidate.model),
    worstCaseNano: worstCaseOfCall({ candidate, currency, at, inputTokensAtMost, outputTokensAtMost: 0 }),
    ask: async (fetch) => {
      const body = embeddingBody(offer, { model: candidate.model, texts, purpose, dimensions: request.dimensions })
      const answer = await fetch('http://sealed.invalid/', { method: 'POST', body })
      return readVectors(offer, await answer.json(), { count: texts.length, dimensions })
    },
  }
}

/** What a model puts around each text: its first and last token, and the words by which some are told what it is for. */
const FRAMING_TOKENS = 32

/** What a text most likely has, on the upper side: for the bound of a request, which refuses what is beyond it. */
const likelyTokens = (counter: TokenCounter, text: string): number =>
  Math.ceil(counter.count(text) * counter.spread.high) + (counter.exact ? 0 : FRAMING_TOKENS)

/** What a text can be billed for at most: a tokenizer that is only a ratio is not trusted with a cap, and none makes more tokens than bytes. */
const tokensAtMost = (counter: TokenCounter, text: string): number =>
  (counter.exact ? counter.count(text) : Buffer.byteLength(text)) + FRAMING_TOKENS
