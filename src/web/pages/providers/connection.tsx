import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { useState } from 'react'
import { type CheckView, checkConnection, type ConnectionView, listConnections, readConnection } from '../../../contract/connections.ts'
import { listProviders, type ProviderView } from '../../../contract/providers.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { ErrorNote, ErrorState } from '../../components/error-state.tsx'
import { Count, RelativeTime } from '../../components/figures.tsx'
import { Card, Page, Section } from '../../components/page.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { CheckNote } from './check-result.tsx'
import { ConnectionState, KeyCell, LastError, MonthSpending, PracticeBadge } from './connection-table.tsx'
import { Deployments } from './deployments.tsx'
import { EndConnection } from './end-connection.tsx'
import { FactLine } from './fact-line.tsx'
import { LimitsLearned, paceRefreshMs } from './limits-learned.tsx'
import { LocalModels } from './local-models.tsx'
import { NamesAndLimits } from './names-and-limits.tsx'
import { OwnPrices } from './own-prices.tsx'
import { useProviderName } from './provider-name.ts'
import { ProviderLinks } from './provider-links.tsx'
import { ReplaceKey } from './replace-key.tsx'
import { TestedModels } from './tested-models.tsx'

/** One connection: whether its key works, what it did, and everything that can be changed about it. */
export function ConnectionPage() {
  const { connectionId } = useParams({ from: '/shell/providers/$connectionId' })
  const { t } = useText()
  const connection = useQuery({
    ...queryOf(readConnection, { params: { connectionId } }),
    refetchInterval: ({ state: { data } }) => paceRefreshMs(data?.pace),
  })
  const providers = useQuery(queryOf(listProviders))
  const list = useQuery(queryOf(listConnections))
  const error = connection.error ?? providers.error
  const provider = providers.data?.items.find(({ id }) => id === connection.data?.provider)
  const nameOf = useProviderName()
  const title = connection.data?.label ?? t('providers.one')
  return (
    <Page
      title={title}
      sentence={
        <>
          {connection.data?.practice ? t('providers.practiceWhat') : provider && nameOf(provider)}{' '}
          <Link to="/providers" search={{}} className="link mt-1 flex w-fit items-center gap-1">
            <ArrowLeft aria-hidden className="size-3.5 rtl:rotate-180" />
            {t('providers.all')}
          </Link>
        </>
      }
    >
      {error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void connection.refetch()} />
      ) : !connection.data || !provider ? (
        <FieldsSkeleton fields={6} />
      ) : (
        <Details connection={connection.data} provider={provider} reminderDays={list.data?.keyReminderDays ?? 0} />
      )}
    </Page>
  )
}

function Details({ connection, provider, reminderDays }: { connection: ConnectionView; provider: ProviderView; reminderDays: number }) {
  const { t } = useText()
  const mayWrite = useMay('connections.write')
  const isActive = connection.status === 'active'
  return (
    <div className="max-w-3xl">
      {connection.practice && (
        <p className="mb-4">
          <PracticeBadge />
        </p>
      )}
      <Section
        title={t('providers.sections.key')}
        action={mayWrite && isActive ? <KeyActions connection={connection} provider={provider} /> : undefined}
      >
        <Card>
          <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-[10rem_1fr]">
            <FactLine name={t('providers.columns.state')}>
              <ConnectionState connection={connection} />
            </FactLine>
            <FactLine name={t('providers.columns.key')}>
              <KeyCell connection={connection} reminderDays={reminderDays} />
            </FactLine>
            {!connection.practice && (
              <FactLine name={t('providers.destination.goesTo')}>
                <bdi dir="ltr" className="font-mono text-table break-all">
                  {connection.destination.baseUrl}
                </bdi>
                <DestinationExtras connection={connection} />
              </FactLine>
            )}
            <FactLine name={t('providers.columns.month')}>
              <span className="flex flex-wrap items-start gap-x-3">
                <MonthSpending connection={connection} />
                {connection.thisMonth.calls > 0 && (
                  <span className="text-ink-2">
                    <Count of={connection.thisMonth.calls} unit={t('providers.month.calls', { count: connection.thisMonth.calls })} />
                  </span>
                )}
              </span>
            </FactLine>
            <FactLine name={t('providers.columns.used')}>
              <RelativeTime at={connection.lastUsedAt} />
            </FactLine>
            <FactLine name={t('providers.columns.error')}>
              <LastError connection={connection} />
            </FactLine>
            <FactLine name={t('providers.slug')}>
              <bdi dir="ltr" className="font-mono text-table">
                {connection.slug}
              </bdi>
            </FactLine>
          </dl>
          {!connection.practice && (
            <div className="mt-4 border-t border-line pt-3">
              <ProviderLinks provider={provider} ours />
            </div>
          )}
        </Card>
      </Section>
      {isActive && <LimitsLearned connection={connection} />}
      {isActive && provider.local && <LocalModels key={`${connection.id} models`} connection={connection} provider={provider} />}
      <TestedModels connection={connection} />
      {mayWrite && isActive && <NamesAndLimits key={connection.id} connection={connection} />}
      {mayWrite && isActive && provider.deployments && <Deployments key={`${connection.id} deployments`} connection={connection} />}
      {mayWrite && isActive && !connection.practice && (
        <OwnPrices key={`${connection.id} prices`} connection={connection} local={provider.local} />
      )}
      {mayWrite && <EndConnection connection={connection} />}
    </div>
  )
}

function DestinationExtras({ connection: { destination } }: { connection: ConnectionView }) {
  const { t } = useText()
  const extras = [
    ...(destination.organization ? [[t('providers.destination.organization'), destination.organization]] : []),
    ...(destination.project ? [[t('providers.destination.project'), destination.project]] : []),
    ...(destination.region ? [[t('providers.destination.region'), destination.region]] : []),
    ...(destination.apiVersion ? [[t('providers.destination.apiVersion'), destination.apiVersion]] : []),
    ...Object.entries(destination.headers),
  ]
  if (extras.length === 0) return null
  return (
    <ul className="mt-1 text-table text-ink-2">
      {extras.map(([name, value]) => (
        <li key={name}>
          {name}:{' '}
          <bdi dir="ltr" className="font-mono">
            {value}
          </bdi>
        </li>
      ))}
    </ul>
  )
}

function KeyActions({ connection, provider }: { connection: ConnectionView; provider: ProviderView }) {
  const { t } = useText()
  const [replacing, setReplacing] = useState(false)
  const [check, setCheck] = useState<CheckView>()
  const test = useMutation({
    mutationFn: () => callApi(checkConnection, { params: { connectionId: connection.id } }),
    onSuccess: setCheck,
    onSettled: () => invalidate(readConnection, listConnections),
  })
  return (
    <div className="flex max-w-full flex-col items-end gap-2">
      <div className="flex flex-wrap gap-2">
        <Button busy={test.isPending} onClick={() => test.mutate()}>
          {connection.practice ? t('providers.check.actionPractice') : t('providers.check.action')}
        </Button>
        {!connection.practice && <Button onClick={() => setReplacing(true)}>{t('providers.replace.action')}</Button>}
      </div>
      {check && <CheckNote check={check} provider={provider} />}
      {test.error && <ErrorNote problem={toApiProblem(test.error)} />}
      {replacing && <ReplaceKey connection={connection} provider={provider} onClose={() => setReplacing(false)} />}
    </div>
  )
}
