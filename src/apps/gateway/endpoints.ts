import { chatOfferOf, chatPath, isSpoken, pathOf } from '../../providers/asked.ts'
import type { Offer } from '../../providers/offer.ts'
import type { Provider } from '../../providers/provider.ts'

/** In which form a program speaks to the gateway, and is answered. */
export type Dialect = 'openai' | 'anthropic'

/** What a program posts to. */
export interface Endpoint {
  readonly path: string
  readonly dialect: Dialect
  /** The protocol whose bytes go through as they are. */
  readonly protocol: string
  /** The context of a call that names a connection itself. */
  readonly context: string
  /** The member that says how much the answer may hold, in the order in which they count. */
  readonly outputLimits: readonly string[]
  /** It asks how much a request holds, and for no answer. */
  readonly counts?: true
  /** Its requests may be forms, with files in them. */
  readonly takesForms?: true
  /** How a provider is asked in this form, or in its own; undefined: it offers nothing of the kind. */
  readonly offerOf: (provider: Provider, model: string) => Offered | undefined
}

/** An offer that a request can be passed on to, and where. */
export interface Offered {
  readonly offer: Offer
  readonly path: (streams: boolean) => string
}

const chatOffer: Endpoint['offerOf'] = (provider, model) => {
  if (!isSpoken(provider, model) || (!provider.chat && !provider.chatOf?.(model))) return undefined
  const offer = chatOfferOf(provider, model)
  return { offer, path: (streams) => chatPath(offer, model, { streams }) }
}

const embeddingsOffer: Endpoint['offerOf'] = (provider, model) => {
  const offer = provider.embeddingsOf?.(model) ?? provider.embeddings
  return offer && { offer, path: () => pathOf(offer, model) }
}

/** Images from words alone, or from others. */
const imagesOffer =
  (from: 'words' | 'images'): Endpoint['offerOf'] =>
  ({ images }, model) => {
    if (!images || (from === 'images' && !images.references)) return undefined
    const path = from === 'images' ? (images.references?.path ?? images.path) : images.path
    return { offer: images, path: () => pathOf({ ...images, path }, model) }
  }

const IMAGES = { dialect: 'openai', protocol: 'openai-images', context: 'images', outputLimits: [] } as const

export const ENDPOINTS: readonly Endpoint[] = [
  {
    path: '/v1/chat/completions',
    dialect: 'openai',
    protocol: 'openai-chat',
    context: 'chat',
    outputLimits: ['max_completion_tokens', 'max_tokens'],
    offerOf: chatOffer,
  },
  {
    path: '/v1/responses',
    dialect: 'openai',
    protocol: 'openai-responses',
    context: 'chat',
    outputLimits: ['max_output_tokens'],
    offerOf: (provider) => provider.responses && { offer: provider.responses, path: () => pathOf(provider.responses!, '') },
  },
  {
    path: '/v1/messages',
    dialect: 'anthropic',
    protocol: 'anthropic-messages',
    context: 'chat',
    outputLimits: ['max_tokens'],
    offerOf: chatOffer,
  },
  {
    path: '/v1/messages/count_tokens',
    dialect: 'anthropic',
    protocol: 'anthropic-messages',
    context: 'chat',
    outputLimits: [],
    counts: true,
    offerOf: chatOffer,
  },
  {
    path: '/v1/embeddings',
    dialect: 'openai',
    protocol: 'openai-embeddings',
    context: 'embeddings',
    outputLimits: [],
    offerOf: embeddingsOffer,
  },
  { ...IMAGES, path: '/v1/images/generations', offerOf: imagesOffer('words') },
  { ...IMAGES, path: '/v1/images/edits', takesForms: true, offerOf: imagesOffer('images') },
]
