import { useMutation, useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight, FlaskConical } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { readMonthConsumption } from '../../../contract/consumption.ts'
import type { MoneyView, RouteAnswer } from '../../../contract/route.ts'
import { listProducts, readProduct, type ProductSelection } from '../../../contract/catalogue.ts'
import type { Recipe } from '../../../contract/recipe.ts'
import { quoteTrial, tryRecipe } from '../../../contract/runs.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Badge, Note } from '../../components/badge.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { Diff } from '../../components/diff.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { Money, useMoneyText } from '../../components/figures.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { isFree } from '../../support/numbers.ts'
import { valueText } from '../review/value-text.ts'
import { useReason } from '../runs/run-words.ts'
import { asSent, type ServedBy, useSettled } from './draft.ts'

type Trial = RouteAnswer<typeof tryRecipe>

/** One real call on one product, beside the recipe: prompt, answer, checks and cost. Nothing of it is kept in the product. */
export function TryPanel({
  selection,
  recipe,
  isRight,
  servedBy,
}: {
  selection: ProductSelection
  recipe: Recipe
  isRight: boolean
  servedBy: ServedBy | null
}) {
  const { t } = useText()
  const mayRun = useMay('runs.write')
  const { money } = useMoneyText()
  const atMost = (amount: MoneyView): string => (isFree(amount) ? t('common.free') : t('enrich.atMost', { amount: money(amount) }))
  const [place, setPlace] = useState(0)
  const ids = useSelectedIds(selection)
  const productId = ids?.[Math.min(place, ids.length - 1)]
  const product = useQuery({
    ...queryOf(readProduct, { params: { productId: productId ?? '' }, query: {} }),
    enabled: productId !== undefined,
  })
  const asked = useSettled(JSON.stringify({ productId, recipe: asSent(recipe), ...(servedBy ? { servedBy } : {}) }), 700)
  const quote = useQuery({
    queryKey: [quoteTrial.id, asked],
    queryFn: ({ signal }) => callApi(quoteTrial, { body: JSON.parse(asked) as never }, signal),
    enabled: isRight && productId !== undefined && asked.includes('"productId"'),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const [tried, setTried] = useState<{ readonly trial: Trial; readonly of: string }>()
  const run = useMutation({
    mutationFn: (of: string) => callApi(tryRecipe, { body: JSON.parse(of) as never }).then((trial) => ({ trial, of })),
    onSuccess: (next) => {
      setTried(next)
      void invalidate(readMonthConsumption)
    },
  })
  if (ids?.length === 0) return null
  const name = product.data?.name ?? product.data?.identifier ?? ''
  return (
    <section aria-label={t('enrich.try')} className="rounded-md border border-line bg-surface">
      <header className="flex items-center justify-between gap-2 border-b border-line px-3 py-2">
        <h2 className="font-semibold">{t('enrich.try')}</h2>
        <span className="flex items-center gap-1">
          <IconButton
            small
            label={t('enrich.previous')}
            icon={<ChevronLeft aria-hidden className="size-4 rtl:rotate-180" />}
            disabled={place === 0}
            onClick={() => setPlace(place - 1)}
          />
          <IconButton
            small
            label={t('enrich.next')}
            icon={<ChevronRight aria-hidden className="size-4 rtl:rotate-180" />}
            disabled={!ids || place >= ids.length - 1}
            onClick={() => setPlace(place + 1)}
          />
        </span>
      </header>
      <div className="flex flex-col gap-3 p-3">
        <p className="min-h-5">
          <bdi className="font-medium">{name}</bdi>{' '}
          {product.data?.name && <bdi className="font-mono text-small text-ink-2">{product.data.identifier}</bdi>}
        </p>
        {mayRun && (
          <div>
            <Button
              icon={<FlaskConical aria-hidden className="size-4" />}
              disabled={!isRight || !quote.data}
              busy={run.isPending}
              price={quote.data && (quote.data.atMost ? atMost(quote.data.atMost) : t('common.priceUnknown'))}
              onClick={() => run.mutate(asked)}
            >
              {t('enrich.tryOn')}
            </Button>
          </div>
        )}
        {quote.error && <ErrorNote problem={toApiProblem(quote.error)} />}
        {run.error && <ErrorNote problem={toApiProblem(run.error)} />}
        {tried ? (
          <TrialResult trial={tried.trial} isOld={tried.of !== asked} locale={recipe.locale} />
        ) : quote.data ? (
          <Prompt system={quote.data.system} user={quote.data.user} />
        ) : (
          <p className="text-table text-ink-2">{t(isRight ? 'enrich.tryWhat' : 'enrich.tryWhenRight')}</p>
        )}
      </div>
    </section>
  )
}

const MOST_STEPS = 100

/** The first products of a selection, to step through. */
function useSelectedIds(selection: ProductSelection): readonly string[] | undefined {
  const isListed = 'ids' in selection
  const list = useQuery({
    ...queryOf(listProducts, { query: { ...(isListed ? {} : selection.filter), limit: MOST_STEPS } as never }),
    enabled: !isListed,
  })
  if (isListed) return selection.ids.slice(0, MOST_STEPS)
  return list.data?.items.map(({ id }) => id).filter((id) => !selection.except?.includes(id))
}

const TABS = ['values', 'prompt', 'answer'] as const

function TrialResult({ trial, isOld, locale }: { trial: Trial; isOld: boolean; locale: string }) {
  const { t } = useText()
  const reason = useReason()
  const [tab, setTab] = useState<(typeof TABS)[number]>('values')
  return (
    <div className="flex flex-col gap-3">
      {isOld && <Note meaning="information">{t('enrich.trialOld')}</Note>}
      {trial.failure && (
        <Note meaning="failing">
          {reason(trial.failure)}
          {reason(trial.failure) !== trial.failure.detail && (
            <bdi lang="en" className="block text-small">
              {trial.failure.detail}
            </bdi>
          )}
        </Note>
      )}
      <dl className="flex flex-wrap gap-x-6 gap-y-1 text-table">
        <Fact label={t('runs.actual')}>
          <Money of={trial.cost} />
        </Fact>
        <Fact label={t('runs.views.model')}>
          <bdi className="font-mono">{trial.model}</bdi>
        </Fact>
        {trial.usage && (
          <Fact label={t('enrich.tokens')}>
            {t('enrich.tokensInOut', {
              input:
                (trial.usage['input_tokens'] ?? 0) + (trial.usage['cache_read_tokens'] ?? 0) + (trial.usage['cache_write_tokens'] ?? 0),
              output: (trial.usage['output_tokens'] ?? 0) + (trial.usage['reasoning_tokens'] ?? 0),
            })}
          </Fact>
        )}
      </dl>
      <Tabs
        label={t('enrich.trialParts')}
        value={tab}
        onChange={setTab}
        tabs={[
          { value: 'values', label: t('enrich.trialTabs.values'), content: <TrialValues trial={trial} locale={locale} /> },
          { value: 'prompt', label: t('enrich.trialTabs.prompt'), content: <Prompt system={trial.system} user={trial.user} /> },
          {
            value: 'answer',
            label: t('enrich.trialTabs.answer'),
            content:
              trial.answer === null ? (
                <p className="text-ink-2">{t('enrich.noAnswer')}</p>
              ) : (
                <Raw text={trial.answer} label={t('enrich.trialTabs.answer')} />
              ),
          },
        ]}
      />
    </div>
  )
}

const Fact = ({ label, children }: { label: string; children: ReactNode }) => (
  <div className="flex gap-1.5">
    <dt className="text-ink-2">{label}</dt>
    <dd>{children}</dd>
  </div>
)

function TrialValues({ trial, locale }: { trial: Trial; locale: string }) {
  const { t } = useText()
  return (
    <ul className="flex flex-col gap-4">
      {trial.values.map(({ field, attribute, value, current, problem, flags }) => (
        <li key={field} className="flex flex-col gap-1">
          <span className="flex flex-wrap items-center gap-2">
            <bdi className="font-medium">{attribute}</bdi>
            {problem ? (
              <Badge meaning="failing">{t('enrich.askedAgain')}</Badge>
            ) : flags.length > 0 ? (
              <Badge meaning="attention">{t('enrich.flagged')}</Badge>
            ) : (
              <Badge meaning="good">{t('enrich.passed')}</Badge>
            )}
          </span>
          {problem && (
            <bdi lang="en" className="text-table text-failing">
              {problem.detail}
            </bdi>
          )}
          {value === null ? (
            !problem && <p className="text-ink-2">{t('enrich.nothingToSay')}</p>
          ) : (
            <Diff
              before={valueText(current)}
              after={valueText(value)}
              locale={locale}
              marks={flags.map(({ reason, text }) => ({ text, why: t(`enrich.flags.${reason as 'number_not_in_source'}`) }))}
            />
          )}
        </li>
      ))}
    </ul>
  )
}

/** Exactly what is sent. */
function Prompt({ system, user }: { system: string; user: string }) {
  const { t } = useText()
  return (
    <div className="flex flex-col gap-3">
      <Raw text={system} label={t('enrich.system')} />
      <Raw text={user} label={t('enrich.user')} />
    </div>
  )
}

const Raw = ({ text, label }: { text: string; label: string }) => (
  <figure>
    <figcaption className="mb-1 text-small text-ink-2">{label}</figcaption>
    <pre
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keyboard
      tabIndex={0}
      dir="auto"
      aria-label={label}
      className="max-h-72 overflow-auto rounded-md border border-line bg-sunken p-2 font-mono text-small whitespace-pre-wrap"
    >
      {text}
    </pre>
  </figure>
)
