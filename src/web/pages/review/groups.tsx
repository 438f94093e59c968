import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Layers } from 'lucide-react'
import { useCallback, useState } from 'react'
import { drawSample, groupProposals, type ProposalGroupView } from '../../../contract/group-review.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { buttonClass } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { EmptyState, Page } from '../../components/page.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { Select } from '../../components/select.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useHotkeys } from '../../support/hotkeys.ts'
import { useMay } from '../../support/me.ts'
import { formatMostShare } from '../../support/numbers.ts'
import { Filters } from './filters.tsx'
import { GroupCard } from './group-card.tsx'
import { filterOf, queryOfFilter, type ReviewSearch } from './search.ts'
import { valuesChanged } from './steps.ts'
import { Ways } from './ways.tsx'

const ASK_AGAIN_MS = 1_000
const SIZES = ['20', '60', '100', '200'] as const
type Size = (typeof SIZES)[number]

/** Review by exception: proposals that change alike, together; a random sample says how many of a group can be wrong. */
export function GroupsPage() {
  const { t } = useText()
  const search = useSearch({ from: '/shell/review/groups' })
  const navigate = useNavigate({ from: '/review/groups' })
  const change = useCallback(
    (some: Partial<ReviewSearch>) => void navigate({ search: (before) => ({ ...before, ...some }), replace: true, resetScroll: false }),
    [navigate],
  )
  const { data, error, isPending, refetch } = useQuery({
    ...queryOf(groupProposals, { query: queryOfFilter(search) }),
    refetchInterval: ({ state }) => (state.data && state.data.told.known < state.data.told.of ? ASK_AGAIN_MS : false),
  })
  return (
    <Page title={t('groups.title')} sentence={t('groups.sentence')}>
      <Ways search={search} way="groups" />
      <Filters search={search} onChange={change} />
      {isPending ? (
        <TableSkeleton rows={8} columns={2} />
      ) : error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
      ) : (
        <>
          {data.told.known < data.told.of && (
            <div className="mb-4 rounded-md border border-line bg-surface px-3 py-2">
              <p className="mb-1.5">{t('groups.telling')}</p>
              <ProgressBar
                label={t('groups.telling')}
                progress={{ done: data.told.known, flagged: 0, failed: 0, waiting: data.told.of - data.told.known }}
              />
            </div>
          )}
          {data.groups.length === 0 ? (
            data.told.of === 0 && <Nothing filtered={Object.keys(filterOf(search)).length > 0} />
          ) : (
            <Groups groups={data.groups} asOf={data.asOf} search={search} />
          )}
        </>
      )}
    </Page>
  )
}

function Groups({ groups, asOf, search }: { groups: readonly ProposalGroupView[]; asOf: string; search: ReviewSearch }) {
  const { t, language } = useText()
  const navigate = useNavigate()
  const mayDecide = useMay('review.decide')
  const [size, setSize] = useState<Size>('60')
  const [drawing, setDrawing] = useState<string>()
  const [chosen, setChosen] = useState(0)
  const at = Math.min(chosen, groups.length - 1)
  const filterFor = ({ attribute, kind }: ProposalGroupView, words: string | null): ReturnType<typeof filterOf> => ({
    ...filterOf(search),
    attribute,
    change: kind,
    ...(words === null ? {} : { words }),
  })
  const sample = async (group: ProposalGroupView, words: string | null): Promise<void> => {
    setDrawing(keyOf(group))
    try {
      const { id } = await callApi(drawSample, { body: { filter: filterFor(group, words), asOf, size: Number(size) } })
      await navigate({ to: '/review/samples/$sampleId', params: { sampleId: id } })
    } catch (error) {
      sayProblem(error, t)
    } finally {
      setDrawing(undefined)
    }
  }
  const open = (group: ProposalGroupView): void => void navigate({ to: '/review', search: { ...search, ...filterFor(group, null) } })
  const go = (to: number): void => {
    const next = Math.min(Math.max(to, 0), groups.length - 1)
    setChosen(next)
    document.querySelector<HTMLElement>(`[data-group="${next}"]`)?.focus()
  }
  useHotkeys([
    { keys: 'j', label: t('groups.keys.next'), run: () => go(at + 1) },
    { keys: 'k', label: t('groups.keys.previous'), run: () => go(at - 1) },
    { keys: 'o', label: t('groups.look'), run: () => open(groups[at]!) },
    ...(mayDecide ? [{ keys: 's', label: t('groups.keys.sample'), run: () => void sample(groups[at]!, null) }] : []),
  ])
  return (
    <>
      {mayDecide && (
        <div className="mb-4 flex flex-wrap items-end gap-x-4 gap-y-2">
          <div className="w-40">
            <Select
              label={t('groups.sampleSize')}
              value={size}
              options={SIZES.map((value) => ({ value, label: value }))}
              onChange={setSize}
            />
          </div>
          <p className="max-w-prose pb-1.5 text-ink-2">
            {t('groups.sampleWhat', { share: formatMostShare(1 - 0.05 ** (1 / Number(size)), language), count: Number(size) })}
          </p>
        </div>
      )}
      <ul aria-label={t('groups.list')} className="flex flex-col gap-3">
        {groups.map((group, index) => (
          <li
            key={keyOf(group)}
            data-group={index}
            tabIndex={-1}
            aria-current={index === at || undefined}
            className={`rounded-md border bg-surface p-4 outline-none ${index === at ? 'border-brass' : 'border-line'}`}
          >
            <GroupCard
              group={group}
              filterFor={(words) => filterFor(group, words)}
              asOf={asOf}
              search={search}
              drawing={drawing === keyOf(group)}
              current={index === at}
              onSample={mayDecide ? (words) => void sample(group, words) : undefined}
              onDone={() => void valuesChanged()}
            />
          </li>
        ))}
      </ul>
    </>
  )
}

const keyOf = ({ attribute, kind }: ProposalGroupView): string => JSON.stringify([attribute, kind])

function Nothing({ filtered }: { filtered: boolean }) {
  const { t } = useText()
  return (
    <EmptyState
      icon={<Layers aria-hidden className="size-8" />}
      title={t(filtered ? 'review.empty.filteredTitle' : 'review.empty.title')}
      action={
        <Link to="/catalogue" className={buttonClass({ kind: 'main' })}>
          {t('review.empty.action')}
        </Link>
      }
    >
      {t(filtered ? 'review.empty.filtered' : 'review.empty.detail')}
    </EmptyState>
  )
}
