import type { QuoteView } from '../../../contract/runs.ts'
import { Count, MoneyRange } from '../../components/figures.tsx'
import { Table } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import type { LiveRun } from './run.tsx'
import { PriceSource } from './price-source.tsx'
import { endsOf, useQuoteReason, useWhyUnknown } from './run-words.ts'

/** What was quoted before the run, why it is a range, and for whom. */
export function QuoteDetail({ run }: { run: LiveRun }) {
  const { t } = useText()
  const whyUnknown = useWhyUnknown()
  const { quote } = run
  if (!quote) return <p className="py-6 text-ink-2">{t('runs.noQuote')}</p>
  const served = run.candidates.flatMap((candidate) => (candidate.quote ? [{ ...candidate, quote: candidate.quote }] : []))
  return (
    <div className="flex flex-col gap-5">
      <Table
        label={t('runs.byCandidate')}
        name="run-candidates"
        rows={served}
        rowId={({ position }) => String(position)}
        columns={[
          {
            id: 'model',
            header: t('runs.views.model'),
            fixed: true,
            card: 'title',
            cell: ({ model, connectionLabel }) => (
              <span className="flex flex-col">
                <span className="font-mono break-all">
                  <bdi>{model}</bdi>
                </span>
                <span className="text-small text-ink-2">
                  <bdi>{connectionLabel}</bdi>
                </span>
              </span>
            ),
          },
          {
            id: 'products',
            header: t('runs.products'),
            fixed: true,
            align: 'end',
            width: '7rem',
            cell: ({ items }) => <Count of={items} />,
          },
          { id: 'calls', header: t('runs.calls'), align: 'end', width: '6rem', cell: ({ quote: { calls } }) => <Count of={calls} /> },
          {
            id: 'cost',
            header: t('runs.quoted'),
            fixed: true,
            align: 'end',
            width: '13rem',
            cell: ({ quote: own }) => <MoneyRange {...endsOf(own.cost)} why={whyUnknown(own)} />,
          },
          { id: 'prices', header: t('runs.prices'), width: '14rem', cell: ({ quote: own }) => <PriceSource of={own.prices} /> },
        ]}
      />
      {!isWithoutCost(quote) && (
        <section aria-label={t('runs.why')}>
          <h3 className="mb-1.5 font-semibold">{t('runs.why')}</h3>
          <Reasons quote={quote} />
        </section>
      )}
    </div>
  )
}

/** A quote of nothing is no range: there is nothing to explain. */
export const isWithoutCost = ({ cost }: Pick<QuoteView, 'cost'>): boolean => cost !== null && Number(cost.high) === 0

/** Why a quote is as wide as it is. */
export function Reasons({ quote }: { quote: QuoteView }) {
  const say = useQuoteReason()
  return (
    <ul className="flex list-disc flex-col gap-1 ps-5 text-ink-2">
      {quote.reasons.map((reason) => (
        <li key={reason.text}>{say(reason)}</li>
      ))}
    </ul>
  )
}
