import type { AnswerBounds } from '../../calls/attempt.ts'
import type { Candidate } from '../../calls/call.ts'
import { worstCaseOfImages } from '../../calls/image-bounds.ts'
import type { ImageWish } from '../../calls/image-wish.ts'
import { IMAGE_BOUNDS } from '../../calls/image.ts'
import { worstCaseOfCall } from '../../calls/price.ts'
import { modelFacts } from '../../prices/models.ts'
import type { Endpoint } from './endpoints.ts'
import { imageBoundsOf } from './image-bounds.ts'
import type { GatewayRequest } from './request.ts'
import { type TopLevel, valueOf } from './top-level.ts'

/** The most that a request can take, for what is reserved before it is sent. Undefined: nobody can say. */
export interface Bounds {
  readonly inputTokensAtMost: number | undefined
  readonly outputTokensAtMost: number | undefined
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
  candidate: { provider, model, standsFor },
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
  if (endpoint.context === 'images') return imageBoundsOf({ body, top, model: standsFor ?? model })
  const facts = modelFacts({ provider, model, standsFor, at })
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const isElsewhere = endpoint.context !== 'embeddings' && ELSEWHERE.some((mark) => bytes.includes(mark))
  const byBytes = bytes.length + TEMPLATE_TOKENS
  const inputTokensAtMost = isElsewhere ? facts?.contextTokens : Math.min(byBytes, facts?.contextTokens ?? byBytes)
  if (endpoint.outputLimits.length === 0) return { inputTokensAtMost, outputTokensAtMost: 0 }
  const asked = endpoint.outputLimits.map((name) => countOf(valueOf(body, top, name))).find((count) => count !== undefined)
  const each = asked ?? stated ?? facts?.maxOutputTokens
  const answers = countOf(valueOf(body, top, 'n')) ?? 1
  return { inputTokensAtMost, outputTokensAtMost: each === undefined ? undefined : each * answers }
}

const countOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined

/** The most that it can cost in `currency`; undefined where a bound or a price is unknown. */
export function worstCaseWithin(
  { inputTokensAtMost, outputTokensAtMost, wish }: Bounds,
  { candidate, currency, at }: { candidate: Candidate; currency: string; at: Date },
): bigint | undefined {
  if (wish) return worstCaseOfImages({ candidate, currency, wish, at })
  if (inputTokensAtMost === undefined || outputTokensAtMost === undefined) return undefined
  return worstCaseOfCall({ candidate, currency, at, inputTokensAtMost, outputTokensAtMost })
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
