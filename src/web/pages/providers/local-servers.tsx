import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { addConnection, checkConnection, type ConnectionView, listConnections } from '../../../contract/connections.ts'
import { discoverLocal, type LocalServerView } from '../../../contract/local-models.ts'
import type { ProviderView } from '../../../contract/providers.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { CopyField } from '../../components/copy-field.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { Skeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { formatBytes } from '../../support/numbers.ts'
import { freeCard } from './free-card.ts'

/** Who opens the choice again within a minute is told what was found then. */
const LOOK_AGAIN_MS = 60_000

const useDiscovery = () => useQuery({ ...queryOf(discoverLocal), staleTime: LOOK_AGAIN_MS })

/** The servers of models that were found on the machine Latchkey runs on, each added with one click. */
export function FoundServers({
  providers,
  onAdded,
}: {
  providers: readonly ProviderView[]
  onAdded: (connection: ConnectionView) => void
}) {
  const { t } = useText()
  const { data } = useDiscovery()
  const found = data?.items.filter(({ state }) => state === 'found') ?? []
  const nameOf = (id: string): string => providers.find((provider) => provider.id === id)?.name ?? id
  if (found.length === 0) return null
  return (
    <section aria-label={t('local.found.title')}>
      <h3 className="mb-2 font-medium text-ink-2">{t('local.found.title')}</h3>
      <div className="flex flex-col gap-2">
        {found.map((server) => (
          <FoundServer key={server.baseUrl} server={server} name={nameOf(server.provider)} onAdded={onAdded} />
        ))}
      </div>
    </section>
  )
}

/** Where nothing was found, and where nobody may look. */
export function NotFoundServers() {
  const { t } = useText()
  const { data, error, isPending } = useDiscovery()
  if (isPending) {
    return (
      <Skeleton>
        <div className="h-8 rounded-md bg-sunken" />
      </Skeleton>
    )
  }
  if (error) return <ErrorNote problem={toApiProblem(error)} />
  const silent = hostsOf(data.items, ['nothing', 'other'])
  return (
    <div className="flex flex-col gap-2">
      {silent !== '' && <p className="text-ink-2">{t('local.found.nothing', { hosts: silent })}</p>}
      {data.allow !== null && <NotAllowed allow={data.allow} />}
    </div>
  )
}

const hostsOf = (items: readonly LocalServerView[], states: readonly LocalServerView['state'][]): string =>
  items
    .filter(({ state }) => states.includes(state))
    .map(({ host }) => host)
    .join(', ')

/** Precisely what the operator must set, ready to be copied. */
function NotAllowed({ allow }: { allow: string }) {
  const { t } = useText()
  return (
    <details className="rounded-md border border-line px-3 py-2">
      <summary className="cursor-pointer text-ink-2 coarse:min-h-11">
        {t('local.allow.title', { hosts: allow.replaceAll(',', ', ') })}
      </summary>
      <div className="mt-2 flex flex-col gap-2 pb-1">
        <p className="text-ink-2">{t('local.allow.what')}</p>
        <CopyField label={t('local.allow.label')} value={`LATCHKEY_PRIVATE_HOSTS=${allow}`} />
      </div>
    </details>
  )
}

function FoundServer({ server, name, onAdded }: { server: LocalServerView; name: string; onAdded: (connection: ConnectionView) => void }) {
  const { t, language } = useText()
  const { models, host, connectionId } = server
  const add = useMutation({
    mutationFn: async (isFree: boolean) => {
      const { provider, baseUrl } = server
      const added = await callApi(addConnection, {
        body: { provider, destination: { baseUrl }, label: name, prices: isFree ? freeCard() : null },
      })
      await callApi(checkConnection, { params: { connectionId: added.id } }).catch(() => undefined) // saving does not hang on it
      await invalidate(listConnections, discoverLocal)
      return added
    },
    onSuccess: onAdded,
  })
  const total = models.reduce((sum, { files }) => sum + (files?.sizeBytes ?? 0), 0)
  return (
    <div className="flex flex-col gap-2 rounded-md border border-line bg-surface px-3 py-2.5">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <p className="font-medium">
            {name}{' '}
            <bdi dir="ltr" className="font-mono text-table font-normal text-ink-2">
              {host}
            </bdi>
          </p>
          <p className="text-table text-ink-2">
            {models.length === 0
              ? t('local.found.noModels')
              : total === 0
                ? t('local.found.models', { count: models.length })
                : t('local.found.modelsOf', { count: models.length, size: formatBytes(total, language) })}
          </p>
        </div>
        {connectionId === null ? (
          <div className="flex flex-wrap gap-2">
            <Button busy={add.isPending && !add.variables} disabled={add.isPending} onClick={() => add.mutate(false)}>
              {t('local.found.addUnpriced', { name })}
            </Button>
            <Button
              icon={<Plus aria-hidden className="size-4" />}
              busy={add.isPending && add.variables}
              disabled={add.isPending}
              onClick={() => add.mutate(true)}
            >
              {t('local.found.addFree', { name })}
            </Button>
          </div>
        ) : (
          <Link to="/providers/$connectionId" params={{ connectionId }} className="link">
            {t('local.found.added')}
          </Link>
        )}
      </div>
      {models.length > 0 && (
        <ul className="flex flex-wrap gap-x-4 gap-y-0.5 text-table text-ink-2">
          {models.slice(0, SHOWN).map(({ id, files }) => (
            <li key={id}>
              <bdi dir="ltr" className="font-mono text-ink">
                {id}
              </bdi>{' '}
              {files?.runsAt ? t('local.runsAt', { host: files.runsAt }) : files?.sizeBytes ? formatBytes(files.sizeBytes, language) : ''}
            </li>
          ))}
          {models.length > SHOWN && <li>{t('local.found.more', { count: models.length - SHOWN })}</li>}
        </ul>
      )}
      {connectionId === null && <p className="text-table text-ink-2">{t('local.found.free')}</p>}
      {add.error && <ErrorNote problem={toApiProblem(add.error)} />}
    </div>
  )
}

const SHOWN = 6
