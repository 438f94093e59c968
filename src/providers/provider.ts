import { objectOf } from '../base/json.ts'
import type { BatchOffer } from './batch.ts'
import type { KeyExchange } from './key-exchange.ts'
import type { ChatOffer, EmbeddingsOffer, ImagesOffer, Offer, TranslationOffer } from './offer.ts'
import type { PullOffer } from './pull.ts'
import type { Protocol } from './wire-protocol.ts'

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

/** A provider that answers chats. */
export type ChatProvider = Provider & { readonly chat: ChatOffer }
