import type { ErrorCode } from '../base/errors.ts'
import type { Usage, UsageSource } from '../base/usage.ts'

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
  readonly deployment?: string
  /** Extra request headers the person set, lower-case names. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What a usage reader found in an answer's bytes. */
export interface MeteredUsage {
  readonly usage: Usage
  readonly source: UsageSource
  /** The provider's usage block as it came, for the ledger; undefined when the answer had none. */
  readonly raw?: unknown
  readonly servedModel?: string
  readonly serviceTier?: string
  readonly providerRequestId?: string
  /** What the provider itself says it charged (OpenRouter `usage.cost`), a plain decimal in its currency. */
  readonly declaredCost?: { readonly amount: string; readonly currency: string }
  /** Usage on other models inside the same answer (Anthropic advisor and fallback iterations). */
  readonly other?: readonly { readonly model: string; readonly usage: Usage }[]
}

/** Reads usage from the wire. Whole and streamed answers of the same content give the same usage. */
export interface UsageReader {
  /** The complete body of a whole answer. Undefined when the body has no usage that can be trusted: then usage is unknown. */
  whole(body: unknown): MeteredUsage | undefined
  /** A reader fed with the parsed `data:` of each server-sent event, in order. */
  stream(): { push(event: unknown): void; end(): MeteredUsage | undefined }
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
}

/** One wire protocol: how its usage and its errors are read. */
export interface Protocol {
  readonly id: string
  readonly usage: UsageReader
  classifyError(answer: ErrorAnswer): ProviderFailure
  /** An error carried inside an answer of status 200 (OpenRouter, mid-stream). */
  classifyBodyError?(body: unknown): ProviderFailure | undefined
}

/** How a key goes on the wire. `format` is applied to the key text. */
export interface KeyHeader {
  readonly name: string
  readonly prefix: string
}

/** A provider: an AI service that Latchkey can speak to, declared as data. */
export interface Provider {
  readonly id: string
  readonly name: string
  /** Absent for "any server that speaks ...": the person gives it. */
  readonly baseUrl?: string
  /** Where a key is made, seen, limited and billed. */
  readonly pages: { readonly keys?: string; readonly usage?: string; readonly limits?: string; readonly prices?: string }
  readonly keyHeader: KeyHeader
  /** 'required' refuses a call without a key; 'optional' sends none when the connection has none; 'none' never sends one. */
  readonly key: 'required' | 'optional' | 'none'
  /** Headers every request carries (anthropic-version). */
  readonly headers?: Readonly<Record<string, string>>
  /** A free request that proves the key. Status 2xx is good. */
  readonly checkKey: { readonly method: 'GET' | 'POST'; readonly path: string }
  readonly listModels: { readonly path: string }
  readonly chat: ChatOffer
  /** What this was tried against, honestly. */
  readonly triedAgainst: 'recorded answers' | 'a mock of its documented interface' | 'never tried'
}

export interface ChatOffer {
  readonly protocol: Protocol
  readonly path: string
  /** Which AI SDK package builds and parses its bodies (calls/chat-model.ts). */
  readonly sdk: 'openai' | 'anthropic' | 'mistral' | 'openai-compatible'
  /** Answers can be bound to a JSON schema by the provider itself. */
  readonly jsonSchema: boolean
}
