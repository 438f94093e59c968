import { requireConnection } from '../../connections/change.ts'
import type { Connection } from '../../connections/connections.ts'
import * as contract from '../../contract/local-models.ts'
import { handle, type HandledRoute } from '../../http/handle.ts'
import { discoverLocal, type DiscoveryServices } from './discover.ts'
import type { Pulls } from './pulls.ts'

/** Servers of models on machines of one's own: found, and asked to fetch models. */
export function localModelRoutes(services: DiscoveryServices & { readonly pulls: Pulls }): HandledRoute[] {
  const { database, pulls } = services
  const find = (workspaceId: string, id: string): Promise<Connection> =>
    database.inWorkspace(workspaceId, (tx) => requireConnection(tx, id))
  return [
    handle(contract.discoverLocal, ({ who: { workspaceId, actor }, request: { signal } }) =>
      discoverLocal(services, { workspaceId, actor, signal }),
    ),
    handle(contract.listPulls, async ({ who, params }) => ({ items: await pulls.list(await find(who.workspaceId, params.connectionId)) })),
    handle(contract.watchPulls, async ({ who, params, request: { signal } }) => {
      const connection = await find(who.workspaceId, params.connectionId) // before the stream begins: an unknown id is a 404
      return withItems(pulls.watch(connection, signal))
    }),
    handle(contract.startPull, async ({ who: { workspaceId, actor }, params, body: { model } }) =>
      pulls.start({ actor, connection: await find(workspaceId, params.connectionId), model }),
    ),
    handle(contract.cancelPull, async ({ who: { workspaceId }, params, body: { model } }) => {
      const { id } = await find(workspaceId, params.connectionId)
      return pulls.cancel(id, model)
    }),
  ]
}

async function* withItems<Item>(lists: AsyncIterable<Item[]>): AsyncGenerator<{ items: Item[] }> {
  for await (const items of lists) yield { items }
}
