import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { readMonthConsumption } from '../../../contract/consumption.ts'
import { countProposals } from '../../../contract/review.ts'
import { listRunItems, readRun, readRunReceipt, type RunProgressView, type RunView, watchRun } from '../../../contract/runs.ts'
import { useEvents } from '../../api/events.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { buttonClass } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Page, PracticeBand } from '../../components/page.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { RunActions } from './run-actions.tsx'
import { RunBatches } from './run-batches.tsx'
import { RunFigures } from './run-figures.tsx'
import { RunParts } from './run-parts.tsx'
import { RunStateBadge } from './run-state.tsx'
import { RunStanding } from './run-standing.tsx'
import { useRunName } from './run-words.ts'

/** A run with how far it is at this moment. */
export type LiveRun = RunView & Pick<RunProgressView, 'ratePerMinute' | 'secondsLeft'>

/** Work, Runs, one run: what it does now, what it costs, what can be done with it. */
export function RunPage() {
  const { t } = useText()
  const { runId } = useParams({ from: '/shell/runs/$runId' })
  const { data, error, refetch } = useQuery(queryOf(readRun, { params: { runId } }))
  if (error && !data) {
    return (
      <Page title={t('runs.run')}>
        <ErrorState
          problem={toApiProblem(error)}
          onRetry={() => void refetch()}
          instead={
            <Link to="/runs" className={buttonClass({})}>
              {t('runs.all')}
            </Link>
          }
        />
      </Page>
    )
  }
  if (!data) {
    return (
      <Page title={t('runs.run')}>
        <FieldsSkeleton fields={5} />
      </Page>
    )
  }
  return <Run key={runId} run={data} />
}

function Run({ run }: { run: RunView }) {
  const { t } = useText()
  const live = useLiveRun(run)
  const nameOf = useRunName()
  return (
    <Page
      title={nameOf(run)}
      sentence={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <RunStateBadge of={live} />
          {run.recipeName !== null && <span>{t('runs.about', { count: run.selected })}</span>}
        </span>
      }
      action={<RunActions run={live} />}
    >
      {run.practice && <PracticeBand />}
      <RunStanding run={live} />
      <RunFigures run={live} />
      <RunBatches run={live} />
      <RunParts run={live} />
    </Page>
  )
}

/** The run with the newest of what its stream tells; what else there is of it is read again when its state changes. */
function useLiveRun(run: RunView): LiveRun {
  const [progress, setProgress] = useState<RunProgressView>()
  const hasEnded = run.state === 'finished' || run.state === 'cancelled'
  if (hasEnded && progress) setProgress(undefined) // it may go on again, when failed products are tried once more
  useEvents(watchRun, hasEnded ? null : { params: { runId: run.id } }, {
    onEvent: (event) => {
      const isOther = progress?.state !== event.state || (progress.planning === null) !== (event.planning === null)
      setProgress(event)
      if (isOther) void invalidate(readRun, readRunReceipt, listRunItems, countProposals, readMonthConsumption)
    },
  })
  return hasEnded || !progress ? { ...run, ratePerMinute: null, secondsLeft: null } : { ...run, ...progress }
}
