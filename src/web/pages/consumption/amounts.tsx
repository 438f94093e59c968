import type { ConsumptionFigures } from '../../../contract/consumption.ts'
import { Money, Unknown } from '../../components/figures.tsx'
import { useText } from '../../messages/text.tsx'

/** What calls cost: each currency for itself, and how many calls are not in it because nobody knows what they cost. */
export function Cost({
  of,
  align = 'end',
}: {
  of: Pick<ConsumptionFigures, 'cost' | 'unknownCostCalls' | 'calls'>
  align?: 'start' | 'end'
}) {
  const { t } = useText()
  const { cost, unknownCostCalls } = of
  if (cost.length === 0) return <Unknown why={t('consumption.noCostKnown', { count: unknownCostCalls })} />
  return (
    <span className={`inline-flex flex-col ${align === 'end' ? 'items-end' : 'items-start'}`}>
      {cost.map((money) => (
        <Money key={money.currency} of={money} />
      ))}
      {unknownCostCalls > 0 && (
        <span className="text-small font-normal text-ink-2">{t('consumption.plusUnknown', { count: unknownCostCalls })}</span>
      )}
    </span>
  )
}
