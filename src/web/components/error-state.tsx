import { CircleAlert, WifiOff } from 'lucide-react'
import i18next from 'i18next'
import type { ReactNode } from 'react'
import type { ApiProblem } from '../api/problem.ts'
import { useText, type TextKey, type Translate } from '../messages/text.tsx'
import { Button } from './button.tsx'

/** What happened, in words: the server's own sentence, or ours where it had none. */
export const problemText = (problem: ApiProblem, t: Translate): string => {
  if (problem.code === 'offline') return t('common.offlineDetail')
  return problem.detail || t('common.unexpectedDetail')
}

/** What happened, in a few words of the person's language; the server's sentence is English. */
function problemTitle({ code }: ApiProblem, t: Translate): string {
  if (code === 'offline') return t('common.offlineTitle')
  const [room, what] = code.split('.')
  return i18next.exists(`errors.${code}`) ? t(`errors.${room}.${what}` as TextKey) : t('common.errorTitle')
}

/** The server's sentence is in English, and says so to readers and to the page's direction. */
function Detail({ problem }: { problem: ApiProblem }) {
  const { t } = useText()
  const own = problem.detail === ''
  return (
    <span lang={own ? undefined : 'en'} dir={own ? undefined : 'ltr'}>
      {problemText(problem, t)}
    </span>
  )
}

function CodeLink({ problem }: { problem: ApiProblem }) {
  const { t } = useText()
  if (problem.code === 'offline') return null
  return (
    <span className="flex flex-wrap gap-x-3 text-small text-ink-2">
      {problem.code === 'unexpected' ? (
        <span className="font-mono">{problem.code}</span>
      ) : (
        <a className="link font-mono" href={`/docs/errors/${problem.code}`} target="_blank" rel="noreferrer">
          {problem.code}
        </a>
      )}
      {problem.requestId && <span className="font-mono">{t('common.request', { id: problem.requestId })}</span>}
    </span>
  )
}

/** An error inside a form or a dialog: what happened and what to do, with its code as a link. */
export function ErrorNote({ problem }: { problem: ApiProblem }) {
  const { t } = useText()
  return (
    <div role="alert" className="mt-3 flex items-start gap-2 rounded-md border border-failing bg-failing-tint px-3 py-2 text-failing">
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="flex min-w-0 flex-col gap-0.5">
        <strong className="font-semibold">{problemTitle(problem, t)}</strong>
        <Detail problem={problem} />
        {problem.issues.length > 0 && (
          <ul className="list-disc ps-4 text-table">
            {problem.issues.map((issue) => (
              <li key={`${issue.path} ${issue.message}`}>
                <span className="font-mono">{issue.path}</span> {issue.message}
              </li>
            ))}
          </ul>
        )}
        <CodeLink problem={problem} />
      </div>
    </div>
  )
}

export interface ErrorStateProps {
  problem: ApiProblem
  /** What was kept: "Your draft is kept in this browser." */
  kept?: ReactNode
  onRetry?: () => void
  /** Where to go instead when it is not there: trying again would find nothing either. */
  instead?: ReactNode
}

/** In the place of what could not be loaded. */
export function ErrorState({ problem, kept, onRetry, instead }: ErrorStateProps) {
  const { t } = useText()
  const isGone = instead !== undefined && problem.status === 404
  const Icon = problem.code === 'offline' ? WifiOff : CircleAlert
  return (
    <div role="alert" className="mx-auto flex max-w-prose flex-col items-center gap-3 px-4 py-16 text-center">
      <Icon aria-hidden className="size-8 text-failing" />
      <h2 className="text-section font-semibold">{problemTitle(problem, t)}</h2>
      <p className="text-ink-2">
        <Detail problem={problem} />
      </p>
      {kept !== undefined && <p className="text-ink-2">{kept}</p>}
      {isGone ? instead : onRetry && <Button onClick={onRetry}>{t('common.tryAgain')}</Button>}
      <CodeLink problem={problem} />
    </div>
  )
}
