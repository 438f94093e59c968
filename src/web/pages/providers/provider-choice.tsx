import { FlaskConical, Server } from 'lucide-react'
import { useState } from 'react'
import type { ConnectionView } from '../../../contract/connections.ts'
import type { ProviderView } from '../../../contract/providers.ts'
import { Badge } from '../../components/badge.tsx'
import { TextInput } from '../../components/field.tsx'
import { useText } from '../../messages/text.tsx'
import { FoundServers, NotFoundServers } from './local-servers.tsx'
import { useProviderName } from './provider-name.ts'

/** The providers there are, those of the world first, then any server, then practice. */
export function ProviderChoice({
  providers,
  onChoose,
  onAdded,
}: {
  providers: readonly ProviderView[]
  onChoose: (provider: ProviderView) => void
  /** A server that was found on this machine is a connection now. */
  onAdded: (connection: ConnectionView) => void
}) {
  const { t } = useText()
  const nameOf = useProviderName()
  const [search, setSearch] = useState('')
  const wanted = search.trim().toLowerCase()
  const found = providers.filter((provider) =>
    `${nameOf(provider)} ${provider.id} ${provider.baseUrl ?? ''}`.toLowerCase().includes(wanted),
  )
  const isHosted = ({ baseUrl, key }: ProviderView) => baseUrl !== null || key === 'required' // Azure has an address for each customer
  const hosted = found.filter((provider) => !provider.practice && isHosted(provider))
  const servers = found.filter((provider) => !provider.practice && !isHosted(provider))
  const practice = found.filter((provider) => provider.practice)
  return (
    <div className="flex flex-col gap-5">
      <TextInput
        label={t('providers.choose.search')}
        hideLabel
        type="search"
        placeholder={t('providers.choose.search')}
        value={search}
        onValueChange={setSearch}
      />
      {found.length === 0 && (
        <p role="status" className="text-ink-2">
          {t('providers.choose.notFound', { name: search.trim() })}
        </p>
      )}
      {wanted === '' && <FoundServers providers={providers} onAdded={onAdded} />}
      <Group label={t('providers.choose.hosted')} providers={hosted} onChoose={onChoose} />
      <Group label={t('providers.choose.servers')} providers={servers} onChoose={onChoose} />
      {wanted === '' && <NotFoundServers />}
      <Group label={t('providers.choose.practice')} providers={practice} onChoose={onChoose} />
    </div>
  )
}

interface GroupProps {
  label: string
  providers: readonly ProviderView[]
  onChoose: (provider: ProviderView) => void
}

function Group({ label, providers, onChoose }: GroupProps) {
  if (providers.length === 0) return null
  return (
    <section aria-label={label}>
      <h3 className="mb-2 font-medium text-ink-2">{label}</h3>
      <ul className="grid gap-2 sm:grid-cols-2">
        {providers.map((provider) => (
          <li key={provider.id}>
            <button
              type="button"
              onClick={() => onChoose(provider)}
              className="flex min-h-14 w-full flex-col items-start justify-center gap-0.5 rounded-md border border-line bg-surface px-3 py-2 text-start hover:border-line-strong hover:bg-sunken"
            >
              <ProviderName provider={provider} />
              <ProviderHost provider={provider} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function ProviderName({ provider }: { provider: ProviderView }) {
  const { t } = useText()
  const nameOf = useProviderName()
  return (
    <span className="flex flex-wrap items-center gap-2 font-medium">
      {nameOf(provider)}
      {provider.practice && (
        <Badge meaning="information" icon={<FlaskConical aria-hidden className="size-3.5" />}>
          {t('providers.practiceBadge')}
        </Badge>
      )}
    </span>
  )
}

function ProviderHost({ provider }: { provider: ProviderView }) {
  const { t } = useText()
  if (provider.practice) return <span className="text-table text-ink-2">{t('providers.choose.practiceWhat')}</span>
  const address = provider.baseUrl ?? provider.baseUrlExample
  if (address === null) {
    return (
      <span className="inline-flex items-center gap-1 text-table text-ink-2">
        <Server aria-hidden className="size-3.5" /> {t('providers.choose.yourServer')}
      </span>
    )
  }
  return (
    <span dir="ltr" className="font-mono text-table text-ink-2">
      {URL.parse(address)?.host ?? address}
    </span>
  )
}
