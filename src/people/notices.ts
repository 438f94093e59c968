import { and, count, desc, eq, inArray, isNull, lt } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { Tx } from '../db/database.ts'
import type { Role } from '../contract/permissions.ts'
import { members, notices } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'

/** Tells a person something. `actor` as the ledger names it ("user:<id>"); tokens and the command line are told nothing. */
export async function addNotice(
  tx: Tx,
  { workspaceId, actor, kind, subject, text }: { workspaceId: string; actor: string; kind: string; subject: string; text: string },
): Promise<void> {
  const userId = /^user:([0-9a-f-]{36})$/.exec(actor)?.[1]
  if (userId === undefined) return
  await tx.insert(notices).values({ id: newId(), workspaceId, userId, kind, subject, text })
}

/** Tells everybody of these roles something, in whatever transaction found it. */
export async function addNoticeFor(
  tx: Tx,
  { workspaceId, roles, ...notice }: { workspaceId: string; roles: readonly Role[]; kind: string; subject: string; text: string },
): Promise<void> {
  const people = await tx
    .select({ userId: members.userId })
    .from(members)
    .where(and(eq(members.workspaceId, workspaceId), inArray(members.role, [...roles])))
  const rows = people.map(({ userId }) => ({ id: newId(), workspaceId, userId, ...notice }))
  if (rows.length > 0) await tx.insert(notices).values(rows)
}

/**
 * Tells everybody of these roles something once: who was told of this subject before is not told again. Two servers that look
 * at one moment wait for each other at the members' rows.
 */
export async function addNoticeOnce(
  tx: Tx,
  { workspaceId, roles, ...notice }: { workspaceId: string; roles: readonly Role[]; kind: string; subject: string; text: string },
): Promise<number> {
  const people = await tx
    .select({ userId: members.userId })
    .from(members)
    .where(and(eq(members.workspaceId, workspaceId), inArray(members.role, [...roles])))
    .orderBy(members.userId)
    .for('update')
  const told = await tx
    .select({ userId: notices.userId })
    .from(notices)
    .where(and(eq(notices.kind, notice.kind), eq(notices.subject, notice.subject)))
  const known = new Set(told.map(({ userId }) => userId))
  const rows = people.filter(({ userId }) => !known.has(userId)).map(({ userId }) => ({ id: newId(), workspaceId, userId, ...notice }))
  if (rows.length > 0) await tx.insert(notices).values(rows)
  return rows.length
}

export type Notice = typeof notices.$inferSelect

/** A person's notices, newest first; their ids sort by time. */
export const noticesOf = (
  tx: Tx,
  { userId, before, limit }: { userId: string; before?: string | undefined; limit: number },
): Promise<Notice[]> =>
  tx
    .select()
    .from(notices)
    .where(and(eq(notices.userId, userId), before === undefined ? undefined : lt(notices.id, before)))
    .orderBy(desc(notices.id))
    .limit(limit)

export async function countUnread(tx: Tx, userId: string): Promise<number> {
  const [unread] = await tx
    .select({ count: count() })
    .from(notices)
    .where(and(eq(notices.userId, userId), isNull(notices.readAt)))
  return unread!.count
}

/** Marks some of a person's notices as read, or all. @throws `notice.missing` for one that is not theirs. */
export async function markRead(
  tx: Tx,
  { userId, ids, now }: { userId: string; ids: readonly string[] | undefined; now: Date },
): Promise<void> {
  const own = eq(notices.userId, userId)
  if (ids) {
    const known = await tx
      .select({ id: notices.id })
      .from(notices)
      .where(and(own, inArray(notices.id, [...ids])))
    if (known.length < new Set(ids).size) throw new AppError('notice.missing', 'There is no such notice of yours.')
  }
  await tx
    .update(notices)
    .set({ readAt: now })
    .where(and(own, isNull(notices.readAt), ids ? inArray(notices.id, [...ids]) : undefined))
}
