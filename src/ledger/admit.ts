import { inArray } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { type callIntents, connections } from '../db/schema/index.ts'
import type { LockedBudget } from './group-commit.ts'
import { type Admission, type CallIntent, CONNECTION_CHECK } from './intent.ts'

export interface IntendOperation {
  readonly kind: 'intend'
  readonly intent: CallIntent
  readonly resolve: (admission: Admission) => void
  readonly reject: (error: unknown) => void
}

export type ConnectionsById = ReadonlyMap<string, typeof connections.$inferSelect>

/**
 * The connections of these calls as they stand now, and stay until the commit: who revokes one meanwhile waits for it, so that
 * no call is admitted after a revocation was committed.
 */
export async function readConnections(tx: Tx, operations: readonly IntendOperation[]): Promise<ConnectionsById> {
  if (operations.length === 0) return new Map()
  const ids = [...new Set(operations.map(({ intent }) => intent.connectionId))]
  const rows = await tx.select().from(connections).where(inArray(connections.id, ids)).for('share')
  return new Map(rows.map((row) => [row.id, row]))
}

/**
 * Steps "intend" and half of "permit" of a call's path: holds worst cases on budgets, in the order they were asked.
 * @returns the answers, and the intents of those that fit, to be inserted.
 */
export function admitIntents({
  operations,
  connectionsById,
  budgets,
  instance,
  now,
}: {
  operations: readonly IntendOperation[]
  connectionsById: ConnectionsById
  budgets: ReadonlyMap<string, LockedBudget>
  instance: string
  now: Date
}): { admissions: { operation: IntendOperation; admission: Admission }[]; inserts: (typeof callIntents.$inferInsert)[] } {
  const inserts: (typeof callIntents.$inferInsert)[] = []
  const admissions = operations.map((operation) => {
    const { intent } = operation
    const connection = connectionsById.get(intent.connectionId)
    const refusal = refuse(intent, connection, budgets)
    if (refusal) return { operation, admission: refusal }
    hold(intent, budgets)
    const { id, provider, slug, destination } = connection!
    const { offersKey, ...known } = intent
    const { sealedKey, keyVersion } = offersKey ? { sealedKey: null, keyVersion: 0 } : connection!
    inserts.push({
      ...known,
      budgetIds: [...intent.budgetIds],
      worstCaseNano: intent.worstCaseNano ?? null,
      instance,
      keyVersion,
      intendedAt: now,
    })
    const admission: Admission = {
      kind: 'admitted',
      intendedAt: now,
      connection: { id, provider, slug, destination, sealedKey, keyVersion },
    }
    return { operation, admission }
  })
  return { admissions, inserts }
}

function refuse(
  intent: CallIntent,
  connection: typeof connections.$inferSelect | undefined,
  budgets: ReadonlyMap<string, LockedBudget>,
): Admission | undefined {
  if (!connection || connection.workspaceId !== intent.workspaceId) return { kind: 'missing' }
  const isTest = connection.status === 'draft' && intent.offersKey && intent.context === CONNECTION_CHECK
  if (connection.status !== 'active' && !isTest) return { kind: 'revoked', slug: connection.slug }
  if (connection.contexts && intent.context !== CONNECTION_CHECK && !connection.contexts.includes(intent.context))
    return { kind: 'missing' }
  for (const budgetId of intent.budgetIds) {
    const budget = budgets.get(budgetId)
    if (!budget) return { kind: 'missing' }
    if (budget.limitNano === null) continue
    const asked = intent.worstCaseNano
    if (asked === undefined || budget.currency !== intent.currency) return { kind: 'unpriced', budgetId }
    if (budget.spentNano + budget.heldNano + asked > budget.limitNano) {
      const { scope, currency, limitNano, spentNano, heldNano } = budget
      return { kind: 'no_room', refusal: { budgetId, scope, currency, limitNano, spentNano, heldNano, askedNano: asked } }
    }
  }
  return undefined
}

function hold(intent: CallIntent, budgets: ReadonlyMap<string, LockedBudget>): void {
  if (!intent.worstCaseNano) return
  for (const budgetId of intent.budgetIds) {
    const budget = budgets.get(budgetId)!
    budget.heldNano += intent.worstCaseNano
    budget.changed = true
  }
}
