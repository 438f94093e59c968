import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { DestinationInput } from '../contract/connections.ts'
import type { Database } from '../db/database.ts'
import { connections } from '../db/schema/index.ts'
import type { RateCard } from '../prices/rate-card.ts'
import { requireFittingKey } from '../providers/fitting-key.ts'
import { needsKey } from '../providers/asked.ts'
import type { Destination, Provider } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'
import type { Clock } from '../runtime/clock.ts'
import { newId } from '../runtime/ids.ts'
import { normaliseKey } from '../vault/key-text.ts'
import type { SealedKey, Vault } from '../vault/vault.ts'
import { requireGoodPrices } from './change.ts'
import type { Connection } from './connections.ts'
import { destinationFrom, type DestinationRules } from './destination-input.ts'
import { freeSlug, requireFreeSlug } from './slugs.ts'

/** What connections stand on. */
export interface ConnectionServices extends DestinationRules {
  readonly database: Database
  readonly vault: Vault
  readonly clock: Clock
}

export interface NewConnection {
  readonly provider: string
  readonly label?: string | undefined
  readonly slug?: string | undefined
  readonly destination: DestinationInput
  readonly key?: Secret | undefined
  readonly contexts: readonly string[] | null
  readonly prices: RateCard | null
}

/**
 * Adds a connection, its key sealed to its destination before the row is written. The key is the caller's, who wipes it.
 * @throws AppError provider.unknown, destination.refused, header.refused, key.invalid, key.missing, slug.taken, request.invalid.
 */
export async function addConnection(
  services: ConnectionServices,
  { workspaceId, actor, input }: { workspaceId: string; actor: string; input: NewConnection },
): Promise<Connection> {
  const { database, vault, clock } = services
  const provider = findProvider(input.provider)
  requireGoodPrices(input.prices)
  const destination = await destinationFrom(provider, input.destination, services)
  requireKey(provider, destination, input.key)
  const id = newId()
  const record = { id, provider: provider.id, destination, keyVersion: 1 }
  const sealed = input.key && (await vault.sealKey({ workspaceId, record, secret: input.key }))
  return database.inWorkspace(workspaceId, async (tx) => {
    if (input.slug !== undefined) await requireFreeSlug(tx, input.slug, id)
    const slug = input.slug ?? (await freeSlug(tx, provider.id))
    const [added] = await tx
      .insert(connections)
      .values({
        id,
        workspaceId,
        provider: provider.id,
        label: input.label ?? provider.name,
        slug,
        destination,
        contexts: input.contexts && [...input.contexts],
        prices: input.prices,
        ...(sealed ? keyColumns(sealed, { keyVersion: 1, now: clock.now() }) : {}),
      })
      .returning()
    const subject = `connection:${id}`
    await recordAudit(tx, { workspaceId, actor, action: 'connection.added', subject, detail: { provider: provider.id, slug } })
    if (sealed) await recordAudit(tx, { workspaceId, actor, action: 'key.set', subject, detail: { keyVersion: 1 } })
    return added!
  })
}

/** @throws AppError key.missing; key.invalid for a key that the provider has no use for. */
export function requireKey(provider: Provider, destination: Destination, key: Secret | undefined): void {
  if (key && provider.key === 'none') throw new AppError('key.invalid', `${provider.name} takes no key.`)
  if (!key && needsKey(provider, destination)) throw new AppError('key.missing', `${provider.name} needs a key. Enter it.`)
  if (!key) return
  const normalised = normaliseKey(key.reveal())
  try {
    requireFittingKey(provider, { key: normalised, destination })
  } finally {
    normalised.wipe()
  }
}

/** A sealed key as its connection's row keeps it. */
export const keyColumns = ({ sealed, lastFour, fingerprint }: SealedKey, { keyVersion, now }: { keyVersion: number; now: Date }) => ({
  sealedKey: sealed,
  keyVersion,
  keyLastFour: lastFour,
  keyFingerprint: fingerprint,
  keySetAt: now,
})
