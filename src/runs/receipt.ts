import { inArray } from 'drizzle-orm'
import { formatNano, type Money } from '../base/money.ts'
import type { RouteResult } from '../contract/route.ts'
import type { readRunReceipt } from '../contract/runs.ts'
import type { Tx } from '../db/database.ts'
import { connections } from '../db/schema/index.ts'
import { type BreakdownLine, breakdownOf } from '../ledger/breakdown.ts'
import { readBudget } from '../ledger/budgets.ts'
import { countsOf } from './commands.ts'
import type { Run } from './runs.ts'
import { savingsView } from './saved.ts'
import { stateView } from './view.ts'

/** What a run cost, to the nano, against what was quoted before it. */
export async function receiptView(tx: Tx, run: Run): Promise<RouteResult<typeof readRunReceipt>> {
  const found = await breakdownOf(tx, `run:${run.id}`)
  const ids = found.byConnection.map(({ connectionId }) => connectionId)
  const named = ids.length === 0 ? [] : await tx.select().from(connections).where(inArray(connections.id, ids))
  const byId = new Map(named.map((connection) => [connection.id, connection]))
  const budget = await readBudget(tx, run.budgetId)
  const { quoted, counts } = stateView(run, { counts: await countsOf(tx, run), budget: budget! })
  const { startedAt, endedAt } = run
  return {
    quoted,
    ...lineView(found.whole),
    retries: found.retries,
    usage: { ...found.usage },
    products: counts,
    saved: await savingsView(tx, run, budget!.currency),
    byModel: found.byModel.map(({ model, usage, ...line }) => ({ model, ...lineView(line), usage: { ...usage } })),
    byConnection: found.byConnection.map(({ connectionId, ...line }) => {
      const { slug = '', label = '' } = byId.get(connectionId) ?? {}
      return { connectionId, slug, label, ...lineView(line) }
    }),
    byOutcome: found.byOutcome.map(({ outcome, errorCode, ...line }) => ({ outcome, errorCode, ...lineView(line) })),
    byPart: [...found.byPart],
    unknownCalls: found.unknownCalls.map(({ at, ...call }) => ({ ...call, at: at.toISOString() })),
    seconds: startedAt && endedAt ? (endedAt.getTime() - startedAt.getTime()) / 1_000 : null,
  }
}

const lineView = ({ calls, cost, unknownCostCalls }: BreakdownLine) => ({ calls, cost: cost.map(moneyView), unknownCostCalls })

const moneyView = ({ currency, nano }: Money) => ({ currency, amount: formatNano(nano) })
