import type { ReactNode } from 'react'
import type { Consumption } from '../../../contract/consumption.ts'
import { Count, Money, Unknown, useMoneyText } from '../../components/figures.tsx'
import { Text, useText } from '../../messages/text.tsx'

/** What it all came to, with everything that is not plainly known beside it. The links show the calls in question. */
export function Summary({
  total,
  onShow,
}: {
  total: Consumption['total']
  onShow: (which: { outcome?: 'interrupted' | 'failed'; cost?: 'unknown' }) => void
}) {
  const { t } = useText()
  const { money } = useMoneyText()
  const { tokens, estimated } = total
  const link = (show: Parameters<typeof onShow>[0]) => <button type="button" className="link" onClick={() => onShow(show)} />
  return (
    <div className="mb-6 flex flex-col gap-3">
      <dl className="grid grid-cols-2 gap-x-8 gap-y-3 sm:flex sm:flex-wrap">
        <Figure label={t('consumption.measures.cost')} wide>
          {total.cost.length === 0 && total.unknownCostCalls > 0 ? (
            <Unknown why={t('consumption.noCostKnown', { count: total.unknownCostCalls })} />
          ) : (
            <span className="flex flex-wrap gap-x-3">
              {total.cost.map((one) => (
                <Money key={one.currency} of={one} />
              ))}
            </span>
          )}
          {total.unknownCostCalls > 0 && (
            <span className="block text-table font-normal">
              <Text
                of="consumption.notes.unknownCost"
                values={{ count: total.unknownCostCalls }}
                parts={{ a: link({ cost: 'unknown' }) }}
              />
            </span>
          )}
        </Figure>
        <Figure label={t('consumption.measures.calls')}>
          <Count of={total.calls} />
        </Figure>
        <Figure label={t('consumption.tokens.input')}>
          <Count of={tokens.input + tokens.cacheWrite} />
        </Figure>
        <Figure label={t('consumption.tokens.cached')}>
          <Count of={tokens.cacheRead} />
        </Figure>
        <Figure label={t('consumption.tokens.output')}>
          <Count of={tokens.output} />
        </Figure>
      </dl>
      <ul className="flex flex-wrap gap-x-5 gap-y-0.5 text-table text-ink-2 empty:hidden">
        {total.interruptedCalls > 0 && (
          <li>
            <Text
              of="consumption.notes.interrupted"
              values={{ count: total.interruptedCalls }}
              parts={{ a: link({ outcome: 'interrupted' }) }}
            />
          </li>
        )}
        {total.failedCalls > 0 && (
          <li>
            <Text of="consumption.notes.failed" values={{ count: total.failedCalls }} parts={{ a: link({ outcome: 'failed' }) }} />
          </li>
        )}
        {estimated.calls > 0 && (
          <li>
            {t('consumption.notes.estimated', {
              count: estimated.calls,
              amount: estimated.cost.map((one) => money(one)).join(' + ') || t('common.unknown'),
            })}
          </li>
        )}
        {total.unknownUsageCalls > 0 && <li>{t('consumption.notes.unknownUsage', { count: total.unknownUsageCalls })}</li>}
      </ul>
    </div>
  )
}

const Figure = ({ label, children, wide = false }: { label: string; children: ReactNode; wide?: boolean }) => (
  <div className={wide ? 'col-span-2 flex flex-col' : 'flex flex-col'}>
    <dt className="text-table text-ink-2">{label}</dt>
    <dd className="text-section font-semibold">{children}</dd>
  </div>
)
