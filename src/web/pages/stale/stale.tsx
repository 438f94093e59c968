import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { CircleCheck, RefreshCw } from 'lucide-react'
import { useEffect, useState } from 'react'
import { listRuns } from '../../../contract/runs.ts'
import {
  checkStale,
  quoteRefresh,
  readStale,
  refreshStale,
  STALE_CAUSES,
  type StaleCause,
  type StaleGroupView,
} from '../../../contract/stale.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryClient, queryOf } from '../../api/query.ts'
import { Button, buttonClass } from '../../components/button.tsx'
import { Checkbox } from '../../components/choice.tsx'
import { ErrorNote, ErrorState } from '../../components/error-state.tsx'
import { Count, MoneyRange, RelativeTime } from '../../components/figures.tsx'
import { Card, EmptyState, Page } from '../../components/page.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { endsOf } from '../runs/run-words.ts'
import { useMoneyText } from '../../components/figures.tsx'

const LOOK_AGAIN_MS = 1_000

/** Stale values: what would be written from something else today, why, and what refreshing exactly that costs. */
export function StalePage() {
  const { t } = useText()
  const mayRun = useMay('runs.write')
  const { data, error, refetch } = useQuery({
    ...queryOf(readStale),
    refetchInterval: ({ state }) => (state.data?.check && state.data.check.endedAt === null ? LOOK_AGAIN_MS : false),
  })
  const check = useMutation({
    mutationFn: () => callApi(checkStale),
    onSuccess: (state) => queryClient.setQueryData(queryOf(readStale).queryKey, state),
    onError: (problem) => sayProblem(problem, t),
  })
  const isDue = mayRun && data !== undefined && (data.check === null || (data.check.outdated && data.check.endedAt !== null))
  const begin = check.mutate
  useEffect(() => {
    if (isDue) begin() // what the page shows is as things are now
  }, [isDue, begin])
  const running = data?.check?.endedAt === null
  return (
    <Page
      title={t('stale.title')}
      sentence={t('stale.sentence')}
      action={
        mayRun && (
          <Button icon={<RefreshCw aria-hidden className="size-4" />} busy={check.isPending || running} onClick={() => begin()}>
            {t('stale.check')}
          </Button>
        )
      }
    >
      {error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
      ) : !data ? (
        <FieldsSkeleton />
      ) : (
        <>
          {data.check && running && (
            <div className="mb-4 rounded-md border border-line bg-surface px-3 py-2">
              <p className="mb-1.5">{t('stale.checking')}</p>
              <ProgressBar
                label={t('stale.checking')}
                progress={{ done: data.check.looked, flagged: 0, failed: 0, waiting: Math.max(0, data.check.of - data.check.looked) }}
              />
            </div>
          )}
          {data.check?.endedAt && (
            <p className="mb-4 text-ink-2">
              {t('stale.checked', { count: data.check.looked })} <RelativeTime at={data.check.startedAt} />
            </p>
          )}
          {data.groups.length === 0 ? (
            !running && data.check && <Nothing />
          ) : (
            <ul className="flex flex-col gap-4">
              {data.groups.map((group) => (
                <li key={JSON.stringify(group.of)}>
                  <Card>
                    <Group group={group} mayRun={mayRun && !running} />
                  </Card>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Page>
  )
}

function Group({ group, mayRun }: { group: StaleGroupView; mayRun: boolean }) {
  const { t, language } = useText()
  const navigate = useNavigate()
  const { range } = useMoneyText()
  const there = STALE_CAUSES.filter((cause) => group.attributes.some(({ causes }) => causes.some((one) => one.cause === cause)))
  const [chosen, setChosen] = useState<readonly StaleCause[]>()
  const causes = (chosen ?? there.filter((cause) => cause !== 'examples')).filter((cause) => there.includes(cause))
  const asked = { of: group.of, causes: [...causes] }
  const quote = useQuery({ ...queryOf(quoteRefresh, { body: asked }), enabled: causes.length > 0 })
  const refresh = useMutation({
    mutationFn: () => callApi(refreshStale, { body: asked }),
    onSuccess: async ({ runIds }) => {
      await invalidate(readStale, listRuns)
      const [only, ...others] = runIds
      if (only !== undefined && others.length === 0) await navigate({ to: '/runs/$runId', params: { runId: only } })
      else await navigate({ to: '/runs' })
    },
    onError: (problem) => sayProblem(problem, t),
  })
  const known = quote.data?.quote ? endsOf(quote.data.quote.cost) : undefined
  const price = known?.from && known.to ? range(known.from, known.to) : undefined
  return (
    <section aria-label={group.name ?? t('stale.unnamed')} className="flex min-w-0 flex-col gap-3">
      <header className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <h2 className="text-section font-semibold">
          <bdi>{group.name ?? t('stale.unnamed')}</bdi>
        </h2>
        <p className="text-ink-2">
          {t('stale.counts', { count: group.values })} · {t('catalogue.sources.products', { count: group.products })}
        </p>
      </header>
      <table className="w-full text-table">
        <thead className="sr-only">
          <tr>
            <th scope="col">{t('stale.attribute')}</th>
            <th scope="col">{t('stale.why')}</th>
          </tr>
        </thead>
        <tbody>
          {group.attributes.map(({ attribute, locale, count, causes: why }) => (
            <tr key={`${attribute} ${locale}`} className="border-t border-line align-top">
              <th scope="row" className="w-1/3 py-2 pe-3 text-start font-medium">
                <Count of={count} /> <bdi>{attribute}</bdi> {locale && <span className="font-normal text-ink-2">{locale}</span>}
              </th>
              <td className="py-2">
                <ul className="flex flex-col gap-0.5">
                  {why.map(({ cause, count: of, changed }) => (
                    <li key={cause}>
                      <Count of={of} /> {t(`stale.causes.${cause}`)}
                      {changed.length > 0 && (
                        <span className="text-ink-2">
                          : {new Intl.ListFormat(language, { type: 'unit' }).format(changed.map((one) => one.attribute))}
                        </span>
                      )}
                    </li>
                  ))}
                </ul>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {mayRun && (
        <div className="flex flex-col gap-3 border-t border-line pt-3">
          <fieldset className="flex flex-wrap gap-x-5 gap-y-1">
            <legend className="mb-1 text-table text-ink-2">{t('stale.refreshFor')}</legend>
            {there.map((cause) => (
              <Checkbox
                key={cause}
                label={t(`stale.causes.${cause}`)}
                checked={causes.includes(cause)}
                onChange={(on) => setChosen(on ? [...causes, cause] : causes.filter((one) => one !== cause))}
              />
            ))}
          </fieldset>
          <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
            <Button
              kind="main"
              busy={refresh.isPending || (quote.isFetching && !quote.data)}
              disabled={causes.length === 0 || quote.data?.values === 0}
              price={price}
              onClick={() => refresh.mutate()}
            >
              {t('stale.refresh', { count: quote.data?.values ?? 0 })}
            </Button>
            {quote.data && quote.data.runs > 1 && (
              <span className="text-table text-ink-2">{t('stale.runs', { count: quote.data.runs })}</span>
            )}
            {quote.data?.quote && !known?.from && <MoneyRange from={null} to={null} />}
          </div>
          {quote.error && <ErrorNote problem={toApiProblem(quote.error)} />}
          <p className="text-table text-ink-2">{t('stale.refreshWhat')}</p>
        </div>
      )}
    </section>
  )
}

function Nothing() {
  const { t } = useText()
  return (
    <EmptyState
      icon={<CircleCheck aria-hidden className="size-8" />}
      title={t('stale.empty.title')}
      action={
        <Link to="/catalogue" className={buttonClass({ kind: 'main' })}>
          {t('review.empty.action')}
        </Link>
      }
    >
      {t('stale.empty.what')}
    </EmptyState>
  )
}
