import * as contract from '../contract/consumption.ts'
import type { Database } from '../db/database.ts'
import { handle, type HandledRoute } from '../http/handle.ts'
import type { Clock } from '../runtime/clock.ts'
import { listCalls, readCall } from './calls.ts'
import { readConsumption, readMonth } from './consumption.ts'

/** What calls consumed, and single calls: /api/v1/consumption and /api/v1/calls. */
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
    handle(contract.readCall, ({ who, params }) => readCall(database, { workspaceId: who.workspaceId, callId: params.callId })),
  ]
}
