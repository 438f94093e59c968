import { and, asc, eq, inArray } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError, connectionRevoked } from '../base/errors.ts'
import { canonicalJson } from '../base/json.ts'
import { type AssignmentView, type CandidateInput, type CandidateView, CONTEXTS } from '../contract/assignments.ts'
import type { Tx } from '../db/database.ts'
import { assignments, connections, contexts } from '../db/schema/index.ts'
import { readFound } from './abilities.ts'
import { type StoredCandidate, warningsOf } from './warnings.ts'

/** The features that use a context now. The other contexts can be assigned already, and say that nothing uses them. */
const USED_BY: Readonly<Record<string, AssignmentView['usedBy']>> = { enrichment: ['enrichment'] }

const isBuiltIn = (context: string): boolean => (CONTEXTS as readonly string[]).includes(context)

/** Every context with its candidates: those that every workspace has, then the workspace's own by name. */
export async function listAssignments(tx: Tx, now: Date): Promise<AssignmentView[]> {
  const known = await tx.select().from(contexts)
  const stored = await storedCandidates(tx)
  const own = known
    .map(({ context }) => context)
    .filter((context) => !isBuiltIn(context))
    .sort()
  return [...CONTEXTS, ...own].map((context) => {
    const candidates = stored.filter(({ assignment }) => assignment.context === context)
    return toView({ context, row: known.find((row) => row.context === context), candidates, now })
  })
}

/** The models that serve something in this workspace: of candidates whose connection still works. `standsFor`: where the name is a deployment's. */
export async function modelsInUse(tx: Tx): Promise<{ provider: string; model: string; standsFor: string | undefined }[]> {
  const rows = await tx
    .selectDistinct({ provider: connections.provider, model: assignments.model, models: connections.models })
    .from(assignments)
    .innerJoin(connections, eq(connections.id, assignments.connectionId))
    .where(eq(connections.status, 'active'))
  return rows.map(({ provider, model, models }) => ({ provider, model, standsFor: models?.[model] }))
}

/** @throws AppError context.missing. */
export async function readAssignment(tx: Tx, context: string, now: Date): Promise<AssignmentView> {
  const row = await requireContext(tx, context)
  return toView({ context, row, candidates: await storedCandidates(tx, context), now })
}

/** What is stored of a context; undefined for one that every workspace has and nobody changed yet. @throws AppError context.missing. */
async function requireContext(tx: Tx, context: string): Promise<typeof contexts.$inferSelect | undefined> {
  const [row] = await tx.select().from(contexts).where(eq(contexts.context, context))
  if (!row && !isBuiltIn(context)) throw new AppError('context.missing', 'There is no such context in this workspace. Add it first.')
  return row
}

async function storedCandidates(tx: Tx, context?: string): Promise<StoredCandidate[]> {
  const rows = await tx
    .select({ assignment: assignments, connection: connections })
    .from(assignments)
    .innerJoin(connections, eq(connections.id, assignments.connectionId))
    .where(context === undefined ? undefined : eq(assignments.context, context))
    .orderBy(asc(assignments.position))
  const found = await readFound(
    tx,
    rows.map(({ connection, assignment }) => ({ connection, model: assignment.model })),
  )
  return rows.map((row) => ({ ...row, found: found(row.connection, row.assignment.model) }))
}

function toView({
  context,
  row,
  candidates,
  now,
}: {
  context: string
  row: typeof contexts.$inferSelect | undefined
  candidates: readonly StoredCandidate[]
  now: Date
}): AssignmentView {
  return {
    context,
    own: !isBuiltIn(context),
    usedBy: USED_BY[context] ?? [],
    version: row?.version ?? 0,
    updatedAt: row && row.version > 0 ? row.updatedAt.toISOString() : null,
    candidates: candidates.map(toCandidateView),
    warnings: warningsOf(candidates, now),
  }
}

const toCandidateView = ({ assignment: { position, model, rules, fallbackOn }, connection }: StoredCandidate): CandidateView => ({
  position,
  connection: {
    id: connection.id,
    slug: connection.slug,
    label: connection.label,
    provider: connection.provider,
    status: connection.status === 'draft' ? 'deleted' : connection.status,
  },
  model,
  rules: rules ?? {},
  fallbackOn,
})

/**
 * Says who serves a context. `version` is the one that was read: when somebody changed the assignment meanwhile nothing is
 * written.
 * @throws AppError context.missing, assignment.changed, assignment.invalid, connection.missing, connection.revoked.
 */
export async function replaceAssignment(
  tx: Tx,
  {
    workspaceId,
    actor,
    context,
    version,
    candidates,
    now,
  }: { workspaceId: string; actor: string; context: string; version: number; candidates: readonly CandidateInput[]; now: Date },
): Promise<void> {
  await takeVersion(tx, { workspaceId, actor, context, version, now })
  await requireServing(tx, context, candidates)
  const before = (await storedCandidates(tx, context)).map(toCandidateView)
  await tx.delete(assignments).where(eq(assignments.context, context))
  if (candidates.length > 0) {
    await tx.insert(assignments).values(
      candidates.map(({ connectionId, model, rules, fallbackOn }, position) => ({
        workspaceId,
        context,
        position,
        connectionId,
        model,
        rules,
        fallbackOn: [...new Set(fallbackOn)],
        updatedAt: now,
      })),
    )
  }
  const shown = ({ connection, model, rules, fallbackOn }: CandidateView) => ({ connection: connection.slug, model, rules, fallbackOn })
  const after = (await storedCandidates(tx, context)).map(toCandidateView)
  await recordAudit(tx, {
    workspaceId,
    actor,
    action: 'assignment.changed',
    subject: `context:${context}`,
    detail: { before: before.map(shown), after: after.map(shown) },
  })
}

/** Moves the context on to its next version, which also keeps two that write at once apart. @throws AppError assignment.changed. */
async function takeVersion(
  tx: Tx,
  { workspaceId, actor, context, version, now }: { workspaceId: string; actor: string; context: string; version: number; now: Date },
): Promise<void> {
  const next = { version: version + 1, updatedAt: now, updatedBy: actor }
  const row = await requireContext(tx, context)
  const taken = row
    ? await tx
        .update(contexts)
        .set(next)
        .where(and(eq(contexts.context, context), eq(contexts.version, version)))
        .returning({ version: contexts.version })
    : version === 0
      ? await tx
          .insert(contexts)
          .values({ workspaceId, context, ...next })
          .onConflictDoNothing()
          .returning({ version: contexts.version })
      : []
  if (taken.length === 0) {
    throw new AppError('assignment.changed', 'Someone else changed this assignment meanwhile; nothing was saved. Load it again.')
  }
}

/** Every candidate's connection is the workspace's, active, and may serve the context; no two are the same. */
async function requireServing(tx: Tx, context: string, candidates: readonly CandidateInput[]): Promise<void> {
  if (candidates.length === 0) return
  const ids = [...new Set(candidates.map(({ connectionId }) => connectionId))]
  const rows = await tx.select().from(connections).where(inArray(connections.id, ids))
  const byId = new Map(rows.map((row) => [row.id, row]))
  const seen = new Set<string>()
  for (const [index, candidate] of candidates.entries()) {
    const connection = byId.get(candidate.connectionId)
    if (!connection || connection.status === 'deleted' || connection.status === 'draft') {
      throw new AppError('connection.missing', 'There is no such connection.')
    }
    const { label, status } = connection
    if (status === 'revoked') throw connectionRevoked(label)
    if (connection.contexts && !connection.contexts.includes(context)) {
      const { contexts: allowed } = connection
      throw new AppError('assignment.invalid', `"${label}" is limited to ${allowed.join(', ')}. Allow it "${context}", or choose another.`)
    }
    if (index === 0 && candidate.rules.flaggedByFirst) {
      throw new AppError('assignment.invalid', 'The first candidate cannot be for what the first one flagged: put another before it.')
    }
    const same = canonicalJson([candidate.connectionId, candidate.model, candidate.rules])
    if (seen.has(same)) throw new AppError('assignment.invalid', `"${label}" with ${candidate.model} is there twice, with the same rules.`)
    seen.add(same)
  }
}

/** Adds a context of the workspace's own. @throws AppError context.exists. */
export async function addContext(
  tx: Tx,
  { workspaceId, actor, context }: { workspaceId: string; actor: string; context: string },
): Promise<void> {
  const added = isBuiltIn(context)
    ? []
    : await tx
        .insert(contexts)
        .values({ workspaceId, context, updatedBy: actor })
        .onConflictDoNothing()
        .returning({ context: contexts.context })
  if (added.length === 0) throw new AppError('context.exists', `There is a context "${context}" already.`)
  await recordAudit(tx, { workspaceId, actor, action: 'context.added', subject: `context:${context}` })
}

/** Removes one of the workspace's own, with its candidates. @throws AppError context.missing, also for those that every workspace has. */
export async function removeContext(
  tx: Tx,
  { workspaceId, actor, context }: { workspaceId: string; actor: string; context: string },
): Promise<void> {
  const removed = isBuiltIn(context)
    ? []
    : await tx.delete(contexts).where(eq(contexts.context, context)).returning({ context: contexts.context })
  if (removed.length === 0) throw new AppError('context.missing', 'There is no context of this name that the workspace added itself.')
  await tx.delete(assignments).where(eq(assignments.context, context))
  await recordAudit(tx, { workspaceId, actor, action: 'context.removed', subject: `context:${context}` })
}
