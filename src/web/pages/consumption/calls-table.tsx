import { useInfiniteQuery } from '@tanstack/react-query'
import { listCalls } from '../../../contract/consumption.ts'
import { toApiProblem } from '../../api/problem.ts'
import { listOf } from '../../api/query.ts'
import { ErrorState } from '../../components/error-state.tsx'
import { EmptyState } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { Table } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { useCallColumns } from './call-columns.tsx'
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
  const { at, origin, model, connection, member, outcome: end, tokens, cost: amount } = useCallColumns()
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
  return (
    <Table
      label={t('consumption.measures.calls')}
      name="calls"
      rows={data.items}
      columns={[at, origin, model, connection, member, end, tokens, amount]}
      rowId={(call) => call.id}
      onOpen={(call) => onOpen(call.id)}
      tools={chips}
      hasMore={hasNextPage}
      loadingMore={isFetchingNextPage}
      onMore={() => void fetchNextPage()}
    />
  )
}
