import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Trash2, Wallet } from 'lucide-react'
import { useState } from 'react'
import { type BudgetView, listBudgets, removeBudget, restoreBudget } from '../../../contract/budgets.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { RelativeTime } from '../../components/figures.tsx'
import { EmptyState, Page } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { say, sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { BudgetForm, BudgetSheet } from './budget-sheet.tsx'
import { useCoversText } from './covers-text.ts'
import { RateLimits } from './rate-limits.tsx'
import { UsedBar } from './used-bar.tsx'

/** Metrics, Budgets: hard caps with what their periods have used, and rate limits. */
export function BudgetsPage() {
  const { t } = useText()
  const may = useMay('budgets.write')
  const { data, error, isPending, refetch } = useQuery({ ...queryOf(listBudgets), refetchInterval: 10_000 })
  const [isAdding, setIsAdding] = useState(false)
  const { budget } = useSearch({ from: '/shell/budgets' })
  const navigate = useNavigate({ from: '/budgets' })
  const open = (id: string | undefined): void => void navigate({ search: { budget: id }, replace: id === undefined })
  const add = (
    <Button kind="main" onClick={() => setIsAdding(true)}>
      {t('budgets.add')}
    </Button>
  )
  return (
    <Page title={t('budgets.title')} sentence={t('budgets.sentence')} action={may && add}>
      <div className="mb-8">
        {isPending ? (
          <TableSkeleton rows={3} />
        ) : error ? (
          <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
        ) : data.items.length === 0 ? (
          <EmptyState icon={<Wallet aria-hidden className="size-8" />} title={t('budgets.none')}>
            {t('budgets.noneWhat')}
          </EmptyState>
        ) : (
          <BudgetTable budgets={data.items} onOpen={open} />
        )}
      </div>
      <RateLimits />
      {isAdding && data && <BudgetForm currency={data.currency} onClose={() => setIsAdding(false)} />}
      {budget !== undefined && <BudgetSheet budgetId={budget} onClose={() => open(undefined)} />}
    </Page>
  )
}

function BudgetTable({ budgets, onOpen }: { budgets: readonly BudgetView[]; onOpen: (id: string) => void }) {
  const { t } = useText()
  const may = useMay('budgets.write')
  const coversText = useCoversText()
  const remove = async ({ id, name }: BudgetView): Promise<void> => {
    const params = { budgetId: id }
    try {
      await callApi(removeBudget, { params })
      say(t('budgets.removed', { name }), { undo: () => callApi(restoreBudget, { params }).then(() => invalidate(listBudgets)) })
      await invalidate(listBudgets)
    } catch (failure) {
      sayProblem(failure, t)
    }
  }
  const columns: Column<BudgetView>[] = [
    {
      id: 'name',
      header: t('budgets.one'),
      fixed: true,
      card: 'title',
      sortBy: ({ name }) => name,
      cell: ({ name, covers }) => (
        <span className="flex min-w-0 flex-col">
          <span className="truncate font-medium">
            <bdi>{name}</bdi>
          </span>
          <span className="truncate text-ink-2" title={coversText(covers)}>
            {coversText(covers)}
          </span>
        </span>
      ),
    },
    {
      id: 'used',
      header: t('budgets.usedOf'),
      fixed: true,
      width: '24rem',
      cell: ({ name, limit, window }) => <UsedBar label={name} limit={limit} window={window} />,
    },
    {
      id: 'period',
      header: t('budgets.period'),
      fixed: true,
      width: '11rem',
      cell: ({ period, window }) => (
        <span className="flex flex-col">
          <span>{t(`budgets.periods.${period}`)}</span>
          {window.endsAt !== null && (
            <span className="text-ink-2">
              {t('budgets.anew')} <RelativeTime at={window.endsAt} />
            </span>
          )}
        </span>
      ),
    },
    ...(may
      ? [
          {
            id: 'remove',
            header: t('budgets.actions'),
            fixed: true,
            align: 'end' as const,
            width: '6rem',
            cell: (budget: BudgetView) => (
              <IconButton
                small
                label={t('budgets.remove', { name: budget.name })}
                icon={<Trash2 aria-hidden className="size-4" />}
                onClick={() => void remove(budget)}
              />
            ),
          },
        ]
      : []),
  ]
  return (
    <Table
      name="budgets"
      label={t('budgets.title')}
      rows={budgets}
      columns={columns}
      rowId={({ id }) => id}
      onOpen={({ id }) => onOpen(id)}
    />
  )
}
