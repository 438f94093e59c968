import type { AnswerBounds } from '../../calls/attempt.ts'
import type { Candidate } from '../../calls/call.ts'
import { offerAsFound } from '../../calls/chat-call.ts'
import { worstCaseOfImages } from '../../calls/image-bounds.ts'
import type { ImageWish } from '../../calls/image-wish.ts'
import { IMAGE_BOUNDS } from '../../calls/image.ts'
import { type Dearer, worstCaseOfCall } from '../../calls/price.ts'
import { modelFacts } from '../../prices/models.ts'
import { chatOfferOf } from '../../providers/asked.ts'
import { findProvider } from '../../providers/registry.ts'
import { dearerOf, holdsAny, isRunByProvider } from './dearer.ts'
import type { Endpoint } from './endpoints.ts'
import { imageBoundsOf } from './image-bounds.ts'
import type { GatewayRequest } from './request.ts'
import { type TopLevel, valueOf } from './top-level.ts'

/** The most that a request can take, for what is reserved before it is sent. Undefined: nobody can say. */
export interface Bounds {
  readonly inputTokensAtMost: number | undefined
  readonly outputTokensAtMost: number | undefined
  /** What it asks for that costs more than usual. */
  readonly dearer?: Dearer | undefined
  /** Of a request for images: what is asked for, where more than tokens are charged. */
  readonly wish?: ImageWish
}

/** Input that is not in the request's own bytes: pictures and files by address, what a provider kept. */
const ELSEWHERE = [
  '"image_url"',
  '"input_image"',
  '"input_file"',
  '"file_id"',
  '"source"',
  '"previous_response_id"',
  '"conversation"',
  '"prompt"',
]
/** What a provider's own template adds around messages and tools. */
const TEMPLATE_TOKENS = 2_000

/**
 * The bounds of a request: no token is shorter than a byte, and no input longer than the model's context. The output is what
 * the request says it may be, for each of the answers it asks for; else what the virtual key states; else the model's own limit.
 */
export function boundsOf({
  endpoint,
  body,
  top,
  candidate,
  stated,
  at,
}: {
  endpoint: Endpoint
  body: Uint8Array
  top: TopLevel
  candidate: Candidate
  stated: number | null
  at: Date
}): Bounds {
  const { provider, model, standsFor } = candidate
  if (endpoint.context === 'images') return imageBoundsOf({ body, top, model: standsFor ?? model })
  const facts = modelFacts({ provider, model, standsFor, at })
  const byBytes = body.byteLength + TEMPLATE_TOKENS
  if (endpoint.context === 'embeddings') {
    return { inputTokensAtMost: Math.min(byBytes, facts?.contextTokens ?? byBytes), outputTokensAtMost: 0 }
  }
  const isElsewhere = holdsAny(body, ELSEWHERE)
  const byContext = isElsewhere ? facts?.contextTokens : Math.min(byBytes, facts?.contextTokens ?? byBytes)
  const inputTokensAtMost = isRunByProvider({ body, top, provider }) ? undefined : byContext
  if (endpoint.outputLimits.length === 0) return { inputTokensAtMost, outputTokensAtMost: 0 }
  const each = outputAsked({ endpoint, body, top, candidate }) ?? stated ?? facts?.maxOutputTokens
  const answers = countOf(valueOf(body, top, 'n')) ?? 1
  const outputTokensAtMost = each === undefined ? undefined : each * answers
  return { inputTokensAtMost, outputTokensAtMost, dearer: dearerOf({ body, top, provider }) }
}

/**
 * The output limit that a request says; undefined: none that is heeded. Of two the larger: who knows one of the names passes the
 * other over.
 */
function outputAsked({
  endpoint,
  body,
  top,
  candidate: { provider: id, model, found },
}: {
  endpoint: Endpoint
  body: Uint8Array
  top: TopLevel
  candidate: Candidate
}): number | undefined {
  const counts = new Map(endpoint.outputLimits.map((name) => [name, countOf(valueOf(body, top, name))]))
  const known = [...counts.values()].filter((count) => count !== undefined)
  const largest = known.length === 0 ? undefined : Math.max(...known)
  if (endpoint.protocol !== 'openai-chat' || largest === undefined || counts.get('max_tokens') !== undefined) return largest
  // The newer name alone: not every server after OpenAI's example knows it.
  const provider = findProvider(id)
  if (endpoint.offerOf(provider, model)?.offer.protocol.id !== endpoint.protocol) return largest
  const { sdk, outputLimit } = offerAsFound(chatOfferOf(provider, model), found)
  const isHeeded = sdk === 'openai' || outputLimit === 'max_completion_tokens' || found?.max_completion_tokens === 'works'
  return isHeeded ? largest : undefined
}

/** A number of 1 and more. Some servers read it from a text too, or from a fraction. */
function countOf(value: unknown): number | undefined {
  const count = typeof value === 'string' ? Number(value) : value
  if (typeof count !== 'number') return undefined
  const whole = Math.ceil(count)
  return Number.isSafeInteger(whole) && whole > 0 ? whole : undefined
}

/** The most that it can cost in `currency`; undefined where a bound or a price is unknown. */
export function worstCaseWithin(
  { inputTokensAtMost, outputTokensAtMost, dearer, wish }: Bounds,
  { candidate, currency, at }: { candidate: Candidate; currency: string; at: Date },
): bigint | undefined {
  if (wish) return worstCaseOfImages({ candidate, currency, wish, at })
  if (inputTokensAtMost === undefined || outputTokensAtMost === undefined) return undefined
  return worstCaseOfCall({ candidate, currency, at, inputTokensAtMost, outputTokensAtMost, dearer })
}

/** An answer that is handed on as it comes is never held as a whole; one of many vectors is. */
const STREAMED = { maxBodyBytes: 256 * 1024 * 1024 }
const VECTORS = { maxBodyBytes: 64 * 1024 * 1024 }

/** How long, and how large, an answer may get; undefined: as every other. */
export function answerBounds({ endpoint, streams }: GatewayRequest): AnswerBounds | undefined {
  if (endpoint.context === 'images') return IMAGE_BOUNDS
  if (endpoint.context === 'embeddings') return VECTORS
  return streams ? STREAMED : undefined
}
