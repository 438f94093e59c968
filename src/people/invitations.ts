import { and, desc, eq, gt, inArray, isNull } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import type { Role } from '../contract/permissions.ts'
import type { Database, Tx } from '../db/database.ts'
import { invitations, members, sessions, users, workspaces } from '../db/schema/index.ts'
import type { Member } from '../http/handle.ts'
import { newId } from '../runtime/ids.ts'
import { hashToken, newToken } from './tokens.ts'

const PREFIX = 'lk_join_'
const DAY_MS = 86_400_000

export interface ListedInvitation {
  readonly id: string
  readonly role: Role
  readonly note: string
  readonly createdBy: string // user id
  readonly createdAt: Date
  readonly expiresAt: Date
}

/** Makes a link's token; nobody invites into a higher place than an owner may give. @throws AppError permission.denied */
export async function makeInvitation(
  tx: Tx,
  { who, role, note, days, now }: { who: Member; role: Role; note: string; days: number; now: Date },
): Promise<{ token: string; invitation: ListedInvitation }> {
  if (role === 'owner' && who.role !== 'owner') throw new AppError('permission.denied', 'Only an owner of the workspace invites owners.')
  const token = newToken(PREFIX)
  const { workspaceId, userId, actor } = who
  const [invitation] = await tx
    .insert(invitations)
    .values({
      id: newId(),
      workspaceId,
      role,
      note,
      tokenHash: hashToken(token),
      createdBy: userId,
      createdAt: now,
      expiresAt: new Date(now.getTime() + days * DAY_MS),
    })
    .returning()
  await recordAudit(tx, { workspaceId, actor, action: 'invitation.made', subject: `invitation:${invitation!.id}`, detail: { role } })
  return { token, invitation: invitation! }
}

/** Those that still work, newest first. */
export const listInvitations = (tx: Tx, now: Date): Promise<ListedInvitation[]> =>
  tx
    .select()
    .from(invitations)
    .where(and(isNull(invitations.endedAt), gt(invitations.expiresAt, now)))
    .orderBy(desc(invitations.createdAt))

export async function withdrawInvitation(
  tx: Tx,
  { who, invitationId, now }: { who: Member; invitationId: string; now: Date },
): Promise<void> {
  const open = and(eq(invitations.id, invitationId), isNull(invitations.endedAt))
  const [withdrawn] = await tx.update(invitations).set({ endedAt: now }).where(open).returning()
  if (!withdrawn) throw missing()
  const { workspaceId, actor } = who
  await recordAudit(tx, { workspaceId, actor, action: 'invitation.withdrawn', subject: `invitation:${invitationId}` })
}

const REASON = 'an invitation is read by someone who is in no workspace yet'

export interface OpenInvitation {
  readonly id: string
  readonly workspaceId: string
  readonly workspaceName: string
  readonly role: Role
  readonly expiresAt: Date
}

/** @throws AppError invitation.missing for every link that does not work, for whatever reason */
export const openInvitation = (database: Database, { token, now }: { token: string; now: Date }): Promise<OpenInvitation> =>
  database.asSystem(REASON, async (tx) => {
    const [found] = await tx
      .select({
        id: invitations.id,
        workspaceId: invitations.workspaceId,
        workspaceName: workspaces.name,
        role: invitations.role,
        expiresAt: invitations.expiresAt,
      })
      .from(invitations)
      .innerJoin(workspaces, eq(workspaces.id, invitations.workspaceId))
      .where(and(eq(invitations.tokenHash, hashToken(token)), isNull(invitations.endedAt), gt(invitations.expiresAt, now)))
    if (!found) throw missing()
    return found
  })

/** Uses an invitation up; of two who use it at the same moment one joins. A member who is there already keeps their role. */
export const joinByInvitation = (
  database: Database,
  { invitation, userId, sessionId, now }: { invitation: OpenInvitation; userId: string; sessionId?: string | undefined; now: Date },
): Promise<void> =>
  database.asSystem(REASON, async (tx) => {
    const { id, workspaceId, role } = invitation
    const [used] = await tx
      .update(invitations)
      .set({ endedAt: now, acceptedBy: userId })
      .where(and(eq(invitations.id, id), isNull(invitations.endedAt)))
      .returning()
    if (!used) throw missing()
    await tx.insert(members).values({ workspaceId, userId, role, createdAt: now }).onConflictDoNothing()
    const there = sessionId ? eq(sessions.id, sessionId) : eq(sessions.userId, userId) // without one they have just been made
    await tx.update(sessions).set({ activeWorkspaceId: workspaceId }).where(there)
    await recordAudit(tx, { workspaceId, actor: `user:${userId}`, action: 'member.joined', subject: `user:${userId}`, detail: { role } })
  })

/** The name of a person, for "invited by". */
export const namesOf = (database: Database, userIds: readonly string[]): Promise<Map<string, string>> =>
  database.asSystem('people are named to their fellow members', async (tx) => {
    const rows = await tx
      .select({ id: users.id, name: users.name })
      .from(users)
      .where(inArray(users.id, [...userIds]))
    return new Map(rows.map(({ id, name }) => [id, name]))
  })

const missing = (): AppError =>
  new AppError('invitation.missing', 'This invitation does not work: it was used, withdrawn or is too old. Ask for a new link.')
