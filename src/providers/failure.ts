import { AppError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { parseJson } from './parse-json.ts'
import type { ErrorAnswer, Protocol, ProviderFailure } from './wire-protocol.ts'
import { createScrubber } from '../runtime/scrub.ts'

/**
 * Whether the request can have reached the provider: 'no' when it surely did not (no address, no connection, refused by
 * our own rules), so that it cost nothing; 'maybe' from its first byte on.
 */
export type Sent = 'no' | 'maybe'

/**
 * A call that failed. It carries no `cause`: errors of the network library can hold headers. `reason` is a bare symbol
 * for the log (`ECONNREFUSED`), never text from the outside.
 */
export class ProviderCallError extends AppError {
  readonly failure: ProviderFailure
  readonly sent: Sent
  readonly reason: string | undefined
  constructor(failure: ProviderFailure, sent: Sent, reason?: string) {
    super(failure.code, failure.detail)
    this.name = 'ProviderCallError'
    this.failure = failure
    this.sent = sent
    this.reason = reason
  }
  get retryable(): boolean {
    return this.failure.retryable
  }
}

/** As much of an error's body as is looked at. */
export const MAX_ERROR_BODY_BYTES = 64 * 1024

/**
 * Reads an answer that is not a success into one of our failures, with the key's value removed from everything kept.
 * `bytes` is the body as received; only its first 64 KiB count.
 */
export function failureOf(answer: {
  readonly protocol: Pick<Protocol, 'classifyError'>
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
  readonly key?: Secret | undefined
}): ProviderFailure {
  return answer.protocol.classifyError(errorAnswerOf(answer))
}

/** The same for an answer of status 200 whose parsed body or event carries an error; undefined when it carries none. */
export function bodyFailureOf(answer: {
  readonly protocol: Protocol
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly key?: Secret | undefined
}): ProviderFailure | undefined {
  const { protocol, headers, body, key } = answer
  // the scrubber is only made when there is an error: this runs on every good answer
  return protocol.classifyBodyError({ status: 200, headers, body, scrub: (text) => createScrubber(key)(text) })
}

function errorAnswerOf({ status, headers, bytes, key }: Parameters<typeof failureOf>[0]): ErrorAnswer {
  const scrub = createScrubber(key)
  const text = scrub(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, MAX_ERROR_BODY_BYTES)).toString('utf8'))
  return { status, headers, body: parsedOr(text), scrub }
}

function parsedOr(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}
