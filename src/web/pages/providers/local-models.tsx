import { useMutation, useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { type ConnectionView, listConnectionModels, type ModelView } from '../../../contract/connections.ts'
import { listPulls, type PullView, startPull, watchPulls } from '../../../contract/local-models.ts'
import type { ProviderView } from '../../../contract/providers.ts'
import { callApi } from '../../api/call.ts'
import { useEvents } from '../../api/events.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryClient, queryOf } from '../../api/query.ts'
import { Badge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { ErrorNote, ErrorState } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { Text, useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { formatBytes } from '../../support/numbers.ts'
import { PullLine } from './pull-line.tsx'

/** The models on a server of one's own, with their sizes; and fetching more, where the server does that. */
export function LocalModels({ connection, provider }: { connection: ConnectionView; provider: ProviderView }) {
  const { t } = useText()
  const params = { connectionId: connection.id }
  const models = useQuery({ ...queryOf(listConnectionModels, { params, query: { source: 'provider' } }), retry: false })
  const isCloud = provider.regions.some(({ baseUrl }) => baseUrl === connection.destination.baseUrl)
  return (
    <Section title={t('local.models.title')} sentence={t('local.models.sentence')}>
      <div className="flex flex-col gap-4">
        {models.error ? (
          <ErrorState problem={toApiProblem(models.error)} onRetry={() => void models.refetch()} />
        ) : !models.data ? (
          <TableSkeleton rows={3} columns={4} />
        ) : models.data.items.length === 0 ? (
          <p className="text-ink-2">{t('local.models.none')}</p>
        ) : (
          <ModelTable models={models.data.items} />
        )}
        {provider.pulls && !isCloud && <Pulls connection={connection} pulls={provider.pulls} />}
      </div>
    </Section>
  )
}

function ModelTable({ models }: { models: readonly ModelView[] }) {
  const { t, language } = useText()
  const columns: Column<ModelView>[] = [
    {
      id: 'model',
      header: t('local.models.model'),
      fixed: true,
      card: 'title',
      sortBy: ({ id }) => id,
      cell: ({ id, files }) => (
        <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <bdi dir="ltr" className="font-mono break-all">
            {id}
          </bdi>
          {files?.loaded && <Badge meaning="good">{t('local.models.loaded')}</Badge>}
          {files?.runsAt && <Badge meaning="attention">{t('local.runsAt', { host: files.runsAt })}</Badge>}
        </span>
      ),
    },
    {
      id: 'parameters',
      header: t('local.models.parameters'),
      width: '11rem',
      cell: ({ files }) => (
        <bdi dir="ltr">{[files?.parameters, files?.quantization].filter(Boolean).join(' · ') || t('common.unknown')}</bdi>
      ),
    },
    {
      id: 'size',
      header: t('local.models.size'),
      width: '7rem',
      align: 'end',
      sortBy: ({ files }) => files?.sizeBytes ?? null,
      cell: ({ files }) =>
        files?.sizeBytes ? (
          <span className="tabular">{formatBytes(files.sizeBytes, language)}</span>
        ) : files?.runsAt ? (
          '–'
        ) : (
          t('common.unknown')
        ),
    },
  ]
  return <Table name="local-models" label={t('local.models.title')} rows={models} columns={columns} rowId={({ id }) => id} />
}

function Pulls({ connection, pulls }: { connection: ConnectionView; pulls: NonNullable<ProviderView['pulls']> }) {
  const { t } = useText()
  const mayWrite = useMay('connections.write')
  const params = { connectionId: connection.id }
  const [model, setModel] = useState('')
  const known = useQuery(queryOf(listPulls, { params }))
  const items = known.data?.items ?? []
  const isGoingOn = items.some(isOngoing)
  useEvents(watchPulls, isGoingOn ? { params } : null, {
    onEvent: (event) => {
      queryClient.setQueryData(queryOf(listPulls, { params }).queryKey, event)
      if (!event.items.some(isOngoing)) void invalidate(listConnectionModels)
    },
  })
  const start = useMutation({
    mutationFn: (name: string) => callApi(startPull, { params, body: { model: name } }),
    onSuccess: async () => {
      setModel('')
      await invalidate(listPulls)
    },
  })
  return (
    <div className="flex flex-col gap-3 rounded-md border border-line bg-surface p-4">
      <h3 className="font-medium">{t('local.pull.title')}</h3>
      {items.length > 0 && (
        <ul className="flex flex-col gap-3">
          {items.map((pull) => (
            <PullLine
              key={pull.model}
              pull={pull}
              connectionId={connection.id}
              goesOn={pulls.whenLeft === 'goes_on'}
              onAgain={() => start.mutate(pull.model)}
            />
          ))}
        </ul>
      )}
      {mayWrite && (
        <form
          className="flex flex-col gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            start.mutate(model.trim())
          }}
        >
          <div className="flex flex-wrap items-end gap-2">
            <div className="min-w-56 grow sm:max-w-80">
              <TextInput
                label={t('local.pull.model')}
                mono
                dir="ltr"
                required
                maxLength={200}
                autoComplete="off"
                placeholder={pulls.example}
                value={model}
                onValueChange={setModel}
                error={
                  start.error && toApiProblem(start.error).code === 'pull.refused'
                    ? t('local.pull.noName', { example: pulls.example })
                    : undefined
                }
              />
            </div>
            <Button type="submit" icon={<Download aria-hidden className="size-4" />} busy={start.isPending}>
              {model.trim() === '' ? t('local.pull.action') : t('local.pull.actionOf', { model: model.trim() })}
            </Button>
          </div>
          <p className="max-w-prose text-table text-ink-2">
            <Text of="local.pull.what" parts={{ a: <PageLink to={pulls.library} /> }} />
          </p>
          {start.error && toApiProblem(start.error).code !== 'pull.refused' && <ErrorNote problem={toApiProblem(start.error)} />}
        </form>
      )}
    </div>
  )
}

const isOngoing = ({ state }: PullView): boolean => state === 'running' || state === 'waiting'

/** A page of somebody else's; what it is called stands in the text around it. */
function PageLink({ to, children }: { to: string; children?: ReactNode }) {
  return (
    <a className="link" href={to} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  )
}
