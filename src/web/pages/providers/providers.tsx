import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { KeyRound, Plus } from 'lucide-react'
import { listConnections } from '../../../contract/connections.ts'
import { listProviders } from '../../../contract/providers.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { EmptyState, Page } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { AddProvider } from './add-provider.tsx'
import { ConnectionTable } from './connection-table.tsx'

/** Whether calls of one wait changes by itself. */
const REFRESH_MS = 10_000

/** AI Services, Providers: the workspace's connections, each key known by its last four characters. */
export function ProvidersPage() {
  const { t } = useText()
  const mayWrite = useMay('connections.write')
  const { add } = useSearch({ from: '/shell/providers' })
  const navigate = useNavigate({ from: '/providers' })
  const connections = useQuery({ ...queryOf(listConnections), refetchInterval: REFRESH_MS })
  const providers = useQuery(queryOf(listProviders))
  const error = connections.error ?? providers.error
  const open = () => void navigate({ search: { add: 'provider' } })
  const action = mayWrite ? (
    <Button kind="main" icon={<Plus aria-hidden className="size-4" />} onClick={open}>
      {t('providers.add')}
    </Button>
  ) : undefined
  const isEmpty = connections.data?.items.length === 0
  return (
    <Page title={t('providers.title')} sentence={t('providers.sentence')} action={isEmpty ? undefined : action}>
      {error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void Promise.all([connections.refetch(), providers.refetch()])} />
      ) : !connections.data || !providers.data ? (
        <TableSkeleton rows={3} columns={6} />
      ) : isEmpty ? (
        <EmptyState icon={<KeyRound aria-hidden className="size-8" />} title={t('providers.empty.title')} action={action}>
          <p>{mayWrite ? t('providers.empty.what') : t('providers.empty.whom')}</p>
        </EmptyState>
      ) : (
        <ConnectionTable list={connections.data} providers={providers.data.items} />
      )}
      {add === 'provider' && mayWrite && providers.data && (
        <AddProvider providers={providers.data.items} onClose={() => void navigate({ search: {} })} />
      )}
    </Page>
  )
}
