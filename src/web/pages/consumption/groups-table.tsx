import type { Consumption, ConsumptionFigures, Grouping } from '../../../contract/consumption.ts'
import { Count } from '../../components/figures.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { Cost } from './amounts.tsx'
import { chartColour } from './chart-data.ts'
import { useLabels } from './labels.ts'

interface Row {
  readonly key: string
  readonly label: string
  readonly colour: number | undefined
  readonly figures: ConsumptionFigures
  /** A group that can be opened; the sums cannot. */
  readonly open: boolean
}

/** The figures behind the chart: one line for each group, and their sum. Opening one narrows the page to it. */
export function GroupsTable({
  consumption,
  colours,
  onOpen,
}: {
  consumption: Consumption
  colours: ReadonlyMap<string, number>
  onOpen: (key: string) => void
}) {
  const { t } = useText()
  const label = useLabels()
  const { by, groups, others, total } = consumption
  const rows: Row[] = groups.map((group) => ({
    key: group.key,
    label: label(by, group),
    colour: by === 'day' ? undefined : (colours.get(group.key) ?? 8),
    figures: group.figures,
    open: true,
  }))
  const sum: Row = { key: '', label: t('consumption.total'), colour: undefined, figures: total, open: false }
  return (
    <Table
      label={t(`consumption.groupings.${by}`)}
      name={`consumption-${by}`}
      rows={rows}
      columns={columnsOf(by, t)}
      rowId={(row) => row.key}
      onOpen={(row) => row.open && onOpen(row.key)}
      totals={sum}
      footnote={
        others && (
          <span>
            {t('consumption.others', { count: others.groups })} <Cost of={others.figures} align="start" />
          </span>
        )
      }
    />
  )
}

function columnsOf(by: Grouping, t: ReturnType<typeof useText>['t']): Column<Row>[] {
  const tokens = (id: string, header: string, of: (figures: ConsumptionFigures) => number): Column<Row> => ({
    id,
    header,
    align: 'end',
    width: '9rem',
    sortBy: ({ figures }) => of(figures),
    cell: ({ figures }) => <Count of={of(figures)} />,
  })
  return [
    {
      id: 'group',
      header: t(`consumption.groupings.${by}`),
      fixed: true,
      card: 'title',
      sortBy: ({ key, label }) => (by === 'day' ? key : label),
      cell: ({ label, colour, open }) => (
        <span className={`flex items-center gap-2 ${open ? '' : 'font-medium'}`}>
          {colour !== undefined && <Swatch colour={colour} />}
          <span className="min-w-0 truncate" title={label}>
            {label}
          </span>
        </span>
      ),
    },
    {
      id: 'calls',
      header: t('consumption.measures.calls'),
      align: 'end',
      width: '7rem',
      sortBy: ({ figures }) => figures.calls,
      cell: ({ figures }) => (
        <span className="inline-flex flex-col items-end">
          <Count of={figures.calls} />
          {figures.failedCalls > 0 && (
            <span className="text-small text-ink-2">{t('consumption.failed', { count: figures.failedCalls })}</span>
          )}
        </span>
      ),
    },
    tokens('input', t('consumption.tokens.input'), ({ tokens: of }) => of.input + of.cacheWrite),
    tokens('cached', t('consumption.tokens.cached'), ({ tokens: of }) => of.cacheRead),
    tokens('output', t('consumption.tokens.output'), ({ tokens: of }) => of.output),
    {
      id: 'cost',
      header: t('consumption.measures.cost'),
      align: 'end',
      width: '13rem',
      fixed: true,
      sortBy: ({ figures }) => (figures.cost[0] ? Number(figures.cost[0].amount) : null),
      cell: ({ figures }) => <Cost of={figures} />,
    },
  ]
}

/** The colour of a series, beside its name. */
export const Swatch = ({ colour }: { colour: number }) => (
  <span aria-hidden className={`size-3 shrink-0 rounded-[3px] ${chartColour(colour)}`} />
)
