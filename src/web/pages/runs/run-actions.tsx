import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { GitCompareArrows, Pause, Play, RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { countProposals } from '../../../contract/review.ts'
import * as contract from '../../../contract/runs.ts'
import { callApi } from '../../api/call.ts'
import { invalidate, queryClient, queryOf } from '../../api/query.ts'
import { Button, buttonClass } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { useMoneyText } from '../../components/figures.tsx'
import { say, sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { UndoRun } from '../review/undo-run.tsx'
import type { LiveRun } from './run.tsx'
import { standingOf } from './run-state.tsx'
import { leftToSpend, middleOf, useRunName } from './run-words.ts'

type Command = typeof contract.startRun | typeof contract.pauseRun | typeof contract.resumeRun | typeof contract.cancelRun

/** What can be done with a run now. What spends names its price. */
export function RunActions({ run }: { run: LiveRun }) {
  const { t } = useText()
  const mayRun = useMay('runs.write')
  const { about } = useMoneyText()
  const nameOf = useRunName()
  const [asksToCancel, setAsksToCancel] = useState(false)
  const standing = standingOf(run)
  const params = { runId: run.id }
  const after = async (changed: contract.RunView) => {
    queryClient.setQueryData(queryOf(contract.readRun, { params }).queryKey, changed)
    await invalidate(contract.listRuns, contract.readRunReceipt, contract.listRunItems)
  }
  const command = useMutation({
    mutationFn: (route: Command) => callApi(route, { params }),
    onSuccess: after,
    onError: (error) => sayProblem(error, t),
  })
  const retry = useMutation({
    mutationFn: () => callApi(contract.retryRun, { params, body: {} }),
    onSuccess: after,
    onError: (error) => sayProblem(error, t),
  })
  const isEnded = standing === 'finished' || standing === 'cancelled'
  const isStopped = isEnded || standing === 'paused'
  const icon = (Icon: typeof Play) => <Icon aria-hidden className="size-4" />
  const review = <ReviewLink run={run} isMain={isEnded} />
  if (!mayRun || run.source !== null) return review // the command line continues its own
  return (
    <>
      {!isEnded && (
        <Button kind="dangerous" onClick={() => setAsksToCancel(true)}>
          {t('runs.cancel')}
        </Button>
      )}
      {(standing === 'finished' || standing === 'paused') && run.counts.failed > 0 && (
        <Button icon={icon(RotateCcw)} busy={retry.isPending} onClick={() => retry.mutate()}>
          {t('runs.retryFailed', { count: run.counts.failed })}
        </Button>
      )}
      {isStopped && <UndoOfRun run={run} />}
      {review}
      {standing === 'ready' && (
        <Button
          kind="main"
          icon={icon(Play)}
          busy={command.isPending}
          price={about(middleOf(run.quote?.cost ?? null))}
          onClick={() => command.mutate(contract.startRun)}
        >
          {t('runs.start', { count: run.counts.total })}
        </Button>
      )}
      {standing === 'running' && (
        <Button icon={icon(Pause)} busy={command.isPending} onClick={() => command.mutate(contract.pauseRun)}>
          {t('runs.pause')}
        </Button>
      )}
      {(standing === 'paused' || standing === 'waits') && (
        <Button
          kind="main"
          icon={icon(Play)}
          busy={command.isPending}
          price={about(leftToSpend(run))}
          onClick={() => command.mutate(contract.resumeRun)}
        >
          {t(standing === 'waits' ? 'runs.approveRest' : 'runs.resume', { count: run.counts.waiting })}
        </Button>
      )}
      <ConfirmDialog
        open={asksToCancel}
        onClose={() => setAsksToCancel(false)}
        title={t('runs.cancelTitle', { name: nameOf(run) })}
        action={t('runs.cancel')}
        keep={t('runs.letGoOn')}
        onConfirm={async () => {
          await after(await callApi(contract.cancelRun, { params }))
          say(t('runs.cancelled'))
        }}
      >
        <p>{t('runs.cancelWhat', { count: run.counts.waiting })}</p>
      </ConfirmDialog>
    </>
  )
}

/** The proposals of a run that wait; undefined while it goes on, or has written nothing. */
function useWaiting(run: LiveRun): number | undefined {
  const written = run.counts.done + run.counts.flagged
  const { data } = useQuery({ ...queryOf(countProposals, { query: { runId: run.id } }), enabled: written > 0 && run.state !== 'running' })
  return data?.total
}

/** Once something of it may have been accepted: while every proposal waits, there is nothing to undo. */
function UndoOfRun({ run: { id, counts, attributes }, run }: { run: LiveRun }) {
  const waiting = useWaiting(run)
  const most = (counts.done + counts.flagged) * attributes.length
  return waiting !== undefined && waiting < most ? <UndoRun runId={id} /> : null
}

/** The next step: to look at what it wrote; when all of that is decided, to the catalogue it went into. */
function ReviewLink({ run, isMain }: { run: LiveRun; isMain: boolean }) {
  const { t } = useText()
  const waiting = useWaiting(run)
  if (waiting === undefined) return null
  if (waiting === 0) {
    return isMain ? (
      <Link to="/catalogue" className={buttonClass({ kind: 'main' })}>
        {t('review.empty.action')}
      </Link>
    ) : null
  }
  return (
    <Link to={`/review?runId=${run.id}` as '/'} className={buttonClass({ kind: isMain ? 'main' : 'plain' })}>
      <GitCompareArrows aria-hidden className="size-4" />
      {t('runs.review', { count: waiting })}
    </Link>
  )
}
