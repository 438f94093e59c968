import { sql } from 'drizzle-orm'
import { insertMany } from '../db/bulk.ts'
import type { Tx } from '../db/database.ts'
import { callIntents, ledgerEntries } from '../db/schema/index.ts'
import { chargeOn, type HeldIntent, type LockedWindow, spend } from './budget-holds.ts'
import type { CallIntent } from './intent.ts'
import { chargeOf, type ResultWriter, type Settlement } from './settlement.ts'

export interface SettleOperation {
  readonly kind: 'settle'
  readonly intent: CallIntent
  readonly settlement: Settlement
  /** False: the call was settled before. */
  readonly resolve: (isTaken: boolean) => void
  readonly reject: (error: unknown) => void
}

/** A call that has ended, with what its intent's row said. */
export interface TakenCall {
  readonly operation: SettleOperation
  readonly held: HeldIntent & { readonly id: string; readonly instance: string; readonly budgetIds: readonly string[] }
}

/**
 * Deletes the intents of calls that have ended. @returns the operations whose intent was there: of the others the call was
 * settled before (or swept as interrupted), and they are left as they are.
 */
export async function takeIntents(tx: Tx, operations: readonly SettleOperation[]): Promise<TakenCall[]> {
  if (operations.length === 0) return []
  const ids = operations.map(({ intent }) => intent.id)
  const deleted = await tx
    .delete(callIntents)
    .where(sql`${callIntents.id} = any(${sql.param(ids)}::uuid[])`) // one parameter, so that the statement is planned once
    .returning({
      id: callIntents.id,
      instance: callIntents.instance,
      budgetIds: callIntents.budgetIds,
      worstCaseNano: callIntents.worstCaseNano,
      currency: callIntents.currency,
      ownerPriced: callIntents.ownerPriced,
    })
  const rows = new Map(deleted.map((row) => [row.id, row]))
  return operations.flatMap((operation) => {
    const held = rows.get(operation.intent.id)
    rows.delete(operation.intent.id) // the second settlement of one call finds nothing
    return held ? [{ operation, held }] : []
  })
}

/** What their intents held becomes spending. @returns their entries, with what each of their windows was charged. */
export function spendTaken(taken: readonly TakenCall[], windows: ReadonlyMap<string, LockedWindow>): (typeof ledgerEntries.$inferInsert)[] {
  return taken.map(({ operation: { settlement }, held }) => {
    const chargedNano = chargeOf(settlement)
    const otherCharges: Record<string, string> = {}
    for (const windowId of held.budgetIds) {
      const window = windows.get(windowId)!
      const chargeNano = chargeOn(window, { held, settlement })
      if (chargeNano !== chargedNano) otherCharges[windowId] = chargeNano.toString()
      spend(window, { held, chargeNano })
    }
    const other = Object.keys(otherCharges).length > 0 ? otherCharges : null
    return { ...toEntry(settlement, held), chargedNano, otherCharges: other }
  })
}

/** Inserts the ledger entries of calls whose intents were taken, and writes the callers' own results with them. */
export async function recordTaken(
  tx: Tx,
  { taken, entries }: { taken: readonly TakenCall[]; entries: readonly (typeof ledgerEntries.$inferInsert)[] },
): Promise<void> {
  await Promise.all([insertMany(tx, ledgerEntries, entries), writeResults(tx, taken)])
}

function toEntry(
  settlement: Settlement,
  { instance, budgetIds }: TakenCall['held'],
): Omit<typeof ledgerEntries.$inferInsert, 'chargedNano'> {
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
    budgetIds: [...budgetIds],
    intendedAt: settlement.intendedAt,
    sentAt: settlement.sentAt ?? null,
    firstByteAt: settlement.firstByteAt ?? null,
    endedAt: settlement.endedAt,
  }
}

async function writeResults(tx: Tx, taken: readonly TakenCall[]): Promise<void> {
  const rowsByWriter = new Map<ResultWriter<never>, never[]>()
  for (const { operation } of taken) {
    for (const { writer, rows } of operation.settlement.writes ?? []) {
      const collected = rowsByWriter.get(writer)
      if (collected) collected.push(...rows)
      else rowsByWriter.set(writer, [...rows])
    }
  }
  for (const [writer, rows] of rowsByWriter) await writer(tx, rows)
}
