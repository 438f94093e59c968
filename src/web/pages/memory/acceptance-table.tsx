import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { readAcceptance } from '../../../contract/memory.ts'
import type { RouteAnswer } from '../../../contract/route.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { ErrorNote } from '../../components/error-state.tsx'
import { Count } from '../../components/figures.tsx'
import { Section } from '../../components/page.tsx'
import { Select } from '../../components/select.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { formatShare } from '../../support/numbers.ts'
import { acceptedShare } from './accepted-share.ts'

type Counts = RouteAnswer<typeof readAcceptance>['counts'][number]
const DAYS = ['30', '90', '365'] as const

/** How often people accepted what models wrote for this source, as it was or with another text, by attribute and model. */
export function AcceptanceTable({ sourceId }: { sourceId: string }) {
  const { t, language } = useText()
  const [days, setDays] = useState<(typeof DAYS)[number]>('90')
  const { data, error } = useQuery(queryOf(readAcceptance, { query: { sourceId, days } }))
  const figure = (id: 'asWritten' | 'edited' | 'rejected' | 'waiting' | 'unseen', width = '6.5rem'): Column<Counts> => ({
    id,
    header: t(`memory.acceptance.${id}`),
    align: 'end',
    width,
    sortBy: (row) => row[id],
    cell: (row) => <Count of={row[id]} />,
  })
  const columns: Column<Counts>[] = [
    { id: 'attribute', header: t('memory.attribute'), card: 'title', fixed: true, cell: ({ attribute }) => <bdi>{attribute}</bdi> },
    {
      id: 'model',
      header: t('memory.acceptance.model'),
      width: '9rem',
      cell: ({ model }) => <bdi className="font-mono text-table break-all">{model}</bdi>,
    },
    {
      id: 'share',
      header: t('memory.acceptance.share'),
      align: 'end',
      width: '11rem',
      sortBy: (row) => acceptedShare(row) ?? -1,
      cell: (row) => {
        const share = acceptedShare(row)
        return share === undefined ? <span className="text-ink-3">–</span> : <span className="tabular">{formatShare(share, language)}</span>
      },
    },
    figure('asWritten'),
    figure('edited'),
    figure('rejected'),
    figure('waiting'),
    figure('unseen', '9rem'),
  ]
  return (
    <Section
      title={t('memory.acceptance.title')}
      sentence={t('memory.acceptance.what')}
      action={
        <div className="w-40">
          <Select
            label={t('memory.acceptance.period')}
            value={days}
            options={DAYS.map((value) => ({ value, label: t('memory.acceptance.days', { count: Number(value) }) }))}
            onChange={setDays}
          />
        </div>
      }
    >
      {error ? (
        <ErrorNote problem={toApiProblem(error)} />
      ) : !data ? (
        <TableSkeleton rows={3} columns={5} />
      ) : data.counts.length === 0 ? (
        <p className="text-ink-2">{t('memory.acceptance.none')}</p>
      ) : (
        <Table
          label={t('memory.acceptance.title')}
          name="acceptance"
          columns={columns}
          rows={data.counts}
          rowId={(row) => `${row.attribute} ${row.model}`}
        />
      )}
    </Section>
  )
}
