import { AppError } from '../../base/errors.ts'
import type { VirtualKey } from '../../people/virtual-keys.ts'
import { listModels as listPriced } from '../../prices/models.ts'
import { isSpoken } from '../../providers/asked.ts'
import { findProvider } from '../../providers/registry.ts'
import type { Directory } from './directory.ts'
import type { Dialect } from './endpoints.ts'
import { isWithin } from './resolve.ts'

interface NamedModel {
  readonly id: string
  readonly ownedBy: string
}

/**
 * The names that a virtual key can ask for: contexts with somebody assigned, and of each connection the models that are
 * assigned, priced or in its provider's price book. A connection may serve more than is known of it: `slug/model` works for all.
 * @throws AppError model.unserved for one model that is not among them.
 */
export function listModels({
  key,
  directory,
  path,
  dialect,
  at,
}: {
  key: VirtualKey
  directory: Directory
  path: string
  dialect: Dialect
  at: Date
}): unknown {
  const models = namesFor(key, directory, at)
  const wanted = decoded(path.slice('/v1/models/'.length))
  const created = Math.floor(key.createdAt.getTime() / 1_000)
  const say = ({ id, ownedBy }: NamedModel): object =>
    dialect === 'anthropic'
      ? { type: 'model', id, display_name: id, created_at: key.createdAt.toISOString() }
      : { id, object: 'model', created, owned_by: ownedBy }
  if (path !== '/v1/models') {
    const found = models.find(({ id }) => id === wanted)
    if (!found) throw new AppError('model.unserved', `No model of the name "${wanted.slice(0, 100)}" is listed for this virtual key.`)
    return say(found)
  }
  const data = models.map(say)
  if (dialect === 'openai') return { object: 'list', data }
  return { data, has_more: false, first_id: models[0]?.id ?? null, last_id: models.at(-1)?.id ?? null }
}

/** What is no encoding of anything is the name of no model. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Those names, contexts first. */
export function namesFor(key: VirtualKey, { connections, assigned }: Directory, at: Date): NamedModel[] {
  const contexts = [...assigned]
    .filter(([context, candidates]) => (!key.contexts || key.contexts.includes(context)) && candidates.some((one) => isWithin(key, one)))
    .map(([context]) => context)
  const ofConnections = [...connections.values()].flatMap((connection) => {
    const { id, slug, provider, prices, models, destination } = connection
    const priced = listPriced({ provider, at }).map((model) => model.id)
    const own = Object.keys(prices?.models ?? {}).filter((model) => !model.includes('*'))
    const named = [...assigned.values()].flatMap((list) => list.filter((one) => one.connection.id === id).map(({ model }) => model))
    return [...new Set([...named, ...own, ...Object.keys(models ?? {}), ...priced])]
      .sort()
      .filter((model) => isSpoken(findProvider(provider), model))
      .filter((model) => isWithin(key, { connection: { id, slug, provider, destination, rateCard: prices }, model }))
      .map((model) => ({ id: `${slug}/${model}`, ownedBy: provider }))
  })
  return [...contexts.map((context) => ({ id: `context:${context}`, ownedBy: 'latchkey' })), ...ofConnections]
}
