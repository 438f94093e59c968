import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ChartColumn, Download } from 'lucide-react'
import { type Consumption, readConsumption } from '../../../contract/consumption.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { EmptyState, Page, Section } from '../../components/page.tsx'
import { Bar, Skeleton, TableSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { CallSheet } from './call-sheet.tsx'
import { CallsTable } from './calls-table.tsx'
import { coloursOf } from './chart-data.ts'
import { Chart } from './chart.tsx'
import { saveText, toCsv } from './csv.ts'
import { GroupsTable } from './groups-table.tsx'
import { useLabels } from './labels.ts'
import { askedOf, type ConsumptionSearch, FILTER_NAMES, narrowedTo } from './search.ts'
import { Summary } from './summary.tsx'
import { currencyOf, Toolbar } from './toolbar.tsx'

/** Metrics, Consumption: what calls cost and used, by what caused them, down to the single call. */
export function ConsumptionPage() {
  const { t } = useText()
  const search = useSearch({ from: '/shell/consumption' })
  const navigate = useNavigate({ from: '/consumption' })
  const go = (next: ConsumptionSearch) => void navigate({ search: next, resetScroll: false })
  const change = (some: Partial<ConsumptionSearch>) => go({ ...search, ...some })
  const by = search.by ?? 'day'
  const { data, error, isPending, refetch } = useQuery({
    ...queryOf(readConsumption, { query: { ...askedOf(search), by } }),
    placeholderData: keepPreviousData, // what was shown stays until the next answer is there
  })
  const download = useDownload(data)
  return (
    <Page
      title={t('consumption.title')}
      sentence={t('consumption.sentence')}
      action={
        <Button icon={<Download aria-hidden className="size-4" />} disabled={!data || data.groups.length === 0} onClick={download}>
          {t('consumption.download')}
        </Button>
      }
    >
      <Toolbar search={search} shown={data} onChange={change} />
      {isPending ? (
        <Waiting />
      ) : error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
      ) : data.total.calls === 0 ? (
        <Nothing search={search} onChange={change} />
      ) : (
        <Loaded consumption={data} search={search} onChange={change} onGo={go} />
      )}
      <CallSheet callId={search.call} onClose={() => change({ call: undefined })} />
    </Page>
  )
}

interface LoadedProps {
  consumption: Consumption
  search: ConsumptionSearch
  onChange: (some: Partial<ConsumptionSearch>) => void
  onGo: (next: ConsumptionSearch) => void
}

function Loaded({ consumption, search, onChange, onGo }: LoadedProps) {
  const { t, language } = useText()
  const { by } = consumption
  const measure = search.show ?? 'cost'
  const colours = coloursOf(consumption.series.map(({ key }) => key))
  const question = `${measure}-${by}` as const
  return (
    <>
      <Summary total={consumption.total} onShow={(which) => onChange({ view: 'calls', outcome: undefined, cost: undefined, ...which })} />
      <Tabs
        label={t('consumption.figures')}
        value={search.view ?? 'groups'}
        onChange={(view) => onChange(view === 'calls' ? { view } : { view: undefined, outcome: undefined, cost: undefined })}
        tabs={[
          {
            value: 'groups' as const,
            label: t('consumption.byGroup', { group: t(`consumption.groupings.${by}`).toLocaleLowerCase(language) }),
            content: (
              <>
                <Section title={t(`consumption.questions.${question}`)}>
                  <Chart
                    consumption={consumption}
                    measure={measure}
                    currency={currencyOf(search, consumption)}
                    colours={colours}
                    onOpen={({ from, to }) => onChange({ period: undefined, from, to })}
                  />
                </Section>
                <GroupsTable consumption={consumption} colours={colours} onOpen={(key) => onGo(narrowedTo(search, { by, key }))} />
              </>
            ),
          },
          {
            value: 'calls' as const,
            label: t('consumption.singleCalls'),
            content: <CallsTable search={search} onOpen={(call) => onChange({ call })} onChange={onChange} />,
          },
        ]}
      />
    </>
  )
}

function useDownload(data: Consumption | undefined): () => void {
  const { t } = useText()
  const label = useLabels()
  return () => {
    if (!data) return
    const { by, groups, others, total, from, to } = data
    const lines = [
      ...groups.map((group) => ({ key: group.key, name: label(by, group), figures: group.figures })),
      ...(others ? [{ key: '', name: t('consumption.others', { count: others.groups }), figures: others.figures }] : []),
      { key: '', name: t('consumption.total'), figures: total },
    ]
    saveText(toCsv(lines, { key: by, name: 'name' }), { name: `consumption-${by}-${from}-${to}.csv`, type: 'text/csv;charset=utf-8' })
  }
}

function Nothing({ search, onChange }: { search: ConsumptionSearch; onChange: (some: Partial<ConsumptionSearch>) => void }) {
  const { t } = useText()
  const narrowed = FILTER_NAMES.some((name) => search[name] !== undefined)
  const clear = Object.fromEntries(FILTER_NAMES.map((name) => [name, undefined]))
  return (
    <EmptyState
      icon={<ChartColumn aria-hidden className="size-8" />}
      title={t('consumption.empty.title')}
      action={
        narrowed ? (
          <Button onClick={() => onChange(clear)}>{t('consumption.empty.clear')}</Button>
        ) : search.period === '90d' ? undefined : (
          <Button onClick={() => onChange({ period: '90d', from: undefined, to: undefined })}>{t('consumption.empty.longer')}</Button>
        )
      }
    >
      {narrowed ? t('consumption.empty.narrowed') : t('consumption.empty.detail')}
    </EmptyState>
  )
}

function Waiting() {
  return (
    <div className="flex flex-col gap-6">
      <Skeleton>
        <div className="flex flex-col gap-6">
          <div className="flex gap-8">
            <Bar width="w-24" height="h-10" />
            <Bar width="w-24" height="h-10" />
            <Bar width="w-24" height="h-10" />
          </div>
          <Bar width="w-full" height="h-64" />
        </div>
      </Skeleton>
      <TableSkeleton columns={5} />
    </div>
  )
}
