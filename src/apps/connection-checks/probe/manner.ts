import type { LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import type { ChatOffer } from '../../../providers/offer.ts'
import { type Asked, type Verdict, verdictOf, type Ways } from './bench.ts'

export type Body = Readonly<Record<string, unknown>>
export const LIMIT_NAMES = ['max_tokens', 'max_completion_tokens'] as const
export type LimitName = (typeof LIMIT_NAMES)[number]

/** How this model wants to be asked, as far as it was found out. */
export interface Manner {
  readonly offer: ChatOffer
  /** Undefined: as its provider's data says. */
  limitName?: LimitName
  /** It thinks before it answers, and can be told to think little. */
  thinksLittle?: true
  streamOptions?: boolean
}

/** Only in this dialect parameters bear these names. */
export const speaksOpenAi = ({ sdk }: ChatOffer): boolean => sdk === 'openai' || sdk === 'openai-compatible'

/** A body with all that was found out, and what a step wants of it. */
const inManner =
  ({ limitName, thinksLittle }: Manner, more: (body: Body) => Body = (body) => body) =>
  (body: Body): Record<string, unknown> => ({
    ...more({
      ...(limitName === undefined ? body : withLimitAs(limitName, body)),
      ...(thinksLittle ? { reasoning_effort: 'low' } : {}),
    }),
  })

function withLimitAs(name: LimitName, { max_tokens: one, max_completion_tokens: other, ...rest }: Body): Body {
  return { ...rest, [name]: other ?? one }
}

export const waysOf = (manner: Manner, more?: (body: Body) => Body): Ways =>
  speaksOpenAi(manner.offer) ? { adapt: inManner(manner, more) } : {}

export const textOf = (result: LanguageModelV4GenerateResult): string =>
  result.structuredOutputText ?? result.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')

export const wasCutShort = (answer: LanguageModelV4GenerateResult): boolean => answer.finishReason.unified === 'length'

export function verdictOn(asked: Asked<LanguageModelV4GenerateResult>, judge: (answer: LanguageModelV4GenerateResult) => Verdict): Verdict {
  if (asked.kind === 'failed') return verdictOf(asked.failure)
  if (asked.kind === 'cancelled') return { state: 'unknown' }
  const verdict = judge(asked.answer)
  return verdict.state === 'does_not' && wasCutShort(asked.answer) ? { state: 'unknown', note: 'cut_short' } : verdict
}
