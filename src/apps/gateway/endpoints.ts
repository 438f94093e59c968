import { chatOfferOf, chatPath, kindsOf, type Offer, offerOf, pathOf, type Provider } from '../../providers/provider.ts'

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
  /** How a provider is asked in this form, or in its own; undefined: it offers nothing of the kind. */
  readonly offerOf: (
    provider: Provider,
    model: string,
  ) => { readonly offer: Offer; readonly path: (streams: boolean) => string } | undefined
}

const chatOffer: Endpoint['offerOf'] = (provider, model) => {
  if (!provider.chat && !provider.chatOf?.(model)) return undefined
  const offer = chatOfferOf(provider, model)
  return { offer, path: (streams) => chatPath(offer, model, { streams }) }
}

const otherOffer =
  (kind: 'embeddings' | 'images', path?: string): Endpoint['offerOf'] =>
  (provider, model) => {
    if (!kindsOf(provider).includes(kind)) return undefined
    const offer = offerOf(provider, kind)
    return { offer, path: () => path ?? pathOf(offer, model) }
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
    path: '/v1/embeddings',
    dialect: 'openai',
    protocol: 'openai-embeddings',
    context: 'embeddings',
    outputLimits: [],
    offerOf: otherOffer('embeddings'),
  },
  { ...IMAGES, path: '/v1/images/generations', offerOf: otherOffer('images') },
  { ...IMAGES, path: '/v1/images/edits', offerOf: otherOffer('images', '/images/edits') },
]
