import { formatNano, parseNano } from '../../../base/money.ts'
import type { BudgetWindowView } from '../../../contract/budgets.ts'
import type { MoneyView } from '../../../contract/route.ts'
import { useText } from '../../messages/text.tsx'
import { useMoneyText } from '../../components/figures.tsx'
import { cx } from '../../support/cx.ts'
import { formatShare } from '../../support/numbers.ts'

/** What of a budget is spent, set aside and left in one period: a bar, and the same in figures. */
export function UsedBar({ label, limit, window: { spent, held } }: { label: string; limit: MoneyView; window: BudgetWindowView }) {
  const { t, language } = useText()
  const { money } = useMoneyText()
  const [all, spentNano, heldNano] = [parseNano(limit.amount), parseNano(spent.amount), parseNano(held.amount)]
  const leftNano = all - spentNano - heldNano
  const left: MoneyView = { currency: limit.currency, amount: formatNano(leftNano > 0n ? leftNano : 0n) }
  const share = (nano: bigint): number => (all === 0n ? 1 : Math.min(1, Number((nano * 10_000n) / all) / 10_000))
  const used = share(spentNano)
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <div
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(used * 100)}
        aria-valuetext={`${formatShare(used, language)}: ${money(spent)} / ${money(limit)}`}
        className="flex h-2 overflow-hidden rounded-full bg-line"
      >
        <div
          className={cx('h-full', used >= 1 ? 'bg-failing' : used >= 0.8 ? 'bg-attention' : 'bg-good')}
          style={{ width: `${used * 100}%` }}
        />
        <div className="h-full bg-ink-3" style={{ width: `${Math.min(1 - used, share(heldNano)) * 100}%` }} />
      </div>
      <p className="tabular text-table text-ink-2">
        {t(heldNano > 0n ? 'budgets.usedHeld' : 'budgets.used', {
          spent: money(spent),
          held: money(held),
          left: money(left),
          limit: money(limit),
        })}
      </p>
    </div>
  )
}
