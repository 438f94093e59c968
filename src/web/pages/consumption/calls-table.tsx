import { useInfiniteQuery } from '@tanstack/react-query'
import { type CallSummary, listCalls } from '../../../contract/consumption.ts'
import { toApiProblem } from '../../api/problem.ts'
import { listOf } from '../../api/query.ts'
import { Badge, type Meaning } from '../../components/badge.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Count, Money, RelativeTime, Unknown } from '../../components/figures.tsx'
import { EmptyState } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { useLabels } from './labels.ts'
import { askedOf, type ConsumptionSearch } from './search.ts'
import { Chip } from './toolbar.tsx'

/** Single calls, the newest first; each opens with everything on record about it. */
export function CallsTable({
  search,
  onOpen,
  onChange,
}: {
  search: ConsumptionSearch
  onOpen: (callId: string) => void
  onChange: (some: Partial<ConsumptionSearch>) => void
}) {
  const { t } = useText()
  const label = useLabels()
  const { outcome, cost } = search
  const query = { ...askedOf(search), ...(outcome ? { outcome } : {}), ...(cost ? { cost } : {}) }
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(listOf(listCalls, { query }))
  const chips = (outcome ?? cost) && (
    <ul aria-label={t('consumption.filters')} className="flex flex-wrap gap-2">
      {outcome && (
        <Chip
          label={t('consumption.call.outcome')}
          value={t(`consumption.outcomes.${outcome}`)}
          onRemove={() => onChange({ outcome: undefined })}
        />
      )}
      {cost && (
        <Chip
          label={t('consumption.measures.cost')}
          value={t(`consumption.costs.${cost}`)}
          onRemove={() => onChange({ cost: undefined })}
        />
      )}
    </ul>
  )
  if (isPending) return <TableSkeleton columns={6} />
  if (error) return <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
  if (data.items.length === 0) {
    return (
      <div className="flex flex-col gap-2">
        {chips}
        <EmptyState title={t('consumption.noCalls')}>{t('consumption.noCallsDetail')}</EmptyState>
      </div>
    )
  }
  const columns: Column<CallSummary>[] = [
    { id: 'at', header: t('consumption.call.when'), width: '8rem', fixed: true, card: 'title', cell: ({ at }) => <RelativeTime at={at} /> },
    { id: 'origin', header: t('consumption.groupings.origin'), cell: ({ origin }) => <Cut text={label('origin', origin)} /> },
    {
      id: 'model',
      width: '10rem',
      header: t('consumption.groupings.model'),
      cell: ({ servedModel, requestedModel }) => (
        <Cut text={servedModel ?? (requestedModel === '' ? t('consumption.noModel') : requestedModel)} />
      ),
    },
    {
      id: 'connection',
      width: '9rem',
      header: t('consumption.groupings.connection'),
      cell: ({ connection }) => <Cut text={label('connection', { key: connection.id, name: connection.name })} />,
    },
    {
      id: 'member',
      header: t('consumption.groupings.member'),
      width: '8rem',
      cell: ({ member }) => <Cut text={label('member', member)} />,
    },
    { id: 'outcome', header: t('consumption.call.outcome'), width: '8rem', cell: ({ outcome: end }) => <Outcome of={end} /> },
    {
      id: 'tokens',
      header: t('consumption.measures.tokens'),
      align: 'end',
      width: '6rem',
      cell: ({ tokens }) => (tokens === null ? <Unknown why={t('common.usageUnknown')} /> : <Count of={tokens} />),
    },
    {
      id: 'cost',
      header: t('consumption.measures.cost'),
      align: 'end',
      width: '7rem',
      cell: (call) => <Money of={call.cost} why={whyUnknown(call, t)} />,
    },
  ]
  return (
    <Table
      label={t('consumption.measures.calls')}
      name="calls"
      rows={data.items}
      columns={columns}
      rowId={(call) => call.id}
      onOpen={(call) => onOpen(call.id)}
      tools={chips}
      hasMore={hasNextPage}
      loadingMore={isFetchingNextPage}
      onMore={() => void fetchNextPage()}
    />
  )
}

/** Why nobody knows what a call cost. */
export const whyUnknown = ({ outcome, tokens }: Pick<CallSummary, 'outcome' | 'tokens'>, t: ReturnType<typeof useText>['t']): string =>
  outcome === 'interrupted'
    ? t('consumption.why.interrupted')
    : tokens === null
      ? t('consumption.why.noUsage')
      : t('consumption.why.noPrice')

const Cut = ({ text }: { text: string }) => (
  <span className="block truncate" title={text}>
    {text}
  </span>
)

const MEANINGS: Record<CallSummary['outcome'], Meaning> = {
  succeeded: 'good',
  failed: 'failing',
  interrupted: 'attention',
  not_sent: 'neutral',
  cancelled: 'neutral',
}

export function Outcome({ of }: { of: CallSummary['outcome'] }) {
  const { t } = useText()
  return <Badge meaning={MEANINGS[of]}>{t(`consumption.outcomes.${of}`)}</Badge>
}
