import { isDeepStrictEqual } from 'node:util'
import type { Database } from '../../src/db/database.ts'
import { readTotals } from '../../src/ledger/budgets.ts'
import {
  callIntents,
  consumptionQuarterHours,
  ledgerEntries,
  products,
  runItems,
  runs,
  sources,
  valueChanges,
} from '../../src/db/schema/index.ts'
import type { MockUsage } from './mock-provider.ts'
import type { WireRecord } from './kill-wire.ts'

/** Everything the tables say, read in one transaction. */
export type Tables = Awaited<ReturnType<typeof readTables>>
type Intent = Tables['intents'][number]

export function readTables(database: Database) {
  return database.asSystem('a test audits every table', async (tx) => ({
    sources: await tx.select().from(sources),
    intents: await tx.select().from(callIntents),
    entries: await tx.select().from(ledgerEntries),
    consumption: await tx.select().from(consumptionQuarterHours),
    budgets: await readTotals(tx),
    runs: await tx.select().from(runs),
    items: await tx.select().from(runItems),
    products: await tx.select().from(products),
    changes: await tx.select().from(valueChanges),
  }))
}

/** What the other side of the wire knows, to hold against the tables. */
export interface Evidence {
  readonly wire: readonly WireRecord[]
  /** What was asked in each answered call, by call id: the product identifiers in it, and the usage that its answer reported. */
  readonly answers: () => ReadonlyMap<string, { readonly identifiers: readonly string[]; readonly usage: MockUsage }>
  readonly price: { readonly inputNano: bigint; readonly outputNano: bigint } // of one token
  readonly fields: readonly string[]
  readonly concurrency: number
  /** The intents found after each kill so far: what the next start must turn into interrupted entries. */
  readonly intentsAtKills: ReadonlyMap<string, Intent>
}

/** How far the work is. */
export function phaseOf({ sources: [source], runs: all, items }: Tables): 'opening' | 'import' | 'planning' | 'run' | 'export' {
  if (!source) return 'opening'
  if (source.contentHash === '') return 'import'
  if (!all.some(({ state }) => state === 'running' || state === 'paused' || state === 'finished')) return 'planning'
  return items.some(({ state }) => state === 'waiting' || state === 'leased') ? 'run' : 'export'
}

/**
 * What must hold at any moment, also between a crash and the next start. `open`: the ids of the requests without an answer
 * when the command was killed. @returns what does not hold, in words.
 */
export function auditAtRest(tables: Tables, evidence: Evidence, open: readonly string[]): string[] {
  return [
    ...auditRequests(tables, evidence, open),
    ...auditEntries(tables, evidence),
    ...auditBudgets(tables),
    ...auditConsumption(tables),
    ...auditValues(tables, evidence),
    ...auditItems(tables, evidence),
  ]
}

/** Every request has exactly one intent or entry under its own id, and no id came twice. */
function auditRequests({ intents, entries }: Tables, { wire, concurrency }: Evidence, open: readonly string[]): string[] {
  const problems: string[] = []
  const known = tally([...intents, ...entries].map(({ id }) => id))
  for (const [id, times] of tally(wire.map(({ callId }) => callId))) {
    if (id === '') problems.push(`${times} requests name no call`)
    if (times > 1) problems.push(`request ${id} arrived ${times} times`)
    if (known.get(id) !== 1) problems.push(`request ${id} has ${known.get(id) ?? 0} intents and entries`)
  }
  const intended = new Set(intents.map(({ id }) => id))
  for (const id of open) if (!intended.has(id)) problems.push(`call ${id} was open at the kill, and has no intent`)
  if (intents.length > concurrency) problems.push(`${intents.length} intents are left of ${concurrency} calls at a time`)
  return problems
}

/** Every entry agrees with the answer that the mock gave, to the nano; only calls cut off by a kill are interrupted. */
function auditEntries({ intents, entries }: Tables, evidence: Evidence): string[] {
  const problems: string[] = []
  const answers = evidence.answers()
  const status = new Map(evidence.wire.map(({ callId, answered }) => [callId, answered]))
  const interrupted = new Set<string>()
  for (const entry of entries) {
    const { id, outcome, costNano, chargedNano } = entry
    const answer = answers.get(id)
    switch (outcome) {
      case 'succeeded': {
        const cost =
          answer && evidence.price.inputNano * BigInt(answer.usage.input) + evidence.price.outputNano * BigInt(answer.usage.output)
        if (status.get(id) !== 200 || !answer) problems.push(`entry ${id} succeeded, and the mock answered ${status.get(id)}`)
        else if (costNano !== cost || chargedNano !== cost)
          problems.push(`entry ${id} cost ${costNano}, charged ${chargedNano}, not ${cost}`)
        break
      }
      case 'failed':
        if (entry.status === null || status.get(id) !== entry.status) {
          problems.push(`entry ${id} failed with ${entry.status}, and the mock answered ${status.get(id)}`)
        }
        break
      case 'interrupted': {
        interrupted.add(id)
        const intent = evidence.intentsAtKills.get(id)
        if (!intent) problems.push(`entry ${id} is interrupted, and was not in flight at any kill`)
        else if (costNano !== null || chargedNano !== (intent.worstCaseNano ?? 0n)) {
          problems.push(`interrupted entry ${id} cost ${costNano}, charged ${chargedNano} of ${intent.worstCaseNano}`)
        }
        break
      }
      case 'not_sent':
      case 'cancelled':
        problems.push(`entry ${id} is ${outcome}`)
    }
  }
  const waiting = new Set(intents.map(({ id }) => id))
  for (const id of evidence.intentsAtKills.keys()) {
    if (!interrupted.has(id) && !waiting.has(id)) problems.push(`the intent of ${id}, cut off by a kill, became no interrupted entry`)
  }
  return problems
}

/** The sums that the consumption page reads are those of the entries: both come in one commit, or neither. */
function auditConsumption({ consumption, entries }: Tables): string[] {
  const sent = entries.filter(({ outcome }) => outcome !== 'not_sent')
  const figures: [string, bigint, bigint][] = [
    ['calls', sum(consumption.map(({ calls }) => calls)), BigInt(sent.length)],
    ['cost', sum(consumption.map(({ costNano }) => costNano)), sum(sent.map(({ costNano }) => costNano ?? 0n))],
    [
      'calls of unknown cost',
      sum(consumption.map(({ unknownCostCalls }) => unknownCostCalls)),
      BigInt(sent.filter(({ costNano }) => costNano === null).length),
    ],
  ]
  return figures.flatMap(([what, summed, expected]) =>
    summed === expected ? [] : [`consumption has ${what} of ${summed}, the entries ${expected}`],
  )
}

/** Counters are what entries and intents sum to, and no cap was passed. */
function auditBudgets({ budgets: all, entries, intents }: Tables): string[] {
  return all.flatMap((budget) => {
    const spent = sum(entries.filter(({ budgetIds }) => budgetIds.includes(budget.id)).map(({ chargedNano }) => chargedNano))
    const held = sum(intents.filter(({ budgetIds }) => budgetIds.includes(budget.id)).map(({ worstCaseNano }) => worstCaseNano ?? 0n))
    const { spentNano, heldNano, limitNano } = budget
    return [
      ...(spentNano === spent ? [] : [`budget ${budget.scope} has spent ${spentNano}, its entries sum to ${spent}`]),
      ...(heldNano === held ? [] : [`budget ${budget.scope} holds ${heldNano}, its intents sum to ${held}`]),
      ...(limitNano === null || spentNano + heldNano <= limitNano ? [] : [`budget ${budget.scope} is over its cap of ${limitNano}`]),
    ]
  })
}

/** Each answer was written with its entry: once for each product and field asked, accepted, and so it stands in the product. */
function auditValues({ entries, changes, products: all }: Tables, evidence: Evidence): string[] {
  const problems: string[] = []
  const answers = evidence.answers()
  const productById = new Map(all.map((product) => [product.id, product]))
  const byCall = Map.groupBy(changes, ({ provenance }) => provenance.callId ?? '')
  const succeeded = new Set(entries.filter(({ outcome }) => outcome === 'succeeded').map(({ id }) => id))
  for (const id of succeeded) {
    const written = byCall.get(id) ?? []
    const asked = answers.get(id)?.identifiers ?? []
    const wanted = asked.flatMap((identifier) => evidence.fields.map((field) => `${identifier} ${field}`)).sort()
    const found = written.map(({ productId, attribute }) => `${productById.get(productId)?.identifier} ${attribute}`).sort()
    if (!isDeepStrictEqual(found, wanted))
      problems.push(`call ${id} asked for ${asked.join(', ')} and wrote ${found.join(', ') || 'nothing'}`)
  }
  for (const id of byCall.keys()) if (!succeeded.has(id)) problems.push(`values come from call ${id}, which did not succeed`)
  for (const { id, state } of changes) if (state !== 'accepted') problems.push(`value ${id} is ${state}`)
  const accepted = Map.groupBy(changes, ({ productId }) => productId)
  for (const product of all) {
    const own = accepted.get(product.id) ?? []
    const expected = Object.fromEntries(
      own.map(({ id, attribute, locale, value, workHash, provenance: { kind } }) => [
        `${attribute}@${locale}`,
        { value, changeId: id, workHash, kind },
      ]),
    )
    if (Object.keys(expected).length !== own.length) problems.push(`product ${product.identifier} has a field that was accepted twice`)
    if (!isDeepStrictEqual(product.written, expected)) problems.push(`product ${product.identifier} does not hold what was accepted for it`)
  }
  return problems
}

/** An item that has ended has its values, and one that waits has none; nobody's product is two items of one run. */
function auditItems({ items, changes, runs: all }: Tables, { fields }: Evidence): string[] {
  const problems: string[] = []
  const cancelled = new Set(all.filter(({ state }) => state === 'cancelled').map(({ id }) => id))
  const written = tally(changes.map(({ runId, productId }) => `${runId} ${productId}`))
  for (const { runId, position, subjectId, state } of items) {
    const values = written.get(`${runId} ${subjectId}`) ?? 0
    if (state === 'failed' || state === 'flagged') problems.push(`item ${position} is ${state}`)
    else if (values !== (state === 'done' ? fields.length : 0)) problems.push(`item ${position} is ${state} and has ${values} values`)
    if (state === 'done' && cancelled.has(runId)) problems.push(`item ${position} ended in a run that never began`)
  }
  for (const [key, times] of tally(items.map(({ runId, subjectId }) => `${runId} ${subjectId}`))) {
    if (times > 1) problems.push(`a product is ${times} items of one run: ${key}`)
  }
  return problems
}

export const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => a + b, 0n)

function tally(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
