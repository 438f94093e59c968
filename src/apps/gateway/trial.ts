import type { RouteAnswer } from '../../contract/route.ts'
import type { readVirtualKeyTrial } from '../../contract/gateway.ts'
import { AppError } from '../../base/errors.ts'
import { formatNano } from '../../base/money.ts'
import { offerAsFound } from '../../calls/chat-call.ts'
import type { VirtualKey } from '../../people/virtual-keys.ts'
import { chatOfferOf } from '../../providers/asked.ts'
import type { ChatOffer } from '../../providers/offer.ts'
import { PRACTICE_DESTINATION } from '../../providers/provider.ts'
import { findProvider } from '../../providers/registry.ts'
import { boundsOf, worstCaseWithin } from './bounds.ts'
import type { Directory } from './directory.ts'
import { ENDPOINTS } from './endpoints.ts'
import { firstAsked } from './names.ts'
import { readRequest } from './request.ts'

const QUESTION = 'Say hello in five words.'
/** Enough for a model that reasons a little before it speaks. */
const OUTPUT_TOKENS = 300

/**
 * One small chat with which a person tries a virtual key: a request as any program would post it, in the dialect of whoever
 * answers where the gateway speaks it, and the most it can cost by the same bounds as its reservation.
 * @throws AppError model.unserved when the key cannot ask for `model`.
 */
export function trialOf({
  model,
  key,
  directory,
  at,
}: {
  model: string
  key: VirtualKey
  directory: Directory
  at: Date
}): RouteAnswer<typeof readVirtualKeyTrial> {
  const asked = firstAsked({ name: model, key, directory, at })
  if (!asked) throw new AppError('model.unserved', `This virtual key cannot ask for "${model}". GET /v1/models lists what it is for.`)
  const { candidate, slug } = asked
  const { path, request } = requestFor(offerAsFound(chatOfferOf(findProvider(candidate.provider), candidate.model), candidate.found), model)
  const body = JSON.stringify(request)
  const bytes = new TextEncoder().encode(body)
  const { currency } = directory
  const bounds = boundsOf({
    endpoint: ENDPOINTS.find((endpoint) => endpoint.path === path)!,
    body: bytes,
    top: readRequest(bytes).top,
    candidate,
    stated: key.maxOutputTokens,
    at,
  })
  const nano = worstCaseWithin(bounds, { candidate, currency, at })
  return {
    path,
    body,
    practice: directory.connections.get(slug)?.destination.baseUrl === PRACTICE_DESTINATION,
    atMost: nano === undefined ? null : { currency, amount: formatNano(nano) },
  }
}

function requestFor({ protocol, sdk, outputLimit }: ChatOffer, model: string): { path: string; request: object } {
  const messages = [{ role: 'user', content: QUESTION }]
  if (protocol.id === 'anthropic-messages') return { path: '/v1/messages', request: { model, max_tokens: OUTPUT_TOKENS, messages } }
  if (protocol.id === 'openai-responses')
    return { path: '/v1/responses', request: { model, input: QUESTION, max_output_tokens: OUTPUT_TOKENS } }
  // OpenAI's own models refuse the older name; servers after its example often know no other.
  const limit = sdk === 'openai' ? 'max_completion_tokens' : (outputLimit ?? 'max_tokens')
  return { path: '/v1/chat/completions', request: { model, [limit]: OUTPUT_TOKENS, messages } }
}
