import type { RouteAnswer } from '../../../contract/route.ts'
import type { readBudget } from '../../../contract/budgets.ts'
import { Money } from '../../components/figures.tsx'
import { useText } from '../../messages/text.tsx'
import { formatDay, formatMoment } from '../../support/times.ts'
import { UsedBar } from './used-bar.tsx'

/** The period that runs now, and what the ones before it came to. */
export function Periods({ budget }: { budget: RouteAnswer<typeof readBudget> }) {
  const { t, language } = useText()
  const { window, limit, period, windows, addedAt, name } = budget
  const past = windows.filter(({ startsAt }) => startsAt !== window.startsAt)
  return (
    <section aria-label={t('budgets.now')} className="flex flex-col gap-3">
      <UsedBar label={name} limit={limit} window={window} />
      <p className="text-table text-ink-2">
        {window.endsAt === null
          ? t('budgets.since', { date: formatDay(addedAt, language) })
          : t('budgets.resets', { period: t(`budgets.periods.${period}`), date: formatMoment(window.endsAt, language) })}
      </p>
      {past.length > 0 && (
        <table className="w-full text-table">
          <caption className="pb-1 text-start font-medium">{t('budgets.past')}</caption>
          <tbody>
            {past.map(({ startsAt, spent }) => (
              <tr key={startsAt} className="border-t border-line">
                <th scope="row" className="py-1 text-start font-normal">
                  {t('budgets.from', { date: formatDay(startsAt, language) })}
                </th>
                <td className="py-1 text-end">
                  <Money of={spent} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
