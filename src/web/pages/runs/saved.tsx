import type { ReactNode } from 'react'
import { formatNano, parseNano } from '../../../base/money.ts'
import type { RunReceiptView } from '../../../contract/runs.ts'
import { Money, MoneyRange, Unknown } from '../../components/figures.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { endsOf } from './run-words.ts'

type Savings = RunReceiptView['saved']
type Step = Savings['steps'][number]

interface Row {
  readonly key: string
  readonly name: ReactNode
  readonly did: ReactNode
  readonly quoted: ReactNode
  readonly saved: ReactNode
}

/** What each step of a run saved, beside what was quoted of it; nothing where none did. */
export function Saved({ savings: { steps, saved, without } }: { savings: Savings }) {
  const { t } = useText()
  const columns = useColumns()
  const idle = steps.filter(hadNothingToDo)
  const rows = steps.filter((step) => !hadNothingToDo(step))
  if (rows.length === 0) return null
  const quoted = sumOf(rows.map((step) => step.quoted))
  return (
    <section aria-label={t('runs.saved.title')} className="flex flex-col gap-2">
      <div>
        <h2 className="font-semibold">{t('runs.saved.title')}</h2>
        <p className="max-w-3xl text-table text-ink-2">{t('runs.saved.sentence')}</p>
      </div>
      <Table
        label={t('runs.saved.title')}
        name="receipt-saved"
        rows={rows.map(rowOf)}
        rowId={({ key }) => key}
        columns={columns}
        totals={{
          key: 'together',
          name: <span className="font-medium">{t('runs.saved.together')}</span>,
          did: null,
          quoted: quoted && <Range of={quoted} />,
          saved: saved ? <Money of={saved} /> : <Unknown why={whyNot(rows, t)} />,
        }}
        footnote={
          <>
            {without && without.amount !== '0' && (
              <span className="block">
                {t('runs.saved.without')}: <Money of={without} />
              </span>
            )}
            {idle.length > 0 && (
              <span className="block">
                {t('runs.saved.nothing', { steps: idle.map(({ step }) => t(`runs.saved.name.${step}`)).join(' · ') })}
              </span>
            )}
          </>
        }
      />
    </section>
  )
}

/** It was on, and the plan said that there is nothing for it here; and so it was. */
const hadNothingToDo = ({ because, count, saved }: Step): boolean =>
  because !== null && count === 0 && (saved === null || saved.amount === '0')

/** Null: the quote says nothing of one of them. */
function sumOf(ranges: readonly Step['quoted'][]): Step['quoted'] {
  const known = ranges.flatMap((range) => (range ? [range] : []))
  if (known.length < ranges.length) return null
  const total = (ends: readonly string[]): string => formatNano(ends.reduce((nano, end) => nano + parseNano(end), 0n))
  return { currency: known[0]!.currency, low: total(known.map(({ low }) => low)), high: total(known.map(({ high }) => high)) }
}

const whyNot = (steps: readonly Step[], t: ReturnType<typeof useText>['t']): string =>
  t(`runs.saved.unknown.${steps.find(({ unknown }) => unknown !== null)?.unknown ?? 'cost_unknown'}`)

const rowOf = (step: Step): Row => ({
  key: step.step,
  name: <Name step={step} />,
  did: <Did step={step} />,
  quoted: <Quoted step={step} />,
  saved: <SavedBy step={step} />,
})

function useColumns(): Column<Row>[] {
  const { t } = useText()
  return [
    { id: 'step', header: t('runs.saved.step'), fixed: true, card: 'title', cell: ({ name }) => name },
    { id: 'did', header: t('runs.saved.did'), fixed: true, width: '13rem', cell: ({ did }) => did },
    { id: 'quoted', header: t('runs.saved.quoted'), fixed: true, align: 'end', width: '13rem', cell: ({ quoted }) => quoted },
    { id: 'saved', header: t('runs.saved.saved'), fixed: true, align: 'end', width: '9rem', cell: ({ saved }) => saved },
  ]
}

function Name({ step: { step } }: { step: Step }) {
  const { t } = useText()
  return (
    <span className="flex flex-col whitespace-normal">
      <span className="font-medium">{t(`runs.saved.name.${step}`)}</span>
      <span className="text-small font-normal text-ink-2">{t(`runs.saved.how.${step}`)}</span>
    </span>
  )
}

function Did({ step: { step, count, quotedCount, values } }: { step: Step }) {
  const { t } = useText()
  return (
    <span className="flex flex-col">
      <span className="tabular">{t(`runs.saved.count.${step}`, { count })}</span>
      {values !== null && <span className="tabular text-small text-ink-2">{t('runs.saved.values', { count: values })}</span>}
      {quotedCount !== null && quotedCount !== count && (
        <span className="tabular text-small text-ink-2">{t('runs.saved.quotedCount', { count: quotedCount })}</span>
      )}
    </span>
  )
}

function Quoted({ step: { quoted } }: { step: Step }) {
  const { t } = useText()
  return quoted ? <Range of={quoted} /> : <Unknown why={t('runs.saved.notQuoted')} />
}

/** Nothing saved is no gift: it is an amount too. */
function Range({ of }: { of: NonNullable<Step['quoted']> }) {
  const { from, to } = endsOf(of)
  return of.low === of.high ? <Money of={from} /> : <MoneyRange from={from} to={to} />
}

function SavedBy({ step: { saved, unknown } }: { step: Step }) {
  const { t } = useText()
  if (saved) return <Money of={saved} />
  return <Unknown why={t(`runs.saved.unknown.${unknown ?? 'cost_unknown'}`)} />
}
