import { inArray } from 'drizzle-orm'
import { AppError } from '../../base/errors.ts'
import {
  changeVirtualKey as changeRoute,
  listVirtualKeys as listRoute,
  makeVirtualKey as makeRoute,
  revokeVirtualKey as revokeRoute,
  type VirtualKeyView,
} from '../../contract/gateway.ts'
import type { Database, Tx } from '../../db/database.ts'
import { connections, users } from '../../db/schema/index.ts'
import { handle, type HandledRoute } from '../../http/handle.ts'
import {
  changeVirtualKey,
  listVirtualKeys,
  makeVirtualKey,
  revokeVirtualKey,
  type VirtualKey,
  type VirtualKeyInput,
} from '../../people/virtual-keys.ts'
import type { Clock } from '../../runtime/clock.ts'

const DAY_MS = 86_400_000

/** The workspace's virtual keys: made, limited, revoked. */
export function gatewayRoutes({ database, clock }: { database: Database; clock: Clock }): HandledRoute[] {
  const endOf = (days: number | null): Date | null => (days === null ? null : new Date(clock.now().getTime() + days * DAY_MS))
  const viewOf = async (key: VirtualKey): Promise<VirtualKeyView> => (await views(database, { keys: [key], now: clock.now() }))[0]!
  return [
    handle(listRoute, async ({ who }) => {
      const keys = await database.inWorkspace(who.workspaceId, (tx) => listVirtualKeys(tx))
      return { items: await views(database, { keys, now: clock.now() }) }
    }),
    handle(makeRoute, async ({ who, body: { ownerId, days, ...scope } }) => {
      const input: VirtualKeyInput = { ...scope, ownerId: ownerId ?? who.userId, expiresAt: endOf(days) }
      const { token, key } = await database.inWorkspace(who.workspaceId, async (tx) => {
        await requireConnections(tx, input.connectionIds)
        return makeVirtualKey(tx, { who, input, now: clock.now() })
      })
      return { token, key: await viewOf(key) }
    }),
    handle(changeRoute, async ({ who, params, body: { days, ...given } }) => {
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
    handle(revokeRoute, async ({ who, params }) => {
      await database.inWorkspace(who.workspaceId, (tx) => revokeVirtualKey(tx, { who, id: params.virtualKeyId, now: clock.now() }))
    }),
  ]
}

async function requireConnections(tx: Tx, ids: readonly string[] | null): Promise<void> {
  if (!ids) return
  const found = await tx
    .select({ id: connections.id })
    .from(connections)
    .where(inArray(connections.id, [...ids]))
  if (new Set(found.map(({ id }) => id)).size < new Set(ids).size) throw new AppError('connection.missing', 'There is no such connection.')
}

/** Of one workspace, as its rows say. */
async function views(database: Database, { keys, now }: { keys: readonly VirtualKey[]; now: Date }): Promise<VirtualKeyView[]> {
  const [first] = keys
  if (!first) return []
  const named = await database.inWorkspace(first.workspaceId, (tx) =>
    tx.select({ id: connections.id, slug: connections.slug, label: connections.label }).from(connections),
  )
  const owners = await database.asSystem('names of the owners of virtual keys', (tx) =>
    tx
      .select({ id: users.id, name: users.name, email: users.email })
      .from(users)
      .where(inArray(users.id, [...new Set(keys.map(({ ownerId }) => ownerId))])),
  )
  return keys.map((key) => {
    const owner = owners.find(({ id }) => id === key.ownerId)
    return {
      id: key.id,
      name: key.name,
      owner: { userId: key.ownerId, name: owner?.name ?? '', email: owner?.email ?? '' },
      lastFour: key.lastFour,
      contexts: key.contexts,
      connections: key.connectionIds ? named.filter(({ id }) => key.connectionIds!.includes(id)) : null,
      models: key.models,
      maxOutputTokens: key.maxOutputTokens,
      createdAt: key.createdAt.toISOString(),
      expiresAt: key.expiresAt?.toISOString() ?? null,
      expired: key.expiresAt !== null && key.expiresAt <= now,
      lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    }
  })
}
