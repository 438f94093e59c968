import { useQuery } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { listRateLimits, type RateLimitView, removeRateLimit, restoreRateLimit } from '../../../contract/budgets.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Count } from '../../components/figures.tsx'
import { EmptyState, Section } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { say, sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { useCoversText } from './covers-text.ts'
import { RateLimitForm } from './rate-limit-sheet.tsx'

/** Requests and tokens per minute: what comes faster is refused, or waits. */
export function RateLimits() {
  const { t } = useText()
  const may = useMay('budgets.write')
  const coversText = useCoversText()
  const { data, error, isPending, refetch } = useQuery({ ...queryOf(listRateLimits), refetchInterval: 10_000 })
  const [open, setOpen] = useState<RateLimitView | 'new'>()
  const remove = async ({ id, name }: RateLimitView): Promise<void> => {
    const params = { rateLimitId: id }
    try {
      await callApi(removeRateLimit, { params })
      say(t('budgets.limits.removed', { name }), {
        undo: () => callApi(restoreRateLimit, { params }).then(() => invalidate(listRateLimits)),
      })
      await invalidate(listRateLimits)
    } catch (failure) {
      sayProblem(failure, t)
    }
  }
  const columns: Column<RateLimitView>[] = [
    {
      id: 'name',
      header: t('budgets.name'),
      fixed: true,
      card: 'title',
      cell: ({ name, covers }) => (
        <span className="flex min-w-0 flex-col">
          <span className="truncate font-medium">
            <bdi>{name}</bdi>
          </span>
          <span className="truncate text-ink-2">{coversText(covers)}</span>
        </span>
      ),
    },
    {
      id: 'rate',
      header: t('budgets.limits.rate'),
      fixed: true,
      align: 'end',
      width: '14rem',
      cell: ({ perMinute, counts }) => <Count of={perMinute} unit={t(`budgets.limits.${counts}Unit`)} />,
    },
    {
      id: 'burst',
      header: t('budgets.limits.atOnce'),
      fixed: true,
      align: 'end',
      width: '9rem',
      cell: ({ burst }) => <Count of={burst} />,
    },
    {
      id: 'available',
      header: t('budgets.limits.available'),
      fixed: true,
      align: 'end',
      width: '9rem',
      cell: ({ available }) => <Count of={available} />,
    },
    ...(may
      ? [
          {
            id: 'remove',
            header: t('budgets.actions'),
            fixed: true,
            align: 'end' as const,
            width: '6rem',
            cell: (limit: RateLimitView) => (
              <IconButton
                small
                label={t('budgets.remove', { name: limit.name })}
                icon={<Trash2 aria-hidden className="size-4" />}
                onClick={() => void remove(limit)}
              />
            ),
          },
        ]
      : []),
  ]
  return (
    <Section
      title={t('budgets.limits.title')}
      sentence={t('budgets.limits.sentence')}
      action={may && <Button onClick={() => setOpen('new')}>{t('budgets.limits.add')}</Button>}
    >
      {isPending ? (
        <TableSkeleton rows={2} />
      ) : error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
      ) : data.items.length === 0 ? (
        <EmptyState title={t('budgets.limits.none')}>{t('budgets.limits.noneWhat')}</EmptyState>
      ) : (
        <Table
          name="rate-limits"
          label={t('budgets.limits.title')}
          rows={data.items}
          columns={columns}
          rowId={({ id }) => id}
          {...(may ? { onOpen: setOpen } : {})}
        />
      )}
      {open && <RateLimitForm {...(open === 'new' ? {} : { limit: open })} onClose={() => setOpen(undefined)} />}
    </Section>
  )
}
