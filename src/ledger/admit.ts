import { and, eq, inArray } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { type callIntents, connections, members, type OwnerPriced, virtualKeys, workspaces } from '../db/schema/index.ts'
import { hold, type Hold, holdOf, type LockedWindow, refusedFor } from './budget-holds.ts'
import { type Admission, type CallIntent, type CommittedConnection, CONNECTION_CHECK } from './intent.ts'
import type { Applying } from './limits.ts'
import { askedOf, type LockedBucket, refusedBy, type Taken, takeFrom } from './rate-limit.ts'

export interface IntendOperation {
  readonly kind: 'intend'
  readonly intent: CallIntent
  readonly resolve: (admission: Admission) => void
  readonly reject: (error: unknown) => void
}

/** A connection, with what its workspace's row says of the budgets and rate limits that hold. */
export interface CheckedConnection {
  readonly connection: typeof connections.$inferSelect
  readonly limitsVersion: number
  readonly timeZone: string
}

export type ConnectionsById = ReadonlyMap<string, CheckedConnection>

/**
 * The connections of these calls as they stand now, and stay until the commit: who revokes one meanwhile waits for it, so that
 * no call is admitted after a revocation was committed. The workspaces' rows are held in the same way, so that none is admitted
 * past a budget that was committed.
 */
export async function readConnections(tx: Tx, operations: readonly IntendOperation[]): Promise<ConnectionsById> {
  if (operations.length === 0) return new Map()
  const ids = [...new Set(operations.map(({ intent }) => intent.connectionId))]
  const rows = await tx
    .select({ connection: connections, limitsVersion: workspaces.limitsVersion, timeZone: workspaces.timeZone })
    .from(connections)
    .innerJoin(workspaces, eq(workspaces.id, connections.workspaceId))
    .where(inArray(connections.id, ids))
    .for('share')
  return new Map(rows.map((row) => [row.connection.id, row]))
}

export type VirtualKeysById = ReadonlyMap<
  string,
  Pick<typeof virtualKeys.$inferSelect, 'workspaceId' | 'changedAt' | 'revokedAt' | 'expiresAt'>
>

/** The virtual keys of these calls as they stand now, of those whose owners are members; held like their connections. */
export async function readVirtualKeys(tx: Tx, operations: readonly IntendOperation[]): Promise<VirtualKeysById> {
  const ids = [...new Set(operations.flatMap(({ intent }) => (intent.virtualKeyId === undefined ? [] : [intent.virtualKeyId])))]
  if (ids.length === 0) return new Map()
  const { id, workspaceId, changedAt, revokedAt, expiresAt, ownerId } = virtualKeys
  const rows = await tx
    .select({ id, workspaceId, changedAt, revokedAt, expiresAt })
    .from(virtualKeys)
    .innerJoin(members, and(eq(members.workspaceId, workspaceId), eq(members.userId, ownerId)))
    .where(inArray(id, ids))
    .for('share')
  return new Map(rows.map((row) => [row.id, row]))
}

/** The rows that admission reads and changes, locked until the commit. */
export interface LockedRows {
  readonly connectionsById: ConnectionsById
  readonly virtualKeysById: VirtualKeysById
  readonly windows: ReadonlyMap<string, LockedWindow>
  readonly buckets: ReadonlyMap<string, LockedBucket>
}

interface Admitted {
  readonly operation: IntendOperation
  readonly admission: Admission
  readonly taken: readonly Taken[]
  /** The intent to be inserted; undefined: it was refused. */
  readonly row?: typeof callIntents.$inferInsert
}

/**
 * Steps "intend" and half of "permit" of a call's path: holds worst cases in the windows of budgets and takes from the buckets of
 * rate limits, in the order they were asked. @returns the answers, with the intents of those that fit, to be inserted, and the windows
 * that had no room for a call although nothing else held any of it.
 */
export function admitIntents({
  operations,
  applying,
  rows,
  instance,
  now,
}: {
  operations: readonly IntendOperation[]
  applying: ReadonlyMap<CallIntent, Applying>
  rows: LockedRows
  instance: string
  now: Date
}): { admitted: Admitted[]; exhausted: Set<LockedWindow> } {
  const exhausted = new Set<LockedWindow>()
  const committedOnce = createCommitted()
  const admitted = operations.map((operation): Admitted => {
    const { intent } = operation
    const connection = rows.connectionsById.get(intent.connectionId)?.connection
    const refusal = permit(intent, connection) ?? permitKey(intent, rows.virtualKeysById, now)
    if (refusal) return { operation, admission: refusal, taken: [] }
    const reserved = reserve(intent, { applying: applying.get(intent)!, rows, now, exhausted })
    if ('kind' in reserved) return { operation, admission: reserved, taken: [] }
    const committed = committedOnce(connection!, intent.offersKey)
    const row = intentRow(intent, { holds: reserved.holds, instance, keyVersion: committed.keyVersion, now })
    const admission: Admission = { kind: 'admitted', intendedAt: now, connection: committed }
    return { operation, admission, taken: reserved.taken, row }
  })
  return { admitted, exhausted }
}

/** A connection as calls get it: one object for all that this commit admits over it, so that they share one opening of its key. */
function createCommitted(): (connection: typeof connections.$inferSelect, offersKey: true | undefined) => CommittedConnection {
  const byId = new Map<string, CommittedConnection>()
  return ({ id, provider, slug, destination, sealedKey, keyVersion }, offersKey) => {
    if (offersKey) return { id, provider, slug, destination, sealedKey: null, keyVersion: 0 }
    const committed = byId.get(id) ?? { id, provider, slug, destination, sealedKey, keyVersion }
    byId.set(id, committed)
    return committed
  }
}

function permit(intent: CallIntent, connection: typeof connections.$inferSelect | undefined): Admission | undefined {
  if (!connection || connection.workspaceId !== intent.workspaceId) return { kind: 'missing' }
  const isTest = connection.status === 'draft' && intent.offersKey && intent.context === CONNECTION_CHECK
  if (connection.status !== 'active' && !isTest) return { kind: 'revoked', slug: connection.slug }
  if (connection.contexts && intent.context !== CONNECTION_CHECK && !connection.contexts.includes(intent.context))
    return { kind: 'missing' }
  return undefined
}

function permitKey(
  { workspaceId, virtualKeyId, virtualKeyChangedAt }: CallIntent,
  virtualKeysById: VirtualKeysById,
  now: Date,
): Admission | undefined {
  if (virtualKeyId === undefined) return undefined
  const key = virtualKeysById.get(virtualKeyId)
  const works = key && key.workspaceId === workspaceId && key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now)
  if (!works) return { kind: 'virtual_key', state: 'ended' }
  const isAsRead = virtualKeyChangedAt === undefined || key.changedAt.getTime() === virtualKeyChangedAt.getTime()
  return isAsRead ? undefined : { kind: 'virtual_key', state: 'changed' }
}

/** All that holds for a call has room for it, and is reserved; or nothing is. */
function reserve(
  intent: CallIntent,
  {
    applying,
    rows: { windows, buckets },
    now,
    exhausted,
  }: { applying: Applying; rows: LockedRows; now: Date; exhausted: Set<LockedWindow> },
): Admission | { readonly holds: readonly Hold[]; readonly taken: readonly Taken[] } {
  const holds: Hold[] = []
  const inTotal = intent.budgetIds.map((id) => ({ id, endsAt: null }))
  for (const { id, endsAt } of [...inTotal, ...applying.windows]) {
    const window = windows.get(id)
    if (!window || window.workspaceId !== intent.workspaceId) return { kind: 'missing' }
    const asked = holdOf(window, intent)
    if (!asked) return { kind: 'unpriced', budgetId: window.budgetId, name: window.name, currency: window.currency }
    const refusal = refusedFor(asked, endsAt)
    if (refusal) {
      if (window.spentNano + asked.nano > refusal.limitNano) exhausted.add(window)
      return { kind: 'no_room', refusal }
    }
    holds.push(asked)
  }
  const wanted = applying.bucketIds.map((bucketId) => ({ bucket: buckets.get(bucketId)!, asked: askedOf(buckets.get(bucketId)!, intent) }))
  for (const { bucket, asked } of wanted) {
    const refusal = refusedBy(bucket, { asked, now })
    if (refusal) return { kind: 'limited', refusal }
  }
  for (const one of holds) hold(one)
  return { holds, taken: wanted.map(({ bucket, asked }) => takeFrom(bucket, { count: asked, now })) }
}

function intentRow(
  intent: CallIntent,
  { holds, instance, keyVersion, now }: { holds: readonly Hold[]; instance: string; keyVersion: number; now: Date },
): typeof callIntents.$inferInsert {
  const {
    offersKey: _,
    member: __,
    virtualKeyId: ___,
    tokensAtMost: ____,
    byTheThousand: _____,
    virtualKeyChangedAt: ______,
    batchId,
    ...known
  } = intent
  const ownerPriced = holds.flatMap((one): [string, OwnerPriced][] => (one.ownerPriced ? [[one.window.id, one.ownerPriced]] : []))
  return {
    ...known,
    ...(batchId === undefined ? {} : { batchId }),
    budgetIds: holds.map(({ window }) => window.id),
    ownerPriced: ownerPriced.length > 0 ? Object.fromEntries(ownerPriced) : null,
    worstCaseNano: intent.worstCaseNano ?? null,
    instance,
    keyVersion,
    intendedAt: now,
  }
}
