import { asc, eq, inArray, sql } from 'drizzle-orm'
import { formatNano } from '../base/money.ts'
import type { CheckResult, ConnectionView } from '../contract/connections.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { connections, workspaces } from '../db/schema/index.ts'
import { findProvider } from '../providers/registry.ts'
import type { Connection } from './connections.ts'
import { hostOf } from './destination-input.ts'
import { requireConnection } from './change.ts'
import { learnedViews } from './learned.ts'
import { SHOWN } from './slugs.ts'

const DAY_MS = 86_400_000

/** The workspace's connections as people see them, by label. Of a key there is nothing but its last four characters and its age. */
export async function connectionViews(
  tx: Tx,
  { workspaceId, now }: { workspaceId: string; now: Date },
): Promise<{ keyReminderDays: number; items: ConnectionView[] }> {
  const rows = await tx
    .select()
    .from(connections)
    .where(inArray(connections.status, SHOWN))
    .orderBy(asc(connections.label), asc(connections.id))
  const { keyReminderDays, views } = await toViews(tx, { workspaceId, now, rows })
  return { keyReminderDays, items: views }
}

/** @throws AppError connection.missing. */
export async function connectionViewOf(
  tx: Tx,
  { workspaceId, now, id }: { workspaceId: string; now: Date; id: string },
): Promise<ConnectionView> {
  const { views } = await toViews(tx, { workspaceId, now, rows: [await requireConnection(tx, id)] })
  return views[0]!
}

async function toViews(
  tx: Tx,
  { workspaceId, now, rows }: { workspaceId: string; now: Date; rows: readonly Connection[] },
): Promise<{ keyReminderDays: number; views: ConnectionView[] }> {
  const [workspace] = await tx.select().from(workspaces).where(eq(workspaces.id, workspaceId))
  const { keyReminderDays, timeZone } = workspace!
  const uses = await usesOf(tx, rows)
  const { from, spending } = await spendingThisMonth(tx, { timeZone, now })
  const paces = await learnedViews(tx, { connectionIds: rows.map(({ id }) => id), now })
  const reminderMs = keyReminderDays * DAY_MS
  const views = rows.map((row): ConnectionView => {
    const { id, label, slug, provider, destination, keySetAt, checkResult, checkedAt } = row
    const use = uses.get(id)
    const spent = spending.filter(({ connection_id }) => connection_id === id)
    return {
      id,
      label,
      slug,
      provider,
      practice: findProvider(provider).key === 'none',
      status: row.status === 'active' ? 'active' : 'revoked',
      destination: {
        host: hostOf(destination),
        baseUrl: destination.baseUrl,
        organization: destination.organization ?? null,
        project: destination.project ?? null,
        region: destination.region ?? null,
        apiVersion: destination.apiVersion ?? null,
        headers: { ...destination.headers },
      },
      key:
        row.sealedKey !== null && keySetAt
          ? {
              lastFour: row.keyLastFour,
              setAt: keySetAt.toISOString(),
              version: row.keyVersion,
              old: now.getTime() - keySetAt.getTime() > reminderMs,
            }
          : null,
      contexts: row.contexts,
      prices: row.prices,
      models: row.models,
      check:
        checkResult && checkedAt
          ? { result: checkResult.result as CheckResult, detail: checkResult.detail, at: checkedAt.toISOString() }
          : null,
      lastUsedAt: use?.used ? new Date(use.used).toISOString() : null,
      lastError: use?.error_code && use.error_at ? { code: use.error_code, at: new Date(use.error_at).toISOString() } : null,
      thisMonth: {
        from,
        calls: sum(spent.map(({ calls }) => calls)),
        unknownCostCalls: sum(spent.map(({ unknown_cost_calls }) => unknown_cost_calls)),
        spent: spent
          .filter(({ cost_nano, known }) => known !== '0' || cost_nano !== '0')
          .map(({ currency, cost_nano }) => ({ currency, amount: formatNano(BigInt(cost_nano)) })),
      },
      pace: paces.get(id) ?? null,
      createdAt: row.createdAt.toISOString(),
      revokedAt: row.revokedAt?.toISOString() ?? null,
    }
  })
  return { keyReminderDays, views }
}

const sum = (counts: readonly string[]): number => counts.reduce((total, one) => total + Number(one), 0)

interface Use {
  readonly id: string
  readonly used: string | null
  readonly error_code: string | null
  readonly error_at: string | null
}

/**
 * When each was last used, a call in flight included, and the last error of the key that it has now. A crash of ours is no error of its,
 * nor is what a model's test asked to see it refused; a test of the key names no model.
 */
async function usesOf(tx: Tx, rows: readonly Connection[]): Promise<ReadonlyMap<string, Use>> {
  if (rows.length === 0) return new Map()
  const ids = rows.map(({ id }) => id)
  const uses = await rowsOf<Use>(
    tx,
    sql`select shown.id,
               greatest(
                 (select entry.intended_at from ledger_entries entry
                  where entry.connection_id = shown.id order by entry.intended_at desc limit 1),
                 (select max(intent.intended_at) from call_intents intent where intent.connection_id = shown.id)) as used,
               failed.error_code, failed.intended_at as error_at
        from connections shown left join lateral (
          select entry.error_code, entry.intended_at from ledger_entries entry
          where entry.connection_id = shown.id and entry.error_code is not null
            and entry.key_version = shown.key_version and entry.error_code <> 'call.interrupted'
            and not (entry.origin = 'test' and entry.requested_model <> '' and entry.error_code = 'provider.request_refused')
          order by entry.intended_at desc limit 1) failed on true
        where shown.id = any(${sql.param(ids)}::uuid[])`,
  )
  return new Map(uses.map((use) => [use.id, use]))
}

interface Spending {
  readonly connection_id: string
  readonly currency: string
  readonly calls: string
  readonly unknown_cost_calls: string
  readonly known: string
  readonly cost_nano: string
}

/** What each connection took since the month began where the workspace is. Read from the ledger's sums by quarter of an hour. */
async function spendingThisMonth(
  tx: Tx,
  { timeZone, now }: { timeZone: string; now: Date },
): Promise<{ from: string; spending: Spending[] }> {
  const start = sql`(date_trunc('month', ${now.toISOString()}::timestamptz at time zone ${timeZone}) at time zone ${timeZone})`
  const [month] = await rowsOf<{ start: string }>(tx, sql`select ${start} as start`)
  const spending = await rowsOf<Spending>(
    tx,
    sql`select connection_id, currency, sum(calls)::text as calls, sum(unknown_cost_calls)::text as unknown_cost_calls,
               sum(calls - unknown_cost_calls)::text as known, sum(cost_nano)::text as cost_nano
        from consumption_quarter_hours where starts_at >= ${start}
        group by connection_id, currency order by connection_id, currency`,
  )
  return { from: new Date(month!.start).toISOString(), spending }
}
