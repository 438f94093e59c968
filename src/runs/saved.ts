import { sql } from 'drizzle-orm'
import { divideHalfUp, formatNano } from '../base/money.ts'
import type { RunReceiptView } from '../contract/runs.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import type { BreakdownLine } from '../ledger/breakdown.ts'
import type { Usage } from '../base/usage.ts'

interface WayRow {
  readonly way: 'rules' | 'filled' | null
  readonly settled: number
  readonly escalated: number
}

/** What a run's steps saved, from how its products came to their values and what their calls cost: never from its plan. */
export async function savedBy(
  tx: Tx,
  { runId, whole, usage, currency }: { runId: string; whole: BreakdownLine; usage: Usage; currency: string },
): Promise<RunReceiptView['saved']> {
  const ways = await rowsOf<WayRow>(
    tx,
    sql`select way, count(*)::integer as settled, (count(*) filter (where escalated is not null))::integer as escalated
        from run_items where run_id = ${runId}::uuid and state in ('done', 'flagged') group by way`,
  )
  const [byRule] = await rowsOf<{ values: number }>(
    tx,
    sql`select count(*)::integer as values from value_changes where run_id = ${runId}::uuid and provenance ->> 'kind' = 'rule'`,
  )
  const [batch] = await rowsOf<{ calls: number; nano: string | null }>(
    tx,
    sql`select count(*)::integer as calls, sum(list_cost_nano - cost_nano)::text as nano from ledger_entries
        where origin = ${`run:${runId}`} and currency = ${currency} and list_cost_nano > cost_nano`,
  )
  const of = (way: WayRow['way']): number => ways.find((row) => row.way === way)?.settled ?? 0
  const [asked, spared] = [of(null), of('rules') + of('filled')]
  const known = whole.unknownCostCalls === 0 ? whole.cost.find((money) => money.currency === currency) : undefined
  const money = (nano: bigint): { currency: string; amount: string } => ({ currency, amount: formatNano(nano) })
  return {
    byRules: of('rules'),
    valuesByRules: byRule?.values ?? 0,
    filled: of('filled'),
    escalated: ways.reduce((sum, { escalated }) => sum + escalated, 0),
    cacheReadTokens: usage.cache_read_tokens ?? 0,
    // Products that were not asked about would have cost what the others did, on average.
    spared: asked > 0 && spared > 0 && known ? money(divideHalfUp(known.nano * BigInt(spared), BigInt(asked))) : null,
    belowList: batch && batch.calls > 0 && batch.nano !== null ? money(BigInt(batch.nano)) : null,
  }
}
