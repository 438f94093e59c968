import { and, desc, eq, inArray, isNull } from 'drizzle-orm'
import type { Role } from '../contract/permissions.ts'
import type { Tx } from '../db/database.ts'
import { members, notices } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'

/** What begins again so soon after its end is the same, and the same notice tells of it. */
const SAME_MS = 10 * 60_000

/**
 * Tells everybody of these roles of something that lasts, such as a provider that fails; `endNotice` says in the same notice that
 * it is over. Whoever was told of it already is not told again. Two servers that begin at one moment wait for each other at the
 * members' rows.
 */
export async function beginNotice(
  tx: Tx,
  {
    workspaceId,
    roles,
    now,
    ...notice
  }: { workspaceId: string; roles: readonly Role[]; kind: string; subject: string; text: string; now: Date },
): Promise<void> {
  const people = await tx
    .select({ userId: members.userId })
    .from(members)
    .where(and(eq(members.workspaceId, workspaceId), inArray(members.role, [...roles])))
    .orderBy(members.userId)
    .for('update')
  const before = await tx
    .select({ id: notices.id, userId: notices.userId, endedAt: notices.endedAt })
    .from(notices)
    .where(and(eq(notices.kind, notice.kind), eq(notices.subject, notice.subject)))
    .orderBy(desc(notices.id))
  const fresh: (typeof notices.$inferInsert)[] = []
  for (const { userId } of people) {
    const last = before.find((told) => told.userId === userId)
    if (last && !last.endedAt) continue
    if (last?.endedAt && now.getTime() - last.endedAt.getTime() < SAME_MS) {
      await tx.update(notices).set({ endedAt: null }).where(eq(notices.id, last.id))
    } else fresh.push({ id: newId(now.getTime()), workspaceId, userId, ...notice, createdAt: now })
  }
  if (fresh.length > 0) await tx.insert(notices).values(fresh)
}

/** What a notice told of is over: it says so from now on. */
export async function endNotice(tx: Tx, { kind, subject, now }: { kind: string; subject: string; now: Date }): Promise<void> {
  await tx
    .update(notices)
    .set({ endedAt: now })
    .where(and(eq(notices.kind, kind), eq(notices.subject, subject), isNull(notices.endedAt)))
}
