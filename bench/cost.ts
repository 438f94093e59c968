import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PER_CALL, lookAtProducts, OUTPUT_TOKENS, planFigures, readProducts, type StepFigures } from './support/cost-plan.ts'
import { makeWorkplace, runEnrich } from './support/command.ts'
import { startMock } from './support/mock.ts'
import { printTable } from './support/table.ts'
import { BUILT_IN_RULES } from '../src/contract/recipe-fields.ts'
import { recipeSchema } from '../src/contract/recipe.ts'
import { divideHalfUp, formatNano } from '../src/base/money.ts'
import { predictOutput } from '../src/apps/enrichment/predict-output.ts'
import { sharedPath } from '../test/support/shared.ts'

/**
 * `npm run bench -- cost [--all] [--json]`: what 10,000 real products cost, step by step from naive to full, on several
 * models: tokens counted, output as measured on such texts, money at list price. Then the real command over a part of them
 * (all with --all), with every step that it can take without a provider's batch service, at a mock whose answers are scripted
 * from the products' data and pass the same checks: what was metered stands beside what was counted.
 */
const CATALOGUE = sharedPath('data/icecat/products-10k.csv')
const MODELS = [
  { provider: 'openai', model: 'gpt-4o-mini' },
  { provider: 'openai', model: 'gpt-4o' },
  { provider: 'openai', model: 'gpt-4.1-mini' },
  { provider: 'anthropic', model: 'claude-haiku-4-5' },
  { provider: 'gemini', model: 'gemini-2.5-flash-lite' },
  { provider: 'mistral', model: 'mistral-small-latest' },
] as const
const ATTRIBUTES = ['Product colour', 'Type', 'Cable length', 'Printing colours', 'Material']
const SLICE = 1_000

const recipe = recipeSchema.parse({
  name: 'Listing',
  fields: [
    { name: 'title', ...BUILT_IN_RULES['title'] },
    { name: 'description', ...BUILT_IN_RULES['description'] },
    { name: 'attributes', type: 'attributes', names: ATTRIBUTES, characters: { max: 120 } },
  ],
})
const asJson = process.argv.includes('--json')
const say = (text: string): void => void (asJson ? process.stderr : process.stdout).write(`${text}\n`)

const rows = await readProducts(CATALOGUE)
const looked = lookAtProducts(rows, recipe)
const plans = await Promise.all(MODELS.map(async (model) => ({ ...model, steps: await planFigures(looked, recipe, model) })))
if (!asJson) printPlans()
const run = await scriptedRun(process.argv.includes('--all') ? rows.length : SLICE)
if (asJson)
  process.stdout.write(`${JSON.stringify({ products: rows.length, outputTokens: OUTPUT_TOKENS, plans: plans.map(plain), run })}\n`)
else printRun()

function inDollars(nano: bigint | null): string {
  return nano === null ? 'unknown' : formatNano(divideHalfUp(nano, 1_000_000n) * 1_000_000n)
}

function printPlans(): void {
  const { low, high } = predictOutput(recipe)
  say(`${rows.length} products: title, description of at most 120 words, ${ATTRIBUTES.length} attributes (${ATTRIBUTES.join(', ')}).`)
  say(`Output: ${OUTPUT_TOKENS} tokens a product, as measured on such texts; before a canary a quote says ${low} to ${high}.`)
  say(`Input is counted with the model's own tokenizer; of Anthropic, Gemini and Mistral it is estimated.\n`)
  const [first] = plans
  printTable([
    ['tokens (gpt-4o-mini)', 'calls', 'input', 'output'],
    ...first!.steps.map(({ step, calls, inputTokens, outputTokens }) => [step, ...[calls, inputTokens, outputTokens].map(String)]),
  ])
  say('')
  printTable([
    ['USD at list price', ...plans.map(({ model }) => model)],
    ...first!.steps.map(({ step }, index) => [step, ...plans.map(({ steps }) => inDollars(steps[index]!.nano))]),
  ])
  say('')
  for (const { step, note } of first!.steps) if (note) say(`${step}: ${note}`)
  for (const { model, steps } of plans.slice(1)) {
    const note = steps.find(({ step }) => step === 'prompt caching')?.note
    if (note) say(`prompt caching (${model}): ${note}`)
  }
}

interface ScriptedRun {
  readonly products: number
  readonly report: Readonly<Record<string, unknown>>
  readonly counted: StepFigures
}

/** The command with the whole plan but the batch price, over the first products, at a mock that counts tokens. */
async function scriptedRun(count: number): Promise<ScriptedRun> {
  say(`\nThe command over ${count} products, at scripted answers ...`)
  const workplace = await makeWorkplace()
  const mock = await startMock({ latencyMs: 20, countFor: 'gpt-4o-mini' })
  try {
    const slice = rows.slice(0, count)
    const file = join(workplace.folder, 'products.jsonl')
    writeFileSync(file, slice.map((row) => JSON.stringify(row)).join('\n'))
    const recipeFile = join(workplace.folder, 'recipe.json')
    writeFileSync(recipeFile, JSON.stringify(recipe))
    const options = `--provider openai --model gpt-4o-mini --key-env BENCH_KEY --per-call ${PER_CALL} --concurrency 16 --price 0.15/0.60 --yes --json`
    const args = [
      file,
      '--out',
      join(workplace.folder, 'out.jsonl'),
      '--recipe',
      recipeFile,
      '--base-url',
      mock.baseUrl,
      '--id',
      'sku',
      ...options.split(' '),
    ]
    const { report } = await runEnrich(args, { workplace })
    const counted = await planFigures(lookAtProducts(slice, recipe), recipe, MODELS[0])
    return { products: count, report, counted: counted.find(({ step }) => step === 'siblings filled in')! }
  } finally {
    await mock.stop()
    workplace.remove()
  }
}

function printRun(): void {
  const { report, counted, products } = run
  const usage = report['usage'] as Readonly<Record<string, number>>
  const cost = report['cost'] as { readonly amount: string }
  say('')
  printTable([
    [`${products} products`, 'calls', 'input', 'output', 'USD'],
    ['counted beforehand', ...[counted.calls, counted.inputTokens, counted.outputTokens].map(String), inDollars(counted.nano)],
    ['metered', String(report['calls']), String(usage['input_tokens']), String(usage['output_tokens']), cost.amount],
  ])
  const { succeeded, flagged, failed } = report as Readonly<Record<string, number>>
  say(
    `${succeeded} succeeded, ${flagged} flagged, ${failed} failed. Scripted texts are shorter or longer than a model's: their output is not the measured one.`,
  )
}

function plain({ steps, ...model }: { provider: string; model: string; steps: readonly StepFigures[] }) {
  return { ...model, steps: steps.map(({ nano, ...step }) => ({ ...step, usd: nano === null ? null : formatNano(nano) })) }
}
