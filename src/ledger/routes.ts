import * as contract from '../contract/consumption.ts'
import type { Database } from '../db/database.ts'
import { handle, type HandledRoute } from '../http/handle.ts'
import type { Clock } from '../runtime/clock.ts'
import { budgetRoutes } from './budget-routes.ts'
import { listCalls, readCall } from './calls.ts'
import { readConsumption, readMonth } from './consumption.ts'

/** What calls consumed, single calls, and what caps them: /api/v1/consumption, /api/v1/calls, /api/v1/budgets and /api/v1/rate-limits. */
export function ledgerRoutes({ database, clock }: { database: Database; clock: Clock }): HandledRoute[] {
  return [
    handle(contract.readConsumption, ({ who, query }) => {
      const { by, period, from, to, ...filters } = query
      return readConsumption(database, { workspaceId: who.workspaceId, by, now: clock.now(), asked: { period, from, to }, filters })
    }),
    handle(contract.readMonthConsumption, ({ who }) => readMonth(database, { workspaceId: who.workspaceId, now: clock.now() })),
    handle(contract.listCalls, ({ who, query }) => {
      const { period, from, to, cursor, limit, ...filters } = query
      const asked = { period, from, to }
      return listCalls(database, { workspaceId: who.workspaceId, now: clock.now(), asked, filters, cursor, limit })
    }),
    ...budgetRoutes({ database, clock }),
    handle(contract.readCall, ({ who, params }) => readCall(database, { workspaceId: who.workspaceId, callId: params.callId })),
  ]
}
