import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { insertMany } from '../db/bulk.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { type BUDGET_PERIODS, budgetWindows } from '../db/schema/index.ts'
import { addDays, startsOf } from './period.ts'

export type BudgetPeriod = (typeof BUDGET_PERIODS)[number]

/** One period as it lies in time. */
export interface Span {
  readonly firstDay: string // "2026-11-01", in the workspace's time zone
  readonly startsAt: Date
  readonly endsAt: Date // not included
}

/**
 * The day, the week from Monday on or the month in which a moment lies, in a time zone. Where midnight comes twice the first one
 * counts, as it does for consumption.
 */
export async function spanOf(
  tx: Tx,
  { period, timeZone, now }: { period: Exclude<BudgetPeriod, 'total'>; timeZone: string; now: Date },
): Promise<Span> {
  const [local] = await rowsOf<{ today: string }>(
    tx,
    sql`select (${now.toISOString()}::timestamptz at time zone ${timeZone}::text)::date::text as today`,
  )
  for (let firstDay = firstDayOf(period, local!.today); ; firstDay = dayAfter(period, firstDay)) {
    const to = addDays(dayAfter(period, firstDay), -1)
    const starts = await startsOf(tx, { from: firstDay, to, timeZone })
    const span = { firstDay, startsAt: new Date(starts[0]!), endsAt: new Date(starts.at(-1)!) }
    if (now < span.endsAt) return span // the hour before a second midnight belongs to the day that has begun
  }
}

/** The first day of the period in which a day lies. */
export function firstDayOf(period: Exclude<BudgetPeriod, 'total'>, day: string): string {
  if (period === 'month') return `${day.slice(0, 7)}-01`
  if (period === 'day') return day
  return addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7))
}

/** The first day of the period after the one that begins with `firstDay`. */
function dayAfter(period: Exclude<BudgetPeriod, 'total'>, firstDay: string): string {
  if (period === 'month') return `${addDays(firstDay, 31).slice(0, 7)}-01`
  return addDays(firstDay, period === 'day' ? 1 : 7)
}

/**
 * The id of a budget's window, the same in every process: a UUID version 8 (RFC 9562) of the budget and the period's first day, so
 * that another time zone leaves the month what it has spent. A budget in total has one window, with its own id.
 */
export function windowIdOf(budgetId: string, firstDay: string | undefined): string {
  if (firstDay === undefined) return budgetId
  const bytes = createHash('sha256').update(`${budgetId} ${firstDay}`).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Makes the windows of a period that are not there yet; whoever comes second leaves the first one's. */
export async function makeWindows(
  tx: Tx,
  { workspaceId, budgetIds, span }: { workspaceId: string; budgetIds: readonly string[]; span: Span },
): Promise<void> {
  const { firstDay, startsAt, endsAt } = span
  const rows = budgetIds.map((budgetId) => ({ id: windowIdOf(budgetId, firstDay), workspaceId, budgetId, startsAt, endsAt }))
  await insertMany(tx, budgetWindows, rows, { onConflict: 'nothing' })
}
