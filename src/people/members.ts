import { and, eq, max, sql } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import type { Role } from '../contract/permissions.ts'
import type { Database, Tx } from '../db/database.ts'
import { apiTokens, members, sessions, users } from '../db/schema/index.ts'
import type { Member } from '../http/handle.ts'

export interface ListedMember {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly role: Role
  readonly since: Date
  readonly lastSeenAt: Date | null
}

const REASON = 'members are people of the whole installation'

/** Who is in a workspace, by name. */
export async function listMembers(database: Database, workspaceId: string, only?: string): Promise<ListedMember[]> {
  return database.asSystem(REASON, async (tx) => {
    const lastSeen = tx
      .select({ userId: sessions.userId, at: max(sessions.updatedAt).as('at') })
      .from(sessions)
      .groupBy(sessions.userId)
      .as('last_seen')
    return tx
      .select({
        userId: users.id,
        name: users.name,
        email: users.email,
        role: members.role,
        since: members.createdAt,
        lastSeenAt: sql<Date | null>`${lastSeen.at}`.mapWith((value: string | Date | null) => (value === null ? null : new Date(value))),
      })
      .from(members)
      .innerJoin(users, eq(users.id, members.userId))
      .leftJoin(lastSeen, eq(lastSeen.userId, users.id))
      .where(and(eq(members.workspaceId, workspaceId), only ? eq(members.userId, only) : undefined))
      .orderBy(users.name, users.id)
  })
}

/** The role a person has in a workspace at this moment; undefined: none. */
export async function roleOf(tx: Tx, { workspaceId, userId }: { workspaceId: string; userId: string }): Promise<Role | undefined> {
  const [row] = await tx
    .select({ role: members.role })
    .from(members)
    .where(and(eq(members.workspaceId, workspaceId), eq(members.userId, userId)))
  return row?.role
}

/** The person behind an actor of the ledger, by their user id: also a token's; undefined for the command line. */
export async function memberOfActor(tx: Tx, actor: string): Promise<string | undefined> {
  const [kind, id = ''] = actor.split(':')
  if (kind === 'user') return id
  if (kind !== 'token') return undefined
  const [token] = await tx.select({ userId: apiTokens.userId }).from(apiTokens).where(eq(apiTokens.id, id))
  return token?.userId
}

/** @throws AppError member.missing; permission.denied when owners are touched by someone who is none; owner.last */
export async function changeRole(tx: Tx, { who, userId, role }: { who: Member; userId: string; role: Role }): Promise<void> {
  const { workspaceId, actor } = who
  const before = await lockedRole(tx, { workspaceId, userId })
  if (before === role) return
  if (before === 'owner' || role === 'owner') requireOwner(who)
  if (before === 'owner') await requireAnotherOwner(tx, { workspaceId, userId })
  await tx
    .update(members)
    .set({ role })
    .where(and(eq(members.workspaceId, workspaceId), eq(members.userId, userId)))
  await recordAudit(tx, { workspaceId, actor, action: 'member.changed', subject: `user:${userId}`, detail: { from: before, to: role } })
}

/** Takes a person out of a workspace; their tokens for it end with it. @throws as changeRole */
export async function removeMember(tx: Tx, { who, userId, now }: { who: Member; userId: string; now: Date }): Promise<void> {
  const { workspaceId, actor } = who
  const role = await lockedRole(tx, { workspaceId, userId })
  if (role === 'owner') {
    if (userId !== who.userId) requireOwner(who)
    await requireAnotherOwner(tx, { workspaceId, userId })
  }
  await tx.delete(members).where(and(eq(members.workspaceId, workspaceId), eq(members.userId, userId)))
  await tx.update(apiTokens).set({ revokedAt: now }).where(eq(apiTokens.userId, userId))
  const action = userId === who.userId ? 'member.left' : 'member.removed'
  await recordAudit(tx, { workspaceId, actor, action, subject: `user:${userId}`, detail: { role } })
}

/** The rows of all owners are locked, so that two owners cannot unmake each other at the same moment. */
async function lockedRole(tx: Tx, { workspaceId, userId }: { workspaceId: string; userId: string }): Promise<Role> {
  const rows = await tx.select().from(members).where(eq(members.workspaceId, workspaceId)).orderBy(members.userId).for('update')
  const found = rows.find((row) => row.userId === userId)
  if (!found) throw new AppError('member.missing', 'There is no such member in this workspace.')
  return found.role
}

function requireOwner({ role }: Member): void {
  if (role !== 'owner') throw new AppError('permission.denied', 'Only an owner of the workspace makes, changes or removes owners.')
}

async function requireAnotherOwner(tx: Tx, { workspaceId, userId }: { workspaceId: string; userId: string }): Promise<void> {
  const owners = await tx
    .select({ userId: members.userId })
    .from(members)
    .where(and(eq(members.workspaceId, workspaceId), eq(members.role, 'owner')))
  if (owners.every((owner) => owner.userId === userId))
    throw new AppError('owner.last', 'This is the workspace’s last owner. Make another member an owner first.')
}
