import { kindsOf } from './asked.ts'
import type { OfferKind } from './offer.ts'
import type { Provider } from './provider.ts'

/** What makes vectors, by its name: no list of models says it, and a wrong guess costs one refused call. */
const EMBEDS = /embed|(?:^|[/-])(?:bge|gte|e5)-/i
const DRAWS = /image|imagen|flux|dall-e|diffusion/i
/** What does none of the work that is offered here. */
const SOMETHING_ELSE = /whisper|transcri|(?:^|[/-])tts|-audio|realtime|moderation|rerank|(?:^|[/-])(?:sora|veo)|(?:davinci|babbage)-00/i

/** What a model is for, by its name and what its provider offers; undefined: none of these. */
export function modelKindOf(provider: Provider, model: string): Exclude<OfferKind, 'translation'> | undefined {
  const kinds = kindsOf(provider)
  const chats = kinds.includes('chat')
  if (SOMETHING_ELSE.test(model)) return undefined
  if (EMBEDS.test(model) || (!chats && !kinds.includes('images'))) return kinds.includes('embeddings') ? 'embeddings' : undefined
  if (DRAWS.test(model) || !chats) return kinds.includes('images') ? 'images' : undefined
  return 'chat'
}
