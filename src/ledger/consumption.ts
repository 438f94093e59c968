import { sql, type SQL } from 'drizzle-orm'
import { compareText } from '../base/text.ts'
import type { Consumption, ConsumptionFigures, ConsumptionGroup, Grouping } from '../contract/consumption.ts'
import type { Database, Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { figuresOf, SUMMED, type SumRow, tokensOf } from './figures.ts'
import { type CallFilters, columnOf, narrowedTo } from './filters.ts'
import { type Names, namesOf } from './names.ts'
import { dayNumber, type Days, daysOf, everyDay, onDays, type PeriodAsked } from './period.ts'

const MOST_GROUPS = 200
/** What a chart tells apart; the eighth colour is for all others. */
const MOST_SERIES = 7

/**
 * What the calls of a workspace consumed in a period, by one grouping: the table's groups and, for the chart, each day's parts. Reads
 * the sums by quarter of an hour, never the entries. Unknown costs are counted, currencies kept apart.
 * @throws AppError request.invalid for a period that is none.
 */
export async function readConsumption(
  database: Database,
  { workspaceId, by, now, asked, filters }: { workspaceId: string; by: Grouping; now: Date; asked: PeriodAsked; filters: CallFilters },
): Promise<Consumption> {
  const { days, rows } = await database.inWorkspace(workspaceId, async (tx) => {
    const within = await daysOf(tx, { asked, workspaceId, now })
    return { days: within, rows: await readSums(tx, { by, days: within, filters }) }
  })
  const ofGroups = rows.filter((row) => row.day === null)
  const ofDays = rows.filter((row) => row.day !== null)
  const byDay = by === 'day'
  const groups = byDay ? Map.groupBy(ofDays, (row) => row.day!) : Map.groupBy(ofGroups.filter(isNamed), (row) => row.key)
  const names = await namesOf(database, workspaceId, namelessOf(by, [...groups.keys()]))
  const listed = [...groups].map(([key, ofKey]) => groupOf({ by, key, figures: figuresOf(ofKey), names }))
  const series = byDay ? [] : [...groups].filter(([, [row]]) => Number(row!.rank) <= MOST_SERIES).map(([key]) => key)
  const others = ofGroups.filter((row) => !isNamed(row))
  const { from, to, today, timeZone, currency } = days
  return {
    from,
    to,
    today,
    timeZone,
    currency,
    by,
    total: figuresOf(byDay ? ofDays : ofGroups),
    groups: byDay ? listed.sort((a, b) => compareText(b.key, a.key)) : listed,
    others: others.length === 0 ? null : { groups: Number(others[0]!.groups) - listed.length, figures: figuresOf(others) },
    series: series.map((key) => ({ key, name: nameOf({ by, key, names }) })),
    days: partsByDay(days, ofDays),
  }
}

/** The figures of the current month, in the workspace's time zone. */
export async function readMonth(
  database: Database,
  { workspaceId, now }: { workspaceId: string; now: Date },
): Promise<{ month: string; timeZone: string; figures: ConsumptionFigures }> {
  return database.inWorkspace(workspaceId, async (tx) => {
    const days = await daysOf(tx, { asked: {}, workspaceId, now })
    const rows = await rowsOf<SumRow>(
      tx,
      sql`select currency, ${SUMS_AS_TEXT} from consumption_quarter_hours where ${onDays(sql`starts_at`, days)} group by currency`,
    )
    return { month: days.today.slice(0, 7), timeZone: days.timeZone, figures: figuresOf(rows) }
  })
}

/** With a day: the sums of one of the day's parts. Without: those of a group over all days; `key` null is all groups of lower rank. */
interface GroupRow extends SumRow {
  readonly day: string | null
  readonly key: string | null
  readonly rank: string | null
  readonly groups: string // how many there are
}

const isNamed = (row: GroupRow): row is GroupRow & { readonly key: string } => row.key !== null

/**
 * Ranks the groups by their cost in the workspace's currency, then by calls, and sums by group and by day in one pass. Groups beyond
 * the most are summed together in the database, so that an answer stays small however many there are.
 */
async function readSums(tx: Tx, { by, days, filters }: { by: Grouping; days: Days; filters: CallFilters }): Promise<GroupRow[]> {
  const key = by === 'day' ? sql`''` : columnOf(by) // one group, which `partsByDay` calls null
  const rows = await rowsOf<GroupRow>(
    tx,
    sql`
      with summed as materialized (
        select ${dayNumber(sql`starts_at`, days)} as day, ${key} as key, currency, ${SUMS}
        from consumption_quarter_hours
        where ${onDays(sql`starts_at`, days)} and ${narrowedTo(filters, sql`model`)}
        group by 1, 2, 3
      ), ranked as (
        select key, row_number() over (
          order by sum(cost_nano) filter (where currency = ${days.currency}) desc nulls last, sum(calls) desc, key) as rank
        from summed group by key
      ), placed as (
        select summed.*, rank, case when rank <= ${MOST_GROUPS}::int then key end as of_table,
          case when rank <= ${MOST_SERIES}::int then key end as of_chart
        from summed join ranked using (key)
      )
      select day::text as day, case when grouping(day) = 0 then of_chart else of_table end as key, min(rank)::text as rank,
        (select count(*)::text from ranked) as groups, currency, ${SUMS_AS_TEXT}
      from placed
      group by grouping sets ((of_table, currency), (day, of_chart, currency))
      order by min(rank), currency`,
  )
  const dates = everyDay(days)
  return rows.map((row) => (row.day === null ? row : { ...row, day: dates[Number(row.day) - 1]! }))
}

const summed = (as: SQL): SQL =>
  sql.join(
    SUMMED.map((column) => sql`sum(${sql.identifier(column)})${as} as ${sql.identifier(column)}`),
    sql`, `,
  )
const SUMS = summed(sql``)
const SUMS_AS_TEXT = summed(sql`::text`)

function partsByDay(days: Days, rows: readonly GroupRow[]): Consumption['days'] {
  const byDay = Map.groupBy(rows, (row) => row.day)
  return everyDay(days).map((day) => ({
    day,
    parts: [...Map.groupBy(byDay.get(day) ?? [], (row) => row.key || null)].map(([key, ofPart]) => {
      const figures = figuresOf(ofPart)
      const { cost, unknownCostCalls, calls } = figures
      return { key, cost, unknownCostCalls, calls, tokens: tokensOf(figures) }
    }),
  }))
}

const namelessOf = (by: Grouping, keys: readonly string[]) => ({
  connectionIds: by === 'connection' ? keys : [],
  actors: by === 'member' ? keys : [],
  origins: by === 'origin' ? keys : [],
})

function nameOf({ by, key, names }: { by: Grouping; key: string; names: Names }): string | null {
  if (by === 'connection') return names.connections.get(key)?.label ?? null
  if (by === 'member') return names.members.get(key) ?? null
  if (by === 'origin') return names.origins.get(key)?.name ?? null
  return null
}

function groupOf({ by, key, figures, names }: { by: Grouping; key: string; figures: ConsumptionFigures; names: Names }): ConsumptionGroup {
  const startedAt = by === 'origin' ? names.origins.get(key)?.startedAt : undefined
  return { key, name: nameOf({ by, key, names }), startedAt: startedAt?.toISOString() ?? null, figures }
}
