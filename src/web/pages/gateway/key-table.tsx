import { useQuery } from '@tanstack/react-query'
import { type ConsumptionFigures, readConsumption } from '../../../contract/consumption.ts'
import type { VirtualKeyView } from '../../../contract/gateway.ts'
import { queryOf } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { Count, RelativeTime } from '../../components/figures.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { UsedBar } from '../budgets/used-bar.tsx'
import { Cost } from '../consumption/amounts.tsx'
import { isOwn, type KeyLimits } from './key-limits.ts'
import { KeyState } from './key-state.tsx'
import { RateText } from './rate-text.tsx'
import { useScopeText } from './scope-text.ts'

const READ_EVERY_MS = 5_000

/** The workspace's virtual keys: whose, for what, until when, and what they cost and have left. */
export function KeyTable({
  keys,
  limitsOf,
  onOpen,
  onRevoke,
}: {
  keys: readonly VirtualKeyView[]
  limitsOf: ((key: VirtualKeyView) => KeyLimits) | undefined
  onOpen: (key: VirtualKeyView) => void
  onRevoke: (key: VirtualKeyView) => void
}) {
  const { t } = useText()
  const may = useMay('gateway.write')
  const scopeText = useScopeText()
  const month = useQuery({
    ...queryOf(readConsumption, { query: { by: 'origin', originKind: 'virtual-key' } }),
    refetchInterval: READ_EVERY_MS,
  }).data
  const figuresOf = ({ id }: VirtualKeyView): ConsumptionFigures | undefined =>
    month?.groups.find(({ key }) => key === `virtual-key:${id}`)?.figures
  const columns: Column<VirtualKeyView>[] = [
    {
      id: 'name',
      header: t('gateway.columns.name'),
      fixed: true,
      card: 'title',
      sortBy: ({ name }) => name,
      cell: (key) => (
        <span className="flex min-w-0 flex-col items-start">
          <span className="flex max-w-full items-baseline gap-1.5">
            <bdi className="truncate font-medium">{key.name}</bdi> <bdi className="shrink-0 font-mono text-ink-2">…{key.lastFour}</bdi>
          </span>
          <bdi className="max-w-full truncate text-ink-2">{key.owner.name}</bdi>
          <KeyState virtualKey={key} />
        </span>
      ),
    },
    {
      id: 'scope',
      fixed: true,
      header: t('gateway.columns.scope'),
      width: '12rem',
      cell: (key) => (
        <span className="line-clamp-2" title={scopeText(key)}>
          {scopeText(key)}
        </span>
      ),
    },
    {
      id: 'expires',
      fixed: true,
      header: t('gateway.columns.expires'),
      width: '7rem',
      sortBy: ({ expiresAt }) => expiresAt,
      cell: ({ expiresAt }) => <RelativeTime at={expiresAt} absent="gateway.untilRevoked" />,
    },
    {
      id: 'used',
      fixed: true,
      header: t('gateway.columns.used'),
      width: '7rem',
      sortBy: ({ lastUsedAt }) => lastUsedAt,
      cell: ({ lastUsedAt }) => <RelativeTime at={lastUsedAt} />,
    },
    {
      id: 'month',
      fixed: true,
      header: t('gateway.columns.month'),
      align: 'end',
      width: '7rem',
      cell: (key) => <Month figures={figuresOf(key)} isRead={month !== undefined} />,
    },
    {
      id: 'limits',
      fixed: true,
      header: t('gateway.columns.limits'),
      width: '15rem',
      cell: (key) => <OwnLimits limits={limitsOf?.(key)} />,
    },
    ...(may
      ? [
          {
            id: 'revoke',
            header: t('gateway.columns.actions'),
            fixed: true,
            align: 'end' as const,
            width: '6.5rem',
            cell: (key: VirtualKeyView) => (
              <Button small aria-label={t('gateway.revoke.named', { name: key.name })} onClick={() => onRevoke(key)}>
                {t('gateway.revoke.action')}
              </Button>
            ),
          },
        ]
      : []),
  ]
  return <Table name="virtual-keys" label={t('gateway.keys.title')} rows={keys} columns={columns} rowId={({ id }) => id} onOpen={onOpen} />
}

function Month({ figures, isRead }: { figures: ConsumptionFigures | undefined; isRead: boolean }) {
  const { t } = useText()
  if (!isRead) return null
  if (!figures) return <span className="text-ink-2">{t('gateway.noCalls')}</span>
  return (
    <span className="flex flex-col items-end">
      <Cost of={figures} />
      <span className="text-ink-2">
        <Count of={figures.calls} unit={t('gateway.calls', { count: figures.calls })} />
      </span>
    </span>
  )
}

/** Its own limits with what is left of them; what it shares with others is counted. */
function OwnLimits({ limits }: { limits: KeyLimits | undefined }) {
  const { t } = useText()
  if (!limits) return null
  const budgets = limits.budgets.filter(isOwn)
  const rateLimits = limits.rateLimits.filter(isOwn)
  const shared = limits.budgets.length + limits.rateLimits.length - budgets.length - rateLimits.length
  return (
    <span className="flex min-w-0 flex-col gap-1">
      {budgets.map(({ id, name, limit, window }) => (
        <UsedBar key={id} label={name} limit={limit} window={window} />
      ))}
      {rateLimits.map((limit) => (
        <span key={limit.id} className="tabular text-ink-2">
          <RateText limit={limit} />
        </span>
      ))}
      {budgets.length + rateLimits.length === 0 && shared === 0 && <span className="text-ink-2">{t('gateway.limits.noneShort')}</span>}
      {shared > 0 && <span className="text-ink-2">{t('gateway.limits.shared', { count: shared })}</span>}
    </span>
  )
}
