import { eq, sql, type SQL } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import { MOST_DAYS, type Period } from '../contract/consumption.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { workspaces } from '../db/schema/index.ts'

/** Whole days of a workspace: `from` and `to` (included) are dates in its time zone. */
export interface Days {
  readonly from: string
  readonly to: string
  readonly today: string
  readonly timeZone: string // IANA
  readonly currency: string // the workspace's own
  readonly starts: readonly string[] // when each day begins, and the day after the last: one more than there are days
}

export interface PeriodAsked {
  readonly period?: Period | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

const DAY_MS = 86_400_000

/**
 * The days that are asked for, in the time zone of the workspace of `tx`. Dates win over a named period; neither is this month.
 * @throws AppError request.invalid
 */
export async function daysOf(tx: Tx, { asked, workspaceId, now }: { asked: PeriodAsked; workspaceId: string; now: Date }): Promise<Days> {
  const [workspace] = await tx
    .select({ timeZone: workspaces.timeZone, currency: workspaces.currency })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceId))
  const { timeZone, currency } = workspace!
  const today = dayIn(timeZone, now)
  const { from, to } = datesOf(asked, today)
  if (from > to) throw new AppError('request.invalid', `The period ends (${to}) before it begins (${from}).`)
  if (daysBetween(from, to) >= MOST_DAYS) throw new AppError('request.invalid', `A period has ${MOST_DAYS} days at most.`)
  return { from, to, today, timeZone, currency, starts: await startsOf(tx, { from, to, timeZone }) }
}

function datesOf({ period, from, to }: PeriodAsked, today: string): { from: string; to: string } {
  if (from !== undefined || to !== undefined) {
    const last = to ?? today
    return { from: from ?? `${last.slice(0, 7)}-01`, to: last }
  }
  if (period === undefined || period === 'month') return { from: `${today.slice(0, 7)}-01`, to: today }
  return { from: addDays(today, 1 - Number.parseInt(period, 10)), to: today }
}

/** The date of an instant in a time zone: "2026-11-01". */
export function dayIn(timeZone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(at)
  const part = (type: string): string => parts.find((one) => one.type === type)!.value
  return `${part('year')}-${part('month')}-${part('day')}`
}

export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)

const daysBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / DAY_MS

/** Every day from `from` to `to`. */
export const everyDay = ({ from, to }: Days): string[] =>
  Array.from({ length: daysBetween(from, to) + 1 }, (_, index) => addDays(from, index))

/** Whether an instant's column lies on these days. */
export const onDays = (instant: SQL, { starts }: Days): SQL =>
  sql`${instant} >= ${starts[0]!}::timestamptz and ${instant} < ${starts.at(-1)!}::timestamptz`

/** On which of the days an instant's column lies: 1 is the first. */
export const dayNumber = (instant: SQL, { starts }: Days): SQL => sql`width_bucket(${instant}, ${sql.param(starts)}::timestamptz[])`

/**
 * When the days from `from` to `to` begin, and when the day after begins. Mostly that is midnight; where the clocks go forward over
 * it the day begins later, and where they go back over it midnight comes twice and the first one counts.
 */
export async function startsOf(tx: Tx, { from, to, timeZone }: { from: string; to: string; timeZone: string }): Promise<string[]> {
  const rows = await rowsOf<{ start: string }>(
    tx,
    sql`
      with days as (
        select day::date as day, (day::date::timestamp at time zone zone) as midnight, zone
        from generate_series(${from}::timestamp, ${to}::timestamp + interval '1 day', interval '1 day') as day, (values (${timeZone}::text)) as place (zone)
      )
      select coalesce(min(earlier) filter (where (earlier at time zone zone)::date = day), midnight)::text as start
      from days cross join lateral (select midnight - quarters * interval '15 minutes' as earlier from generate_series(0, 8) as quarters) as candidates
      group by day, midnight order by day`,
  )
  return rows.map(({ start }) => start)
}
