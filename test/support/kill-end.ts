import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parse } from 'csv-parse/sync'
import { formatNano } from '../../src/base/money.ts'
import type { Database } from '../../src/db/database.ts'
import { receiptOf } from '../../src/ledger/receipt.ts'
import { type Evidence, sum, type Tables } from './kill-audit.ts'

/** What the command that ended by itself printed. */
export interface LastReport {
  readonly report: Readonly<Record<string, unknown>>
  /** Whether a start before it left a run unfinished, so that it had something to resume. */
  readonly resumes: boolean
}

/** What must hold when the command has ended with exit code 0, beside what holds at any moment. @returns what does not. */
export async function auditAtEnd({
  database,
  tables,
  evidence,
  outputFile,
  catalogue,
  last,
}: {
  database: Database
  tables: Tables
  evidence: Evidence
  outputFile: string
  catalogue: ReadonlyMap<string, { readonly title: string; readonly description: string }> // what was to be written, by identifier
  last: LastReport
}): Promise<string[]> {
  return [
    ...auditRun(tables, catalogue.size),
    ...auditOutput(readFileSync(outputFile, 'utf8'), catalogue),
    ...readdirSync(dirname(outputFile)).flatMap((name) => (name.endsWith('.part') ? [`${name} is left beside the output`] : [])),
    ...(await auditReceipt({ database, tables, evidence, last, products: catalogue.size })),
  ]
}

/** No intent is left, no item lost. */
function auditRun({ intents, runs, items, products }: Tables, count: number): string[] {
  const live = runs.filter(({ state }) => state !== 'cancelled')
  const [run] = live
  if (live.length !== 1 || run?.state !== 'finished')
    return [`the runs are ${runs.map(({ state }) => state).join(', ')}, not one that finished`]
  const done = items.filter(({ runId, state }) => runId === run.id && state === 'done')
  return [
    ...(intents.length === 0 ? [] : [`${intents.length} intents are left`]),
    ...(products.length === count ? [] : [`${products.length} products of ${count} were imported`]),
    ...(new Set(done.map(({ subjectId }) => subjectId)).size === count ? [] : [`${done.length} items of ${count} are done`]),
    ...(run.itemCount === count ? [] : [`the run counts ${run.itemCount} items of ${count}`]),
  ]
}

function auditOutput(text: string, catalogue: ReadonlyMap<string, { readonly title: string; readonly description: string }>): string[] {
  const rows = parse(text, { columns: true }) as Record<string, string>[]
  if (rows.length !== catalogue.size) return [`the output has ${rows.length} rows of ${catalogue.size}`]
  return rows.flatMap((row) => {
    const wanted = catalogue.get(row['sku'] ?? '')
    const right =
      wanted && row['title'] === wanted.title && row['description'] === wanted.description && row['attributes']?.includes('Brand')
    return right ? [] : [`the output says of ${row['sku']}: ${JSON.stringify(row)}`]
  })
}

/** The receipt is what the mock saw: each of its requests, its usage, its price; and nothing is free because it was cut off. */
async function auditReceipt({
  database,
  tables,
  evidence,
  last: { report, resumes },
  products,
}: {
  database: Database
  tables: Tables
  evidence: Evidence
  last: LastReport
  products: number
}): Promise<string[]> {
  const run = tables.runs.find(({ state }) => state === 'finished')!
  const receipt = await database.inWorkspace(run.workspaceId, (tx) => receiptOf(tx, `run:${run.id}`))
  const arrived = new Set(evidence.wire.map(({ callId }) => callId))
  const neverArrived = tables.entries.filter(({ id }) => !arrived.has(id))
  const answers = evidence.answers()
  const used = tables.entries.flatMap(({ id, outcome }) => (outcome === 'succeeded' ? [answers.get(id)!.usage] : []))
  const input = used.reduce((total, usage) => total + usage.input, 0)
  const output = used.reduce((total, usage) => total + usage.output, 0)
  const cost = evidence.price.inputNano * BigInt(input) + evidence.price.outputNano * BigInt(output)
  const itemCost = sum(tables.items.map(({ costNano }) => costNano ?? 0n)) + costOfUnknownItems(tables)
  const unknown = tables.entries.filter(({ costNano }) => costNano === null).length
  const facts: [string, unknown, unknown][] = [
    ['requests that never arrived and are not interrupted', neverArrived.filter(({ outcome }) => outcome !== 'interrupted').length, 0],
    ['calls on the receipt', receipt.calls, arrived.size + neverArrived.length],
    ['input tokens on the receipt', receipt.usage.input_tokens, input],
    ['output tokens on the receipt', receipt.usage.output_tokens, output],
    ['cost on the receipt', receipt.cost.map(({ nano }) => nano).join(), String(cost)],
    ['calls of unknown cost on the receipt', receipt.costUnknownCalls, unknown],
    ['cost of all items', itemCost, cost],
    ['items of unknown cost though every call of theirs has one', unknownWithoutReason(tables, evidence), 0],
    ['products reported', report['products'], products],
    ['products that succeeded', report['succeeded'], products],
    ['resumed', report['resumed'], resumes],
  ]
  if (resumes) {
    facts.push(
      ['calls reported', report['calls'], receipt.calls],
      ['cost reported', (report['cost'] as { amount: string }).amount, formatNano(cost)],
      ['calls of unknown cost reported', report['costUnknownCalls'], unknown],
    )
  }
  return facts.flatMap(([what, found, wanted]) => (found === wanted ? [] : [`${what}: ${String(found)}, not ${String(wanted)}`]))
}

/**
 * An item whose product was part of a call of unknown cost (a provider's own error) has no known cost either.
 * @returns what its answered calls cost: the part of the receipt that no item bears.
 */
function costOfUnknownItems({ items, changes, entries }: Tables): bigint {
  const unknown = new Set(items.filter(({ state, costNano }) => state === 'done' && costNano === null).map(({ subjectId }) => subjectId))
  const calls = new Set(changes.filter(({ productId }) => unknown.has(productId)).map(({ provenance }) => provenance.callId))
  return sum(entries.filter(({ id }) => calls.has(id)).map(({ costNano }) => costNano ?? 0n))
}

/** Items of unknown cost beyond those that calls of unknown cost can account for; each had as many products as the largest at most. */
function unknownWithoutReason({ items, entries }: Tables, { answers }: Evidence): number {
  const unknown = items.filter(({ state, costNano }) => state === 'done' && costNano === null).length
  const failed = entries.filter(({ outcome, costNano }) => outcome === 'failed' && costNano === null).length
  const perCall = Math.max(...Array.from(answers().values(), ({ identifiers }) => identifiers.length))
  return Math.max(0, unknown - failed * perCall)
}
