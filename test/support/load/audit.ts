import { sql } from 'drizzle-orm'
import type { Tx } from '../../../src/db/database.ts'
import { openDatabase } from '../../../src/db/open.ts'
import { rowsOf } from '../../../src/db/rows.ts'
import { recountWindows } from '../../../src/ledger/recount.ts'
import type { Installation } from './installation.ts'

/** What an upstream received, held against what the ledgers say. */
export interface LedgerAudit {
  readonly received: number
  readonly intents: number
  readonly entries: number
  readonly interrupted: number // of the entries
  /** What does not hold, in words; the first few of each kind. */
  readonly problems: readonly string[]
}

/**
 * Reads the databases of installations whose servers were started after the last crash and have stopped since. Every call id that
 * the upstream received is one entry, in one of them; no intent is left; the budgets' counters are the sums of what they count.
 */
export async function auditLedgers(installations: readonly Installation[], callIds: readonly string[]): Promise<LedgerAudit> {
  const problems = createProblems()
  const known = new Map<string, number>()
  const counts = { intents: 0, entries: 0, interrupted: 0 }
  for (const { database: where } of installations) {
    const tables = await readTables(where)
    for (const { id } of [...tables.intents, ...tables.entries]) known.set(id, (known.get(id) ?? 0) + 1)
    counts.intents += tables.intents.length
    counts.entries += tables.entries.length
    counts.interrupted += tables.entries.filter(({ outcome }) => outcome === 'interrupted').length
    for (const { id } of tables.intents) problems.add('intents that nobody settled', id)
    if (tables.journaled > 0) problems.add('rows of the journal that nobody unpacked', String(tables.journaled))
    for (const { windowId, spentNano, heldNano, chargedNano, reservedNano } of tables.windows) {
      if (spentNano !== chargedNano)
        problems.add('windows whose spending is not their entries', `${windowId}: ${spentNano}, ${chargedNano}`)
      if (heldNano !== reservedNano) problems.add('windows that hold what no intent does', `${windowId}: ${heldNano}, ${reservedNano}`)
    }
  }
  const seen = new Set<string>()
  for (const id of callIds) {
    if (seen.has(id)) problems.add('requests that arrived twice', id)
    seen.add(id)
    const times = known.get(id) ?? 0
    if (times !== 1) problems.add(times === 0 ? 'requests without intent or entry' : 'requests with more than one', id)
  }
  return { received: callIds.length, ...counts, problems: problems.list() }
}

async function readTables(where: Installation['database']) {
  const database = await openDatabase({ ...where, log: { debug: () => undefined, warn: () => undefined } })
  try {
    return await database.asSystem('hold the ledger against what an upstream received', async (tx) => ({
      intents: await rowsOf<{ id: string }>(tx, sql`select id::text as id from call_intents`),
      entries: await readEntries(tx),
      journaled: (await rowsOf(tx, sql`select id from call_journal`)).length,
      windows: await recountWindows(tx),
    }))
  } finally {
    await database.close()
  }
}

const PAGE = 50_000

/** A page at a time: a load leaves hundreds of thousands. */
async function readEntries(tx: Tx): Promise<{ id: string; outcome: string }[]> {
  const entries: { id: string; outcome: string }[] = []
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const page = await rowsOf<{ id: string; outcome: string }>(
      tx,
      sql`select id::text as id, outcome from ledger_entries where id > ${after}::uuid order by id limit ${PAGE}`,
    )
    entries.push(...page)
    if (page.length < PAGE) return entries
    after = page.at(-1)!.id
  }
}

const SHOWN = 3

function createProblems(): { add(kind: string, one: string): void; list(): string[] } {
  const found = new Map<string, { count: number; readonly first: string[] }>()
  return {
    add(kind, one) {
      const known = found.get(kind) ?? { count: 0, first: [] }
      found.set(kind, known)
      known.count += 1
      if (known.first.length < SHOWN) known.first.push(one)
    },
    list: () => Array.from(found, ([kind, { count, first }]) => `${count} ${kind}: ${first.join(', ')}${count > SHOWN ? ' ...' : ''}`),
  }
}
