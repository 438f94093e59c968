import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { listRunItems, readRun, readRunReceipt, retryRun } from '../../../contract/runs.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, listOf, queryClient, queryOf } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { DocumentLink } from '../../components/document-link.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Money, RelativeTime } from '../../components/figures.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { Table } from '../../components/table.tsx'
import { sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import type { LiveRun } from './run.tsx'
import { useReason } from './run-words.ts'

/** The products that could not be written, each with its reason, the product a click away. */
export function Failures({ run }: { run: LiveRun }) {
  const { t } = useText()
  const reason = useReason()
  const mayRun = useMay('runs.write')
  const params = { runId: run.id }
  const list = useInfiniteQuery(listOf(listRunItems, { params, query: { state: 'failed' } }))
  const retry = useMutation({
    mutationFn: (position: number) => callApi(retryRun, { params, body: { position } }),
    onSuccess: async (changed) => {
      queryClient.setQueryData(queryOf(readRun, { params }).queryKey, changed)
      await invalidate(listRunItems, readRunReceipt)
    },
    onError: (error) => sayProblem(error, t),
  })
  if (list.isPending) return <TableSkeleton rows={4} columns={3} />
  if (list.error) return <ErrorState problem={toApiProblem(list.error)} onRetry={() => void list.refetch()} />
  if (list.data.items.length === 0) return <p className="py-6 text-ink-2">{t('runs.noneFailed')}</p>
  const mayRetry = mayRun && run.source === null && (run.state === 'finished' || run.state === 'paused')
  return (
    <Table
      label={t('runs.failures')}
      name="run-failures"
      rows={list.data.items}
      rowId={({ position }) => String(position)}
      hasMore={list.hasNextPage}
      loadingMore={list.isFetchingNextPage}
      onMore={() => void list.fetchNextPage()}
      columns={[
        {
          id: 'product',
          header: t('runs.product'),
          fixed: true,
          card: 'title',
          width: '16rem',
          cell: ({ productId, name, identifier }) => (
            <Link to={`/catalogue/${productId}` as '/'} className="link">
              <bdi>{name ?? identifier}</bdi>
              {name !== null && <bdi className="ms-2 font-mono text-small text-ink-2">{identifier}</bdi>}
            </Link>
          ),
        },
        {
          id: 'reason',
          header: t('runs.reason'),
          fixed: true,
          cell: ({ code, detail }) => (
            <span className="flex flex-col">
              <span>{reason({ code: code ?? '', detail: detail ?? '' })}</span>
              {detail && detail !== reason({ code: code ?? '', detail }) && (
                <bdi lang="en" className="text-small text-ink-2">
                  {detail}
                </bdi>
              )}
              {code && (
                <span className="text-small">
                  <DocumentLink to={`/docs/errors/${code}`}>
                    <span className="font-mono">{code}</span>
                  </DocumentLink>
                </span>
              )}
            </span>
          ),
        },
        { id: 'cost', header: t('runs.spent'), width: '7rem', align: 'end', cell: ({ cost }) => <Money of={cost} /> },
        { id: 'when', header: t('runs.when'), width: '9rem', cell: ({ settledAt }) => <RelativeTime at={settledAt} /> },
        ...(mayRetry
          ? [
              {
                id: 'retry',
                header: t('runs.retryOne'),
                fixed: true,
                width: '9rem',
                align: 'end' as const,
                cell: ({ position, code }: { position: number; code: string | null }) =>
                  code !== 'assignment.missing' && (
                    <Button small busy={retry.isPending && retry.variables === position} onClick={() => retry.mutate(position)}>
                      {t('runs.retryOne')}
                    </Button>
                  ),
              },
            ]
          : []),
      ]}
    />
  )
}
