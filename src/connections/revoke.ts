import { and, count, desc, eq, inArray } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import type { ConnectionStops } from '../contract/connections.ts'
import type { Tx } from '../db/database.ts'
import { assignments, callIntents, connections, runs } from '../db/schema/index.ts'
import { requireConnection } from './change.ts'
import { revokeConnection } from './connections.ts'

/** What stops when a connection is revoked: who is assigned to it, what runs on it, what is in flight now. */
export async function stopsOf(tx: Tx, id: string): Promise<ConnectionStops> {
  await requireConnection(tx, id)
  const assigned = await tx.select().from(assignments).orderBy(assignments.context, assignments.position)
  const open = inArray(runs.state, ['ready', 'running', 'paused'])
  const openRuns = await tx.select().from(runs).where(open).orderBy(desc(runs.createdAt))
  const [inFlight] = await tx.select({ calls: count() }).from(callIntents).where(eq(callIntents.connectionId, id))
  return {
    assignments: assigned
      .filter(({ connectionId }) => connectionId === id)
      .map(({ context, model }) => ({
        context,
        model,
        alone: assigned.every((other) => other.context !== context || other.connectionId === id),
      })),
    runs: openRuns
      .filter(({ settings }) => names(settings, id))
      .map(({ id: runId, state, startedAt, itemCount }) => ({
        id: runId,
        state,
        startedAt: startedAt?.toISOString() ?? null,
        items: itemCount,
      })),
    callsInFlight: inFlight?.calls ?? 0,
  }
}

/** A run's settings are its kind's own: wherever they name the connection, the run calls it. */
function names(value: unknown, id: string): boolean {
  if (value === id) return true
  return typeof value === 'object' && value !== null && Object.values(value).some((member) => names(member, id))
}

/** Revokes it; one that was revoked before stays as it is. @throws AppError connection.missing. */
export async function revokeVisible(tx: Tx, { actor, id }: { actor: string; id: string }): Promise<void> {
  const { status } = await requireConnection(tx, id)
  if (status === 'active') await revokeConnection(tx, { actor, id })
}

/**
 * Deletes a connection: its row stays for the names in the ledger, its key and its slug do not. An assignment that names it
 * keeps its place and refuses, so that nothing moves to another candidate in silence.
 * @throws AppError connection.missing; connection.active, unless `stopsKnown`.
 */
export async function deleteConnection(
  tx: Tx,
  { actor, id, stopsKnown }: { actor: string; id: string; stopsKnown: boolean },
): Promise<void> {
  const { workspaceId, status, slug } = await requireConnection(tx, id)
  if (status === 'active') {
    if (!stopsKnown) {
      throw new AppError('connection.active', 'This connection is active. Look at what stops, then revoke it first or confirm.')
    }
    await revokeConnection(tx, { actor, id })
  }
  await tx
    .update(connections)
    .set({ status: 'deleted', sealedKey: null })
    .where(and(eq(connections.id, id), eq(connections.status, 'revoked')))
  await recordAudit(tx, { workspaceId, actor, action: 'connection.deleted', subject: `connection:${id}`, detail: { slug } })
}
