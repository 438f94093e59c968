import { USAGE_UNITS, type UsageUnit } from '../../../base/usage.ts'
import type { CallDetail, CostStep } from '../../../contract/consumption.ts'
import { Note } from '../../components/badge.tsx'
import { Count, Money } from '../../components/figures.tsx'
import { Text, useText } from '../../messages/text.tsx'
import { Part } from './parts.tsx'

/** How a call's cost comes about: count x price for each unit, where each price was published, and what was rounded. */
export function CostSteps({ call }: { call: CallDetail }) {
  const { t } = useText()
  const { steps, cost, listCost, costSource, stepsMatch, charged, budgets } = call
  const currency = cost?.currency ?? charged.currency
  return (
    <Part title={t('consumption.steps.title')}>
      {costSource && <p className="mb-2 text-table text-ink-2">{t(`consumption.costSources.${costSource}`)}</p>}
      {steps.length > 0 && (
        <div className="overflow-x-auto">
          <table className="w-full text-table">
            <thead className="text-ink-2">
              <tr>
                <th scope="col" className="py-1 text-start font-medium">
                  {t('consumption.steps.unit')}
                </th>
                <th scope="col" className="py-1 ps-3 text-end font-medium">
                  {t('consumption.steps.count')}
                </th>
                <th scope="col" className="py-1 ps-3 text-end font-medium">
                  {t('consumption.steps.price', { currency })}
                </th>
                <th scope="col" className="py-1 ps-3 text-end font-medium">
                  {t('consumption.steps.amount', { currency })}
                </th>
              </tr>
            </thead>
            <tbody>
              {steps.map((step) => (
                <Step key={step.unit} step={step} />
              ))}
            </tbody>
            <tfoot>
              <tr className="border-t border-line font-medium">
                <th scope="row" colSpan={3} className="py-1 text-start font-medium">
                  {costSource === 'declared' ? t('consumption.steps.list') : t('consumption.steps.rounded')}
                </th>
                <td className="tabular py-1 ps-3 text-end">
                  {(costSource === 'declared' ? listCost : cost)?.amount ?? t('common.unknown')}
                </td>
              </tr>
            </tfoot>
          </table>
        </div>
      )}
      {stepsMatch === false && (
        <div className="mt-2">
          <Note meaning="attention">{t('consumption.steps.partial')}</Note>
        </div>
      )}
      <Sources steps={steps} />
      {cost === null && budgets > 0 && (
        <p className="mt-2 text-table text-ink-2">
          <Text of="consumption.steps.charged" parts={{ amount: <Money of={charged} /> }} />
        </p>
      )}
    </Part>
  )
}

function Step({ step }: { step: CostStep }) {
  const { t } = useText()
  const unit: UsageUnit | undefined = USAGE_UNITS.find((one) => one === step.unit)
  return (
    <tr>
      <th scope="row" className="py-1 text-start font-normal">
        {unit ? t(`consumption.units.${unit}`) : step.unit}
      </th>
      <td className="tabular py-1 ps-3 text-end">
        <Count of={step.count} />
      </td>
      <td className="tabular py-1 ps-3 text-end whitespace-nowrap">
        {step.price === null
          ? t('common.unknown')
          : step.per === 'million'
            ? t('consumption.steps.perMillion', { price: step.price })
            : step.per === 'hour'
              ? t('consumption.steps.perHour', { price: step.price })
              : step.price}
      </td>
      <td className="tabular py-1 ps-3 text-end">{step.amount ?? t('common.unknown')}</td>
    </tr>
  )
}

/** Each place where prices of this call were published, once. */
function Sources({ steps }: { steps: readonly CostStep[] }) {
  const { t } = useText()
  const sources = [...new Map(steps.flatMap((step) => (step.source ? [[step.source, step] as const] : []))).values()]
  if (sources.length === 0) return null
  return (
    <ul className="mt-2 flex flex-col gap-0.5 text-table text-ink-2">
      {sources.map(({ source, sourceUrl, checkedAt }) => (
        <li key={source}>
          {sourceUrl ? (
            <a className="link" href={sourceUrl} target="_blank" rel="noreferrer noopener">
              {source}
            </a>
          ) : (
            source
          )}
          {checkedAt && <> {t('consumption.steps.checked', { day: checkedAt })}</>}
        </li>
      ))}
    </ul>
  )
}
