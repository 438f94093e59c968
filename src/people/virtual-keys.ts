import { and, desc, eq, gt, inArray, isNull, or } from 'drizzle-orm'
import { type AuditAction, recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import type { Database, Tx } from '../db/database.ts'
import { members, virtualKeys } from '../db/schema/index.ts'
import type { Member } from '../http/handle.ts'
import type { Clock } from '../runtime/clock.ts'
import { newId } from '../runtime/ids.ts'
import type { Log } from '../runtime/log.ts'
import { hashToken, newToken } from './tokens.ts'

/** Programs that look at a key's form look for "sk-"; secret scanners find the rest. */
const PREFIX = 'sk-lk-'

export type VirtualKey = typeof virtualKeys.$inferSelect

/** What a virtual key may be used for; null: anything. */
export interface VirtualKeyScope {
  readonly contexts: string[] | null
  readonly connectionIds: string[] | null
  readonly models: string[] | null // names, or patterns with one "*"
}

export interface VirtualKeyInput extends VirtualKeyScope {
  readonly name: string
  readonly ownerId: string
  readonly maxOutputTokens: number | null
  readonly expiresAt: Date | null
}

/**
 * Makes a virtual key on its owner's account. @returns the token, which is not kept, and the key as it is listed.
 * @throws AppError member.missing when the owner is not in the workspace.
 */
export async function makeVirtualKey(
  tx: Tx,
  { who, input, now }: { who: Member; input: VirtualKeyInput; now: Date },
): Promise<{ token: string; key: VirtualKey }> {
  const { workspaceId } = who
  await requireMember(tx, { workspaceId, userId: input.ownerId })
  const token = newToken(PREFIX)
  const [key] = await tx
    .insert(virtualKeys)
    .values({
      ...input,
      id: newId(now.getTime()),
      workspaceId,
      tokenHash: hashToken(token),
      lastFour: token.slice(-4),
      createdAt: now,
      changedAt: now,
    })
    .returning()
  await audit(tx, { who, action: 'virtual_key.made', key: key! })
  return { token, key: key! }
}

/** The workspace's virtual keys that were not revoked, newest first; expired ones among them. */
export const listVirtualKeys = (tx: Tx): Promise<VirtualKey[]> =>
  tx.select().from(virtualKeys).where(isNull(virtualKeys.revokedAt)).orderBy(desc(virtualKeys.createdAt), desc(virtualKeys.id))

const RECENT_MS = 7 * 86_400_000

/** Those whose calls may be the latest ones: all that were not revoked, and those that were a while ago at most. */
export async function recentVirtualKeyIds(tx: Tx, now: Date): Promise<string[]> {
  const recently = gt(virtualKeys.revokedAt, new Date(now.getTime() - RECENT_MS))
  const rows = await tx
    .select({ id: virtualKeys.id })
    .from(virtualKeys)
    .where(or(isNull(virtualKeys.revokedAt), recently))
  return rows.map(({ id }) => id)
}

/** One that was not revoked. @throws AppError virtual_key.missing */
export async function findVirtualKey(tx: Tx, id: string): Promise<VirtualKey> {
  const [key] = await tx.select().from(virtualKeys).where(live(id))
  if (!key) throw missing()
  return key
}

/** @throws AppError virtual_key.missing */
export async function changeVirtualKey(
  tx: Tx,
  { who, id, changes, now }: { who: Member; id: string; changes: Partial<VirtualKeyInput>; now: Date },
): Promise<VirtualKey> {
  if (changes.ownerId !== undefined) await requireMember(tx, { workspaceId: who.workspaceId, userId: changes.ownerId })
  const [key] = await tx
    .update(virtualKeys)
    .set({ ...changes, changedAt: now })
    .where(live(id))
    .returning()
  if (!key) throw missing()
  await audit(tx, { who, action: 'virtual_key.changed', key })
  return key
}

/** From this commit on no call begins with it; running streams are cut within a second. @throws AppError virtual_key.missing */
export async function revokeVirtualKey(tx: Tx, { who, id, now }: { who: Member; id: string; now: Date }): Promise<VirtualKey> {
  const [key] = await tx.update(virtualKeys).set({ revokedAt: now, changedAt: now }).where(live(id)).returning()
  if (!key) throw missing()
  await audit(tx, { who, action: 'virtual_key.revoked', key })
  return key
}

/** Whether it is worth a look-up at all. */
export const isVirtualKey = (token: string): boolean => token.startsWith(PREFIX) && token.length === PREFIX.length + 43

/**
 * The keys of these token hashes that work now: not revoked, not expired, their owners still members. By hash in hex. One
 * query for many, because the gateway asks for each call.
 */
export async function workingVirtualKeys(database: Database, hashes: readonly Uint8Array[], now: Date): Promise<Map<string, VirtualKey>> {
  const rows = await database.asSystem('whom virtual keys act for', (tx) =>
    tx
      .select({ key: virtualKeys })
      .from(virtualKeys)
      .innerJoin(members, and(eq(members.workspaceId, virtualKeys.workspaceId), eq(members.userId, virtualKeys.ownerId)))
      .where(inArray(virtualKeys.tokenHash, [...hashes])),
  )
  const working = rows.filter(({ key }) => isWorking(key, now))
  return new Map(working.map(({ key }) => [Buffer.from(key.tokenHash).toString('hex'), key]))
}

export const isWorking = ({ revokedAt, expiresAt }: Pick<VirtualKey, 'revokedAt' | 'expiresAt'>, now: Date): boolean =>
  revokedAt === null && (expiresAt === null || expiresAt > now)

const USE_NOTED_EVERY_MS = 60_000

/**
 * Keeps when virtual keys were last used, to the minute: a key that is used a thousand times a second is written once in that
 * time, beside the calls and never before them. @returns to be told of each use; it neither waits nor throws.
 */
export function createUseNotes({ database, clock, log }: { database: Database; clock: Clock; log: Log }): (key: VirtualKey) => void {
  const notedMs = new Map<string, number>()
  return ({ id, workspaceId, lastUsedAt }) => {
    const now = clock.now()
    const last = Math.max(notedMs.get(id) ?? 0, lastUsedAt?.getTime() ?? 0)
    if (now.getTime() - last < USE_NOTED_EVERY_MS) return
    notedMs.set(id, now.getTime())
    database
      .inWorkspace(workspaceId, (tx) => tx.update(virtualKeys).set({ lastUsedAt: now }).where(eq(virtualKeys.id, id)))
      .catch((error: unknown) => log.warn({ error }, 'when a virtual key was last used could not be written'))
  }
}

const live = (id: string) => and(eq(virtualKeys.id, id), isNull(virtualKeys.revokedAt))

async function requireMember(tx: Tx, { workspaceId, userId }: { workspaceId: string; userId: string }): Promise<void> {
  const [found] = await tx
    .select({ userId: members.userId })
    .from(members)
    .where(and(eq(members.workspaceId, workspaceId), eq(members.userId, userId)))
  if (!found) throw new AppError('member.missing', 'There is no such member. A virtual key belongs to somebody in the workspace.')
}

async function audit(tx: Tx, { who, action, key }: { who: Member; action: AuditAction; key: VirtualKey }): Promise<void> {
  const { workspaceId, actor } = who
  await recordAudit(tx, { workspaceId, actor, action, subject: `virtual-key:${key.id}`, detail: { name: key.name } })
}

const missing = (): AppError => new AppError('virtual_key.missing', 'There is no such virtual key, or it was revoked before.')
