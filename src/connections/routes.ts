import {
  addConnection as addRoute,
  changeConnection as changeRoute,
  deleteConnection as deleteRoute,
  listConnections as listRoute,
  readConnection as readRoute,
  readConnectionStops as stopsRoute,
  revokeConnection as revokeRoute,
} from '../contract/connections.ts'
import { listProviders as providersRoute } from '../contract/providers.ts'
import { handle, type HandledRoute, type Member } from '../http/handle.ts'
import { addConnection, type ConnectionServices } from './add.ts'
import { changeConnection } from './change.ts'
import { connectionViewOf, connectionViews } from './overview.ts'
import { providerViews } from './provider-view.ts'
import { deleteConnection, revokeVisible, stopsOf } from './revoke.ts'

/** Providers, and the workspace's connections to them. Tests of keys are in apps/connection-checks, above the path of a call. */
export function connectionRoutes(
  services: ConnectionServices & {
    /** Told when a key is gone for good: what other rooms hold of its use is wiped. */
    readonly keyDestroyed?: (connectionId: string) => void
  },
): HandledRoute[] {
  const { database, clock, keyDestroyed } = services
  const viewOf = ({ workspaceId }: Member, id: string) =>
    database.inWorkspace(workspaceId, (tx) => connectionViewOf(tx, { workspaceId, now: clock.now(), id }))
  return [
    handle(providersRoute, () => ({ items: providerViews() })),
    handle(listRoute, ({ who: { workspaceId } }) =>
      database.inWorkspace(workspaceId, (tx) => connectionViews(tx, { workspaceId, now: clock.now() })),
    ),
    handle(readRoute, ({ who, params }) => viewOf(who, params.connectionId)),
    handle(addRoute, async ({ who, body }) => {
      const { workspaceId, actor } = who
      const added = await addConnection(services, { workspaceId, actor, input: body }).finally(() => body.key?.wipe())
      return viewOf(who, added.id)
    }),
    handle(changeRoute, async ({ who, params, body }) => {
      await database.inWorkspace(who.workspaceId, (tx) => changeConnection(tx, { actor: who.actor, id: params.connectionId, change: body }))
      return viewOf(who, params.connectionId)
    }),
    handle(stopsRoute, ({ who, params }) => database.inWorkspace(who.workspaceId, (tx) => stopsOf(tx, params.connectionId))),
    handle(revokeRoute, async ({ who, params }) => {
      await database.inWorkspace(who.workspaceId, (tx) => revokeVisible(tx, { actor: who.actor, id: params.connectionId }))
      keyDestroyed?.(params.connectionId)
      return viewOf(who, params.connectionId)
    }),
    handle(deleteRoute, async ({ who, params, query }) => {
      const stopsKnown = query.confirm === 'stops'
      await database.inWorkspace(who.workspaceId, (tx) => deleteConnection(tx, { actor: who.actor, id: params.connectionId, stopsKnown }))
      keyDestroyed?.(params.connectionId)
    }),
  ]
}
