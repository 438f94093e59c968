import type { Candidate } from '../../../calls/call.ts'
import { pricesOf, worstCaseOfCall } from '../../../calls/price.ts'
import { formatNano, type Money } from '../../../base/money.ts'
import type { ProbedKind, ProbeQuote } from '../../../contract/behaviour.ts'
import { modelKindOf } from '../../../providers/model-kind.ts'
import { chatOfferOf } from '../../../providers/asked.ts'
import type { ChatOffer } from '../../../providers/offer.ts'
import type { Provider } from '../../../providers/provider.ts'
import { findProvider } from '../../../providers/registry.ts'
import { speaksOpenAi } from './manner.ts'
import { boundAnswer, limitedAnswer, longAnswer, oneText, oneWord, picture, type Question, stoppedAnswer, toolCall } from './questions.ts'

/** As what a model is tested; undefined: its kind is not. */
export function probedKindOf(provider: Provider, model: string): ProbedKind | undefined {
  const kind = modelKindOf(provider, model)
  return kind === 'images' ? undefined : kind
}

/** The calls of a probe as it usually goes, and those it may need beside them. */
function callsOf(
  kind: ProbedKind,
  offer: ChatOffer | undefined,
): { readonly usual: readonly Question[]; readonly more: readonly Question[] } {
  if (kind === 'embeddings' || !offer) return { usual: [oneText], more: [] }
  const ofDialect = speaksOpenAi(offer)
  return {
    usual: [
      oneWord,
      ...(ofDialect ? [oneWord] : []), // told to think little
      limitedAnswer, // streamed
      toolCall,
      toolCall, // streamed
      boundAnswer,
      picture,
      ...(ofDialect ? [limitedAnswer, limitedAnswer] : []), // each name of the limit
      stoppedAnswer,
      longAnswer, // left at its first words
    ],
    more: [
      ...(ofDialect ? [oneWord, limitedAnswer] : []), // the other name of the limit; streamed without options
      toolCall, // unforced
      stoppedAnswer,
      stoppedAnswer,
      stoppedAnswer,
    ],
  }
}

/** What a test is expected to cost, and can cost at most. @throws AppError provider.unknown. */
export interface ProbePlan {
  readonly kind: ProbedKind
  readonly callsAtMost: number
  readonly currency: string
  readonly about: Money | undefined
  readonly atMost: Money | undefined
}

/** `currency`: in which the workspace counts what has no price. Undefined: a model of a kind that is not tested. */
export function planProbe(candidate: Candidate, { currency, at }: { currency: string; at: Date }): ProbePlan | undefined {
  const provider = findProvider(candidate.provider)
  const kind = probedKindOf(provider, candidate.model)
  if (!kind) return undefined
  const { usual, more } = callsOf(kind, kind === 'chat' ? chatOfferOf(provider, candidate.model) : undefined)
  const all = [...usual, ...more]
  const pricedIn = pricesOf({ candidate, at })?.currency ?? currency
  const sum = (questions: readonly Question[], tokens: (question: Question) => { input: number; output: number }): Money | undefined => {
    let nano = 0n
    for (const question of questions) {
      const { input: inputTokensAtMost, output: outputTokensAtMost } = tokens(question)
      const one = worstCaseOfCall({ candidate, currency: pricedIn, at, inputTokensAtMost, outputTokensAtMost })
      if (one === undefined) return undefined
      nano += one
    }
    return { nano, currency: pricedIn }
  }
  return {
    kind,
    callsAtMost: all.length,
    currency: pricedIn,
    about: sum(usual, ({ usual: tokens }) => tokens),
    atMost: sum(all, ({ inputTokensAtMost: input, outputTokensAtMost: output }) => ({ input, output })),
  }
}

const moneyView = (money: Money | undefined) => (money ? { currency: money.currency, amount: formatNano(money.nano) } : null)

export const toProbeQuote = (model: string, plan: ProbePlan | undefined): ProbeQuote =>
  plan
    ? { model, kind: plan.kind, callsAtMost: plan.callsAtMost, about: moneyView(plan.about), atMost: moneyView(plan.atMost) }
    : { model, kind: null, callsAtMost: 0, about: null, atMost: null }
