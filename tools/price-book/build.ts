import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { PRICED_PROVIDERS, type PriceBook } from '../../src/prices/book.ts'
import { priceBookSchema } from '../../src/prices/book-schema.ts'
import { assembleBook, disagreements, futureDated, jumps, serialiseBook } from './assemble.ts'
import { byHandSchema } from './by-hand.ts'
import { gather, readTables } from './gather.ts'
import type { Observation } from './observe.ts'

/**
 * Builds src/prices/<provider>.json out of the published tables and tools/price-book/by-hand/<provider>.json.
 *
 *   node tools/price-book/build.ts [--tables FOLDER] [--check] [--accept-jumps] [--allow-future] [--verbose]
 *
 * Prints where tables disagree by more than 1 % and which prices moved by more than 20 % against the book that is
 * there. It writes nothing when a price jumped (unless --accept-jumps), when an entry by hand begins after its source
 * was read (unless --allow-future), or with --check, which fails when a book is not what would be built. What a table
 * announces for a day after it was taken is left out in any case; it can be entered by hand once it has happened.
 */
const { values: options } = parseArgs({
  options: {
    tables: { type: 'string', default: fileURLToPath(new URL('../../../shared/fixtures/prices/', import.meta.url)) },
    check: { type: 'boolean', default: false },
    'accept-jumps': { type: 'boolean', default: false },
    'allow-future': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})

const DISAGREEMENT = 0.01
const JUMP = 0.2

if (!existsSync(options.tables)) {
  console.error(`The folder with the published price tables is not there: ${options.tables}. Name it with --tables.`)
  process.exit(2)
}
const tables = readTables(options.tables)
const today = new Date().toISOString().slice(0, 10)
let failed = false

for (const provider of PRICED_PROVIDERS) {
  const file = new URL(`../../src/prices/${provider}.json`, import.meta.url)
  const byHand = byHandSchema.parse(JSON.parse(readFileSync(new URL(`./by-hand/${provider}.json`, import.meta.url), 'utf8')))
  const gathered = gather(provider, tables)
  const book = assembleBook(provider, byHand, gathered)
  priceBookSchema.parse(book)
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PriceBook) : undefined

  const conflicts = disagreements(gathered.observations, DISAGREEMENT)
  const announced = [...new Set(gathered.announced.map((one) => `${one.model} from ${one.validFrom}`))]
  const future = futureDated(book)
  const moved = before ? jumps({ before, after: book, day: today, share: JUMP }) : []
  console.log(`${provider}: ${book.models.length} models, ${book.prices.length} lines, ${book.aliases.length} aliases`)
  report(`tables disagree by more than ${DISAGREEMENT * 100} %`, conflicts, options.verbose)
  report('models left unknown, or a table outvoted: apart by more than 20 %', contradictions(gathered.contested), options.verbose)
  report('announced, not taken', announced, true)
  report('begins after its source was read', future, true)
  report(`moved by more than ${JUMP * 100} %`, moved, true)

  const text = serialiseBook(book)
  if ((future.length > 0 && !options['allow-future']) || (moved.length > 0 && !options['accept-jumps'])) failed = true
  else if (!options.check) writeFileSync(file, text)
  else if (!before || text !== readFileSync(file, 'utf8')) {
    console.log(`  src/prices/${provider}.json is not what the tables and by-hand entries give`)
    failed = true
  }
}
process.exitCode = failed ? 1 : 0

function contradictions(contested: readonly Observation[]): string[] {
  const models = Map.groupBy(contested, ({ model }) => model)
  return [...models].map(([model, prices]) => {
    const base = prices.filter(({ unit, serviceTier, batch, fromInputTokens }) => {
      return (unit === 'input_tokens' || unit === 'output_tokens') && !serviceTier && !batch && !fromInputTokens
    })
    return `${model}: ${base.map(({ source, unit, price }) => `${source} ${unit} ${price}`).join(', ')}`
  })
}

function report(what: string, lines: readonly string[], all: boolean): void {
  if (lines.length === 0) return
  console.log(`  ${lines.length} ${what}${all ? ':' : ' (--verbose lists them)'}`)
  if (all) for (const line of lines) console.log(`    ${line}`)
}
