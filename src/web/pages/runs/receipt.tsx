import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { USAGE_UNITS } from '../../../base/usage.ts'
import { readRunReceipt, type RunReceiptView } from '../../../contract/runs.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { ErrorState } from '../../components/error-state.tsx'
import { Count, Money, MoneyRange, RelativeTime, Unknown } from '../../components/figures.tsx'
import { RadioGroup } from '../../components/choice.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { formatDuration, formatShare } from '../../support/numbers.ts'
import type { LiveRun } from './run.tsx'
import { Saved } from './saved.tsx'
import { endsOf, useWhyUnknown } from './run-words.ts'

const LOOK_AGAIN_MS = 5_000
const FIRST_LOOK_AGAIN_MS = 1_000 // until there is a call: products are counted as done beside it
const VIEWS = ['model', 'connection', 'outcome', 'part'] as const
type View = (typeof VIEWS)[number]

/** Quoted against actual, and what the actual is made of. */
export function Receipt({ run }: { run: LiveRun }) {
  const { data, error, refetch } = useQuery({
    ...queryOf(readRunReceipt, { params: { runId: run.id } }),
    refetchInterval: ({ state }) => (run.state !== 'running' ? false : state.data?.calls ? LOOK_AGAIN_MS : FIRST_LOOK_AGAIN_MS),
  })
  if (error && !data) return <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
  if (!data) return <TableSkeleton rows={3} columns={4} />
  return <ReceiptOf run={run} receipt={data} />
}

function ReceiptOf({ run, receipt }: { run: LiveRun; receipt: RunReceiptView }) {
  const { t, language } = useText()
  const [view, setView] = useState<View>('model')
  const whyUnknown = useWhyUnknown()
  const units = USAGE_UNITS.filter((unit) => receipt.usage[unit] !== undefined)
  if (receipt.calls === 0) {
    return (
      <div className="flex flex-col gap-6">
        <p className="pt-6 text-ink-2">{t('runs.noCalls')}</p>
        <Saved savings={receipt.saved} />
      </div>
    )
  }
  return (
    <div className="flex flex-col gap-6">
      <div className="grid gap-x-10 gap-y-5 md:grid-cols-2">
        <dl className="grid grid-cols-[minmax(8rem,auto)_1fr] gap-x-4 gap-y-1.5">
          <dt className="text-ink-2">{t('runs.quoted')}</dt>
          <dd className="text-end">
            <MoneyRange {...endsOf(receipt.quoted)} why={whyUnknown(run.quote)} />
          </dd>
          <dt className="font-medium">{t('runs.actual')}</dt>
          <dd className="text-end font-semibold">
            <Cost of={receipt} />
          </dd>
          <dt className="text-ink-2">{t('runs.calls')}</dt>
          <dd className="text-end">
            <Count of={receipt.calls} />
          </dd>
          <dt className="text-ink-2">{t('runs.retries')}</dt>
          <dd className="text-end">
            <Count of={receipt.retries} />
          </dd>
          {receipt.seconds !== null && (
            <>
              <dt className="text-ink-2">{t('runs.took')}</dt>
              <dd className="text-end">{formatDuration(receipt.seconds * 1_000, language)}</dd>
            </>
          )}
        </dl>
        <dl className="grid content-start grid-cols-[minmax(8rem,auto)_1fr] gap-x-4 gap-y-1.5">
          {units.map((unit) => (
            <div key={unit} className="contents">
              <dt className="text-ink-2">{t(`consumption.units.${unit}`)}</dt>
              <dd className="text-end">
                <Count of={receipt.usage[unit]!} />
              </dd>
            </div>
          ))}
        </dl>
      </div>
      <Saved savings={receipt.saved} />
      <div className="flex flex-col gap-3">
        <RadioGroup
          inline
          label={t('runs.receiptBy')}
          value={view}
          onChange={setView}
          options={VIEWS.map((value) => ({ value, label: t(`runs.views.${value}`) }))}
        />
        <Lines view={view} receipt={receipt} />
      </div>
      {receipt.unknownCalls.length > 0 && <UnknownCalls receipt={receipt} />}
    </div>
  )
}

interface Line {
  readonly key: string
  readonly label: string
  readonly calls?: number
  readonly tokens?: number
  readonly share?: number
  readonly cost?: RunReceiptView['cost']
  readonly unknownCostCalls?: number
}

function Lines({ view, receipt }: { view: View; receipt: RunReceiptView }) {
  const { t, language } = useText()
  const rows = linesOf(view, receipt, t)
  const columns: Column<Line>[] = [
    {
      id: 'label',
      header: t(`runs.views.${view}`),
      fixed: true,
      card: 'title',
      cell: ({ label }) => <bdi className="break-all">{label}</bdi>,
    },
    ...(view === 'part'
      ? ([
          {
            id: 'tokens',
            header: t('runs.inputTokens'),
            fixed: true,
            align: 'end',
            width: '9rem',
            cell: ({ tokens }) => <Count of={tokens ?? 0} />,
          },
          {
            id: 'share',
            header: t('runs.share'),
            fixed: true,
            align: 'end',
            width: '7rem',
            cell: ({ share }) => formatShare(share ?? 0, language),
          },
        ] satisfies Column<Line>[])
      : ([
          {
            id: 'calls',
            header: t('runs.calls'),
            fixed: true,
            align: 'end',
            width: '7rem',
            cell: ({ calls }) => <Count of={calls ?? 0} />,
          },
          {
            id: 'cost',
            header: t('runs.actual'),
            fixed: true,
            align: 'end',
            width: '10rem',
            cell: ({ cost = [], unknownCostCalls = 0, calls = 0 }) => <Cost of={{ cost, unknownCostCalls, calls }} />,
          },
        ] satisfies Column<Line>[])),
  ]
  return (
    <Table
      label={t(`runs.views.${view}`)}
      name={`receipt-${view}`}
      rows={rows}
      columns={columns}
      rowId={({ key }) => key}
      footnote={view === 'part' ? t('runs.partsNote') : undefined}
    />
  )
}

function linesOf(view: View, receipt: RunReceiptView, t: ReturnType<typeof useText>['t']): Line[] {
  switch (view) {
    case 'model':
      return receipt.byModel.map(({ model, calls, cost, unknownCostCalls }) => ({
        key: model,
        label: model,
        calls,
        cost,
        unknownCostCalls,
      }))
    case 'connection':
      return receipt.byConnection.map(({ connectionId, label, slug, ...line }) => ({ key: connectionId, label: label || slug, ...line }))
    case 'outcome':
      return receipt.byOutcome.map(({ outcome, errorCode, ...line }) => ({
        key: `${outcome} ${errorCode}`,
        label: errorCode
          ? `${t(`consumption.outcomes.${outcome as 'failed'}`)} (${errorCode})`
          : t(`consumption.outcomes.${outcome as 'failed'}`),
        ...line,
      }))
    case 'part': {
      const total = receipt.byPart.reduce((sum, { tokens }) => sum + tokens, 0)
      return receipt.byPart.map(({ part, tokens }) => ({
        key: part,
        label: part === 'system' || part === 'product' ? t(`runs.inputParts.${part}`) : part,
        tokens,
        share: total === 0 ? 0 : tokens / total,
      }))
    }
  }
}

/** What is known of a cost; unknown calls are said beside it. */
function Cost({ of: { cost, unknownCostCalls, calls } }: { of: Pick<RunReceiptView, 'cost' | 'unknownCostCalls' | 'calls'> }) {
  const { t } = useText()
  if (cost.length === 0 && calls > 0) return <Unknown why={t('runs.unknownCalls', { count: unknownCostCalls })} />
  return (
    <span className="inline-flex flex-col items-end">
      {cost.map((money) => (
        <Money key={money.currency} of={money} />
      ))}
      {unknownCostCalls > 0 && (
        <span className="text-small font-normal text-ink-2">{t('runs.plusUnknown', { count: unknownCostCalls })}</span>
      )}
    </span>
  )
}

function UnknownCalls({ receipt: { unknownCalls, unknownCostCalls } }: { receipt: RunReceiptView }) {
  const { t } = useText()
  return (
    <section aria-label={t('runs.unknownTitle')}>
      <h2 className="mb-2 font-semibold">{t('runs.unknownTitle')}</h2>
      <Table
        label={t('runs.unknownTitle')}
        name="receipt-unknown"
        rows={unknownCalls}
        rowId={({ callId }) => callId}
        columns={[
          {
            id: 'model',
            header: t('runs.views.model'),
            fixed: true,
            card: 'title',
            cell: ({ model }) => <bdi className="font-mono text-small break-all">{model}</bdi>,
          },
          {
            id: 'outcome',
            header: t('runs.views.outcome'),
            fixed: true,
            width: '16rem',
            cell: ({ outcome, errorCode }) => `${t(`consumption.outcomes.${outcome as 'failed'}`)}${errorCode ? ` (${errorCode})` : ''}`,
          },
          { id: 'at', header: t('runs.when'), fixed: true, width: '10rem', cell: ({ at }) => <RelativeTime at={at} /> },
        ]}
        footnote={
          unknownCostCalls > unknownCalls.length ? t('runs.firstOf', { shown: unknownCalls.length, count: unknownCostCalls }) : undefined
        }
      />
    </section>
  )
}
