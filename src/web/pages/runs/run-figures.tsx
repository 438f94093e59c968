import { useMutation, useQuery } from '@tanstack/react-query'
import { Pencil } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { changeRunCap, readRun, readRunReceipt } from '../../../contract/runs.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryClient, queryOf } from '../../api/query.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { Count, Money, MoneyRange, RelativeTime, Unknown } from '../../components/figures.tsx'
import { Card } from '../../components/page.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { useText } from '../../messages/text.tsx'
import { cx } from '../../support/cx.ts'
import { useMay } from '../../support/me.ts'
import { formatDuration } from '../../support/numbers.ts'
import type { LiveRun } from './run.tsx'
import { endsOf, modelsOf, useRunName, useWhyUnknown } from './run-words.ts'

/** How far it is, how fast, what it has spent of what. */
export function RunFigures({ run }: { run: LiveRun }) {
  const { t } = useText()
  const whyUnknown = useWhyUnknown()
  const nameOf = useRunName()
  const { planning, counts } = run
  // What is spent counts calls of unknown cost with their worst case: it says so, or it would differ from the receipt for no reason.
  const { data: receipt } = useQuery({ ...queryOf(readRunReceipt, { params: { runId: run.id } }), enabled: run.startedAt !== null })
  const unknown = receipt?.unknownCostCalls ?? 0
  return (
    <div className="mb-6">
      <Card>
        {planning ? <Planning run={run} /> : <ProgressBar label={t('runs.progressOf', { name: nameOf(run) })} progress={counts} />}
        <dl className="mt-4 grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-3 lg:flex lg:flex-wrap lg:gap-x-10">
          {run.state === 'running' && run.batches.length === 0 && (
            <>
              <Figure label={t('runs.rate')}>
                {run.ratePerMinute === null ? (
                  <Unknown why={t('runs.rateUnknown')} />
                ) : (
                  <Count of={Math.round(run.ratePerMinute)} unit={t('runs.perMinute')} />
                )}
              </Figure>
              <Figure wide label={t('runs.timeLeft')}>
                <TimeLeft of={run.secondsLeft} />
              </Figure>
            </>
          )}
          <Figure label={t('runs.spent')}>
            <Money of={run.spent} />
            {unknown > 0 && (
              <span className="block max-w-60 text-small font-normal text-ink-2">{t('runs.atWorst', { count: unknown })}</span>
            )}
          </Figure>
          <Figure wide label={t('runs.quoted')}>
            {planning ? <span className="text-ink-2">–</span> : <MoneyRange {...endsOf(run.quoted)} why={whyUnknown(run.quote)} />}
          </Figure>
          {run.quoteAfterCanary && (
            <Figure wide label={t('runs.quotedAfterCanary')}>
              <MoneyRange {...endsOf(run.quoteAfterCanary.cost)} why={whyUnknown(run.quoteAfterCanary)} />
            </Figure>
          )}
          <Figure label={t('runs.cap')}>
            <Cap run={run} />
          </Figure>
          {counts.unchanged > 0 && (
            <Figure label={t('runs.unchanged')}>
              <Count of={counts.unchanged} />
            </Figure>
          )}
          <Figure wide label={t('runs.models')}>
            <bdi className="font-mono text-body break-all">{modelsOf(run).join(', ')}</bdi>
          </Figure>
          <Figure wide label={t('runs.writes')}>
            <bdi className="text-body">{run.attributes.join(', ')}</bdi>
          </Figure>
          <Figure label={t(run.endedAt ? 'runs.ended' : run.startedAt ? 'runs.started' : 'runs.made')}>
            <RelativeTime at={run.endedAt ?? run.startedAt ?? run.createdAt} />
          </Figure>
        </dl>
      </Card>
    </div>
  )
}

const Figure = ({ label, children, wide = false }: { label: string; children: ReactNode; wide?: boolean }) => (
  <div className={cx('flex min-w-0 flex-col', wide && 'max-sm:col-span-2')}>
    <dt className="text-table text-ink-2">{label}</dt>
    <dd className="tabular text-section font-medium">{children}</dd>
  </div>
)

function Planning({ run: { planning } }: { run: LiveRun }) {
  const { t } = useText()
  const { looked, of } = planning!
  return (
    <div className="flex flex-col gap-1.5">
      <div
        role="progressbar"
        aria-label={t('runs.planning')}
        aria-valuemin={0}
        aria-valuemax={of}
        aria-valuenow={looked}
        className="h-2 overflow-hidden rounded-full bg-line"
      >
        <div
          className="h-full bg-information transition-[width] duration-500"
          style={{ width: `${of === 0 ? 0 : (looked / of) * 100}%` }}
        />
      </div>
      <p className="text-table text-ink-2">{t('runs.planningOf', { looked, of })}</p>
    </div>
  )
}

function TimeLeft({ of }: { of: LiveRun['secondsLeft'] }) {
  const { t, language } = useText()
  if (of === null) return <Unknown why={t('runs.timeLeftUnknown')} />
  const [low, high] = [of.low, of.high].map((seconds) => formatDuration(seconds * 1_000, language))
  return <span className="whitespace-nowrap">{low === high ? low : t('common.range', { from: low!, to: high! })}</span>
}

function Cap({ run }: { run: LiveRun }) {
  const { t } = useText()
  const mayRun = useMay('runs.write')
  const [isOpen, setIsOpen] = useState(false)
  const isOver = run.state === 'finished' || run.state === 'cancelled'
  return (
    <span className="inline-flex items-center gap-1">
      {run.cap ? <Money of={run.cap} /> : <span className="text-body font-normal text-ink-2">{t('runs.noCap')}</span>}
      {mayRun && !isOver && run.source === null && (
        <IconButton small label={t('runs.changeCap')} icon={<Pencil aria-hidden className="size-3.5" />} onClick={() => setIsOpen(true)} />
      )}
      {isOpen && <CapDialog run={run} onClose={() => setIsOpen(false)} />}
    </span>
  )
}

function CapDialog({ run, onClose }: { run: LiveRun; onClose: () => void }) {
  const { t } = useText()
  const [cap, setCap] = useState(run.cap?.amount ?? '')
  const params = { runId: run.id }
  const change = useMutation({
    mutationFn: () => callApi(changeRunCap, { params, body: { cap: cap.trim() === '' ? null : cap.trim() } }),
    onSuccess: (changed) => {
      queryClient.setQueryData(queryOf(readRun, { params }).queryKey, changed)
      onClose()
    },
  })
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('runs.changeCap')}
      description={t('runs.capWhat')}
      actions={
        <Button kind="main" busy={change.isPending} onClick={() => change.mutate()}>
          {t('common.save')}
        </Button>
      }
    >
      <TextInput
        label={t('runs.cap')}
        help={t('runs.capHelp')}
        optional
        inputMode="decimal"
        dir="ltr"
        value={cap}
        onValueChange={setCap}
        end={run.spent.currency}
      />
      {change.error && <ErrorNote problem={toApiProblem(change.error)} />}
    </Dialog>
  )
}
