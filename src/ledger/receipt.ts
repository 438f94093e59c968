import { sql } from 'drizzle-orm'
import type { Money } from '../base/money.ts'
import { USAGE_UNITS, type Usage } from '../base/usage.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'

/** All entries of one origin, with their sum. A call of unknown cost is counted, never taken as free. */
export interface Receipt {
  readonly calls: number
  readonly callsByOutcome: Readonly<Record<string, number>>
  readonly usage: Usage
  readonly cost: readonly Money[] // one per currency; empty when no call has a known cost
  readonly costUnknownCalls: number
  readonly models: readonly ReceiptLine[]
}

export interface ReceiptLine {
  readonly model: string // as served, else as asked
  readonly connectionId: string
  readonly calls: number
  readonly cost: Money
}

/** A call that surely was not sent costs nothing and is not a call to the provider: it is left out of every figure. */
const SENT = sql`outcome <> 'not_sent'`

/** The receipt of everything that `origin` caused, e.g. "run:<id>". Run it inside the origin's workspace. */
export async function receiptOf(tx: Tx, origin: string): Promise<Receipt> {
  const outcomes = await rowsOf<{ outcome: string; calls: string; unknown: string }>(
    tx,
    sql`select outcome, count(*)::text as calls, count(*) filter (where cost_nano is null)::text as unknown
        from ledger_entries where origin = ${origin} and ${SENT} group by outcome`,
  )
  const units = await rowsOf<{ unit: string; count: string }>(
    tx,
    sql`select unit.key as unit, sum(unit.value::bigint)::text as count
        from ledger_entries, jsonb_each_text(usage) as unit where origin = ${origin} and ${SENT} and usage is not null group by unit.key`,
  )
  const models = await rowsOf<{ model: string; connection_id: string; calls: string; nano: string; currency: string }>(
    tx,
    sql`select coalesce(served_model, requested_model) as model, connection_id, count(*)::text as calls,
               coalesce(sum(cost_nano), 0)::text as nano, currency
        from ledger_entries where origin = ${origin} and ${SENT} group by 1, 2, currency order by 1, 2, currency`,
  )
  const totals = await rowsOf<{ currency: string; nano: string }>(
    tx,
    sql`select currency, sum(cost_nano)::text as nano from ledger_entries
        where origin = ${origin} and ${SENT} and cost_nano is not null group by currency order by currency`,
  )
  const counts = new Map(units.map(({ unit, count }) => [unit, Number(count)]))
  return {
    calls: sum(outcomes.map(({ calls }) => Number(calls))),
    callsByOutcome: Object.fromEntries(outcomes.map(({ outcome, calls }) => [outcome, Number(calls)])),
    usage: Object.fromEntries(USAGE_UNITS.flatMap((unit) => (counts.has(unit) ? [[unit, counts.get(unit)!]] : []))),
    cost: totals.map(({ currency, nano }) => ({ currency, nano: BigInt(nano) })),
    costUnknownCalls: sum(outcomes.map(({ unknown }) => Number(unknown))),
    models: models.map((row) => ({
      model: row.model,
      connectionId: row.connection_id,
      calls: Number(row.calls),
      cost: { nano: BigInt(row.nano), currency: row.currency },
    })),
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
