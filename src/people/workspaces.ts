import { asc, eq } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import type { Role } from '../contract/permissions.ts'
import type { Database, Tx } from '../db/database.ts'
import { members, sessions, users, workspaces } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'

export type Workspace = typeof workspaces.$inferSelect

const COMMAND_LINE = 'command-line'

/** The workspace of the command line, made at its first use. Who claimed the server owns it too. */
export async function commandLineWorkspace(database: Database): Promise<Workspace> {
  return database.asSystem('the command line finds its workspace', async (tx) => {
    const id = newId()
    const made = await tx.insert(workspaces).values({ id, name: 'Command line', slug: COMMAND_LINE }).onConflictDoNothing().returning()
    if (made[0]) {
      await recordAudit(tx, { workspaceId: id, actor: 'command', action: 'workspace.created', subject: `workspace:${id}` })
      const [first] = await tx.select({ id: users.id }).from(users).orderBy(asc(users.createdAt), asc(users.id)).limit(1)
      if (first) await tx.insert(members).values({ workspaceId: id, userId: first.id, role: 'owner' })
    }
    const [workspace] = await tx.select().from(workspaces).where(eq(workspaces.slug, COMMAND_LINE))
    return workspace!
  })
}

/** All workspaces of this installation, for what the server looks after by itself. */
export const workspaceIds = (database: Database): Promise<string[]> =>
  database.asSystem('the server looks after every workspace', async (tx) => {
    const rows = await tx.select({ id: workspaces.id }).from(workspaces).orderBy(asc(workspaces.id))
    return rows.map(({ id }) => id)
  })

/** Makes a workspace with its first owner, in the transaction of whoever may. */
export async function addWorkspace(tx: Tx, { name, ownerId, now }: { name: string; ownerId: string; now: Date }): Promise<Workspace> {
  const id = newId()
  const [workspace] = await tx
    .insert(workspaces)
    .values({ id, name, slug: slugOf(name, id), createdAt: now })
    .returning()
  await tx.insert(members).values({ workspaceId: id, userId: ownerId, role: 'owner', createdAt: now })
  await recordAudit(tx, { workspaceId: id, actor: `user:${ownerId}`, action: 'workspace.created', subject: `workspace:${id}` })
  return workspace!
}

/** Makes the first person an owner of what the command line has made before anyone signed in. */
export async function ownCommandLine(tx: Tx, ownerId: string): Promise<void> {
  const [workspace] = await tx.select({ id: workspaces.id }).from(workspaces).where(eq(workspaces.slug, COMMAND_LINE))
  if (workspace) await tx.insert(members).values({ workspaceId: workspace.id, userId: ownerId, role: 'owner' }).onConflictDoNothing()
}

/** Readable, and never taken: two workspaces may have one name. */
function slugOf(name: string, id: string): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return `${words.slice(0, 40) || 'workspace'}-${id.slice(-6)}`
}

/** A person's workspaces by name, with their role in each. */
export const workspacesOf = (database: Database, userId: string): Promise<{ workspace: Workspace; role: Role }[]> =>
  database.asSystem('a person finds their workspaces', (tx) =>
    tx
      .select({ workspace: workspaces, role: members.role })
      .from(members)
      .innerJoin(workspaces, eq(workspaces.id, members.workspaceId))
      .where(eq(members.userId, userId))
      .orderBy(workspaces.name, workspaces.id),
  )

/** Where a session is from now on. @throws AppError workspace.missing for one that the person is not in */
export async function enterWorkspace(
  database: Database,
  { userId, sessionId, workspaceId }: { userId: string; sessionId: string; workspaceId: string },
): Promise<void> {
  const own = await workspacesOf(database, userId)
  if (!own.some(({ workspace }) => workspace.id === workspaceId)) throw new AppError('workspace.missing', 'You are in no such workspace.')
  await database.asSystem('a person goes to another of their workspaces', (tx) =>
    tx.update(sessions).set({ activeWorkspaceId: workspaceId }).where(eq(sessions.id, sessionId)),
  )
}

/** Changes what a workspace says of itself. */
export async function changeWorkspace(
  tx: Tx,
  {
    workspaceId,
    actor,
    change,
  }: { workspaceId: string; actor: string; change: Partial<Pick<Workspace, 'name' | 'timeZone' | 'keyReminderDays'>> },
): Promise<Workspace> {
  const [before] = await tx.select().from(workspaces).where(eq(workspaces.id, workspaceId))
  if (Object.keys(change).length === 0) return before!
  const [changed] = await tx.update(workspaces).set(change).where(eq(workspaces.id, workspaceId)).returning()
  await recordAudit(tx, { workspaceId, actor, action: 'workspace.changed', subject: `workspace:${workspaceId}`, detail: change })
  return changed!
}

/** The currency that the workspace's budgets and quotes are kept in. Inside the workspace, which is all that this sees. */
export async function readWorkspaceCurrency(tx: Tx): Promise<string> {
  const [own] = await tx.select({ currency: workspaces.currency }).from(workspaces)
  return own!.currency
}
