import { eq } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import type { Database } from '../db/database.ts'
import { workspaces } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'

export interface Workspace {
  readonly id: string
  readonly name: string
  readonly slug: string
  readonly currency: string
}

/** The workspace of the command line, made at its first use. */
export async function commandLineWorkspace(database: Database): Promise<Workspace> {
  return database.asSystem('the command line finds its workspace', async (tx) => {
    const id = newId()
    const made = await tx.insert(workspaces).values({ id, name: 'Command line', slug: 'command-line' }).onConflictDoNothing().returning()
    if (made[0]) await recordAudit(tx, { workspaceId: id, actor: 'command', action: 'workspace.created', subject: `workspace:${id}` })
    const [workspace] = await tx.select().from(workspaces).where(eq(workspaces.slug, 'command-line'))
    return workspace!
  })
}
