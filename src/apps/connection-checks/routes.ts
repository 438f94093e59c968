import { forgetAccessTokens } from '../../calls/access-token.ts'
import type { CallServices } from '../../calls/services.ts'
import { type ConnectionServices, requireKey } from '../../connections/add.ts'
import { requireConnection } from '../../connections/change.ts'
import { destinationFrom } from '../../connections/destination-input.ts'
import { connectionViewOf } from '../../connections/overview.ts'
import { draftConnection, prepareReplacement, takeOver } from '../../connections/replace-key.ts'
import {
  checkConnection as checkRoute,
  checkOfferedKey as checkOfferedRoute,
  KEY_IS_KNOWN,
  listConnectionLanguages as languagesRoute,
  listConnectionModels as modelsRoute,
  replaceKey as replaceRoute,
} from '../../contract/connections.ts'
import { handle, type HandledRoute } from '../../http/handle.ts'
import { findProvider } from '../../providers/registry.ts'
import { checkKey, toCheckView } from './check.ts'
import { languagesOf, toLanguageView } from './languages.ts'
import { listedModels } from './models-view.ts'

/** What asks a provider about a connection: tests of keys, its models. */
export function connectionCheckRoutes(services: CallServices & ConnectionServices): HandledRoute[] {
  const { database, clock } = services
  return [
    handle(checkOfferedRoute, async ({ who, body, request }) => {
      const { workspaceId, actor } = who
      const { key } = body
      try {
        const provider = findProvider(body.provider)
        const destination = await destinationFrom(provider, body.destination, services)
        requireKey(provider, destination, key)
        const connection = await draftConnection(database, { workspaceId, provider: provider.id, destination })
        const offered = { destination, key }
        return toCheckView(await checkKey(services, { workspaceId, actor, connection, offered, signal: request.signal }))
      } finally {
        key?.wipe()
      }
    }),
    handle(checkRoute, async ({ who: { workspaceId, actor }, params, request }) => {
      const connection = await database.inWorkspace(workspaceId, (tx) => requireConnection(tx, params.connectionId))
      return toCheckView(await checkKey(services, { workspaceId, actor, connection, signal: request.signal }))
    }),
    handle(replaceRoute, async ({ who: { workspaceId, actor }, params, body, request }) => {
      const { destination, key, whateverTheTest } = body
      const id = params.connectionId
      try {
        const replacement = await prepareReplacement(services, { workspaceId, id, destination, key })
        const { connection } = replacement
        const check = await checkKey(services, { workspaceId, actor, connection, offered: replacement, signal: request.signal })
        const replaced = whateverTheTest || KEY_IS_KNOWN.has(check.result)
        if (replaced) {
          await takeOver(services, { actor, replacement })
          forgetAccessTokens(services.vault, id)
        }
        const view = await database.inWorkspace(workspaceId, (tx) => connectionViewOf(tx, { workspaceId, now: clock.now(), id }))
        return { replaced, check: toCheckView(check), connection: view }
      } finally {
        key?.wipe()
      }
    }),
    handle(modelsRoute, ({ who: { workspaceId, actor }, params, query, request }) =>
      listedModels(services, { workspaceId, actor, id: params.connectionId, source: query.source, signal: request.signal }),
    ),
    handle(languagesRoute, async ({ who: { workspaceId, actor }, params, request }) => {
      const languages = await languagesOf(services, { workspaceId, actor, id: params.connectionId, signal: request.signal })
      return { at: clock.now().toISOString(), items: languages.map(toLanguageView) }
    }),
  ]
}
