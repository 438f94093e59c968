import type { RunBatchView } from '../../../contract/runs.ts'
import { Note } from '../../components/badge.tsx'
import { DocumentLink } from '../../components/document-link.tsx'
import { Card } from '../../components/page.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { useText } from '../../messages/text.tsx'
import { formatExact, formatMoment } from '../../support/times.ts'
import type { LiveRun } from './run.tsx'

/** What of a run is at the batch services of its providers: how far each batch is, and when it ends at the latest. */
export function RunBatches({ run }: { run: LiveRun }) {
  const { t } = useText()
  if (run.batches.length === 0) return null
  return (
    <section aria-label={t('runs.batches.title')} className="mb-6">
      <Card>
        <h2 className="text-section font-semibold">{t('runs.batches.title')}</h2>
        <p className="mt-1 max-w-prose text-ink-2">{t('runs.batches.what')}</p>
        <ul className="mt-4 flex flex-col gap-5">
          {run.batches.map((batch) => (
            <Batch key={batch.id} batch={batch} at={run.candidates[batch.candidate]?.connectionLabel ?? ''} />
          ))}
        </ul>
      </Card>
    </section>
  )
}

function Batch({ batch, at }: { batch: RunBatchView; at: string }) {
  const { t } = useText()
  const { requests, done, failed, state, problem } = batch
  const progress = { done, flagged: 0, failed, waiting: Math.max(0, requests - done - failed) }
  return (
    <li className="flex flex-col gap-2">
      <p className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <span className="font-medium">{at}</span>
        <span>{t(`runs.batches.${state}`, { done, count: requests })}</span>
      </p>
      <ProgressBar compact label={t('runs.batches.progressOf', { name: at })} progress={progress} />
      <Times batch={batch} />
      {problem && (
        <Note meaning="attention">
          <p>{problem.detail}</p>
          <p className="text-small">
            <DocumentLink to={`/docs/errors/${problem.code}`}>
              <span className="font-mono">{problem.code}</span>
            </DocumentLink>
          </p>
        </Note>
      )}
    </li>
  )
}

function Times({ batch: { submittedAt, expiresAt } }: { batch: RunBatchView }) {
  const { t, language } = useText()
  if (submittedAt === null) return null
  return (
    <p className="flex flex-wrap gap-x-4 text-small text-ink-2">
      <span title={formatExact(submittedAt, language)}>{t('runs.batches.submittedAt', { time: formatMoment(submittedAt, language) })}</span>
      {expiresAt !== null && (
        <span title={formatExact(expiresAt, language)}>{t('runs.batches.expiresAt', { time: formatMoment(expiresAt, language) })}</span>
      )}
    </p>
  )
}
