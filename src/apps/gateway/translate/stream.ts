import type { LanguageModelV4FinishReason, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import type { Usage } from '../../../base/usage.ts'
import type { ProviderFailure } from '../../../providers/wire-protocol.ts'

/** Writes a model's stream in the caller's dialect: each method gives the text to send, often none. */
export interface StreamEncoder {
  /** Parts in any order; after the end or a failure they say nothing more. */
  push(part: LanguageModelV4StreamPart): string
  /** When the model's stream is over. One that ended without saying so was cut off, and ends with an error. */
  end(): string
  /** The last event of a stream that failed; `failure` is a ProviderFailure or anything thrown. */
  fail(failure: unknown): string
}

/** What stands in every answer, whole or streamed. */
export interface AnswerHead {
  readonly id: string
  readonly model: string
  readonly createdAt: Date
  /** For Anthropic's dialect, whose clients demand a number before, and where, nobody has counted. */
  readonly roughInputTokens?: number
}

/** About how many tokens a text of so many bytes has: for a dialect that has no word for "unknown". */
export const roughTokens = (bytes: number): number => Math.ceil(bytes / 4)

export interface StreamSettings extends AnswerHead {
  /** OpenAI's `stream_options.include_usage`. */
  readonly includesUsage?: boolean
  /** What was metered, asked for once, when the model has finished: undefined is unknown. */
  readonly usage: () => Usage | undefined
}

export const CUT_OFF: ProviderFailure = {
  code: 'provider.cut_off',
  detail: 'The provider’s answer broke off before its end.',
  retryable: true,
}

const FAILED: ProviderFailure = { code: 'provider.failed', detail: 'The provider failed while it answered.', retryable: true }

/** Why a stream that has ended is none that succeeded; undefined when it did. */
export function failureOfFinish({ unified }: LanguageModelV4FinishReason): ProviderFailure | undefined {
  if (unified === 'interrupted') return CUT_OFF
  return unified === 'error' ? FAILED : undefined
}

/**
 * A model's stream as server-sent events. `failureOf` makes of a thrown value, or of an `error` part's, what the caller is
 * told; it is the caller's, because only the attempt knows what became of the request.
 */
export async function* encodeStream(
  parts: AsyncIterable<LanguageModelV4StreamPart>,
  encoder: StreamEncoder,
  failureOf: (error: unknown) => unknown,
): AsyncGenerator<string, void, undefined> {
  try {
    for await (const part of parts) {
      const text = part.type === 'error' ? encoder.fail(failureOf(part.error)) : encoder.push(part)
      if (text !== '') yield text
    }
  } catch (error) {
    const text = encoder.fail(failureOf(error))
    if (text !== '') yield text
    return
  }
  const text = encoder.end()
  if (text !== '') yield text
}
