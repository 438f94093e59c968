import { asc, eq, inArray } from 'drizzle-orm'
import { type FoundOf, readFound } from '../../assignments/abilities.ts'
import { type AssignedCandidate, assignedCandidate } from '../../assignments/resolve.ts'
import type { Database } from '../../db/database.ts'
import { assignments, connections, workspaces } from '../../db/schema/index.ts'
import type { Clock } from '../../runtime/clock.ts'

type Connection = typeof connections.$inferSelect

/** What a workspace's requests may be routed to. */
export interface Directory {
  readonly currency: string
  /** Active ones, by slug. */
  readonly connections: ReadonlyMap<string, Connection>
  /** Who serves a context, in their order; revoked connections stay in their place, so that no other takes over in silence. */
  readonly assigned: ReadonlyMap<string, readonly AssignedCandidate[]>
  /** What the tests of models found. */
  readonly found: FoundOf
}

/** How old a directory may be. It only says where to look: whether a connection may be used is read in each call's own commit. */
const MAX_AGE_MS = 1_000

/** The workspaces' directories, read again when they are a second old, or older than `maxAgeMs`. */
export function createDirectories({
  database,
  clock,
}: {
  database: Database
  clock: Clock
}): (workspaceId: string, maxAgeMs?: number) => Promise<Directory> | Directory {
  const known = new Map<string, { readMs: number; directory: Directory }>()
  const reading = new Map<string, Promise<Directory>>()
  return (workspaceId, maxAgeMs = MAX_AGE_MS) => {
    const found = known.get(workspaceId)
    const nowMs = clock.now().getTime()
    if (found && nowMs - found.readMs < maxAgeMs) return found.directory
    const begun = reading.get(workspaceId)
    if (begun) return begun
    const read = readDirectory(database, workspaceId)
      .then((directory) => {
        known.set(workspaceId, { readMs: nowMs, directory })
        return directory
      })
      .finally(() => reading.delete(workspaceId))
    reading.set(workspaceId, read)
    return read
  }
}

function readDirectory(database: Database, workspaceId: string): Promise<Directory> {
  return database.inWorkspace(workspaceId, async (tx) => {
    const [own, rows, [workspace], found] = await Promise.all([
      tx
        .select()
        .from(connections)
        .where(inArray(connections.status, ['active', 'revoked']))
        .orderBy(asc(connections.slug)),
      tx
        .select({ assignment: assignments, connection: connections })
        .from(assignments)
        .innerJoin(connections, eq(connections.id, assignments.connectionId))
        .orderBy(asc(assignments.context), asc(assignments.position)),
      tx.select({ currency: workspaces.currency }).from(workspaces).where(eq(workspaces.id, workspaceId)),
      readFound(tx, 'all'),
    ])
    const assigned = new Map<string, AssignedCandidate[]>()
    for (const { assignment, connection } of rows) {
      const { context } = assignment
      const candidate = assignedCandidate(assignment, { connection, found })
      assigned.set(context, [...(assigned.get(context) ?? []), candidate])
    }
    const active = own.filter(({ status }) => status === 'active')
    return { currency: workspace?.currency ?? 'USD', connections: new Map(active.map((one) => [one.slug, one])), assigned, found }
  })
}
