import { defined } from '../../base/json.ts'
import { compareText } from '../../base/text.ts'
import type { CallServices } from '../../calls/services.ts'
import { describeModel, type ListedModel, listModels } from '../../prices/models.ts'
import { isSpoken } from '../../providers/asked.ts'
import type { ModelFiles } from '../../providers/provider.ts'
import { findProvider } from '../../providers/registry.ts'
import { askForModels } from './ask-models.ts'

/** A model of a connection: what the price book knows of it, and what its own server says. */
export interface ModelOfConnection extends ListedModel {
  readonly files?: ModelFiles
}

/** The models that a connection's provider lists now, with the price book's prices and facts where they are known; the price book's, where it lists none. */
export async function modelsOfConnection(
  services: CallServices,
  {
    workspaceId,
    connectionId,
    provider,
    region,
    actor,
    signal,
  }: { workspaceId: string; connectionId: string; provider: string; region: string | undefined; actor: string; signal: AbortSignal },
): Promise<ModelOfConnection[]> {
  const at = services.clock.now()
  const found = findProvider(provider)
  if (!found.listModels) return listModels({ provider, region, at }).filter(({ id }) => isSpoken(found, id))
  const { models } = await askForModels(services, { workspaceId, connectionId, provider: found, actor, origin: 'models', signal })
  return models
    .map(({ id, contextTokens, maxOutputTokens, shutdownDate, files }): ModelOfConnection => ({
      ...describeModel({ provider, model: id, region, at }),
      ...defined({ contextTokens, maxOutputTokens, shutdownDate: shutdownDate?.slice(0, 10), files }), // the day of an RFC 3339 time
    }))
    .sort((a, b) => compareText(a.id, b.id))
}
