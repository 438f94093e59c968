import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Check } from 'lucide-react'
import { useState } from 'react'
import { openSample } from '../../../contract/catalogue.ts'
import { callApi } from '../../api/call.ts'
import { queryClient } from '../../api/query.ts'
import { toApiProblem } from '../../api/problem.ts'
import { Button, buttonClass } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Page } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { cx } from '../../support/cx.ts'
import { useMay } from '../../support/me.ts'
import { startQuery, STEPS, type Step } from './steps.ts'

/** From an empty workspace to an exported catalogue in five steps, each ticked by what is there; the next one stands out. */
export function StartPage() {
  const { t } = useText()
  const { data, error, isPending, refetch } = useQuery(startQuery)
  return (
    <Page title={t('start.title')} sentence={t('start.sentence')}>
      {isPending ? (
        <TableSkeleton rows={5} columns={2} />
      ) : error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
      ) : (
        <ol className="flex max-w-3xl flex-col gap-3">
          {STEPS.map((step, index) => (
            <StepCard
              key={step.id}
              step={step}
              number={index + 1}
              done={data[step.id]}
              next={STEPS.find(({ id }) => !data[id])?.id === step.id}
            />
          ))}
        </ol>
      )}
    </Page>
  )
}

function StepCard({ step, number, done, next }: { step: Step; number: number; done: boolean; next: boolean }) {
  const { t } = useText()
  const may = useMay(step.needs)
  return (
    <li
      aria-current={next ? 'step' : undefined}
      className={cx('flex items-start gap-4 rounded-md border bg-surface p-4', next ? 'border-brass' : 'border-line')}
    >
      <span
        className={cx(
          'flex size-7 shrink-0 items-center justify-center rounded-full border font-medium',
          done ? 'border-good bg-good-tint text-good' : 'border-line-strong text-ink-2',
        )}
      >
        {done ? <Check aria-hidden className="size-4" /> : number}
        <span className="sr-only">{done ? t('start.done') : t('start.open')}</span>
      </span>
      <div className="flex min-w-0 flex-1 flex-wrap items-start justify-between gap-3">
        <div className="min-w-48 flex-1">
          <h2 className="font-semibold">{t(`start.${step.id}.title`)}</h2>
          <p className="text-ink-2">{t(`start.${step.id}.${done ? 'after' : 'before'}`)}</p>
          {!may && !done && <p className="mt-1 text-ink-2">{t('start.askAdmin')}</p>}
        </div>
        {(may || done) && (
          <div className="flex flex-wrap gap-2">
            {step.id === 'catalogue' && !done && <SampleButton />}
            <Link to={done ? step.place : step.to} className={buttonClass({ kind: next ? 'main' : done ? 'quiet' : 'plain' })}>
              {t(`start.${step.id}.${done ? 'look' : 'action'}`)}
            </Link>
          </div>
        )}
      </div>
    </li>
  )
}

/** The catalogue in the box: 60 products with pictures, to try everything with. */
function SampleButton() {
  const { t } = useText()
  const navigate = useNavigate()
  const [busy, setBusy] = useState(false)
  const open = async () => {
    setBusy(true)
    try {
      await callApi(openSample)
      await queryClient.invalidateQueries()
      await navigate({ href: '/catalogue' })
    } catch (error) {
      sayProblem(error, t)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button busy={busy} onClick={() => void open()}>
      {t('start.catalogue.sample')}
    </Button>
  )
}
