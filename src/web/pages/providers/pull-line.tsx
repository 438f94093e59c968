import { useMutation } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { cancelPull, listPulls, type PullView } from '../../../contract/local-models.ts'
import { callApi } from '../../api/call.ts'
import { invalidates } from '../../api/query.ts'
import { Badge, type Meaning } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { formatBytes, formatDuration, formatShare } from '../../support/numbers.ts'

const MEANING: Record<PullView['state'], Meaning> = {
  running: 'information',
  waiting: 'attention',
  done: 'good',
  failed: 'failing',
  cancelled: 'neutral',
  interrupted: 'attention',
}

/** One model that is being fetched: how far, how fast, how long still; or how that ended, and what to do. */
export function PullLine({
  pull,
  connectionId,
  goesOn,
  onAgain,
}: {
  pull: PullView
  connectionId: string
  /** The server goes on whoever leaves. */
  goesOn: boolean
  onAgain: () => void
}) {
  const { t } = useText()
  const mayWrite = useMay('connections.write')
  const { model, state, problem, elsewhere } = pull
  const isGoingOn = state === 'running' || state === 'waiting'
  const cancel = useMutation({
    mutationFn: () => callApi(cancelPull, { params: { connectionId }, body: { model } }),
    onSuccess: invalidates(listPulls),
    onError: (error) => sayProblem(error, t),
  })
  return (
    <li className="flex flex-col gap-1.5">
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <span className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
          <bdi dir="ltr" className="font-mono font-medium break-all">
            {model}
          </bdi>
          <Badge meaning={MEANING[state]}>{t(`local.pull.states.${state}`)}</Badge>
        </span>
        {mayWrite && isGoingOn && !elsewhere && !goesOn && (
          <Button small icon={<X aria-hidden className="size-4" />} busy={cancel.isPending} onClick={() => cancel.mutate()}>
            {t('local.pull.cancel', { model })}
          </Button>
        )}
        {mayWrite && (state === 'failed' || state === 'cancelled' || state === 'interrupted') && (
          <Button small onClick={onAgain}>
            {t('local.pull.again', { model })}
          </Button>
        )}
      </div>
      {isGoingOn && <Progress pull={pull} />}
      {isGoingOn && goesOn && <p className="text-table text-ink-2">{t('local.pull.stopThere')}</p>}
      {problem && (
        <p className="text-table text-ink-2">
          {t(`local.pull.problems.${problemText(problem.code)}`)}{' '}
          <a className="link font-mono text-small" href={`/docs/errors/${problem.code}`} target="_blank" rel="noreferrer">
            {problem.code}
          </a>
        </p>
      )}
      {!problem && (state === 'cancelled' || state === 'interrupted') && (
        <p className="text-table text-ink-2">{t(goesOn ? 'local.pull.goesOn' : `local.pull.${state}`)}</p>
      )}
    </li>
  )
}

const PROBLEMS = {
  'pull.no_space': 'noSpace',
  'pull.offline': 'offline',
  'pull.outdated': 'outdated',
  'provider.model_missing': 'noModel',
  'provider.no_permission': 'noPermission',
  'provider.unreachable': 'unreachable',
} as const

const problemText = (code: string) => (Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code as keyof typeof PROBLEMS] : 'other')

function Progress({ pull }: { pull: PullView }) {
  const { t, language } = useText()
  const { model, doing, totalBytes, completedBytes, bytesPerSecond, secondsLeft, elsewhere } = pull
  const share = totalBytes ? (completedBytes ?? 0) / totalBytes : 0
  const figures = [
    elsewhere
      ? t('local.pull.elsewhere')
      : totalBytes === null || completedBytes === null
        ? t('local.pull.doing.looking_up')
        : doing === 'fetching'
          ? t('local.pull.of', {
              done: formatBytes(completedBytes, language),
              total: formatBytes(totalBytes, language),
              share: formatShare(share, language),
            })
          : t(`local.pull.doing.${doing ?? 'looking_up'}`),
    bytesPerSecond === null ? '' : t('local.pull.rate', { rate: formatBytes(bytesPerSecond, language) }),
    secondsLeft === null ? '' : t('local.pull.left', { time: formatDuration(secondsLeft * 1_000, language) }),
  ].filter((text) => text !== '')
  return (
    <>
      <div
        role="progressbar"
        aria-label={t('local.pull.progress', { model })}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-valuetext={figures.join(' · ')}
        className="h-2 overflow-hidden rounded-full bg-line"
      >
        <div className="h-full bg-good transition-[width] duration-500" style={{ width: `${share * 100}%` }} />
      </div>
      <p className="tabular text-table text-ink-2">{figures.join(' · ')}</p>
    </>
  )
}
