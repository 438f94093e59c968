import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { LATEST_CALLS, listLatestCalls } from '../../../contract/gateway.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { ErrorState } from '../../components/error-state.tsx'
import { Section } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { type AnyCall, useCallColumns } from '../consumption/call-columns.tsx'

const READ_EVERY_MS = 2_000

/** The latest calls through the gateway and those under way, as they come: read again every other second while somebody looks. */
export function LatestCalls({ hasKeys, onOpen }: { hasKeys: boolean; onOpen: (callId: string) => void }) {
  const { t } = useText()
  const { at, origin, model, connection, outcome, tokens, cost, duration } = useCallColumns()
  const key: Column<AnyCall> = {
    ...origin,
    header: t('gateway.columns.name'),
    cell: ({ origin: { name, key: id } }) => <bdi>{name ?? id}</bdi>,
  }
  const { data, error, isPending, refetch } = useQuery({ ...queryOf(listLatestCalls), refetchInterval: READ_EVERY_MS })
  const calls: AnyCall[] = data ? [...data.inFlight, ...data.items].slice(0, LATEST_CALLS) : []
  if (!hasKeys && calls.length === 0) return null
  return (
    <Section
      title={t('gateway.latest.title')}
      sentence={t('gateway.latest.sentence')}
      action={
        calls.length > 0 && (
          <Link className="link" to="/consumption" search={{ originKind: 'virtual-key', by: 'origin' }}>
            {t('gateway.latest.all')}
          </Link>
        )
      }
    >
      {isPending ? (
        <TableSkeleton rows={3} columns={6} />
      ) : error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
      ) : calls.length === 0 ? (
        <p className="rounded-md border border-line bg-surface px-4 py-6 text-center text-ink-2">{t('gateway.latest.none')}</p>
      ) : (
        <Table
          name="gateway-calls"
          label={t('gateway.latest.title')}
          rows={calls}
          columns={[at, key, model, connection, outcome, tokens, cost, duration].map((column) => ({ ...column, fixed: true }))}
          rowId={({ id }) => id}
          onOpen={({ id }) => onOpen(id)}
        />
      )}
    </Section>
  )
}
