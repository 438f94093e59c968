import type { CallServices } from '../../calls/services.ts'
import { requireConnection } from '../../connections/change.ts'
import type { ModelFilesView, ModelView } from '../../contract/connections.ts'
import { describeModel, listModels } from '../../prices/models.ts'
import { type RateCard, rateCardPrices } from '../../prices/rate-card.ts'
import { isSpoken, regionOf } from '../../providers/asked.ts'
import type { ModelFiles } from '../../providers/provider.ts'
import { findProvider } from '../../providers/registry.ts'
import { type ModelOfConnection, modelsOfConnection } from './list-models.ts'

/**
 * The models of a connection as people choose them: those its provider lists now, or those the price book knows. Its own
 * prices go before the published ones.
 * @throws AppError connection.missing, and what the provider refuses.
 */
export async function listedModels(
  services: CallServices,
  {
    workspaceId,
    actor,
    id,
    source,
    signal,
  }: { workspaceId: string; actor: string; id: string; source: 'provider' | 'price_book'; signal: AbortSignal },
): Promise<{ source: 'provider' | 'price_book'; at: string; items: ModelView[] }> {
  const { database, clock } = services
  const { provider, prices, models, destination } = await database.inWorkspace(workspaceId, (tx) => requireConnection(tx, id))
  const at = clock.now()
  const region = regionOf(findProvider(provider), destination)
  const isAsked = source === 'provider' && findProvider(provider).listModels !== undefined
  const listed: ModelOfConnection[] = isAsked
    ? await modelsOfConnection(services, { workspaceId, connectionId: id, provider, region, actor, signal })
    : listModels({ provider, region, at }).filter((model) => isSpoken(findProvider(provider), model.id))
  // what can be called comes first: a list of Azure's has the models that there are, not what somebody deployed
  const deployed = Object.entries(models ?? {}).map(([model, standsFor]) => describeModel({ provider, model, standsFor, region, at }))
  const others = listed.filter((model) => models?.[model.id] === undefined)
  return {
    source: isAsked ? 'provider' : 'price_book',
    at: at.toISOString(),
    items: [...deployed, ...others].map((model) => ({ ...toModelView(model, prices), standsFor: models?.[model.id] ?? null })),
  }
}

function toModelView(model: ModelOfConnection, card: RateCard | null): Omit<ModelView, 'standsFor'> {
  const own = rateCardPrices(card, model.id)
  const rows = { ...own?.bands[0]?.rows, ...(own?.perHour ? { machine_ms: own.perHour } : {}) }
  const ownPrices = Object.fromEntries(Object.entries(rows).map(([unit, row]) => [unit, row.price]))
  const isKnown = model.free || Object.keys(model.prices).length > 0
  return {
    id: model.id,
    prices: own ? ownPrices : { ...model.prices },
    currency: own?.currency ?? model.currency,
    free: own?.free ?? model.free,
    priceSource: own ? 'own' : isKnown ? 'price_book' : null,
    pricesCheckedAt: own ? null : (model.checkedAt ?? null),
    contextTokens: model.contextTokens ?? null,
    maxOutputTokens: model.maxOutputTokens ?? null,
    shutdownDate: model.shutdownDate ?? null,
    successor: model.successor ?? null,
    files: model.files ? toFilesView(model.files) : null,
  }
}

export const toFilesView = ({ sizeBytes, family, parameters, quantization, isLoaded, runsAt }: ModelFiles): ModelFilesView => ({
  sizeBytes: sizeBytes ?? null,
  family: family ?? null,
  parameters: parameters ?? null,
  quantization: quantization ?? null,
  loaded: isLoaded ?? null,
  runsAt: runsAt ?? null,
})
