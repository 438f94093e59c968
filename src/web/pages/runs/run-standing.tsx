import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { countProposals } from '../../../contract/review.ts'
import { queryOf } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { DocumentLink } from '../../components/document-link.tsx'
import { Text, useText } from '../../messages/text.tsx'
import type { LiveRun } from './run.tsx'
import { standingOf } from './run-state.tsx'
import { useReason } from './run-words.ts'

/** Where a run stands, in a sentence with the remedy where it needs one. */
export function RunStanding({ run }: { run: LiveRun }) {
  const { t } = useText()
  const reason = useReason()
  const standing = standingOf(run)
  if ((standing === 'paused' || standing === 'cancelled') && run.pause) {
    return (
      <Noted>
        <Note meaning={run.pause.code === 'run.paused' ? 'information' : 'attention'}>
          <p>{reason(run.pause)}</p>
          {run.pause.code !== 'run.paused' && (
            <p className="flex flex-wrap gap-x-4 text-small">
              {run.pause.budget && (
                <Link to={`/budgets?budget=${run.pause.budget.id}` as '/'} className="link">
                  {t('runs.seeBudget')}
                </Link>
              )}
              <DocumentLink to={`/docs/errors/${run.pause.code}`}>
                <span className="font-mono">{run.pause.code}</span>
              </DocumentLink>
            </p>
          )}
        </Note>
      </Noted>
    )
  }
  if (standing === 'waits') return <Waits run={run} />
  if (standing === 'nothing')
    return (
      <Noted>
        <Note meaning="information">{t('runs.nothing', { count: run.counts.unchanged })}</Note>
      </Noted>
    )
  if (standing === 'ready')
    return (
      <Noted>
        <Note meaning="information">{t('runs.ready')}</Note>
      </Noted>
    )
  if (standing === 'finished' && run.counts.failed > 0) {
    return (
      <Noted>
        <Note meaning="attention">{t('runs.someFailed', { count: run.counts.failed })}</Note>
      </Noted>
    )
  }
  return null
}

const Noted = ({ children }: { children: React.ReactNode }) => <div className="mb-4">{children}</div>

/** The canary has run: what it wrote is a click away. */
function Waits({ run }: { run: LiveRun }) {
  const { data } = useQuery(queryOf(countProposals, { query: { runId: run.id } }))
  return (
    <Noted>
      <Note meaning="attention">
        <Text
          of="runs.canaryDone"
          values={{ count: run.canary ?? 0, proposals: data?.total ?? 0 }}
          // oxlint-disable-next-line jsx-a11y/anchor-has-content -- its words come from the message
          parts={{ a: <a className="link" href={`/review?runId=${run.id}`} /> }}
        />
      </Note>
    </Noted>
  )
}
