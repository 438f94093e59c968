import { type AssignedCandidate, assignedCandidates, namedCandidates } from '../../assignments/resolve.ts'
import { AppError, connectionRevoked } from '../../base/errors.ts'
import type { Tx } from '../../db/database.ts'
import { connections } from '../../db/schema/index.ts'
import { inArray } from 'drizzle-orm'
import { ENRICHMENT } from './work.ts'

/** Who is to serve: one that a person named for this job, or as the workspace assigned. */
export interface Chosen {
  readonly candidates: readonly AssignedCandidate[]
  readonly assigned: boolean
}

/** @throws `assignment.missing`, `connection.missing`, `connection.revoked` when a connection cannot serve */
export async function chooseCandidates(
  tx: Tx,
  named: readonly { readonly connectionId: string; readonly model: string }[] | undefined,
): Promise<Chosen> {
  if (!named || named.length === 0) return { candidates: await assignedCandidates(tx, ENRICHMENT), assigned: true }
  const candidates = await namedCandidates(tx, named)
  const rows = await tx
    .select()
    .from(connections)
    .where(
      inArray(
        connections.id,
        candidates.map(({ connection }) => connection.id),
      ),
    )
  for (const { slug, status, contexts } of rows) {
    if (status !== 'active') throw connectionRevoked(slug)
    if (contexts && !contexts.includes(ENRICHMENT))
      throw new AppError(
        'connection.missing',
        `The connection "${slug}" is limited to other contexts. Choose another, or allow it for enrichment.`,
      )
  }
  return { candidates, assigned: false }
}
