import { eq } from 'drizzle-orm'
import type { Me } from '../contract/people.ts'
import type { Database } from '../db/database.ts'
import { sessions, users } from '../db/schema/index.ts'
import { type Workspace, workspacesOf } from './workspaces.ts'

/** A person as they see themselves. `activeWorkspaceId` counts only where they are still a member. */
export async function describePerson(
  database: Database,
  { userId, activeWorkspaceId }: { userId: string; activeWorkspaceId: string | null },
): Promise<Me> {
  const [user] = await database.asSystem('a person sees themselves', (tx) => tx.select().from(users).where(eq(users.id, userId)))
  const own = await workspacesOf(database, userId)
  const here = own.find(({ workspace }) => workspace.id === activeWorkspaceId)
  return {
    user: { id: user!.id, name: user!.name, email: user!.email, twoFactor: user!.twoFactorEnabled },
    workspace: here ? workspaceView(here.workspace) : null,
    role: here?.role ?? null,
    workspaces: own.map(({ workspace, role }) => ({ id: workspace.id, name: workspace.name, role })),
  }
}

/** As `describePerson`, for a signed-in session; one without a workspace goes to the person's first. */
export async function describeSession(database: Database, { userId, sessionId }: { userId: string; sessionId: string }): Promise<Me> {
  const [session] = await database.asSystem('where a signed-in person is', (tx) =>
    tx.select().from(sessions).where(eq(sessions.id, sessionId)),
  )
  const described = await describePerson(database, { userId, activeWorkspaceId: session?.activeWorkspaceId ?? null })
  const [first] = described.workspaces
  if (described.workspace || !first) return described
  await database.asSystem('a person without a workspace goes to their first', (tx) =>
    tx.update(sessions).set({ activeWorkspaceId: first.id }).where(eq(sessions.id, sessionId)),
  )
  return describePerson(database, { userId, activeWorkspaceId: first.id })
}

export const workspaceView = ({ id, name, slug, currency, timeZone, keyReminderDays }: Workspace) => ({
  id,
  name,
  slug,
  currency,
  timeZone,
  keyReminderDays,
})
