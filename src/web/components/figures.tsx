import type { ReactNode } from 'react'
import type { MoneyView } from '../../contract/route.ts'
import { useText, type TextKey } from '../messages/text.tsx'
import { formatCount, formatMoney } from '../support/numbers.ts'
import { formatExact, formatRelative } from '../support/times.ts'
import { useNow } from '../support/use-now.ts'
import { Tooltip } from './menu.tsx'

/** What is unknown, in words, with the reason on hover and for readers. */
export function Unknown({ why }: { why: string }) {
  const { t } = useText()
  return (
    <Tooltip text={why}>
      <button type="button" className="cursor-help text-ink-2 underline decoration-dotted underline-offset-2">
        {t('common.unknown')}
        <span className="sr-only">: {why}</span>
      </button>
    </Tooltip>
  )
}

/** An amount with its currency. Null is unknown, which is not zero: `why` says the reason. */
export function Money({ of, why }: { of: MoneyView | null; why?: string | undefined }) {
  const { t, language } = useText()
  if (of === null) return <Unknown why={why ?? t('common.costUnknown')} />
  return (
    <span className="tabular whitespace-nowrap" title={`${of.amount} ${of.currency}`}>
      {formatMoney(of, language)}
    </span>
  )
}

/** Money as text, for buttons and sentences: "$0.11", "$0.84 to $1.02", "unknown". */
export function useMoneyText(): {
  money: (amount: MoneyView | null) => string
  /** One amount when both ends read the same. */
  range: (from: MoneyView | null, to: MoneyView | null) => string
  about: (amount: MoneyView | null) => string
} {
  const { t, language } = useText()
  const money = (amount: MoneyView | null) => (amount === null ? t('common.unknown') : formatMoney(amount, language))
  return {
    money,
    range: (from, to) => {
      if (from === null || to === null) return t('common.unknown')
      const [low, high] = [money(from), money(to)]
      return low === high ? low : t('common.range', { from: low, to: high })
    },
    about: (amount) => (amount === null ? t('common.priceUnknown') : t('common.about', { amount: money(amount) })),
  }
}

/** A range of money: "$0.84 to $1.02". */
export function MoneyRange({ from, to, why }: { from: MoneyView | null; to: MoneyView | null; why?: string }) {
  const { t } = useText()
  const { range } = useMoneyText()
  if (from === null || to === null) return <Unknown why={why ?? t('common.costUnknown')} />
  return <span className="tabular whitespace-nowrap">{range(from, to)}</span>
}

/** A whole number with thin separators, and its unit after it where it has one. */
export function Count({ of, unit }: { of: number | bigint; unit?: ReactNode }) {
  const { language } = useText()
  return (
    <span className="tabular whitespace-nowrap">
      {formatCount(of, language)}
      {unit !== undefined && <> {unit}</>}
    </span>
  )
}

/** Tokens; null: the provider did not report them. */
export function Tokens({ of, why }: { of: number | null; why?: string }) {
  const { t } = useText()
  return of === null ? <Unknown why={why ?? t('common.usageUnknown')} /> : <Count of={of} unit={t('common.tokens', { count: of })} />
}

/** When, from now; exactly on hover and for readers, in the person's zone. Null: never, or `absent`. */
export function RelativeTime({ at, absent = 'common.never' }: { at: string | null; absent?: TextKey }) {
  const { t, language } = useText()
  const nowMs = useNow()
  if (at === null) return <span className="text-ink-2">{t(absent)}</span>
  return (
    <time dateTime={at} title={formatExact(at, language)} className="tabular whitespace-nowrap">
      {formatRelative(at, nowMs, language)}
    </time>
  )
}
