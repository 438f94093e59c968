import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Check, CircleCheck, X } from 'lucide-react'
import { useState } from 'react'
import { judgeSample, readSample, type SampleView } from '../../../contract/group-review.ts'
import { listProposals, type ProposalView } from '../../../contract/review.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { listOf, queryClient, queryOf } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { Button, buttonClass } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { KeyHint } from '../../components/key-hint.tsx'
import { Card, EmptyState, Page } from '../../components/page.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { sayProblem } from '../../components/toast.tsx'
import { useText, type Translate } from '../../messages/text.tsx'
import { useHotkeys } from '../../support/hotkeys.ts'
import { useMay } from '../../support/me.ts'
import { formatCount, formatMostShare } from '../../support/numbers.ts'
import { Deciding } from './group-bar.tsx'
import { groupText } from './group-text.ts'
import { ProposalDetail } from './proposal-detail.tsx'
import { reviewSearch } from './search.ts'
import { valuesChanged } from './steps.ts'
import { useDecideAll } from './use-decide-all.ts'

type Verdict = 'right' | 'wrong'

/** A random sample of a group: each is said to be right or wrong, and then how many of the group can be wrong. */
export function SamplePage() {
  const { t } = useText()
  const { sampleId } = useParams({ from: '/shell/review/samples/$sampleId' })
  const sample = useQuery(queryOf(readSample, { params: { sampleId } }))
  const proposals = useInfiniteQuery({ ...listOf(listProposals, { query: { sampleId, limit: 200 } }), refetchOnWindowFocus: false })
  const error = sample.error ?? proposals.error
  return (
    <Page title={t('groups.sampleTitle')} sentence={sample.data && sentenceOf(sample.data, t)}>
      {error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void Promise.all([sample.refetch(), proposals.refetch()])} />
      ) : sample.data && proposals.data ? (
        <Sampled sample={sample.data} proposals={proposals.data.items} />
      ) : (
        <TableSkeleton rows={6} columns={2} />
      )}
    </Page>
  )
}

function sentenceOf({ filter, members, group }: SampleView, t: Translate): string {
  const { attribute, change, words } = filter
  const name = change ? groupText(change, words ?? null, t) : t('groups.allKinds')
  return t('groups.sampleSentence', { size: members.length, count: group, attribute: attribute ?? t('review.filters.allAttributes'), name })
}

function Sampled({ sample, proposals }: { sample: SampleView; proposals: readonly ProposalView[] }) {
  const { t } = useText()
  const mayDecide = useMay('review.decide')
  const verdicts = new Map(sample.members.map(({ changeId, verdict }) => [changeId, verdict]))
  const [chosen, setChosen] = useState<string>()
  const found = proposals.findIndex(({ id }) => id === chosen)
  const firstOpen = proposals.findIndex(({ id }) => verdicts.get(id) === null)
  const at = found >= 0 ? found : Math.max(0, firstOpen)
  const proposal = proposals[at]
  const go = (to: number): void => setChosen(proposals[Math.min(Math.max(to, 0), proposals.length - 1)]?.id)
  const judge = async (verdict: Verdict | null): Promise<void> => {
    if (!proposal || !mayDecide) return
    const args = { params: { sampleId: sample.id } }
    const key = queryOf(readSample, args).queryKey
    const members = sample.members.map((member) => (member.changeId === proposal.id ? { ...member, verdict } : member))
    queryClient.setQueryData(key, { ...sample, members, bound: null }) // shown at once; the server says the bound
    const next = proposals.findIndex(({ id }, index) => index > at && verdicts.get(id) === null)
    if (verdict !== null) go(next < 0 ? at : next)
    try {
      queryClient.setQueryData(key, await callApi(judgeSample, { ...args, body: { verdicts: [{ changeId: proposal.id, verdict }] } }))
    } catch (error) {
      queryClient.setQueryData(key, sample)
      sayProblem(error, t)
    }
  }
  useHotkeys([
    { keys: 'j', label: t('review.keys.next'), run: () => go(at + 1) },
    { keys: 'k', label: t('review.keys.previous'), run: () => go(at - 1) },
    ...(mayDecide
      ? [
          { keys: 'a', label: t('groups.right'), run: () => void judge('right') },
          { keys: 'r', label: t('groups.wrong'), run: () => void judge('wrong') },
          { keys: 'z', label: t('groups.takeBack'), run: () => void judge(null) },
        ]
      : []),
  ])
  const count = (verdict: Verdict | null): number => sample.members.filter((member) => member.verdict === verdict).length
  const verdict = proposal && verdicts.get(proposal.id)
  return (
    <div className="flex flex-col gap-4 max-lg:pb-20">
      <div className="flex flex-col gap-1.5">
        <ProgressBar
          compact
          label={t('groups.judged')}
          progress={{ done: count('right'), flagged: 0, failed: count('wrong'), waiting: count(null) }}
        />
        <p className="tabular text-table text-ink-2">
          {t('groups.tally', { right: count('right'), wrong: count('wrong'), left: count(null) })}
        </p>
      </div>
      {sample.bound && <Result sample={sample} bound={sample.bound} />}
      {proposal && sample.decisionId === null && (
        <Card>
          <ProposalDetail
            key={proposal.id}
            proposal={proposal}
            decided={undefined}
            editing={false}
            draft={NO_DRAFT}
            onEdit={() => undefined}
            onSay={undefined}
            onUndo={() => undefined}
          />
          {mayDecide && (
            <div className="mt-4 flex flex-wrap items-center gap-2 max-lg:fixed max-lg:inset-x-0 max-lg:bottom-0 max-lg:z-20 max-lg:border-t max-lg:border-line max-lg:bg-surface max-lg:px-4 max-lg:py-2">
              <Button
                kind={verdict === 'right' ? 'main' : 'plain'}
                aria-pressed={verdict === 'right'}
                icon={<Check aria-hidden className="size-4" />}
                onClick={() => void judge('right')}
              >
                {t('groups.right')} <KeyHint keys="a" />
              </Button>
              <Button
                kind={verdict === 'wrong' ? 'dangerous' : 'plain'}
                aria-pressed={verdict === 'wrong'}
                icon={<X aria-hidden className="size-4" />}
                onClick={() => void judge('wrong')}
              >
                {t('groups.wrong')} <KeyHint keys="r" />
              </Button>
              <span className="text-ink-2">{t('groups.place', { at: at + 1, of: proposals.length })}</span>
            </div>
          )}
        </Card>
      )}
    </div>
  )
}

const NO_DRAFT = { text: undefined, keep: () => undefined }

/** What the sample says of its group, and what can be done on the strength of it. */
function Result({ sample, bound }: { sample: SampleView; bound: NonNullable<SampleView['bound']> }) {
  const { t, language } = useText()
  const navigate = useNavigate()
  const mayDecide = useMay('review.decide')
  const { underWay, begin, stop } = useDecideAll(() => {
    void valuesChanged()
    void queryClient.invalidateQueries({ queryKey: queryOf(readSample, { params: { sampleId: sample.id } }).queryKey })
  })
  const { wrong, judged, atMost, share } = bound
  const left = sample.group - wrong
  const { filter, asOf } = sample
  const words = {
    wrong: formatCount(wrong, language),
    judged: formatCount(judged, language),
    atMost: formatCount(atMost, language),
    share: formatMostShare(share, language),
    group: formatCount(sample.group, language),
  }
  if (sample.decisionId !== null) {
    return (
      <EmptyState
        icon={<CircleCheck aria-hidden className="size-8" />}
        title={t('groups.decidedTitle')}
        action={
          <>
            {wrong > 0 && (
              <Link to="/review" search={reviewSearch({ sampleId: sample.id })} className={buttonClass({ kind: 'plain' })}>
                {t('groups.lookAtWrong', { count: wrong })}
              </Link>
            )}
            <Link to="/review/groups" className={buttonClass({ kind: 'main' })}>
              {t('groups.back')}
            </Link>
          </>
        }
      >
        {t('groups.bound', words)}
      </EmptyState>
    )
  }
  const overPersons = filter.change === 'over_person' || filter.change === 'from_source'
  return (
    <Note meaning={wrong === 0 ? 'good' : 'attention'}>
      <p className="font-medium">{t('groups.bound', words)}</p>
      <p className="mt-1">{wrong > 0 ? t('groups.wrongStay', { count: wrong }) : t('groups.boundWhat')}</p>
      {mayDecide && (
        <div className="mt-3 flex flex-wrap items-center gap-2">
          {underWay ? (
            <Deciding underWay={underWay} onStop={stop} />
          ) : (
            <>
              <Button
                kind="main"
                onClick={() => begin({ decision: 'accept', filter, asOf, overPersons, sampleId: sample.id, total: left })}
              >
                {t('groups.acceptRest', { count: left })}
              </Button>
              <Button onClick={() => begin({ decision: 'reject', filter, asOf, overPersons, total: sample.group })}>
                {t('groups.rejectAll', { count: sample.group })}
              </Button>
              <Button kind="quiet" onClick={() => void navigate({ to: '/review/groups' })}>
                {t('groups.leave')}
              </Button>
            </>
          )}
        </div>
      )}
    </Note>
  )
}
