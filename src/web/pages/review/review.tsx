import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight, CircleCheck, GitCompareArrows } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { listSources } from '../../../contract/catalogue.ts'
import { countProposals, listProposals, type ProposalCounts, type ProposalView } from '../../../contract/review.ts'
import { toApiProblem } from '../../api/problem.ts'
import { listOf, queryOf } from '../../api/query.ts'
import { Button, buttonClass, IconButton } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Card, EmptyState, Page, PracticeBand } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { useHotkeys } from '../../support/hotkeys.ts'
import { useMay } from '../../support/me.ts'
import { useWide } from '../../support/use-media.ts'
import { ExportButton } from '../catalogue/export-button.tsx'
import { Filters } from './filters.tsx'
import { GroupBar, Position } from './group-bar.tsx'
import { ProposalDetail } from './proposal-detail.tsx'
import { ProposalList } from './proposal-list.tsx'
import { filterOf, queryOfFilter, type ReviewSearch } from './search.ts'
import { valuesChanged } from './steps.ts'
import { UndoRun } from './undo-run.tsx'
import { useDecisions, type Say } from './use-decisions.ts'
import { Ways } from './ways.tsx'

/** Review: what was generated, or what a source says otherwise than a person, until someone decides. */
export function ReviewPage() {
  const { t } = useText()
  const search = useSearch({ from: '/shell/review' })
  const navigate = useNavigate({ from: '/review' })
  const change = useCallback(
    (some: Partial<ReviewSearch>) => void navigate({ search: (before) => ({ ...before, ...some }), replace: true, resetScroll: false }),
    [navigate],
  )
  const counts = useQuery(queryOf(countProposals, { query: queryOfFilter(search) }))
  return (
    <Page title={t('review.title')} sentence={t('review.sentence')} {...(search.runId ? { action: <UndoRun runId={search.runId} /> } : {})}>
      {counts.data?.kinds.some(({ kind }) => kind === 'practice') && <PracticeBand />}
      <Ways search={search} way="each" />
      <Filters search={search} onChange={change} />
      {counts.error ? (
        <ErrorState problem={toApiProblem(counts.error)} onRetry={() => void counts.refetch()} />
      ) : (
        <Work key={JSON.stringify(filterOf(search))} search={search} counts={counts.data} onChange={change} />
      )}
    </Page>
  )
}

interface WorkProps {
  search: ReviewSearch
  counts: ProposalCounts | undefined
  onChange: (change: Partial<ReviewSearch>) => void
}

function Work({ search, counts, onChange }: WorkProps) {
  const decisions = useDecisions()
  const proposals = useInfiniteQuery({
    ...listOf(listProposals, { query: { ...queryOfFilter(search), limit: 50 } }),
    refetchOnWindowFocus: false,
  })
  const startAgain = () => {
    decisions.forget()
    void valuesChanged()
  }
  if (proposals.isPending || !counts) return <TableSkeleton rows={10} columns={2} />
  if (proposals.error) return <ErrorState problem={toApiProblem(proposals.error)} onRetry={() => void proposals.refetch()} />
  const { items } = proposals.data
  if (items.length === 0) {
    const names = Object.keys(filterOf(search))
    const clear = () => onChange(cleared(search))
    return names.length === 1 && search.runId ? <RunDecided onOthers={clear} /> : <Nothing filtered={names.length > 0} onClear={clear} />
  }
  return (
    <>
      <GroupBar search={search} counts={counts} onDone={startAgain} />
      <Proposals
        items={items}
        total={counts.total}
        decisions={decisions}
        more={proposals.hasNextPage && !proposals.isFetchingNextPage ? () => void proposals.fetchNextPage() : undefined}
      />
    </>
  )
}

const cleared = (search: ReviewSearch) => Object.fromEntries(Object.keys(search).map((name) => [name, undefined])) as Partial<ReviewSearch>

interface ProposalsProps {
  items: readonly ProposalView[]
  total: number
  decisions: ReturnType<typeof useDecisions>
  more: (() => void) | undefined // reads more of them
}

/** The list beside the difference; below 1,024 pixels one proposal after the other. */
function Proposals({ items, total, decisions, more }: ProposalsProps) {
  const { t } = useText()
  const wide = useWide()
  const mayDecide = useMay('review.decide')
  const [chosen, setChosen] = useState<string>()
  const [editing, setEditing] = useState(false)
  const [text, setText] = useState<string>()
  const edit = (now: boolean): void => {
    setText(undefined)
    setEditing(now)
  }
  const { decided, decide, canUndo, undoLast } = decisions
  const found = items.findIndex(({ id }) => id === chosen)
  const at =
    found >= 0
      ? found
      : Math.max(
          0,
          items.findIndex(({ id }) => !decided.has(id)),
        )
  const proposal = items[at]!
  const fetchMore = useRef(more)
  useEffect(() => {
    fetchMore.current = more
    if (at >= items.length - 10) more?.()
  })
  const onEnd = useCallback(() => fetchMore.current?.(), [])
  const go = (index: number): void => {
    const next = items[Math.min(Math.max(index, 0), items.length - 1)]
    edit(false)
    if (next) setChosen(next.id)
  }
  const onSay = (said: Say): void => {
    if (!decided.has(proposal.id)) void decide(proposal, said)
    const next = items.findIndex(({ id }, index) => index > at && !decided.has(id))
    go(next < 0 ? at : next)
  }
  const onUndo = async (): Promise<void> => {
    const id = await undoLast()
    if (id !== undefined) setChosen(id)
  }
  const open = mayDecide && !decided.has(proposal.id) && !editing
  useHotkeys([
    { keys: 'j', label: t('review.keys.next'), run: () => go(at + 1) },
    { keys: 'k', label: t('review.keys.previous'), run: () => go(at - 1) },
    ...(mayDecide
      ? [
          { keys: 'a', label: t('review.accept'), run: () => open && onSay({ decision: 'accept' }) },
          { keys: 'r', label: t('review.reject'), run: () => open && onSay({ decision: 'reject' }) },
          { keys: 'e', label: t('review.edit'), run: () => open && edit(true) },
        ]
      : []),
    // Only while there is something of this page: a notice of a decision on all of them has the same key.
    ...(canUndo ? [{ keys: 'z', label: t('common.undo'), run: () => void onUndo() }] : []),
  ])
  const detail = (
    <ProposalDetail
      key={proposal.id}
      proposal={proposal}
      decided={decided.get(proposal.id)}
      editing={editing}
      draft={{ text, keep: setText }}
      onEdit={edit}
      onSay={mayDecide ? onSay : undefined}
      onUndo={() => void onUndo()}
    />
  )
  const waiting = total > items.length ? total : items.length
  if (!wide) {
    return (
      <div className="pb-20">
        <div className="mb-3 flex items-center justify-between">
          <IconButton
            label={t('review.keys.previous')}
            disabled={at === 0}
            icon={<ChevronLeft aria-hidden className="size-4 rtl:-scale-x-100" />}
            onClick={() => go(at - 1)}
          />
          <Position at={at + 1} of={waiting} />
          <IconButton
            label={t('review.keys.next')}
            disabled={at >= items.length - 1}
            icon={<ChevronRight aria-hidden className="size-4 rtl:-scale-x-100" />}
            onClick={() => go(at + 1)}
          />
        </div>
        {detail}
      </div>
    )
  }
  return (
    <div className="grid grid-cols-[minmax(16rem,22rem)_minmax(0,1fr)] items-start gap-5">
      <div className="sticky top-16">
        <ProposalList
          items={items}
          decided={decided}
          currentId={proposal.id}
          onChoose={(id) => go(items.findIndex((item) => item.id === id))}
          onEnd={onEnd}
        />
      </div>
      <div className="sticky top-16">
        <Card>{detail}</Card>
      </div>
    </div>
  )
}

/** Everything of a run is decided: on to what it was for. */
function RunDecided({ onOthers }: { onOthers: () => void }) {
  const { t } = useText()
  const sources = useQuery(queryOf(listSources))
  // The button that decided on the last of them is gone: the keyboard goes on at the next step.
  const next = useRef<HTMLAnchorElement>(null)
  useEffect(() => {
    if (document.activeElement === document.body) next.current?.focus({ preventScroll: true })
  }, [])
  const others = useQuery(queryOf(countProposals, { query: {} })).data?.total ?? 0
  return (
    <EmptyState
      icon={<CircleCheck aria-hidden className="size-8" />}
      title={t('review.empty.runTitle')}
      action={
        <>
          {others > 0 && <Button onClick={onOthers}>{t('review.empty.others', { count: others })}</Button>}
          {sources.data && <ExportButton sources={sources.data.sources} />}
          <Link ref={next} to="/catalogue" className={buttonClass({ kind: 'main' })}>
            {t('review.empty.action')}
          </Link>
        </>
      }
    >
      {t('review.empty.run')}
    </EmptyState>
  )
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  const { t } = useText()
  return (
    <EmptyState
      icon={<GitCompareArrows aria-hidden className="size-8" />}
      title={t(filtered ? 'review.empty.filteredTitle' : 'review.empty.title')}
      action={
        filtered ? (
          <Button kind="main" onClick={onClear}>
            {t('review.filters.clear')}
          </Button>
        ) : (
          <Link to="/catalogue" className={buttonClass({ kind: 'main' })}>
            {t('review.empty.action')}
          </Link>
        )
      }
    >
      {t(filtered ? 'review.empty.filtered' : 'review.empty.detail')}
    </EmptyState>
  )
}
