import { sql } from 'drizzle-orm'
import { insertMany } from '../db/bulk.ts'
import type { Tx } from '../db/database.ts'
import { callIntents, ledgerEntries } from '../db/schema/index.ts'
import type { LockedBudget } from './group-commit.ts'
import type { CallIntent } from './intent.ts'
import { chargeOf, type ResultWriter, type Settlement } from './settlement.ts'

export interface SettleOperation {
  readonly kind: 'settle'
  readonly intent: CallIntent
  readonly settlement: Settlement
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Deletes the intents of calls that have ended. @returns the operations whose intent was there: of the others the call was
 * settled before (or swept as interrupted), and they are left as they are.
 */
export async function takeIntents(tx: Tx, operations: readonly SettleOperation[]): Promise<SettleOperation[]> {
  if (operations.length === 0) return []
  const ids = operations.map(({ intent }) => intent.id)
  const deleted = await tx
    .delete(callIntents)
    .where(sql`${callIntents.id} = any(${sql.param(ids)}::uuid[])`) // one parameter, so that the statement is planned once
    .returning({ id: callIntents.id })
  const live = new Set(deleted.map(({ id }) => id))
  return operations.filter(({ intent }) => live.has(intent.id))
}

/** What their intents held becomes spending. */
export function spendSettled(settled: readonly SettleOperation[], budgets: ReadonlyMap<string, LockedBudget>): void {
  for (const { settlement } of settled) spend(settlement, budgets)
}

/** Inserts the ledger entries of calls whose intents were taken, and writes the callers' own results with them. */
export async function recordSettled(tx: Tx, settled: readonly SettleOperation[], instance: string): Promise<void> {
  const entries = settled.map(({ settlement }) => toEntry(settlement, instance))
  await Promise.all([insertMany(tx, ledgerEntries, entries), writeResults(tx, settled)])
}

function toEntry(settlement: Settlement, instance: string): typeof ledgerEntries.$inferInsert {
  const { intent, cost } = settlement
  return {
    id: intent.id,
    workspaceId: intent.workspaceId,
    connectionId: intent.connectionId,
    keyVersion: settlement.keyVersion,
    instance,
    actor: intent.actor,
    origin: intent.origin,
    context: intent.context,
    attempt: intent.attempt,
    requestedModel: intent.requestedModel,
    servedModel: settlement.servedModel ?? null,
    serviceTier: settlement.serviceTier ?? null,
    providerRequestId: settlement.providerRequestId ?? null,
    outcome: settlement.outcome,
    errorCode: settlement.errorCode ?? null,
    status: settlement.status ?? null,
    usage: settlement.usage ?? null,
    usageSource: settlement.usage ? (settlement.usageSource ?? null) : null,
    rawUsage: settlement.rawUsage ?? null,
    inputParts: settlement.inputParts ?? null,
    costNano: cost?.nano ?? null,
    listCostNano: cost?.listNano ?? null,
    costSource: cost?.source ?? null,
    currency: cost?.currency ?? intent.currency,
    priceRows: cost ? [...cost.rowIds] : null,
    budgetIds: [...intent.budgetIds],
    chargedNano: chargeOf(settlement),
    intendedAt: settlement.intendedAt,
    sentAt: settlement.sentAt ?? null,
    firstByteAt: settlement.firstByteAt ?? null,
    endedAt: settlement.endedAt,
  }
}

function spend(settlement: Settlement, budgets: ReadonlyMap<string, LockedBudget>): void {
  const { intent } = settlement
  for (const budgetId of intent.budgetIds) {
    const budget = budgets.get(budgetId)
    if (!budget) continue
    budget.heldNano -= intent.worstCaseNano ?? 0n
    budget.spentNano += chargeOf(settlement)
    budget.changed = true
  }
}

async function writeResults(tx: Tx, settled: readonly SettleOperation[]): Promise<void> {
  const rowsByWriter = new Map<ResultWriter<never>, never[]>()
  for (const { settlement } of settled) {
    for (const { writer, rows } of settlement.writes ?? []) {
      const collected = rowsByWriter.get(writer)
      if (collected) collected.push(...rows)
      else rowsByWriter.set(writer, [...rows])
    }
  }
  for (const [writer, rows] of rowsByWriter) await writer(tx, rows)
}
