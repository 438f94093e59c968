import { Link, useNavigate } from '@tanstack/react-router'
import { FlaskConical } from 'lucide-react'
import type { listConnections } from '../../../contract/connections.ts'
import type { ConnectionView } from '../../../contract/connections.ts'
import type { ProviderView } from '../../../contract/providers.ts'
import type { RouteAnswer } from '../../../contract/route.ts'
import { Badge } from '../../components/badge.tsx'
import { Money, RelativeTime, Unknown } from '../../components/figures.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { Text, useText } from '../../messages/text.tsx'
import { useContextName } from '../assignments/context-name.ts'
import { CheckBadge } from './check-result.tsx'
import { PaceBadge } from './limits-learned.tsx'
import { useProviderName } from './provider-name.ts'

interface ConnectionTableProps {
  list: RouteAnswer<typeof listConnections>
  providers: readonly ProviderView[]
}

/** Every connection with what matters at a glance: is its key good, old, used, and what did it spend. */
export function ConnectionTable({ list: { items, keyReminderDays }, providers }: ConnectionTableProps) {
  const { t } = useText()
  const navigate = useNavigate()
  const nameOf = useContextName()
  const nameOfProvider = useProviderName()
  const providerName = (id: string) => nameOfProvider(providers.find((provider) => provider.id === id) ?? { id, name: id })
  const columns: Column<ConnectionView>[] = [
    {
      id: 'label',
      header: t('providers.columns.label'),
      fixed: true,
      card: 'title',
      sortBy: ({ label }) => label,
      cell: (connection) => (
        <span className="flex min-w-0 flex-col">
          <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <Link to="/providers/$connectionId" params={{ connectionId: connection.id }} className="font-medium hover:underline">
              {connection.label}
            </Link>
            {connection.practice && <PracticeBadge />}
          </span>
          {!connection.practice && (
            <span className="flex flex-wrap items-baseline gap-x-2 text-ink-2">
              {providerName(connection.provider)}
              {connection.destination.host !== '' && (
                <bdi dir="ltr" className="font-mono text-small">
                  {connection.destination.host}
                </bdi>
              )}
            </span>
          )}
        </span>
      ),
    },
    {
      id: 'state',
      header: t('providers.columns.state'),
      width: '13rem',
      fixed: true,
      cell: (connection) => <ConnectionState connection={connection} />,
    },
    {
      id: 'key',
      header: t('providers.columns.key'),
      width: '12rem',
      sortBy: ({ key }) => key?.setAt ?? null,
      cell: (connection) => <KeyCell connection={connection} reminderDays={keyReminderDays} />,
    },
    {
      id: 'month',
      header: t('providers.columns.month'),
      width: '9rem',
      align: 'end',
      sortBy: ({ thisMonth }) => Number(thisMonth.spent[0]?.amount ?? 0),
      cell: (connection) => <MonthSpending connection={connection} />,
    },
    {
      id: 'used',
      header: t('providers.columns.used'),
      width: '9rem',
      sortBy: ({ lastUsedAt }) => lastUsedAt,
      cell: ({ lastUsedAt }) => <RelativeTime at={lastUsedAt} />,
    },
    {
      id: 'error',
      header: t('providers.columns.error'),
      width: '12rem',
      cell: (connection) => <LastError connection={connection} />,
    },
    {
      id: 'contexts',
      header: t('providers.columns.contexts'),
      width: '10rem',
      hidden: true,
      cell: ({ contexts }) => contexts?.map(nameOf).join(', ') ?? t('providers.contexts.any'),
    },
  ]
  return (
    <Table
      name="connections"
      label={t('providers.title')}
      rows={items}
      columns={columns}
      rowId={({ id }) => id}
      onOpen={({ id }) => void navigate({ to: '/providers/$connectionId', params: { connectionId: id } })}
    />
  )
}

export function PracticeBadge() {
  const { t } = useText()
  return (
    <Badge meaning="information" icon={<FlaskConical aria-hidden className="size-3.5" />}>
      {t('providers.practiceBadge')}
    </Badge>
  )
}

/** Revoked, or what its last test came to, and whether its calls wait. */
export function ConnectionState({ connection }: { connection: ConnectionView }) {
  const { t } = useText()
  if (connection.status === 'revoked') return <Badge>{t('providers.revoked')}</Badge>
  return (
    <span className="inline-flex flex-wrap items-center gap-1">
      <CheckBadge check={connection.check} />
      <PaceBadge pace={connection.pace} />
    </span>
  )
}

/** Its last four characters, and since when it is there. */
export function KeyCell({ connection: { key, practice, status }, reminderDays }: { connection: ConnectionView; reminderDays: number }) {
  const { t } = useText()
  if (!key)
    return <span className="text-ink-2">{practice || status === 'active' ? t('providers.key.none') : t('providers.key.destroyed')}</span>
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      <bdi dir="ltr" className="font-mono" title={t('providers.key.lastFour')}>
        {`••••${key.lastFour ?? ''}`}
      </bdi>
      {key.old ? (
        <Badge meaning="attention">{t('providers.key.old', { count: reminderDays })}</Badge>
      ) : (
        <span className="text-ink-2">
          <Text of="providers.key.set" parts={{ time: <RelativeTime at={key.setAt} /> }} />
        </span>
      )}
    </span>
  )
}

/** What the calls of this month cost, currency by currency; calls of unknown cost are counted beside it, never as nothing. */
export function MonthSpending({ connection: { thisMonth } }: { connection: ConnectionView }) {
  const { t } = useText()
  const { calls, spent, unknownCostCalls } = thisMonth
  if (calls === 0) return <span className="text-ink-2">{t('providers.month.noCalls')}</span>
  return (
    <span className="inline-flex flex-col items-end">
      {spent.map((amount) => (
        <Money key={amount.currency} of={amount} />
      ))}
      {spent.length === 0 && <Unknown why={t('common.costUnknown')} />}
      {unknownCostCalls > 0 && spent.length > 0 && (
        <span className="text-small text-attention">{t('providers.month.unknown', { count: unknownCostCalls })}</span>
      )}
    </span>
  )
}

export function LastError({ connection: { lastError } }: { connection: ConnectionView }) {
  const { t } = useText()
  if (!lastError) return <span className="text-ink-2">{t('providers.noError')}</span>
  return (
    <span className="inline-flex flex-wrap items-baseline gap-x-2">
      <a className="link font-mono text-small" href={`/docs/errors/${lastError.code}`} target="_blank" rel="noreferrer">
        {lastError.code}
      </a>
      <span className="text-ink-2">
        <RelativeTime at={lastError.at} />
      </span>
    </span>
  )
}
