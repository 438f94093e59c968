import { type SQL, sql } from 'drizzle-orm'
import type { Money } from '../base/money.ts'
import { USAGE_UNITS, type Usage } from '../base/usage.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'

/** What part of an origin's calls came to. `cost`: what is known, one a currency; the rest is counted. */
export interface BreakdownLine {
  readonly calls: number
  readonly cost: readonly Money[]
  readonly unknownCostCalls: number
}

/** The receipt of an origin, taken apart. Every grouping has the same calls, so each sums to the whole exactly. */
export interface Breakdown {
  readonly whole: BreakdownLine
  readonly retries: number // calls that were a further attempt
  readonly usage: Usage
  readonly byModel: readonly (BreakdownLine & { readonly model: string; readonly usage: Usage })[] // as served, else as asked
  readonly byConnection: readonly (BreakdownLine & { readonly connectionId: string })[]
  readonly byOutcome: readonly (BreakdownLine & { readonly outcome: string; readonly errorCode: string | null })[]
  readonly byPart: readonly { readonly part: string; readonly tokens: number }[] // input as it was counted before it was sent
  readonly unknownCalls: readonly UnknownCall[]
}

export interface UnknownCall {
  readonly callId: string
  readonly at: Date
  readonly model: string
  readonly outcome: string
  readonly errorCode: string | null
}

const MOST_UNKNOWN = 100

/** All calls that `origin` caused ("run:<id>"), but those that surely were not sent: they cost nothing. Run it inside the origin's workspace. */
export async function breakdownOf(tx: Tx, origin: string): Promise<Breakdown> {
  const ofOrigin = sql`origin = ${origin} and outcome <> 'not_sent'`
  const groups = await rowsOf<GroupRow>(
    tx,
    sql`select coalesce(served_model, requested_model) as model, connection_id as "connectionId", outcome, error_code as "errorCode", currency,
          count(*)::integer as calls, (count(*) filter (where attempt > 1))::integer as retries,
          (count(*) filter (where cost_nano is null))::integer as unknown, sum(cost_nano)::text as nano
        from ledger_entries where ${ofOrigin} group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`,
  )
  const units = await rowsOf<{ model: string; unit: string; count: string }>(
    tx,
    sql`select coalesce(served_model, requested_model) as model, unit.key as unit, sum(unit.value::numeric)::text as count
        from ledger_entries, jsonb_each_text(usage) as unit where ${ofOrigin} and usage is not null group by 1, 2`,
  )
  const parts = await rowsOf<{ part: string; tokens: string }>(
    tx,
    sql`select part.key as part, sum(part.value::numeric)::text as tokens
        from ledger_entries, jsonb_each_text(input_parts) as part where ${ofOrigin} and input_parts is not null group by 1 order by 1`,
  )
  return {
    whole: lineOf(groups),
    retries: sum(groups.map(({ retries }) => retries)),
    usage: usageOf(units),
    byModel: grouped(groups, ({ model }) => model).map(([first, rows]) => ({
      model: first.model,
      ...lineOf(rows),
      usage: usageOf(units.filter(({ model }) => model === first.model)),
    })),
    byConnection: grouped(groups, ({ connectionId }) => connectionId).map(([{ connectionId }, rows]) => ({
      connectionId,
      ...lineOf(rows),
    })),
    byOutcome: grouped(groups, ({ outcome, errorCode }) => `${outcome} ${errorCode}`).map(([{ outcome, errorCode }, rows]) => ({
      outcome,
      errorCode,
      ...lineOf(rows),
    })),
    byPart: parts.map(({ part, tokens }) => ({ part, tokens: Number(tokens) })),
    unknownCalls: await unknownCalls(tx, ofOrigin),
  }
}

async function unknownCalls(tx: Tx, ofOrigin: SQL): Promise<UnknownCall[]> {
  const rows = await rowsOf<Omit<UnknownCall, 'at'> & { atMs: string }>(
    tx,
    sql`select id as "callId", (extract(epoch from intended_at) * 1000)::bigint::text as "atMs",
          coalesce(served_model, requested_model) as model, outcome, error_code as "errorCode"
        from ledger_entries where ${ofOrigin} and cost_nano is null order by id limit ${MOST_UNKNOWN}`,
  )
  return rows.map(({ atMs, ...call }) => ({ ...call, at: new Date(Number(atMs)) }))
}

interface GroupRow {
  readonly model: string
  readonly connectionId: string
  readonly outcome: string
  readonly errorCode: string | null
  readonly currency: string
  readonly calls: number
  readonly retries: number
  readonly unknown: number
  readonly nano: string | null // of those with a known cost; null: none has
}

function lineOf(rows: readonly GroupRow[]): BreakdownLine {
  const byCurrency = Map.groupBy(
    rows.filter(({ nano }) => nano !== null),
    ({ currency }) => currency,
  )
  return {
    calls: sum(rows.map(({ calls }) => calls)),
    cost: Array.from(byCurrency, ([currency, same]) => ({ currency, nano: same.reduce((total, { nano }) => total + BigInt(nano!), 0n) })),
    unknownCostCalls: sum(rows.map(({ unknown }) => unknown)),
  }
}

const grouped = (rows: readonly GroupRow[], keyOf: (row: GroupRow) => string): [GroupRow, GroupRow[]][] =>
  Array.from(Map.groupBy(rows, keyOf).values(), (same) => [same[0]!, same])

function usageOf(rows: readonly { readonly unit: string; readonly count: string }[]): Usage {
  return Object.fromEntries(
    USAGE_UNITS.flatMap((unit) => {
      const same = rows.filter((row) => row.unit === unit)
      return same.length > 0 ? [[unit, sum(same.map(({ count }) => Number(count)))]] : []
    }),
  )
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
