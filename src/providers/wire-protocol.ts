import type { ErrorCode } from '../base/errors.ts'
import type { Usage, UsageSource } from '../base/usage.ts'

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
