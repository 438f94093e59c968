import { insertMany } from '../../src/db/bulk.ts'
import type { Database } from '../../src/db/database.ts'
import { ledgerEntries } from '../../src/db/schema/index.ts'
import { newId } from '../../src/runtime/ids.ts'

export type MadeEntry = typeof ledgerEntries.$inferInsert

/** An entry of a plain, successful call; `more` says what is different about it. */
export function madeEntry(workspaceId: string, more: Partial<MadeEntry> = {}): MadeEntry {
  const intendedAt = more.intendedAt ?? new Date('2026-11-10T12:00:00Z')
  return {
    id: newId(intendedAt.getTime()),
    workspaceId,
    connectionId: '00000000-0000-7000-8000-00000000c001',
    keyVersion: 1,
    instance: 'here',
    actor: 'command',
    origin: 'test',
    context: 'enrichment',
    attempt: 1,
    requestedModel: 'gpt-4o-mini',
    servedModel: null,
    outcome: 'succeeded',
    errorCode: null,
    usage: { input_tokens: 100, output_tokens: 10 },
    usageSource: 'reported',
    costNano: 21_000n,
    costSource: 'price_book',
    currency: 'USD',
    priceRows: null,
    inputParts: null,
    budgetIds: [],
    chargedNano: 21_000n,
    intendedAt,
    endedAt: new Date(intendedAt.getTime() + 800),
    ...more,
  }
}

/** Writes entries as the ledger does: in one statement. */
export const writeEntries = (database: Database, entries: readonly MadeEntry[]): Promise<number> =>
  database.asSystem('entries for a test', (tx) => insertMany(tx, ledgerEntries, entries))
