import { asc, eq, inArray } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { Tx } from '../db/database.ts'
import { assignments, connections } from '../db/schema/index.ts'
import { type FoundOf, readFound } from './abilities.ts'
import type { AssignedCandidate } from './choose.ts'

export { type AssignedCandidate, candidatesFor, candidatesForFlagged, type RecordFacts } from './choose.ts'

/** A connection and a model, as a person names them for one job. */
export interface NamedCandidate {
  readonly connectionId: string
  readonly model: string
}

/**
 * Step 1 of a call's path: the workspace's candidates for a context, in their order. There is no other fallback. One whose
 * connection was revoked or deleted stays in its place, so that its records are refused with that reason and never go to
 * another in silence.
 * @throws `assignment.missing` when nobody is named.
 */
export async function assignedCandidates(tx: Tx, context: string): Promise<readonly AssignedCandidate[]> {
  const rows = await tx
    .select({ assignment: assignments, connection: connections })
    .from(assignments)
    .innerJoin(connections, eq(connections.id, assignments.connectionId))
    .where(eq(assignments.context, context))
    .orderBy(asc(assignments.position))
  if (rows.length === 0) {
    throw new AppError('assignment.missing', `Nothing serves "${context}" yet: name a provider and a model for it.`)
  }
  const found = await readFound(
    tx,
    rows.map(({ connection, assignment: { model } }) => ({ connection, model })),
  )
  return rows.map(({ assignment, connection }) => assignedCandidate(assignment, { connection, found }))
}

/** An assignment's row as a candidate: who is asked, with its rules and what the test of its model found. */
export const assignedCandidate = (
  { position, model, rules, fallbackOn }: typeof assignments.$inferSelect,
  { connection, found }: { connection: typeof connections.$inferSelect; found: FoundOf },
): AssignedCandidate => ({
  position,
  connection: candidateConnection(connection),
  model,
  found: found(connection, model),
  rules: rules ?? {},
  fallbackOn,
})

/**
 * Candidates that a person named for one job alone: in their order, without rules, and none takes over from another.
 * @throws `connection.missing` for a connection that is not the workspace's.
 */
export async function namedCandidates(tx: Tx, named: readonly NamedCandidate[]): Promise<readonly AssignedCandidate[]> {
  const ids = [...new Set(named.map(({ connectionId }) => connectionId))]
  const rows = await tx.select().from(connections).where(inArray(connections.id, ids))
  const byId = new Map(rows.map((row) => [row.id, row]))
  const found = await readFound(
    tx,
    named.flatMap(({ connectionId, model }) => {
      const connection = byId.get(connectionId)
      return connection ? [{ connection, model }] : []
    }),
  )
  return named.map(({ connectionId, model }, position) => {
    const connection = byId.get(connectionId)
    if (!connection || connection.status === 'deleted') throw new AppError('connection.missing', 'There is no such connection.')
    return { position, connection: candidateConnection(connection), model, found: found(connection, model), rules: {}, fallbackOn: [] }
  })
}

/** What a candidate knows of its connection's row. */
export const candidateConnection = ({
  id,
  slug,
  provider,
  destination,
  prices,
  models,
}: typeof connections.$inferSelect): AssignedCandidate['connection'] => ({ id, slug, provider, destination, rateCard: prices, models })
