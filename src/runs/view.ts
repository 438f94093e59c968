import { inArray } from 'drizzle-orm'
import type { RouteResult } from '../contract/route.ts'
import type { PlanView, QuoteView, readRun as readRunRoute, RunProgressView } from '../contract/runs.ts'
import type { Tx } from '../db/database.ts'
import { budgets, connections } from '../db/schema/index.ts'
import { type Budget, readTotals } from '../ledger/budgets.ts'
import { formatNano } from '../base/money.ts'
import { batchViews } from './batch-view.ts'
import { countsOf } from './commands.ts'
import type { ItemCounts } from './items.ts'
import type { Run } from './runs.ts'
import { commandCandidate, settingsOf, stepsOf, titleOf } from './settings.ts'

/** A quote as it is kept with its run. The command line keeps the range alone. */
export interface KeptQuote {
  readonly currency: string
  readonly low: string | null // plain decimals; null: unknown
  readonly high: string | null
  readonly whole?: QuoteView
  readonly byCandidate?: readonly (QuoteView | null)[] // null: nothing was planned for it
  readonly afterCanary?: QuoteView
  readonly plan?: KeptPlan // absent: of a run from before plans were kept
}

/** What each step was quoted to save. Its receipt is held against it. */
export interface KeptPlan extends PlanView {
  /** The part of what rules save that is of products of which something was left to ask; plain decimals, null is unknown. */
  readonly ruledInPart: { readonly products: number; readonly low: string | null; readonly high: string | null }
}

export type RunAnswer = RouteResult<typeof readRunRoute>

/** What a page sees of runs, in their order. */
export async function runViews(tx: Tx, found: readonly Run[]): Promise<RunAnswer[]> {
  if (found.length === 0) return []
  const budgetsById = await rowsById(
    found.map(({ budgetId }) => budgetId),
    (ids) => readTotals(tx).where(inArray(budgets.id, ids)),
  )
  const connectionsById = await rowsById(found.flatMap(connectionIds), (ids) =>
    tx
      .select({ id: connections.id, slug: connections.slug, label: connections.label, provider: connections.provider })
      .from(connections)
      .where(inArray(connections.id, ids)),
  )
  const batches = await batchViews(
    tx,
    found.map(({ id }) => id),
  )
  const counted: ItemCounts[] = []
  for (const run of found) counted.push(await countsOf(tx, run))
  return found.map((run, index): RunAnswer => {
    const settings = settingsOf(run)
    const quote = run.quote as unknown as KeptQuote | null
    const candidates = candidatesOf(run).map(({ connectionId, model }, position) => {
      const { slug = '', label = '', provider = '' } = connectionsById.get(connectionId) ?? {}
      const quoted = quote?.byCandidate?.[position] ?? null
      const items = quote?.byCandidate ? (quoted?.products ?? 0) : position === 0 ? run.itemCount : 0
      return { position, connectionId, connectionSlug: slug, connectionLabel: label, provider, model, items, quote: quoted }
    })
    return {
      id: run.id,
      kind: run.kind,
      ...stateView(run, { counts: counted[index]!, budget: budgetsById.get(run.budgetId)!, batches: batches.get(run.id) }),
      ...titleOf(run),
      attributes: [...titleOf(run).attributes],
      selected: run.plan?.selected ?? run.itemCount,
      canary: settings?.canary ?? null,
      concurrency: settings?.concurrency ?? 0,
      candidates,
      quote: quote?.whole ?? null,
      quoteAfterCanary: quote?.afterCanary ?? null,
      practice: candidates.some(({ provider }) => provider === 'practice'),
      steps: stepsOf(run),
      createdBy: run.createdBy,
      createdAt: run.createdAt.toISOString(),
      startedAt: run.startedAt?.toISOString() ?? null,
      endedAt: run.endedAt?.toISOString() ?? null,
    }
  })
}

/** How far a run is, without the rate, which needs two looks. */
export function stateView(
  run: Run,
  {
    counts,
    budget,
    batches = [],
  }: {
    counts: ItemCounts
    budget: Pick<Budget, 'currency' | 'limitNano' | 'spentNano'>
    batches?: RunProgressView['batches'] | undefined
  },
): Omit<RunProgressView, 'ratePerMinute' | 'secondsLeft'> {
  const { currency, limitNano, spentNano } = budget
  const quote = run.quote as unknown as KeptQuote | null
  const { waiting, leased, done, flagged, failed } = counts
  const present = waiting + leased + done + flagged + failed
  return {
    state: run.state,
    planning: run.plan && !run.plannedAt && run.state === 'ready' ? { looked: run.plan.looked, of: run.plan.selected } : null,
    counts: {
      total: Math.max(run.itemCount, present),
      waiting: waiting + leased,
      done,
      flagged,
      failed,
      unchanged: run.plan?.unchanged ?? 0,
    },
    spent: { currency, amount: formatNano(spentNano) },
    quoted: quote ? rangeView(quote) : null,
    cap: limitNano === null ? null : { currency, amount: formatNano(limitNano) },
    pause: run.pause,
    waitsForApproval: run.state === 'paused' && run.pause?.code === 'run.canary_done',
    batches,
  }
}

const rangeView = ({ currency, low, high }: KeptQuote) => (low === null || high === null ? null : { currency, low, high })

const candidatesOf = (run: Run): readonly { connectionId: string; model: string }[] =>
  settingsOf(run)?.candidates.map(({ connection, model }) => ({ connectionId: connection.id, model })) ??
  [commandCandidate(run)].filter((candidate) => candidate !== undefined)

const connectionIds = (run: Run): string[] => candidatesOf(run).map(({ connectionId }) => connectionId)

async function rowsById<Row extends { readonly id: string }>(
  ids: readonly string[],
  find: (ids: string[]) => Promise<Row[]>,
): Promise<Map<string, Row>> {
  const rows = ids.length === 0 ? [] : await find([...new Set(ids)])
  return new Map(rows.map((row) => [row.id, row]))
}
