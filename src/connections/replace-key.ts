import { and, eq } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError, connectionRevoked } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { DestinationInput } from '../contract/connections.ts'
import type { Database } from '../db/database.ts'
import { connections } from '../db/schema/index.ts'
import type { Destination } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'
import { newId } from '../runtime/ids.ts'
import { canonicalDestination } from '../vault/destination.ts'
import { type ConnectionServices, keyColumns, requireKey } from './add.ts'
import { requireConnection } from './change.ts'
import type { Connection } from './connections.ts'
import { destinationFrom, hostOf } from './destination-input.ts'

/** A key, and where it would be used, that may take the place of a connection's. */
export interface Replacement {
  readonly connection: Connection
  readonly destination: Destination
  readonly key: Secret | undefined
}

/**
 * Looks at a replacement before anything is tested or written. A destination does not change under a kept key (KEY-6): the
 * key is entered again with it.
 * @throws AppError connection.missing, connection.revoked, key.required, key.missing, key.invalid, destination.refused, header.refused.
 */
export async function prepareReplacement(
  services: Omit<ConnectionServices, 'vault'>,
  {
    workspaceId,
    id,
    destination: input,
    key,
  }: { workspaceId: string; id: string; destination: DestinationInput | undefined; key: Secret | undefined },
): Promise<Replacement> {
  const connection = await services.database.inWorkspace(workspaceId, (tx) => requireConnection(tx, id))
  if (connection.status !== 'active') throw connectionRevoked(connection.slug)
  const provider = findProvider(connection.provider)
  if (!key && connection.sealedKey !== null) {
    throw new AppError('key.required', 'Enter the key again: it is sealed to its destination and does not move to another.')
  }
  const destination = input ? await destinationFrom(provider, input, services) : connection.destination
  requireKey(provider, destination, key)
  return { connection, destination, key }
}

/**
 * The replacement takes over: from this commit on calls use the new key. @throws AppError connection.changed when someone
 * replaced the key or revoked the connection meanwhile.
 */
export async function takeOver(
  { database, vault, clock }: Pick<ConnectionServices, 'database' | 'vault' | 'clock'>,
  { actor, replacement: { connection, destination, key } }: { actor: string; replacement: Replacement },
): Promise<void> {
  const { id, workspaceId, provider } = connection
  const keyVersion = connection.keyVersion + 1
  const now = clock.now()
  const record = { id, provider, destination, keyVersion }
  const sealed = key && (await vault.sealKey({ workspaceId, record, secret: key }))
  await database.inWorkspace(workspaceId, async (tx) => {
    const asRead = and(eq(connections.id, id), eq(connections.keyVersion, connection.keyVersion), eq(connections.status, 'active'))
    const changed = await tx
      .update(connections)
      .set({ destination, checkedAt: null, checkResult: null, ...(sealed ? keyColumns(sealed, { keyVersion, now }) : {}) })
      .where(asRead)
      .returning({ id: connections.id })
    if (changed.length === 0) {
      throw new AppError('connection.changed', 'Someone replaced the key or revoked the connection at this moment. Load it again.')
    }
    const subject = `connection:${id}`
    if (canonicalDestination(connection.destination) !== canonicalDestination(destination)) {
      const detail = { from: hostOf(connection.destination), to: hostOf(destination) }
      await recordAudit(tx, { workspaceId, actor, action: 'connection.moved', subject, detail })
    }
    if (!sealed) return
    const action = connection.sealedKey === null ? 'key.set' : 'key.replaced'
    await recordAudit(tx, { workspaceId, actor, action, subject, detail: { keyVersion } })
  })
}

/**
 * The row that the ledger names for tests of a key nobody has saved: one for each provider and destination, never with a
 * key, shown nowhere and good for nothing else.
 */
export async function draftConnection(
  database: Database,
  { workspaceId, provider, destination }: { workspaceId: string; provider: string; destination: Destination },
): Promise<Connection> {
  const wanted = canonicalDestination(destination)
  return database.inWorkspace(workspaceId, async (tx) => {
    const drafts = and(eq(connections.provider, provider), eq(connections.status, 'draft'))
    const rows = await tx.select().from(connections).where(drafts)
    const known = rows.find((row) => canonicalDestination(row.destination) === wanted)
    if (known) return known
    const { name } = findProvider(provider)
    const [added] = await tx
      .insert(connections)
      .values({ id: newId(), workspaceId, provider, label: name, slug: 'key-test', destination, status: 'draft' })
      .returning()
    return added!
  })
}
