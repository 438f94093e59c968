import * as contract from '../contract/budgets.ts'
import type { Database } from '../db/database.ts'
import { handle, type HandledRoute } from '../http/handle.ts'
import type { Clock } from '../runtime/clock.ts'
import { addSetBudget, changeSetBudget, listBudgets, readSetBudget, setBudgetRemoved, windowsOf } from './set-budgets.ts'
import { addRateLimit, changeRateLimit, listRateLimits, setRateLimitRemoved } from './set-rate-limits.ts'

/** Budgets and rate limits that people set: /api/v1/budgets and /api/v1/rate-limits. */
export function budgetRoutes({ database, clock }: { database: Database; clock: Clock }): HandledRoute[] {
  const budget = (workspaceId: string, budgetId: string) => readSetBudget(database, { workspaceId, budgetId, now: clock.now() })
  const rateLimit = async (workspaceId: string, only: string) =>
    (await listRateLimits(database, { workspaceId, now: clock.now(), only }))[0]!
  return [
    handle(contract.listBudgets, ({ who: { workspaceId } }) => listBudgets(database, { workspaceId, now: clock.now() })),
    handle(contract.readBudget, async ({ who: { workspaceId }, params: { budgetId } }) => ({
      ...(await budget(workspaceId, budgetId)),
      windows: await windowsOf(database, { workspaceId, budgetId, now: clock.now() }),
    })),
    handle(contract.addBudget, async ({ who, body: input }) => {
      const now = clock.now()
      const id = await database.inWorkspace(who.workspaceId, (tx) => addSetBudget(tx, { who, input, now }))
      return budget(who.workspaceId, id)
    }),
    handle(contract.changeBudget, async ({ who, params: { budgetId }, body: change }) => {
      const now = clock.now()
      await database.inWorkspace(who.workspaceId, (tx) => changeSetBudget(tx, { who, budgetId, change, now }))
      return budget(who.workspaceId, budgetId)
    }),
    handle(contract.removeBudget, async ({ who, params: { budgetId } }) => {
      const removedAt = clock.now()
      await database.inWorkspace(who.workspaceId, (tx) => setBudgetRemoved(tx, { who, budgetId, removedAt }))
    }),
    handle(contract.restoreBudget, async ({ who, params: { budgetId } }) => {
      await database.inWorkspace(who.workspaceId, (tx) => setBudgetRemoved(tx, { who, budgetId, removedAt: null }))
      return budget(who.workspaceId, budgetId)
    }),
    handle(contract.listRateLimits, async ({ who: { workspaceId } }) => ({
      items: await listRateLimits(database, { workspaceId, now: clock.now() }),
    })),
    handle(contract.addRateLimit, async ({ who, body: input }) => {
      const now = clock.now()
      const id = await database.inWorkspace(who.workspaceId, (tx) => addRateLimit(tx, { who, input, now }))
      return rateLimit(who.workspaceId, id)
    }),
    handle(contract.changeRateLimit, async ({ who, params: { rateLimitId }, body: change }) => {
      await database.inWorkspace(who.workspaceId, (tx) => changeRateLimit(tx, { who, rateLimitId, change }))
      return rateLimit(who.workspaceId, rateLimitId)
    }),
    handle(contract.removeRateLimit, async ({ who, params: { rateLimitId } }) => {
      const removedAt = clock.now()
      await database.inWorkspace(who.workspaceId, (tx) => setRateLimitRemoved(tx, { who, rateLimitId, removedAt }))
    }),
    handle(contract.restoreRateLimit, async ({ who, params: { rateLimitId } }) => {
      await database.inWorkspace(who.workspaceId, (tx) => setRateLimitRemoved(tx, { who, rateLimitId, removedAt: null }))
      return rateLimit(who.workspaceId, rateLimitId)
    }),
  ]
}
