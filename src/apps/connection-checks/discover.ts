import { eq } from 'drizzle-orm'
import { AppError } from '../../base/errors.ts'
import type { CallServices } from '../../calls/services.ts'
import { draftConnection } from '../../connections/replace-key.ts'
import type { LocalServerView } from '../../contract/local-models.ts'
import type { Database } from '../../db/database.ts'
import { connections } from '../../db/schema/index.ts'
import { type Lookup, type PrivateHosts, systemLookup } from '../../providers/destination-guard.ts'
import type { Provider } from '../../providers/provider.ts'
import { providers } from '../../providers/registry.ts'
import { normaliseDestination } from '../../vault/destination.ts'
import { askForModels } from './ask-models.ts'
import { toFilesView } from './models-view.ts'

/** How the machine that Latchkey runs on is called; the first of them is what the operator is told to allow. */
const THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]']
/** How a container calls the machine that it runs on, where that has such a name. */
const CONTAINERS_HOST = 'host.docker.internal'

/** A person waits, and what is there answers at once. */
const TIMEOUTS = { headersMs: 3_000, firstByteMs: 3_000, idleMs: 3_000, totalMs: 4_000 }
/** Some hundred models. */
const MAX_LIST_BYTES = 256 * 1024

export interface DiscoveryServices extends CallServices {
  readonly privateHosts: PrivateHosts
  /** The system's names, unless a test has its own. */
  readonly lookup?: Lookup
}

/** A place to look at, and whether the operator lets connections go there. */
interface Place {
  readonly provider: Provider
  readonly host: string // "localhost:11434"
  readonly baseUrl: string
  readonly isAllowed: boolean
}

/**
 * Looks for servers of models on the machine that Latchkey runs on, on their usual ports, and nowhere that the operator's rules
 * do not let connections go (NET-1). Each look is a call of its own on the path of calls, with a draft as its connection; it
 * carries no key, follows no redirect and reads little.
 */
export async function discoverLocal(
  services: DiscoveryServices,
  { workspaceId, actor, signal }: { workspaceId: string; actor: string; signal: AbortSignal },
  kinds: readonly Provider[] = Object.values(providers),
): Promise<{ items: LocalServerView[]; allow: string | null }> {
  const places = await placesToLook(services, kinds)
  const known = await connectionsByBaseUrl(services.database, workspaceId)
  const items = await Promise.all(
    places.map(async (place): Promise<LocalServerView> => {
      const { provider, host, baseUrl, isAllowed } = place
      const connectionId = known.get(baseUrl) ?? null
      const found = isAllowed ? await lookAt(services, { workspaceId, actor, place, signal }) : NOT_ALLOWED
      return { provider: provider.id, host, baseUrl, connectionId, ...found }
    }),
  )
  const missing = places.filter(({ isAllowed }) => !isAllowed).map(({ host }) => host)
  return { items, allow: missing.length === 0 ? null : missing.join(',') }
}

type Found = Pick<LocalServerView, 'state' | 'models'>

const NOT_ALLOWED: Found = { state: 'not_allowed', models: [] }

/** For each kind of server one place on this machine, under the name that the operator allowed, and one beside a container. */
async function placesToLook(
  { privateHosts, lookup = systemLookup }: Pick<DiscoveryServices, 'privateHosts' | 'lookup'>,
  kinds: readonly Provider[],
): Promise<Place[]> {
  const hasContainersHost = await lookup(CONTAINERS_HOST).then(
    (addresses) => addresses.length > 0,
    () => false,
  )
  return kinds.flatMap((provider) => {
    if (!provider.local) return []
    const { port, path } = provider.local
    const placeAt = (name: string): Place => {
      const host = `${name}:${port}`
      return { provider, host, baseUrl: `http://${host}${path}`, isAllowed: privateHosts.has(host) }
    }
    const own = THIS_MACHINE.map(placeAt)
    return [own.find(({ isAllowed }) => isAllowed) ?? own[0]!, ...(hasContainersHost ? [placeAt(CONTAINERS_HOST)] : [])]
  })
}

async function connectionsByBaseUrl(database: Database, workspaceId: string): Promise<ReadonlyMap<string, string>> {
  const rows = await database.inWorkspace(workspaceId, (tx) =>
    tx.select({ id: connections.id, destination: connections.destination }).from(connections).where(eq(connections.status, 'active')),
  )
  return new Map(rows.map(({ id, destination }) => [destination.baseUrl, id]))
}

async function lookAt(
  services: DiscoveryServices,
  { workspaceId, actor, place: { provider, baseUrl }, signal }: { workspaceId: string; actor: string; place: Place; signal: AbortSignal },
): Promise<Found> {
  const destination = normaliseDestination({ baseUrl })
  const { id } = await draftConnection(services.database, { workspaceId, provider: provider.id, destination })
  try {
    const { models, body } = await askForModels(services, {
      workspaceId,
      connectionId: id,
      provider,
      actor,
      origin: 'discovery',
      signal,
      timeouts: TIMEOUTS,
      maxBodyBytes: MAX_LIST_BYTES,
      offered: { destination, key: undefined },
    })
    if (!provider.local!.isIts(body)) return { state: 'other', models: [] }
    return { state: 'found', models: models.map((model) => ({ id: model.id, files: model.files ? toFilesView(model.files) : null })) }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const isSilent = error.code === 'provider.unreachable' || error.code === 'provider.timeout'
    return { state: isSilent ? 'nothing' : 'other', models: [] }
  }
}
