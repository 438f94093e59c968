import { inArray } from 'drizzle-orm'
import type { Money } from '../base/money.ts'
import type { Usage } from '../base/usage.ts'
import type { Tx } from '../db/database.ts'
import { ledgerEntries } from '../db/schema/index.ts'

/** What the ledger knows of a call, for what was made from its answer. */
export interface CallFacts {
  readonly cost: Money | null // null: unknown
  readonly usage: Usage | null // null: not known
  readonly servedModel: string | null
  readonly endedAt: Date
}

/** Calls by their ids. One that is still under way, or that a retention rule removed, is absent. */
export async function callFacts(tx: Tx, callIds: readonly string[]): Promise<Map<string, CallFacts>> {
  if (callIds.length === 0) return new Map()
  const rows = await tx
    .select({
      id: ledgerEntries.id,
      costNano: ledgerEntries.costNano,
      currency: ledgerEntries.currency,
      usage: ledgerEntries.usage,
      servedModel: ledgerEntries.servedModel,
      endedAt: ledgerEntries.endedAt,
    })
    .from(ledgerEntries)
    .where(inArray(ledgerEntries.id, [...new Set(callIds)]))
  return new Map(
    rows.map(({ id, costNano, currency, ...facts }) => [id, { ...facts, cost: costNano === null ? null : { nano: costNano, currency } }]),
  )
}
