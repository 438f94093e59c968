import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import type { RunSavingsView } from '../../src/contract/runs.ts'
import type { Database } from '../../src/db/database.ts'
import { type CliResult, makeHome, reportOf, startCli } from './cli.ts'
import { fillDataFolder, openMigratedPostgres } from './databases.ts'
import { readTables, sum, type Tables } from './kill-audit.ts'
import { seeded, startWire } from './kill-wire.ts'
import { lookAt } from './look-at.ts'
import { startMockBatches } from './mock-batches.ts'
import { COLOURS, SIBLING_RECIPE, siblingFile, siblingScript, textOf } from './sibling-catalogue.ts'

export interface SiblingKillSummary {
  readonly problems: readonly string[] // empty is good
  readonly kills: number
  /** After how many kills siblings waited whose leader was there: it was killed before they were filled in. */
  readonly between: number
  readonly starts: number
  readonly requests: number
}

interface Scenario {
  readonly engine: Database['engine']
  readonly kinds: number // of products, each in five colours
  readonly kills: number
  readonly seed: number
  readonly batch?: boolean // asked in the provider's batches
  readonly looksEachTime?: boolean // false: the tables are looked at in the end alone
}

/** What an answer uses; gpt-4o-mini: 0.15 and 0.60 US dollars per million tokens, half of it in a batch. */
const USAGE = { input: 500, output: 200 }
const CALL_NANO = 500n * 150n + 200n * 600n
const FIELDS = SIBLING_RECIPE.fields.length

/**
 * One command over products of which four of five are filled in from a sibling, killed when some of its requests were answered, and
 * started again each time until it ends by itself. After each kill, and in the end, all that was written is looked at.
 */
export async function killSiblings({
  engine,
  kinds,
  kills: wanted,
  seed,
  batch = false,
  looksEachTime = true,
}: Scenario): Promise<SiblingKillSummary> {
  const random = seeded(seed)
  const wire = startWire(random, { least: 10, most: 40 })
  const answered = { count: 0 }
  const mock = await startMockBatches('openai', {
    latencyMs: 50,
    usage: USAGE,
    script: siblingScript,
    async onRequest(request, response) {
      response.once('finish', () => (answered.count += 1))
      await wire.onRequest(request, response)
    },
  })
  const postgres = engine === 'postgres' ? await openMigratedPostgres() : undefined
  const home = makeHome({ databaseUrl: postgres?.url })
  if (!postgres) {
    await fillDataFolder(home.file('data'))
  }
  const [file, out, recipe] = [home.file('in.csv'), home.file('out.csv'), home.file('recipe.json')]
  writeFileSync(file, siblingFile({ kinds }))
  writeFileSync(recipe, JSON.stringify(SIBLING_RECIPE))
  const command = ['enrich', file, '--out', out, '--recipe', recipe, '--provider', 'openai', '--base-url', `${mock.url}/v1`]
    .concat('--model', 'gpt-4o-mini', '--key-env', 'MOCK_KEY', '--concurrency', '8', '--yes', '--json')
    .concat(batch ? ['--batch'] : [])
  const problems: string[] = []
  let [kills, between, starts] = [0, 0, 0]
  let last: CliResult
  try {
    do {
      starts += 1
      const running = startCli(command, { home, environment: { MOCK_KEY: 'sk-mock-0123456789abcdef0123456789' } })
      let isOver = false
      if (kills < wanted) {
        const isLast = kills === wanted - 1
        const isDue = batch ? atStep(mock, isLast) : afterAnswers(answered, { left: (kinds - answered.count) / (wanted - kills), random })
        void (async () => {
          while (!isOver && !isDue()) await sleep(2)
          await sleep(random() * (batch && isLast ? kinds : 30))
          if (!isOver) running.child.kill('SIGKILL')
        })()
      }
      last = await running.result
      isOver = true
      const isKilled = last.signal === 'SIGKILL'
      if (!isKilled && last.code !== 0)
        throw new Error(`it ended with ${last.code}: ${last.stderr.slice(-2_000)}${last.stdout.slice(0, 2_000)}`)
      if (!isKilled) break
      kills += 1
      if (!looksEachTime) continue
      const found = await lookAt(home.folder, postgres?.url, async (database) => {
        const tables = await readTables(database)
        return { couldBe: couldBeFilled(tables), problems: [...auditWritten(tables), ...auditMoney(tables)] }
      })
      if (found.couldBe > 0) between += 1
      problems.push(...found.problems.map((problem) => `after kill ${kills}: ${problem}`))
    } while (starts <= wanted + 3)
    const report = reportOf(last)
    problems.push(
      ...(await lookAt(home.folder, postgres?.url, async (database) => {
        const tables = await readTables(database)
        return [...auditWritten(tables), ...auditMoney(tables), ...auditEnd(tables, { kinds, batch, report })]
      })),
      ...auditOutput(readFileSync(out, 'utf8'), kinds),
    )
    const summary = { problems, kills, between, starts, requests: batch ? mock.billed.size : wire.records.length }
    const line = JSON.stringify({ ...summary, problems: problems.length })
    process.stdout.write(`killed among siblings${batch ? ' in batches' : ''} on ${engine} with seed ${seed}: ${line}\n`)
    return summary
  } finally {
    await mock.stop()
    home.remove()
    await postgres?.remove()
  }
}

/** Leaders are asked first and their siblings filled in soon after: a kill after a few more answers finds some of them filled in. */
function afterAnswers(answered: { readonly count: number }, { left, random }: { left: number; random: () => number }): () => boolean {
  const wanted = answered.count + Math.max(1, left * 0.6 * random())
  return () => answered.count >= wanted
}

/** While a batch is followed; the last kill while its results are taken in. How it is submitted is kill-batches.ts's. */
function atStep({ asked }: { readonly asked: readonly string[] }, isLast: boolean): () => boolean {
  const from = asked.length
  return () => asked.slice(from).includes(isLast ? 'results' : 'look')
}

/** How many products wait whose leader has its values. */
function couldBeFilled({ items }: Tables): number {
  const done = new Set(items.filter(({ state }) => state === 'done').map(({ position }) => position))
  return items.filter(({ state, leader }) => state !== 'done' && leader !== null && done.has(leader)).length
}

/** At any moment: who has ended has each value once, from where its item says; who has not has none. */
function auditWritten({ items, changes, products, entries }: Tables): string[] {
  const problems: string[] = []
  const byProduct = Map.groupBy(changes, ({ productId }) => productId)
  const titles = new Map(products.map(({ id, imported }) => [id, String(imported['title'])]))
  const byPosition = new Map(items.map((item) => [item.position, item]))
  const succeeded = new Set(entries.filter(({ outcome }) => outcome === 'succeeded').map(({ id }) => id))
  for (const { position, subjectId, state, way, leader, costNano } of items) {
    const own = byProduct.get(subjectId) ?? []
    if (state !== 'done') {
      if (own.length > 0 || way !== null) problems.push(`item ${position} is ${state}, ${way}, and has ${own.length} values`)
      continue
    }
    const attributes = new Set(own.map(({ attribute }) => attribute))
    if (own.length !== FIELDS || attributes.size !== FIELDS)
      problems.push(`item ${position} has ${own.length} values of ${attributes.size} attributes`)
    const title = titles.get(subjectId)!
    const text = own.find(({ attribute }) => attribute === 'shop_text')
    const colour = own.find(({ attribute }) => attribute === 'shop_colour')
    if (text?.value !== textOf(title)) problems.push(`item ${position}, ${title}, says: ${String(text?.value)}`)
    if (colour?.provenance.kind !== 'rule' || !title.endsWith(String(colour.value)))
      problems.push(`item ${position}, ${title}, is ${String(colour?.value)}`)
    const from = text?.provenance.filledFrom
    if (way === 'filled') {
      const first = byPosition.get(leader!)!
      const source = changes.find(({ id }) => id === from?.changeId)
      if (first.state !== 'done' || source?.productId !== first.subjectId)
        problems.push(`item ${position} is filled in from ${from?.changeId}, not from ${leader}`)
      if (costNano !== 0n || text?.provenance.callId !== undefined) problems.push(`item ${position} is filled in and cost ${costNano}`)
    } else if (from || !succeeded.has(text?.provenance.callId ?? ''))
      problems.push(`item ${position} was asked about, in no call that succeeded`)
  }
  return problems
}

/** At any moment: what budgets have spent and hold is what entries and intents say. */
function auditMoney({ budgets, entries, intents }: Tables): string[] {
  return budgets.flatMap(({ id, spentNano, heldNano }) => {
    const spent = sum(entries.filter(({ budgetIds }) => budgetIds.includes(id)).map(({ chargedNano }) => chargedNano))
    const held = sum(intents.filter(({ budgetIds }) => budgetIds.includes(id)).map(({ worstCaseNano }) => worstCaseNano ?? 0n))
    return spentNano === spent && heldNano === held ? [] : [`a budget has spent ${spentNano} of ${spent}, and holds ${heldNano} of ${held}`]
  })
}

/** No item is lost; one product of each kind was asked about, and all others are filled in; the receipt says so. */
function auditEnd(
  { items, intents, entries, runs }: Tables,
  { kinds, batch, report }: { kinds: number; batch: boolean; report: Readonly<Record<string, unknown>> },
): string[] {
  const of = (name: string): number => items.filter(({ way }) => (way ?? 'asked') === name).length
  const succeeded = entries.filter(({ outcome, origin }) => outcome === 'succeeded' && origin.startsWith('run:'))
  const savings = report['savings'] as RunSavingsView
  const step = (name: string) => savings.steps.find((row) => row.step === name)
  const cost = sum(succeeded.map(({ costNano }) => costNano ?? 0n))
  const facts: [string, unknown, unknown][] = [
    ['items that are done', items.filter(({ state }) => state === 'done').length, kinds * COLOURS.length],
    ['products filled in', of('filled'), kinds * (COLOURS.length - 1)],
    ['products asked about', of('asked'), kinds],
    ['intents left', intents.length, 0],
    ['runs', runs.map(({ state }) => state).join(), 'finished'],
    ['calls that succeeded', succeeded.length, kinds],
    ['their cost', cost, (CALL_NANO * BigInt(kinds)) / (batch ? 2n : 1n)],
    ['products filled in on the receipt', step('siblings')?.count, kinds * (COLOURS.length - 1)],
    ['products with values from rules on the receipt', step('rules')?.count, kinds * COLOURS.length],
    ['what siblings saved', step('siblings')?.saved?.amount, amountOf(CALL_NANO * BigInt(kinds) * BigInt(COLOURS.length - 1))],
    ['what batches saved', step('batch')?.saved?.amount, batch ? amountOf((CALL_NANO * BigInt(kinds)) / 2n) : undefined],
  ]
  return facts.flatMap(([what, found, wanted]) => (found === wanted ? [] : [`${what}: ${String(found)}, not ${String(wanted)}`]))
}

const amountOf = (nano: bigint): string => String(Number(nano) / 1e9)

function auditOutput(text: string, kinds: number): string[] {
  const rows = parse(text, { columns: true }) as Record<string, string>[]
  const right = rows.filter((row) => row['shop_text'] === textOf(row['title']!) && row['title']!.endsWith(row['shop_colour']!))
  return right.length === kinds * COLOURS.length ? [] : [`${right.length} of ${kinds * COLOURS.length} rows are as they should be`]
}
