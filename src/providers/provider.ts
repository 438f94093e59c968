import { AppError, type ErrorCode } from '../base/errors.ts'
import { objectOf } from '../base/json.ts'
import type { Usage, UsageSource } from '../base/usage.ts'
import type { BatchOffer } from './batch.ts'
import type { KeyExchange } from './key-exchange.ts'
import type { PullOffer } from './pull.ts'

/**
 * Everything that steers a request, and so everything a key is sealed to. Two destinations are the same when their
 * canonical JSON is the same (vault/destination.ts).
 */
export interface Destination {
  /** WHATWG URL without credentials or fragment: origin + path without trailing slash + search. */
  readonly baseUrl: string
  readonly organization?: string
  readonly project?: string
  readonly region?: string
  readonly apiVersion?: string
  /** Extra request headers the person set, lower-case names. */
  readonly headers?: Readonly<Record<string, string>>
}

/** The reserved base URL of the practice provider: `send` resolves it to the practice server, whatever port that has. */
export const PRACTICE_DESTINATION = 'practice:'

/** What a usage reader found in an answer's bytes. */
export interface MeteredUsage {
  /** Undefined is unknown: the answer had no usage, or one that cannot be trusted (`doubt` says why). Never read it as zero. */
  readonly usage: Usage | undefined
  /** 'reported', or 'estimated' where a part had to be inferred (`doubt` says which). */
  readonly source: UsageSource
  /** Why the usage is unknown or partly inferred, for the ledger and the log; numbers and field names only. */
  readonly doubt?: string
  /** Units that are known although the whole is not: the input of a stream that broke. A lower bound, never the usage. */
  readonly atLeast?: Usage
  /** The provider's usage block as it came, for the ledger; undefined when the answer had none. */
  readonly raw?: unknown
  readonly servedModel?: string
  /** How long it took the server by its own word, in milliseconds. */
  readonly tookMs?: number
  readonly serviceTier?: string
  /** Anthropic `usage.speed` ("fast"), which multiplies the price. */
  readonly speed?: string
  /** Anthropic `usage.inference_geo` ("us"), which multiplies the price. */
  readonly inferenceGeo?: string
  readonly providerRequestId?: string
  /**
   * What the provider itself says it charged (OpenRouter `usage.cost`): a plain decimal of at most nine decimals,
   * rounded half up, as `parseNano` reads it. The unrounded number is in `raw`.
   */
  readonly declaredCost?: DeclaredCost
  /** Usage on other models inside the same answer (Anthropic advisor and fallback iterations), not contained in `usage`. */
  readonly other?: readonly { readonly model: string; readonly usage: Usage }[]
}

export interface DeclaredCost {
  readonly amount: string
  readonly currency: string
}

/** Reads usage from the wire. Whole and streamed answers of the same content give the same usage. */
export interface UsageReader {
  /** The complete body of a whole answer, parsed; and its headers, for those who count there. */
  whole(body: unknown, headers?: Readonly<Record<string, string>>): MeteredUsage
  /** A reader fed with the parsed `data:` of each server-sent event, in order; `end` also serves streams that broke. */
  stream(): UsageStream
}

export interface UsageStream {
  push(event: unknown): void
  /** What the events so far come to; more may follow. */
  end(): MeteredUsage
}

/** What went wrong, in our words, and whether trying again can help. */
export interface ProviderFailure {
  readonly code: ErrorCode
  /** For the caller: what to do. Made by us, never the provider's text. */
  readonly detail: string
  /** True when the same request may succeed later (429, 5xx, cut connections). */
  readonly retryable: boolean
  /** From Retry-After, retry-after-ms or rate-limit reset headers; milliseconds from now. */
  readonly retryAfterMs?: number
  /** At most 200 characters of the provider's own message, scrubbed of the key by value. */
  readonly excerpt?: string
}

export interface ErrorAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Parsed JSON, or the text when it is not JSON. */
  readonly body: unknown
  /** Removes the key's value from a text (scrub.ts); what looks like a key is removed in any case. */
  readonly scrub?: (text: string) => string
  /** When the answer came, for reset times; epoch milliseconds, now when absent. */
  readonly receivedAtMs?: number
}

/** How a streamed answer is cut into events: server-sent events, AWS's binary messages, or a JSON text per line. */
export type Framing = 'sse' | 'aws-event-stream' | 'json-lines'

/** One wire protocol: how its usage and its errors are read. */
export interface Protocol {
  readonly id: string
  readonly usage: UsageReader
  /** Absent: 'sse'. */
  readonly framing?: Framing
  /** What a model wrote in one event of a stream: text, thinking, a tool's arguments; '' where it wrote nothing in it. */
  said?(event: unknown): string
  classifyError(answer: ErrorAnswer): ProviderFailure
  /** An error or a refusal carried inside an answer or event of status 200; undefined when there is none. */
  classifyBodyError(answer: ErrorAnswer): ProviderFailure | undefined
}

/** How a key goes on the wire: in the header `name`, as `prefix` and the key. */
export interface KeyHeader {
  readonly name: string
  readonly prefix: string
}

/** `Authorization: Bearer <key>` (RFC 6750), what most providers take. */
export const bearer: KeyHeader = { name: 'authorization', prefix: 'Bearer ' }

/** A provider: an AI service that Latchkey can speak to, declared as data. */
export interface Provider {
  readonly id: string
  readonly name: string
  /** Absent for "any server that speaks ...": the person gives it. */
  readonly baseUrl?: string
  /** How such an address looks, for who has to enter it. */
  readonly baseUrlExample?: string
  /** Its other addresses of its own, where it has such: the same keys or others, the same protocol. */
  readonly regions?: readonly { readonly region: string; readonly baseUrl: string }[]
  /** Where a key is made, seen, limited and billed, and where its interface is described. */
  readonly pages: {
    readonly keys?: string
    readonly usage?: string
    readonly limits?: string
    readonly prices?: string
    readonly docs?: string
  }
  /** Why there is no page of prices, in a sentence for people; where `pages.prices` is absent. */
  readonly noPrices?: string
  /** The day on which what this file says was last read at its sources (YYYY-MM-DD). */
  readonly checkedOn: string
  /** What is particular here and matters to who uses it, in sentences for its page in docs/providers. */
  readonly notes?: readonly string[]
  /** What its keys look like today, for a person's eye alone: providers change it without notice, so nothing is refused for it. */
  readonly keyHint?: string
  readonly keyHeader: KeyHeader
  /** A key written as "Bearer ..." is an access token: it goes into `authorization`, as it stands. */
  readonly takesAccessTokens?: true
  /** For keys that are never sent themselves, but exchanged for an access token of some minutes. */
  readonly keyExchange?: KeyExchange
  /**
   * Why a key cannot be meant for a destination, in a sentence for people; undefined: nothing speaks against it. Only for what
   * the provider's documentation states as a fact, such as the mark of keys that hold at another of its addresses.
   */
  readonly keyProblem?: (key: Uint8Array, destination: Destination) => string | undefined
  /**
   * 'required' refuses a call without a key at the provider's own address; 'optional' sends none when the connection has
   * none; 'none' never sends one.
   */
  readonly key: 'required' | 'optional' | 'none'
  /** Headers every request carries (anthropic-version). */
  readonly headers?: Readonly<Record<string, string>>
  /** Which header carries the destination's organization and project, where the provider has such. */
  readonly destinationHeaders?: { readonly organization?: string; readonly project?: string }
  /** What its destination has beside the base URL and headers, and how a request's path comes of it (`pathAt`). */
  readonly destinationFields?: Partial<Record<SteeringField, DestinationField>>
  /** Makes the base URL whole from what people know of it: a resource's bare address, a location. @throws AppError destination.refused. */
  readonly completeDestination?: (entered: Partial<Destination>) => Partial<Destination>
  /** Where a request of this path goes at a destination; absent: the path as it is. `model` is absent in free requests. */
  readonly steerPath?: (path: string, at: { readonly destination: Destination; readonly model?: string | undefined }) => string
  /** Base URLs of its own beside `baseUrl` and `regions`, where there are too many to list. */
  readonly ownBaseUrl?: RegExp
  /** Models that it serves by an interface which is not spoken here: they are not offered, and refused before anything is sent. */
  readonly unspoken?: RegExp
  /** Its people name what they call, and the name says nothing of the model: they say which one it is (`Candidate.standsFor`). */
  readonly hasDeployments?: true
  /** A free request that proves the key. Status 2xx is good, when `read` finds what such an answer holds. */
  readonly checkKey: {
    readonly method: 'GET' | 'POST'
    readonly path: string
    /** An end of the base URL that its path does not have before it: "/v1/openai". The request stays on the same host. */
    readonly beside?: string
    /** Of a POST: JSON. */
    readonly body?: Readonly<Record<string, unknown>>
    readonly read: (body: unknown) => CheckedKey
    /**
     * 'address': anyone is answered alike, so that a good answer says nothing of the key. 'refusal': the request asks for
     * nothing and is refused; only that it is not refused for its key is learned. Absent: it proves the key.
     */
    readonly proves?: 'address' | 'refusal'
  }
  /** Absent where the address that calls go to lists no models: people choose from the price book, or write the name. */
  readonly listModels?:
    | {
        readonly path: string
        /** For a list of its own shape; without, as OpenAI lists them. Undefined is not this provider's answer. */
        readonly read?: (body: unknown) => readonly OfferedModel[] | undefined
        /** A fuller list, asked for first; servers that do not have it are asked for the other one. */
        readonly fuller?: {
          readonly path: string
          /** The end of the base URL that its path does not have before it: "/v1". */
          readonly beside: string
          readonly read: (body: unknown) => readonly OfferedModel[] | undefined
        }
      }
    | undefined
  /** For servers that people run themselves: where they usually listen, and what their list of models says that no other server's does. */
  readonly local?: {
    readonly port: number
    /** What follows the port in the base URL. */
    readonly path: string
    readonly isIts: (body: unknown) => boolean
  }
  /** How it is asked to fetch a model, where it can be. */
  readonly pull?: PullOffer
  /** How the errors of its free requests are read, where it offers no chat. */
  readonly protocol?: Protocol
  /** What it offers, kind by kind; absent: nothing of that kind. */
  readonly chat?: ChatOffer
  /** Another interface, for the models that only that one serves; undefined for all others. */
  readonly chatOf?: (model: string) => ChatOffer | undefined
  readonly embeddings?: EmbeddingsOffer
  /** Other embeddings, for the models that are asked in another way; undefined for all others. */
  readonly embeddingsOf?: (model: string) => EmbeddingsOffer | undefined
  readonly images?: ImagesOffer
  readonly translation?: TranslationOffer
  /** Its batch service, for chats; absent: it has none, or none that is spoken here. */
  readonly batch?: BatchOffer
  /** OpenAI's Responses interface, for programs that speak it; for any model. */
  readonly responses?: Offer
  /**
   * Whether its work, and its bill, stop when a caller leaves in the middle of a streamed answer, or go on to the end. Absent:
   * nobody here knows, and it is read to its end.
   * @see https://openrouter.ai/docs/api/reference/streaming (stream cancellation), facts of 2026-11-20
   */
  readonly afterDisconnect?: 'stops' | 'goes on'
  /** What its filter refuses before a model reads it, with a status of 400, may be charged all the same: such a cost is unknown. */
  readonly chargesRefusedContent?: true
  /** What this was tried against, honestly. */
  readonly triedAgainst: 'recorded answers' | 'a mock of its documented interface' | 'never tried'
}

/** What an answer of status 2xx to the check of a key says: `blocked` is known and switched off, `elsewhere` is not this provider's answer. */
export type CheckedKey = 'ok' | 'no_credit' | 'blocked' | 'elsewhere'

/** A model in a provider's own list, in the name that calls use. */
export interface OfferedModel {
  readonly id: string
  readonly contextTokens?: number
  readonly maxOutputTokens?: number
  /** The day it is shut down, or the time in RFC 3339. */
  readonly shutdownDate?: string
  /** What is known of its files, where the server that runs it says so. */
  readonly files?: ModelFiles
}

/** A model as it lies on the machine that runs it; each in the server's own words. */
export interface ModelFiles {
  /** On its disk, in bytes. */
  readonly sizeBytes?: number
  /** "llama", "gemma3". */
  readonly family?: string
  /** "4.3B". */
  readonly parameters?: string
  /** "Q4_K_M". */
  readonly quantization?: string
  /** In memory now, where that is said. */
  readonly isLoaded?: boolean
  /** The host that runs it in truth: what is asked of this model leaves the machine. */
  readonly runsAt?: string
}

/** A size in bytes as a server says it; undefined for what is none. */
export const sizeOf = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined

/** An answer that lists models, as OpenAI does and most others after it. */
export const readModelList = (body: unknown): CheckedKey => (Array.isArray(objectOf(body)?.['data']) ? 'ok' : 'elsewhere')

/** What can steer a request beside the base URL and headers; which of them a provider has is its own affair. */
export const STEERING_FIELDS = ['organization', 'project', 'region', 'apiVersion'] as const
export type SteeringField = (typeof STEERING_FIELDS)[number]

/** One of them at a provider. It becomes part of an address: `pattern` allows nothing that could change another part. */
export interface DestinationField {
  readonly pattern: RegExp
  readonly example: string
}

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

/** The kinds of work that a provider can offer. */
export const OFFER_KINDS = ['chat', 'embeddings', 'images', 'translation'] as const
export type OfferKind = (typeof OFFER_KINDS)[number]

/** How a provider is asked for work of one kind. */
export interface Offer {
  readonly protocol: Protocol
  /** Joined to the base URL; made from the model's name where the protocol has it in the path. */
  readonly path: string | ((model: string) => string)
  /**
   * Hosts of the provider's own, besides the destination's, that its answers may name to be asked or downloaded from: without a
   * key. "*.example.com" is every host below that domain. An address at any other host is refused.
   */
  readonly hosts?: readonly string[]
}

/** A provider that answers chats. */
export type ChatProvider = Provider & { readonly chat: ChatOffer }

/** How a provider is asked for chat. */
export interface ChatOffer extends Offer {
  /** Where streamed answers are asked for, where that is another path. */
  readonly streamPath?: (model: string) => string
  /** What builds and parses its bodies (calls/chat-model.ts): an AI SDK package, or our own for Ollama. */
  readonly sdk:
    | 'openai'
    | 'openai-responses'
    | 'anthropic'
    | 'mistral'
    | 'openai-compatible'
    | 'google'
    | 'cohere'
    | 'ollama'
    | 'amazon-bedrock'
  /** Answers can be bound to a JSON schema by the provider itself. */
  readonly jsonSchema: boolean
  /**
   * What `response_format` may say where a schema is refused: JSON of any form, or nothing at all; the schema then stands in
   * the prompt. Absent: the schema is sent. For the SDK 'openai-compatible'.
   */
  readonly responseFormat?: 'json_object' | 'none'
  /** The output limit's name where it is not `max_tokens`. For the SDK 'openai-compatible'. */
  readonly outputLimit?: 'max_completion_tokens'
  /** Parameters that every request carries. For the SDK 'openai-compatible'. */
  readonly parameters?: Readonly<Record<string, unknown>>
  /**
   * How a streamed answer comes by its usage: 'asked' with `stream_options.include_usage`, 'unasked' always. Absent: nobody
   * here knows.
   */
  readonly streamedUsage?: 'asked' | 'unasked'
}

/** How a provider is asked for embeddings: vectors that stand for texts. */
export interface EmbeddingsOffer extends Offer {
  /** How bodies are written and vectors are read (calls/embedding-forms.ts). */
  readonly form: EmbeddingForm
  /** The most texts that one request may hold; absent: it states no bound. */
  readonly textsAtMost?: number
  /** The most tokens that the texts of one request may have together; absent: it states no bound. */
  readonly tokensAtMost?: number
  /** The parameter that asks for a number of dimensions; absent: it is the model's own. */
  readonly dimensions?: string
  /** The parameter that says what texts are for, and its words; absent: it makes no difference. */
  readonly purpose?: { readonly parameter: string } & Readonly<Record<EmbeddingPurpose, string>>
  /** Parameters that every request carries: above all that no text is cut short in silence. */
  readonly parameters?: Readonly<Record<string, unknown>>
}

/** What a text is embedded for: to be found, or to find others. Many models make different vectors of the two. */
export type EmbeddingPurpose = 'document' | 'query'

/** The ways in which bodies of embeddings are written. */
export type EmbeddingForm =
  | 'openai'
  | 'cohere'
  | 'gemini'
  | 'ollama'
  | 'bedrock-titan'
  | 'bedrock-cohere'
  | 'bedrock-nova'
  | 'vertex-predict'

/** How a provider is asked for images. */
export interface ImagesOffer extends Offer {
  /**
   * How bodies are built and answers come (calls/image-forms.ts): 'openai-images' and 'gemini' at once, the others to be asked
   * for until they are ready.
   */
  readonly form: 'openai-images' | 'gemini' | 'fal-queue' | 'bfl'
  /** The most images that one request makes. */
  readonly imagesAtMost: number
  /** What may be asked for besides the prompt and the number; anything else is refused, never left out in silence. */
  readonly takes: readonly ImageChoice[]
  /** Images that go in; absent: none. `path` where that is another one than for images from words alone. */
  readonly references?: {
    readonly path?: Offer['path']
    /** How they are sent: as parts of a form, or as data URLs in the field of this name. */
    readonly as: 'multipart' | 'image' | 'image_url' | 'image_urls' | 'input_references' | 'input_image' | 'inlineData'
    readonly imagesAtMost: number
    /** A mask says which part of the first one is made anew. */
    readonly mask?: true
  }
  /** What `response_format` says, so that the images come inside the answer. Absent: it is not sent. For 'openai-images'. */
  readonly responseFormat?: 'b64_json' | 'base64'
  /** The size as two numbers, where it is not "1024x1024". For 'openai-images'. */
  readonly sizeAs?: 'width and height'
}

export type ImageChoice = 'size' | 'quality' | 'format' | 'background' | 'seed'

/** How a provider is asked for translations. */
export interface TranslationOffer extends Offer {
  /** The most texts, and bytes of body, that one request may hold. */
  readonly textsAtMost: number
  readonly bytesAtMost: number
  /** Where its languages are listed, free of charge. */
  readonly languages: { readonly path: string; readonly read: (body: unknown) => readonly OfferedLanguage[] | undefined }
}

/** A language that a provider translates, by its code (BCP 47). */
export interface OfferedLanguage {
  readonly code: string
  readonly name: string
  readonly isSource: boolean
  readonly isTarget: boolean
  /** Whether it can be told to write formally or informally; undefined: that is not said. */
  readonly hasFormality?: boolean
}

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
