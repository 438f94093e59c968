import { formatNano, parseNano } from '../base/money.ts'
import * as contract from '../contract/runs.ts'
import { handle, type HandledRoute } from '../http/handle.ts'
import { positionOf } from '../http/position.ts'
import { readBudget } from '../ledger/budgets.ts'
import { cancelRun, changeCap, findRun, pauseRun, resumeRun, retryRun, type RunCommands, startRun } from './commands.ts'
import { type ListedItem, listItems, listRuns } from './list.ts'
import { watchRun } from './progress.ts'
import { receiptView } from './receipt.ts'
import { type RunAnswer, runViews } from './view.ts'

/** Runs of every kind: how far they are, what they cost, and what people do with them. Making one is its app's. */
export function runRoutes(services: RunCommands): HandledRoute[] {
  const { database } = services
  const show = ({ workspaceId }: { workspaceId: string }, runId: string): Promise<RunAnswer> =>
    database.inWorkspace(workspaceId, async (tx) => (await runViews(tx, [await findRun(tx, runId)]))[0]!)
  const command = (
    route: typeof contract.startRun | typeof contract.pauseRun | typeof contract.resumeRun | typeof contract.cancelRun,
    perform: typeof startRun,
  ): HandledRoute =>
    handle(route, async ({ who, params: { runId } }) => {
      await perform(services, { workspaceId: who.workspaceId, actor: who.actor, runId })
      return show(who, runId)
    })
  return [
    handle(contract.listRuns, ({ who: { workspaceId }, query: { cursor, limit, ...filter } }) =>
      database.inWorkspace(workspaceId, async (tx) => {
        const found = await listRuns(tx, { ...filter, before: cursor, limit: limit + 1 })
        const page = found.slice(0, limit)
        return { items: await runViews(tx, page), nextCursor: found.length > limit ? page.at(-1)!.id : null }
      }),
    ),
    handle(contract.readRun, ({ who, params: { runId } }) => show(who, runId)),
    command(contract.startRun, startRun),
    command(contract.pauseRun, pauseRun),
    command(contract.resumeRun, resumeRun),
    command(contract.cancelRun, cancelRun),
    handle(contract.retryRun, async ({ who, params: { runId }, body: { position } }) => {
      await retryRun(services, { workspaceId: who.workspaceId, actor: who.actor, runId, position })
      return show(who, runId)
    }),
    handle(contract.changeRunCap, async ({ who, params: { runId }, body: { cap } }) => {
      const capNano = cap === null ? null : parseNano(cap)
      await changeCap(services, { workspaceId: who.workspaceId, actor: who.actor, runId, capNano })
      return show(who, runId)
    }),
    handle(contract.watchRun, async ({ who: { workspaceId }, params: { runId }, request: { signal } }) => {
      await database.inWorkspace(workspaceId, (tx) => findRun(tx, runId)) // before the stream begins: an unknown id is a 404
      return watchRun(services, { workspaceId, runId, signal })
    }),
    handle(contract.readRunReceipt, ({ who: { workspaceId }, params: { runId } }) =>
      database.inWorkspace(workspaceId, async (tx) => receiptView(tx, await findRun(tx, runId))),
    ),
    handle(contract.listRunItems, ({ who: { workspaceId }, params: { runId }, query: { state, limit, cursor } }) =>
      database.inWorkspace(workspaceId, async (tx) => {
        const run = await findRun(tx, runId)
        const { currency } = (await readBudget(tx, run.budgetId))!
        const found = await listItems(tx, { runId, state, after: positionOf(cursor), limit: limit + 1 })
        const page = found.slice(0, limit)
        return {
          items: page.map((item) => itemView(item, currency)),
          nextCursor: found.length > limit ? String(page.at(-1)!.position) : null,
        }
      }),
    ),
  ]
}

const itemView = ({ costNano, settledAt, ...item }: ListedItem, currency: string) => ({
  ...item,
  cost: costNano === null ? null : { currency, amount: formatNano(costNano) },
  settledAt: settledAt?.toISOString() ?? null,
})
