import { and, eq, inArray } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import { canonicalJson } from '../base/json.ts'
import type { Secret } from '../base/secret.ts'
import type { Database, Tx } from '../db/database.ts'
import { connections } from '../db/schema/index.ts'
import type { RateCard } from '../prices/rate-card.ts'
import type { Destination, Provider } from '../providers/provider.ts'
import { newId } from '../runtime/ids.ts'
import { canonicalDestination } from '../vault/destination.ts'
import type { Vault } from '../vault/vault.ts'

/** A workspace's entry for a provider, as its row says. `sealedKey` opens only through vault/open. */
export type Connection = typeof connections.$inferSelect

/**
 * The workspace's active connection for a provider and destination, made when there is none. A key given is sealed to
 * that destination; the same key again changes nothing, another one replaces it.
 */
export async function ensureConnection({
  database,
  vault,
  workspaceId,
  actor,
  provider,
  destination,
  key,
}: {
  database: Database
  vault: Vault
  workspaceId: string
  actor: string
  provider: Provider
  destination: Destination
  key?: Secret
}): Promise<Connection> {
  const wanted = canonicalDestination(destination)
  const connection = await database.inWorkspace(workspaceId, async (tx) => {
    const active = and(eq(connections.provider, provider.id), eq(connections.status, 'active'))
    const rows = await tx.select().from(connections).where(active)
    const existing = rows.find((row) => canonicalDestination(row.destination) === wanted)
    return existing ?? addConnection(tx, { workspaceId, actor, provider, destination })
  })
  return key ? setKey({ database, vault, actor, connection, key }) : connection
}

async function addConnection(
  tx: Tx,
  { workspaceId, actor, provider, destination }: { workspaceId: string; actor: string; provider: Provider; destination: Destination },
): Promise<Connection> {
  const taken = new Set((await tx.select({ slug: connections.slug }).from(connections)).map(({ slug }) => slug))
  let slug = provider.id
  for (let number = 2; taken.has(slug); number += 1) slug = `${provider.id}-${number}`
  const [added] = await tx
    .insert(connections)
    .values({ id: newId(), workspaceId, provider: provider.id, label: provider.name, slug, destination })
    .returning()
  await recordAudit(tx, {
    workspaceId,
    actor,
    action: 'connection.added',
    subject: `connection:${added!.id}`,
    detail: { provider: provider.id, slug },
  })
  return added!
}

/** The vault keeps its own transactions, so the key is sealed first and written after, if nobody replaced it meanwhile. */
async function setKey({
  database,
  vault,
  actor,
  connection,
  key,
}: {
  database: Database
  vault: Vault
  actor: string
  connection: Connection
  key: Secret
}): Promise<Connection> {
  const { id, workspaceId, provider, destination } = connection
  const keyVersion = connection.keyVersion + 1
  const sealed = await vault.sealKey({ workspaceId, record: { id, provider, destination, keyVersion }, secret: key })
  const same = connection.keyFingerprint !== null && Buffer.from(connection.keyFingerprint).equals(sealed.fingerprint)
  const record = { id, provider, destination, keyVersion: connection.keyVersion }
  if (same && connection.sealedKey && (await vault.opens({ workspaceId, record, sealed: connection.sealedKey }))) return connection
  return database.inWorkspace(workspaceId, async (tx) => {
    const [changed] = await tx
      .update(connections)
      .set({ sealedKey: sealed.sealed, keyVersion, keyLastFour: sealed.lastFour, keyFingerprint: sealed.fingerprint, keySetAt: new Date() })
      .where(and(eq(connections.id, id), eq(connections.keyVersion, connection.keyVersion)))
      .returning()
    if (!changed)
      throw new AppError('key.missing', "This connection's key was replaced by someone else at the same moment. Run the command again.")
    const action = connection.sealedKey ? 'key.replaced' : 'key.set'
    await recordAudit(tx, { workspaceId, actor, action, subject: `connection:${id}`, detail: { keyVersion } })
    return changed
  })
}

/** A connection's own prices for one model, per million tokens as plain decimals; they go before the price book's. */
export async function setPrices(
  tx: Tx,
  {
    actor,
    connection,
    model,
    currency,
    prices,
  }: { actor: string; connection: Connection; model: string; currency: string; prices: Readonly<Record<string, string>> },
): Promise<Connection> {
  const known = connection.prices?.models ?? {}
  if (connection.prices && connection.prices.currency !== currency) {
    throw new AppError('command.invalid', `This connection's prices are kept in ${connection.prices.currency}: give them in that currency.`)
  }
  if (canonicalJson(known[model]) === canonicalJson(prices)) return connection
  const card: RateCard = { ...connection.prices, currency, models: { ...known, [model]: prices } }
  const [changed] = await tx.update(connections).set({ prices: card }).where(eq(connections.id, connection.id)).returning()
  await recordAudit(tx, {
    workspaceId: connection.workspaceId,
    actor,
    action: 'connection.priced',
    subject: `connection:${connection.id}`,
    detail: { model, currency, prices },
  })
  return changed!
}

/** A connection as people see it: of the key nothing but its last four characters, and those only of long ones. */
export interface ListedConnection {
  readonly id: string
  readonly provider: string
  readonly slug: string
  readonly baseUrl: string
  readonly key: string | null // "••••wxyz"; null: it has none
  readonly keySetAt: Date | null
  readonly status: 'active' | 'revoked'
}

/** All connections of the workspace, revoked ones too, by slug. */
export async function listConnections(tx: Tx): Promise<ListedConnection[]> {
  const rows = await tx
    .select()
    .from(connections)
    .where(inArray(connections.status, ['active', 'revoked']))
    .orderBy(connections.slug)
  return rows.map(({ id, provider, slug, destination, sealedKey, keyLastFour, keySetAt, status }) => ({
    id,
    provider,
    slug,
    baseUrl: destination.baseUrl,
    key: sealedKey === null ? null : `••••${keyLastFour ?? ''}`,
    keySetAt,
    status: status === 'active' ? 'active' : 'revoked',
  }))
}

/** Ends a connection: its sealed key is destroyed and new calls are refused from this commit on. */
export async function revokeConnection(tx: Tx, { actor, id }: { actor: string; id: string }): Promise<void> {
  const [revoked] = await tx
    .update(connections)
    .set({ status: 'revoked', sealedKey: null, revokedAt: new Date() })
    .where(and(eq(connections.id, id), eq(connections.status, 'active')))
    .returning()
  if (!revoked) throw new AppError('connection.missing', 'There is no such connection, or it was revoked before.')
  await recordAudit(tx, { workspaceId: revoked.workspaceId, actor, action: 'connection.revoked', subject: `connection:${id}` })
}
