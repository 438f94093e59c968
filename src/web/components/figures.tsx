import type { ReactNode } from 'react'
import type { MoneyView } from '../../contract/route.ts'
import { useText } from '../messages/text.tsx'
import { useMoneyText } from '../support/money-text.ts'
import { formatCount, formatMoney } from '../support/numbers.ts'
import { Tooltip } from './tooltip.tsx'

export { RelativeTime } from './relative-time.tsx'
export { useMoneyText } from '../support/money-text.ts'

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
    <bdi className="tabular whitespace-nowrap" title={`${of.amount} ${of.currency}`}>
      {formatMoney(of, language)}
    </bdi>
  )
}

/** A range of money: "$0.84 to $1.02". */
export function MoneyRange({ from, to, why }: { from: MoneyView | null; to: MoneyView | null; why?: string }) {
  const { t } = useText()
  const { range } = useMoneyText()
  if (from === null || to === null) return <Unknown why={why ?? t('common.costUnknown')} />
  return <span className="tabular">{range(from, to)}</span>
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
