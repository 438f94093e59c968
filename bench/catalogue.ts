import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../src/db/database.ts'
import { openDatabase } from '../src/db/open.ts'
import { fillDataFolder } from '../test/support/databases.ts'
import { startPostgres } from './support/contenders.ts'
import { type Answer, makeCatalogue, type Made, measureQuestions } from './support/measure-catalogue.ts'
import { printTable } from './support/table.ts'

/**
 * `npm run bench -- catalogue [PRODUCTS ...] [--small | --quick] [--pglite | --postgres] [--json]`: catalogues of 100,000 and 1,000,000
 * products (`--small`: 10,000 and 100,000; `--quick`: 2,000 and 20,000; or of the sizes given), side by side, on each database. How fast a
 * file comes in and how much memory that takes, then what a person
 * waits for: pages, search, filters, counts, selections. Figures, no verdicts, except for one: a statement that reads a table with a
 * row for each product from end to end ends it with 1.
 */
const ROUNDS = 40
const QUICK_ROUNDS = 10
/** Where the machine does something else too, the least says more than the others. */
const FIGURES = ['leastMs', 'p50Ms', 'p95Ms'] as const
const AS_MUCH_AS = 3 // what the larger catalogue may take of the smaller one's time

const has = (flag: string): boolean => process.argv.includes(flag)
const asJson = has('--json')
const say = (text: string): void => void (asJson ? process.stderr : process.stdout).write(`${text}\n`)
const given = process.argv
  .slice(2)
  .filter((argument) => !argument.startsWith('--'))
  .map(Number)
const sizes = given.length > 0 ? given : has('--quick') ? [2_000, 20_000] : has('--small') ? [10_000, 100_000] : [100_000, 1_000_000]
const rounds = has('--quick') ? QUICK_ROUNDS : ROUNDS

interface Measured {
  readonly products: number
  readonly made: Made
  readonly answers: readonly Answer[]
}

const silent = { debug: (): void => undefined, warn: (): void => undefined }

/** Makes all catalogues, each in a database of its own, then asks them in turns. */
async function measure(openFresh: () => Promise<{ database: Database; remove: () => Promise<void> }>): Promise<Measured[]> {
  const opened: { database: Database; remove: () => Promise<void>; products: number; made: Made }[] = []
  try {
    for (const products of sizes) {
      const fresh = await openFresh()
      say(`${products.toLocaleString('en')} products come in ...`)
      opened.push({ ...fresh, products, made: await makeCatalogue(fresh.database, products) })
    }
    say('questions ...')
    const answers = await measureQuestions(
      opened.map(({ database, products, made }) => ({ database, products, workspaceId: made.workspaceId })),
      rounds,
    )
    return opened.map(({ products, made }, place) => ({ products, made, answers: answers[place]! }))
  } finally {
    for (const { remove } of opened) await remove()
  }
}

async function openPglite(): Promise<{ database: Database; remove: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  await fillDataFolder(folder)
  const database = await openDatabase({ dataDir: folder, databaseUrl: undefined, log: silent })
  const remove = async (): Promise<void> => {
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { database, remove }
}

const perSecond = (products: number, ms: number): string => Math.round((products / ms) * 1000).toLocaleString('en')

/** How much longer the largest catalogue takes than the smallest. */
const ratioOf = (measured: readonly Measured[], name: string, figure: 'leastMs' | 'p50Ms' | 'p95Ms'): number => {
  const of = (one: Measured): number => one.answers.find((answer) => answer.name === name)![figure]
  return of(measured.at(-1)!) / of(measured[0]!)
}

function print(engine: string, measured: readonly Measured[]): void {
  say(`\n${engine}: ${measured[0]!.made.source}`)
  const row = (name: string, figure: (one: Measured) => string): string[] => [name, ...measured.map(figure)]
  printTable([
    row('', ({ products }) => products.toLocaleString('en')),
    row('import, products a second', ({ products, made }) => perSecond(products, made.importMs)),
    row('import, most memory over idle, MB', ({ made }) => made.importPeakMb.toFixed(0)),
    row('index, products a second', ({ products, made }) => perSecond(products, made.indexMs)),
    row('index, most memory over idle, MB', ({ made }) => made.indexPeakMb.toFixed(0)),
  ])
  say('')
  printTable([
    ['ms, least / p50 / p95', ...measured.map(({ products }) => products.toLocaleString('en')), 'ratios', ''],
    ...measured[0]!.answers.map(({ name }, place) => [
      name,
      ...measured.map(({ answers }) => FIGURES.map((figure) => answers[place]![figure].toFixed(1)).join(' / ')),
      FIGURES.map((figure) => ratioOf(measured, name, figure).toFixed(1)).join(' / '),
      ratioOf(measured, name, 'p95Ms') > AS_MUCH_AS ? `more than ${AS_MUCH_AS}` : '',
    ]),
  ])
}

const postgres = startPostgres()

async function openPostgres(): Promise<{ database: Database; remove: () => Promise<void> }> {
  const database = await openDatabase({ dataDir: tmpdir(), databaseUrl: await postgres.newDatabase(), log: silent })
  return { database, remove: () => database.close() }
}

try {
  const results: { engine: string; measured: Measured[] }[] = []
  if (!has('--postgres')) results.push({ engine: 'embedded database', measured: await measure(openPglite) })
  if (!has('--pglite')) {
    if (postgres.absence === undefined) results.push({ engine: 'PostgreSQL', measured: await measure(openPostgres) })
    else say(`PostgreSQL was left out: ${postgres.absence}.`)
  }
  if (asJson) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
  else for (const { engine, measured } of results) print(engine, measured)
  for (const { engine, measured } of results) {
    for (const { name, scanned } of measured.flatMap(({ answers }) => answers)) {
      if (scanned.length === 0) continue
      say(`${engine}: "${name}" reads ${scanned.join(', ')} from end to end.`)
      process.exitCode = 1
    }
  }
} finally {
  postgres.remove()
}
