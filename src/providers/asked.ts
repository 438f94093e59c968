import { AppError } from '../base/errors.ts'
import { type ChatOffer, type EmbeddingsOffer, type Offer, OFFER_KINDS, type OfferKind } from './offer.ts'
import { type Destination, type Provider, STEERING_FIELDS, type SteeringField } from './provider.ts'
import type { Protocol } from './wire-protocol.ts'

/** Which of them a provider has, with an example where there is one. */
export function steeringFieldsOf({ destinationHeaders, destinationFields }: Provider): { name: SteeringField; example: string | null }[] {
  return STEERING_FIELDS.filter(
    (name) => destinationFields?.[name] || ((name === 'organization' || name === 'project') && destinationHeaders?.[name] !== undefined),
  ).map((name) => ({ name, example: destinationFields?.[name]?.example ?? null }))
}

/** Where a request of this path goes at a destination. */
export const pathAt = (
  { steerPath }: Provider,
  path: string,
  at: { readonly destination: Destination; readonly model?: string | undefined },
): string => (steerPath ? steerPath(path, at) : path)

/** Whether calls to this destination are refused without a key. A server of the person's own may need none; a provider's own address does. */
export const needsKey = (provider: Provider, destination: Destination): boolean =>
  provider.key === 'required' && (provider.baseUrl === undefined || isOwnAddress(provider, destination))

/** Whether a model of a provider's can be asked for here. */
export const isSpoken = ({ unspoken }: Provider, model: string): boolean => !unspoken?.test(model)

/** Whether a destination is one of the provider's own addresses, and not a server or gateway of the person's. */
export const isOwnAddress = ({ baseUrl, regions = [], ownBaseUrl }: Provider, destination: Destination): boolean =>
  destination.baseUrl === baseUrl ||
  regions.some((region) => region.baseUrl === destination.baseUrl) ||
  (ownBaseUrl?.test(destination.baseUrl) ?? false)

/** Where in the world a provider is asked, where that changes its prices; undefined: at its usual address, or unknown. */
export const regionOf = ({ regions = [] }: Provider, { region, baseUrl }: Destination): string | undefined =>
  region ?? regions.find((one) => one.baseUrl === baseUrl)?.region

/**
 * How a provider is asked for chat with this model.
 * @throws AppError provider.does_not_serve where it answers no chats.
 */
export function chatOfferOf(provider: Provider, model: string): ChatOffer {
  if (!isSpoken(provider, model)) {
    throw new AppError(
      'provider.does_not_serve',
      `${provider.name} serves this model by an interface that Latchkey does not speak. Choose another model.`,
    )
  }
  const offer = provider.chatOf?.(model) ?? provider.chat
  if (!offer) throw doesNotServe(provider, 'chat')
  return offer
}

/**
 * How a provider is asked for embeddings of this model.
 * @throws AppError provider.does_not_serve where it makes none.
 */
export const embeddingsOfferOf = (provider: Provider, model: string): EmbeddingsOffer =>
  provider.embeddingsOf?.(model) ?? offerOf(provider, 'embeddings')

/** How a provider is asked for work of a kind. @throws AppError provider.does_not_serve. */
export function offerOf<Kind extends Exclude<OfferKind, 'chat'>>(provider: Provider, kind: Kind): NonNullable<Provider[Kind]> {
  const offer = provider[kind]
  if (!offer) throw doesNotServe(provider, kind)
  return offer
}

const SAYS: Readonly<Record<OfferKind, string>> = {
  chat: 'answers no chats',
  embeddings: 'makes no embeddings',
  images: 'makes no images',
  translation: 'has no translation of its own',
}

const doesNotServe = (provider: Provider, kind: OfferKind): AppError =>
  new AppError('provider.does_not_serve', `${provider.name} ${SAYS[kind]}. Choose a connection of a provider that does.`)

/** The kinds of work that a provider offers. */
export const kindsOf = (provider: Provider): OfferKind[] => OFFER_KINDS.filter((kind) => provider[kind] !== undefined)

/** How a provider's errors are read where no kind of work is asked for: its list of models, the check of a key. */
export function protocolOf(provider: Provider): Protocol {
  const { protocol, chat, embeddings, images, translation } = provider
  const found = protocol ?? (chat ?? embeddings ?? images ?? translation)?.protocol
  if (!found) throw new Error(`the provider ${provider.id} offers nothing`)
  return found
}

/** Where a call for `model` is posted. A model's name is one step of the path at most, whatever it holds. */
export const pathOf = ({ path }: Offer, model: string): string => (typeof path === 'string' ? path : path(model))

/** Where a chat with `model` is posted; a streamed one may have a path of its own. */
export const chatPath = (offer: ChatOffer, model: string, { streams = false } = {}): string =>
  streams && offer.streamPath ? offer.streamPath(model) : pathOf(offer, model)
