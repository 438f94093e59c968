import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { CirclePlay, Sparkles } from 'lucide-react'
import { listRuns, type RunView } from '../../../contract/runs.ts'
import { toApiProblem } from '../../api/problem.ts'
import { listOf } from '../../api/query.ts'
import { buttonClass } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Count, Money, MoneyRange, RelativeTime } from '../../components/figures.tsx'
import { EmptyState, Page } from '../../components/page.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { Select } from '../../components/select.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Link } from '@tanstack/react-router'
import { useText, type Translate } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { RUN_STATES, type RunsSearch } from './search.ts'
import { RunStateBadge } from './run-state.tsx'
import { endsOf, modelsOf, useRunName, useWhyUnknown } from './run-words.ts'

const LOOK_AGAIN_MS = 3_000

/** Work, Runs: every run of the workspace, the newest first. */
export function RunsPage() {
  const { t } = useText()
  const search = useSearch({ from: '/shell/runs' })
  const mayRun = useMay('runs.write')
  const action = mayRun && (
    <Link to="/enrich" className={buttonClass({ kind: 'main' })}>
      <Sparkles aria-hidden className="size-4" />
      {t('runs.enrich')}
    </Link>
  )
  return (
    <Page
      title={t('runs.title')}
      sentence={t('runs.sentence')}
      action={
        <>
          <Link to="/runs/stale" className={buttonClass({})}>
            {t('stale.title')}
          </Link>
          {action}
        </>
      }
    >
      <RunList search={search} action={action} />
    </Page>
  )
}

function RunList({ search, action }: { search: RunsSearch; action: React.ReactNode }) {
  const { t } = useText()
  const nameOf = useRunName()
  const navigate = useNavigate({ from: '/runs' })
  const isUnderWay = (runs: readonly RunView[]): boolean => runs.some(({ state, planning }) => state === 'running' || planning !== null)
  const list = useInfiniteQuery({
    ...listOf(listRuns, { query: search.state ? { state: search.state } : {} }),
    refetchInterval: ({ state: { data } }) =>
      data && isUnderWay(data.pages.flatMap(({ items }) => items as RunView[])) ? LOOK_AGAIN_MS : false,
  })
  if (list.isPending) return <TableSkeleton columns={5} />
  if (list.error) return <ErrorState problem={toApiProblem(list.error)} onRetry={() => void list.refetch()} />
  const rows = list.data.items
  if (rows.length === 0 && !search.state) {
    return (
      <EmptyState icon={<CirclePlay aria-hidden className="size-8" />} title={t('runs.empty.title')} action={action || undefined}>
        <p>{t('runs.empty.what')}</p>
      </EmptyState>
    )
  }
  return (
    <Table
      label={t('runs.title')}
      name="runs"
      rows={rows}
      columns={columnsOf(t, nameOf)}
      rowId={({ id }) => id}
      onOpen={({ id }) => void navigate({ href: `/runs/${id}` })}
      hasMore={list.hasNextPage}
      loadingMore={list.isFetchingNextPage}
      onMore={() => void list.fetchNextPage()}
      tools={
        <div className="w-48">
          <Select
            label={t('runs.state')}
            value={search.state ?? 'all'}
            onChange={(state) => void navigate({ search: state === 'all' ? {} : { state } })}
            options={[
              { value: 'all' as const, label: t('runs.allStates') },
              ...RUN_STATES.map((state) => ({ value: state, label: t(`runs.states.${state}`) })),
            ]}
          />
        </div>
      }
      footnote={rows.length === 0 ? t('runs.noneInState') : undefined}
    />
  )
}

const columnsOf = (t: Translate, nameOf: ReturnType<typeof useRunName>): Column<RunView>[] => [
  {
    id: 'name',
    header: t('runs.name'),
    fixed: true,
    card: 'title',
    cell: (run) => (
      <span className="flex flex-col">
        <Link to={`/runs/${run.id}` as '/'} className="link font-medium">
          <bdi>{nameOf(run)}</bdi>
        </Link>
        <span className="text-small font-normal text-ink-2">
          <bdi>{run.attributes.join(', ')}</bdi>
        </span>
      </span>
    ),
  },
  { id: 'state', header: t('runs.state'), width: '9.5rem', fixed: true, cell: (run) => <RunStateBadge of={run} /> },
  {
    id: 'progress',
    header: t('runs.products'),
    width: '11rem',
    cell: (run) => (
      <span className="flex flex-col gap-1">
        <span className="tabular">
          {t('runs.ofTotal', { ended: run.counts.total - run.counts.waiting, total: run.counts.total })}
          {run.counts.failed > 0 && <span className="text-failing">, {t('runs.failedCount', { count: run.counts.failed })}</span>}
        </span>
        {run.counts.total > 0 && <ProgressBar compact label={t('runs.progressOf', { name: nameOf(run) })} progress={run.counts} />}
      </span>
    ),
  },
  { id: 'spent', header: t('runs.spent'), width: '6rem', align: 'end', cell: (run) => <Money of={run.spent} /> },
  { id: 'quoted', header: t('runs.quoted'), width: '11rem', align: 'end', cell: (run) => <Quoted run={run} /> },
  {
    id: 'models',
    header: t('runs.models'),
    width: '9rem',
    cell: (run) => <bdi className="font-mono text-small break-all">{modelsOf(run).join(', ')}</bdi>,
  },
  {
    id: 'canary',
    header: t('runs.canary'),
    width: '6rem',
    align: 'end',
    hidden: true,
    cell: ({ canary }) => (canary === null ? '–' : <Count of={canary} />),
  },
  { id: 'made', header: t('runs.made'), width: '9rem', cell: (run) => <RelativeTime at={run.createdAt} /> },
]

function Quoted({ run }: { run: RunView }) {
  const whyUnknown = useWhyUnknown()
  if (run.planning) return <span className="text-ink-2">–</span>
  return <MoneyRange {...endsOf(run.quoted)} why={whyUnknown(run.quote)} />
}
