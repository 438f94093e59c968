import { AppError } from '../base/errors.ts'
import { NANO_PER_UNIT, parseNano } from '../base/money.ts'
import { type RunSteps, USUAL_STEPS } from '../contract/run-steps.ts'
import type { EnteredDestination } from './connect.ts'
import { connectionArguments, enteredDestination, textArgument as text } from './connection-arguments.ts'

/** The arguments of `latchkey enrich`, as citty declares them. */
export const enrichArguments = {
  file: { type: 'positional', required: true, valueHint: 'FILE', description: 'The catalogue to enrich: CSV, TSV, JSONL, XLSX or XML' },
  out: { type: 'string', required: true, valueHint: 'FILE', description: 'Where to write the enriched catalogue; may be FILE itself' },
  provider: connectionArguments.provider,
  model: {
    type: 'string',
    required: true,
    valueHint: 'NAME',
    description: 'The model, as the provider names it (latchkey models lists them)',
  },
  'base-url': connectionArguments['base-url'],
  project: connectionArguments.project,
  region: connectionArguments.region,
  'api-version': connectionArguments['api-version'],
  'key-env': connectionArguments['key-env'],
  fields: { type: 'string', valueHint: 'LIST', description: 'What to write, without a recipe: title,description,attributes' },
  recipe: { type: 'string', valueHint: 'FILE', description: 'What to write and how (YAML or JSON, docs/guides/recipes.md)' },
  locale: { type: 'string', valueHint: 'TAG', description: 'Language to write in, such as en, de, fr-CA' },
  limit: { type: 'string', valueHint: 'N', description: 'Only the first N products' },
  'per-call': { type: 'string', valueHint: 'K', description: 'Products in one call' },
  concurrency: { type: 'string', valueHint: 'C', description: 'Calls at the same time (8)' },
  cap: { type: 'string', valueHint: 'AMOUNT', description: 'The most this run may spend, such as 1.00 (US dollars)' },
  price: { type: 'string', valueHint: 'IN/OUT', description: 'Your price of the model per million tokens, such as 0.15/0.60; 0/0 is free' },
  canary: { type: 'string', valueHint: 'N', description: 'Run N products first, then show a narrower quote' },
  id: { type: 'string', valueHint: 'COLUMN', description: 'The column that tells products apart' },
  text: { type: 'string', valueHint: 'COLUMNS', description: 'The columns that hold prose, with commas between' },
  delimiter: { type: 'string', valueHint: 'CHAR', description: 'Between cells, if it is guessed wrong; "tab" for a tab' },
  encoding: { type: 'string', valueHint: 'NAME', description: 'Of the file, if it is guessed wrong, such as windows-1252' },
  sheet: { type: 'string', valueHint: 'NAME', description: 'Of a workbook: the sheet that holds the products' },
  'header-row': { type: 'string', valueHint: 'N', description: 'Of a workbook: the row that names the columns, from 1' },
  yes: { type: 'boolean', description: 'Run without asking' },
  rules: {
    type: 'boolean',
    default: true,
    negativeDescription: 'Ask the model also for what stands in the data',
    description: 'Take from the data what stands there',
  },
  siblings: {
    type: 'boolean',
    default: true,
    negativeDescription: 'Write every product by itself',
    description: 'Fill in products that differ in colour, size or numbers alone',
  },
  caching: {
    type: 'boolean',
    default: true,
    negativeDescription: 'Do not ask the provider to cache the prompt',
    description: 'Ask the provider to cache the prompt',
  },
  'accept-flagged': { type: 'boolean', description: 'Write flagged values too' },
  batch: { type: 'boolean', description: 'Use the provider’s batch service: half the price, answers may take a day' },
  json: { type: 'boolean', description: 'Print one JSON object at the end, and nothing else on standard output' },
} as const

/** `latchkey enrich` as asked for, checked. */
export interface EnrichOptions {
  readonly file: string
  readonly out: string
  readonly provider: string
  readonly model: string
  readonly destination: EnteredDestination
  readonly keyVariable: string | undefined
  readonly fields: readonly string[] | undefined
  readonly recipe: string | undefined
  readonly locale: string | undefined
  readonly limit: number | undefined
  readonly perCall: number | undefined
  readonly concurrency: number
  readonly capNano: bigint | undefined
  readonly price: { readonly input: string; readonly output: string } | undefined
  readonly canary: number | undefined
  readonly identifier: string | undefined
  readonly textColumns: readonly string[] | undefined
  readonly delimiter: string | undefined
  readonly encoding: string | undefined
  readonly sheet: string | undefined
  readonly headerRow: number | undefined
  readonly yes: boolean
  readonly acceptFlagged: boolean
  readonly steps: RunSteps
  readonly json: boolean
}

type Values = Readonly<Record<string, unknown>>

const DEFAULT_CONCURRENCY = 8
const MOST_CONCURRENCY = 1_000

/** @throws AppError command.invalid naming the option and what to give. */
export function readEnrichOptions(values: Values): EnrichOptions {
  const fields = list(values, 'fields')
  const recipe = text(values, 'recipe')
  if (!fields && !recipe) throw invalid('Say what to write: --fields title,description,attributes, or --recipe FILE.')
  return {
    file: needed(values, 'file'),
    out: needed(values, 'out'),
    provider: needed(values, 'provider'),
    model: needed(values, 'model'),
    destination: enteredDestination(values),
    keyVariable: variableName(text(values, 'key-env')),
    fields,
    recipe,
    locale: text(values, 'locale'),
    limit: whole(values, 'limit', 1, 100_000_000),
    perCall: whole(values, 'per-call', 1, 50),
    concurrency: whole(values, 'concurrency', 1, MOST_CONCURRENCY) ?? DEFAULT_CONCURRENCY,
    capNano: money(values, 'cap'),
    price: price(text(values, 'price')),
    canary: whole(values, 'canary', 1, 100_000),
    identifier: text(values, 'id'),
    textColumns: list(values, 'text'),
    delimiter: text(values, 'delimiter'),
    encoding: text(values, 'encoding'),
    sheet: text(values, 'sheet'),
    headerRow: whole(values, 'header-row', 1, 1_048_576),
    yes: values['yes'] === true,
    acceptFlagged: values['accept-flagged'] === true,
    steps: {
      ...USUAL_STEPS,
      rules: values['rules'] !== false,
      siblings: values['siblings'] !== false,
      caching: values['caching'] !== false,
      batch: values['batch'] === true,
    },
    json: values['json'] === true,
  }
}

const invalid = (detail: string): AppError => new AppError('command.invalid', detail)

function needed(values: Values, name: string): string {
  const value = text(values, name)
  if (value === undefined) throw invalid(name === 'file' ? 'Name the catalogue file to enrich.' : `--${name} is missing.`)
  return value
}

function list(values: Values, name: string): string[] | undefined {
  const value = text(values, name)
  if (value === undefined) return undefined
  const entries = value.split(',').map((entry) => entry.trim())
  if (entries.includes('')) throw invalid(`--${name} has an empty entry. Write names with commas between, such as title,description.`)
  return entries
}

function whole(values: Values, name: string, least: number, most: number): number | undefined {
  const value = text(values, name)
  if (value === undefined) return undefined
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= least && number <= most))
    throw invalid(`--${name} is ${JSON.stringify(value)}. Give a whole number from ${least} to ${most}.`)
  return number
}

/** What budgets can count is a little more. */
const MOST_NANO = 1_000_000_000n * NANO_PER_UNIT

function money(values: Values, name: string): bigint | undefined {
  const value = text(values, name)
  if (value === undefined) return undefined
  try {
    const nano = parseNano(value)
    if (nano >= 0n && nano < MOST_NANO) return nano
  } catch {
    // the same answer as for a negative amount
  }
  throw invalid(`--${name} is ${JSON.stringify(value)}. Give an amount in US dollars, such as 1.00.`)
}

function price(value: string | undefined): EnrichOptions['price'] {
  if (value === undefined) return undefined
  const match = /^(\d{1,9}(?:\.\d{1,9})?)\/(\d{1,9}(?:\.\d{1,9})?)$/.exec(value)
  if (!match)
    throw invalid(`--price is ${JSON.stringify(value)}. Give US dollars per million tokens of input and of output, such as 0.15/0.60.`)
  return { input: match[1]!, output: match[2]! }
}

/** A key itself in place of its variable's name would end up in the shell's history: it is refused, and not repeated. */
function variableName(name: string | undefined): string | undefined {
  if (name === undefined) return undefined
  if (/^[A-Za-z_][A-Za-z0-9_]{0,100}$/.test(name)) return name
  throw invalid('--key-env takes the name of an environment variable, such as OPENAI_API_KEY, not the key itself.')
}
