import { formatNano, parseNano } from '../../../base/money.ts'
import type { MoneyRangeView, QuoteView, RunView } from '../../../contract/runs.ts'
import type { MoneyView } from '../../../contract/route.ts'
import { useText } from '../../messages/text.tsx'

/** What a page calls a run: its recipe's name, else what it was started as. */
export function useRunName(): (run: Pick<RunView, 'recipeName' | 'selected'>) => string {
  const { t } = useText()
  return ({ recipeName, selected }) => recipeName ?? t('runs.start', { count: selected })
}

/** The models that serve a run, each once. */
export const modelsOf = ({ candidates }: Pick<RunView, 'candidates'>): string[] => [...new Set(candidates.map(({ model }) => model))]

/** The two ends of a range of money, for the components that show one. */
export const endsOf = (range: MoneyRangeView | null): { from: MoneyView | null; to: MoneyView | null } => ({
  from: range && { currency: range.currency, amount: range.low },
  to: range && { currency: range.currency, amount: range.high },
})

/** The middle of a range: what a button calls "about". */
export const middleOf = (range: MoneyRangeView | null): MoneyView | null =>
  range && { currency: range.currency, amount: formatNano((parseNano(range.low) + parseNano(range.high)) / 2n) }

/** What is left to be spent of what a run will cost; null where that is not known, or is spent already. */
export function leftToSpend({ quote, quoteAfterCanary, spent }: Pick<RunView, 'quote' | 'quoteAfterCanary' | 'spent'>): MoneyView | null {
  const cost = (quoteAfterCanary ?? quote)?.cost
  if (!cost) return null
  const low = parseNano(cost.low)
  const high = parseNano(cost.high)
  const paid = parseNano(spent.amount)
  if (high === 0n) return { currency: cost.currency, amount: '0' }
  const left = [(low + high) / 2n - paid, high - paid].find((one) => one > 0n)
  return left === undefined ? null : { currency: cost.currency, amount: formatNano(left) }
}

const PAUSES = [
  'run.paused',
  'run.canary_done',
  'run.broken',
  'budget.exceeded',
  'price.unknown',
  'provider.bad_key',
  'provider.no_permission',
  'provider.no_credit',
  'provider.model_missing',
  'provider.rate_limited',
  'provider.overloaded',
  'provider.failed',
  'provider.unreachable',
  'provider.timeout',
  'provider.request_refused',
  'key.missing',
  'connection.revoked',
  'connection.missing',
  'assignment.missing',
  'output.invalid',
  'output.missing',
  'call.interrupted',
  'batch.refused',
  'batch.expired',
  'batch.unreachable',
] as const
type KnownCode = (typeof PAUSES)[number]

/** A code of the server in the person's language; its own English sentence where we have no words for it. */
export function useReason(): (reason: NonNullable<RunView['pause']>) => string {
  const { t } = useText()
  return ({ code, detail, budget }) => {
    if (budget) return t('runs.budgetFull', { name: budget.name })
    const known = PAUSES.find((one) => one === code)
    return known ? t(`runs.reasons.${known.replace('.', '_') as Joined<KnownCode>}`) : detail
  }
}
type Joined<Code extends string> = Code extends `${infer Area}.${infer Name}` ? `${Area}_${Name}` : never

const REASONS = [
  'output_predicted',
  'output_observed',
  'input_counted',
  'input_estimated',
  'input_corrected',
  'cache_not_counted',
  'cache_at_best',
  'cache_too_short',
  'thinking',
  'asked_again',
  'second_look',
  'filled',
  'scaled_up',
  'other_currency',
  'paid_by_hour',
  'price_unknown',
] as const

/** Why a quote is a range, in the person's language. */
export function useQuoteReason(): (reason: QuoteView['reasons'][number]) => string {
  const { t } = useText()
  return ({ code, values, text }) => {
    const known = REASONS.find((one) => one === code)
    return known ? t(`runs.quoteReasons.${known}`, values) : text
  }
}

/** Why there is no price in a quote. */
export function useWhyUnknown(): (quote: QuoteView | null) => string {
  const { t } = useText()
  const say = useQuoteReason()
  return (quote) => {
    const reason = quote?.reasons.find(({ code }) => code === 'price_unknown' || code === 'paid_by_hour' || code === 'other_currency')
    return reason ? say(reason) : t('runs.quoteReasons.price_unknown')
  }
}
