import { and, eq, inArray } from 'drizzle-orm'
import type { VirtualKeyView } from '../../contract/gateway.ts'
import type { Database } from '../../db/database.ts'
import { connections, members, users } from '../../db/schema/index.ts'
import type { VirtualKey } from '../../people/virtual-keys.ts'

/** Virtual keys of one workspace as people see them, with the names of what their rows name. */
export async function virtualKeyViews(
  database: Database,
  { keys, now }: { keys: readonly VirtualKey[]; now: Date },
): Promise<VirtualKeyView[]> {
  const [first] = keys
  if (!first) return []
  const { workspaceId } = first
  const ownerIds = [...new Set(keys.map(({ ownerId }) => ownerId))]
  const own = await database.inWorkspace(workspaceId, async (tx) => ({
    connections: await tx.select({ id: connections.id, slug: connections.slug, label: connections.label }).from(connections),
    members: await tx
      .select({ userId: members.userId })
      .from(members)
      .where(and(eq(members.workspaceId, workspaceId), inArray(members.userId, ownerIds))),
  }))
  const owners = await database.asSystem('names of the owners of virtual keys', (tx) =>
    tx.select({ id: users.id, name: users.name, email: users.email }).from(users).where(inArray(users.id, ownerIds)),
  )
  return keys.map((key) => {
    const owner = owners.find(({ id }) => id === key.ownerId)
    return {
      id: key.id,
      name: key.name,
      owner: {
        userId: key.ownerId,
        name: owner?.name ?? '',
        email: owner?.email ?? '',
        left: own.members.every(({ userId }) => userId !== key.ownerId),
      },
      lastFour: key.lastFour,
      contexts: key.contexts,
      connections: key.connectionIds ? own.connections.filter(({ id }) => key.connectionIds!.includes(id)) : null,
      models: key.models,
      maxOutputTokens: key.maxOutputTokens,
      createdAt: key.createdAt.toISOString(),
      expiresAt: key.expiresAt?.toISOString() ?? null,
      expired: key.expiresAt !== null && key.expiresAt <= now,
      lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    }
  })
}
