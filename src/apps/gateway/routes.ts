import { and, count, eq, gte, inArray } from 'drizzle-orm'
import { AppError } from '../../base/errors.ts'
import * as contract from '../../contract/gateway.ts'
import type { Database, Tx } from '../../db/database.ts'
import { callIntents, connections, ledgerEntries } from '../../db/schema/index.ts'
import { handle, type HandledRoute } from '../../http/handle.ts'
import {
  changeVirtualKey,
  findVirtualKey,
  listVirtualKeys,
  makeVirtualKey,
  recentVirtualKeyIds,
  revokeVirtualKey,
  type VirtualKey,
  type VirtualKeyInput,
} from '../../people/virtual-keys.ts'
import { latestCalls } from '../../ledger/calls.ts'
import type { Clock } from '../../runtime/clock.ts'
import { createDirectories } from './directory.ts'
import { askableModels } from './names.ts'
import { trialOf } from './trial.ts'
import { virtualKeyViews } from './virtual-key-views.ts'

const DAY_MS = 86_400_000

/** Where the gateway is, and the workspace's virtual keys: made, limited, tried, revoked. */
export function gatewayRoutes({ database, clock, origin }: { database: Database; clock: Clock; origin: string }): HandledRoute[] {
  const directoryOf = createDirectories({ database, clock })
  const find = (workspaceId: string, id: string): Promise<VirtualKey> => database.inWorkspace(workspaceId, (tx) => findVirtualKey(tx, id))
  const endOf = (days: number | null): Date | null => (days === null ? null : new Date(clock.now().getTime() + days * DAY_MS))
  const viewOf = async (key: VirtualKey): Promise<contract.VirtualKeyView> =>
    (await virtualKeyViews(database, { keys: [key], now: clock.now() }))[0]!
  return [
    handle(contract.readGateway, () => ({ openAiBaseUrl: `${origin}/v1`, anthropicBaseUrl: origin })),
    handle(contract.listLatestCalls, async ({ who: { workspaceId } }) => {
      const ids = await database.inWorkspace(workspaceId, (tx) => recentVirtualKeyIds(tx, clock.now()))
      return latestCalls(database, { workspaceId, origins: ids.map((id) => `virtual-key:${id}`), limit: contract.LATEST_CALLS })
    }),
    handle(contract.listVirtualKeys, async ({ who }) => {
      const keys = await database.inWorkspace(who.workspaceId, (tx) => listVirtualKeys(tx))
      return { items: await virtualKeyViews(database, { keys, now: clock.now() }) }
    }),
    handle(contract.makeVirtualKey, async ({ who, body: { ownerId, days, ...scope } }) => {
      const input: VirtualKeyInput = { ...scope, ownerId: ownerId ?? who.userId, expiresAt: endOf(days) }
      const { token, key } = await database.inWorkspace(who.workspaceId, async (tx) => {
        await requireConnections(tx, input.connectionIds)
        return makeVirtualKey(tx, { who, input, now: clock.now() })
      })
      return { token, key: await viewOf(key) }
    }),
    handle(contract.changeVirtualKey, async ({ who, params, body: { days, ...given } }) => {
      const changes: Partial<VirtualKeyInput> = {
        ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
        ...(days === undefined ? {} : { expiresAt: endOf(days) }),
      }
      const key = await database.inWorkspace(who.workspaceId, async (tx) => {
        await requireConnections(tx, changes.connectionIds ?? null)
        return changeVirtualKey(tx, { who, id: params.virtualKeyId, changes, now: clock.now() })
      })
      return viewOf(key)
    }),
    handle(contract.revokeVirtualKey, async ({ who, params }) => {
      await database.inWorkspace(who.workspaceId, (tx) => revokeVirtualKey(tx, { who, id: params.virtualKeyId, now: clock.now() }))
    }),
    handle(contract.readVirtualKeyStops, ({ who, params }) =>
      database.inWorkspace(who.workspaceId, (tx) => stopsOf(tx, { id: params.virtualKeyId, now: clock.now() })),
    ),
    handle(contract.listVirtualKeyModels, async ({ who, params }) => {
      const key = await find(who.workspaceId, params.virtualKeyId)
      return { items: askableModels(key, await directoryOf(who.workspaceId), clock.now()) }
    }),
    handle(contract.readVirtualKeyTrial, async ({ who, params, query }) => {
      const key = await find(who.workspaceId, params.virtualKeyId)
      return trialOf({ model: query.model, key, directory: await directoryOf(who.workspaceId), at: clock.now() })
    }),
  ]
}

const HOUR_MS = 3_600_000

async function stopsOf(tx: Tx, { id, now }: { id: string; now: Date }): Promise<contract.VirtualKeyStops> {
  await findVirtualKey(tx, id)
  const origin = `virtual-key:${id}`
  const [inFlight] = await tx.select({ calls: count() }).from(callIntents).where(eq(callIntents.origin, origin))
  const [lastHour] = await tx
    .select({ calls: count() })
    .from(ledgerEntries)
    .where(and(eq(ledgerEntries.origin, origin), gte(ledgerEntries.intendedAt, new Date(now.getTime() - HOUR_MS))))
  return { callsInFlight: inFlight?.calls ?? 0, callsInLastHour: lastHour?.calls ?? 0 }
}

async function requireConnections(tx: Tx, ids: readonly string[] | null): Promise<void> {
  if (!ids) return
  const found = await tx
    .select({ id: connections.id })
    .from(connections)
    .where(inArray(connections.id, [...ids]))
  if (new Set(found.map(({ id }) => id)).size < new Set(ids).size) throw new AppError('connection.missing', 'There is no such connection.')
}
