import { createReadStream } from 'node:fs'
import { parse } from 'csv-parse'
import { slotsBetween } from '../../src/apps/enrichment/planner/fill.ts'
import { createLearner } from '../../src/apps/enrichment/planner/learn.ts'
import { leftOf, partKey } from '../../src/apps/enrichment/planner/left.ts'
import { createRules } from '../../src/apps/enrichment/planner/rules.ts'
import { createSiblingFinder, type SiblingShape, siblingShape } from '../../src/apps/enrichment/planner/siblings.ts'
import { ruleTargets } from '../../src/apps/enrichment/planner/targets.ts'
import { outputSchema } from '../../src/apps/enrichment/output-schema.ts'
import { predictOutput } from '../../src/apps/enrichment/predict-output.ts'
import { recordBlock, systemPrompt, withPerCall } from '../../src/apps/enrichment/prompt.ts'
import { promptCaching } from '../../src/apps/enrichment/quote.ts'
import { workInput } from '../../src/apps/enrichment/show.ts'
import type { Recipe } from '../../src/contract/recipe.ts'
import { costOf } from '../../src/prices/cost.ts'
import { findPrices } from '../../src/prices/match.ts'
import { tokenCounter } from '../../src/providers/tokenizers.ts'

/** The same job, planned step by step from naive to full: tokens counted, money at list prices. */

/** Title, description of at most 120 words and five attributes as JSON: measured on 19,406 products. */
export const OUTPUT_TOKENS = 223
const PLAIN_PROMPT = (field: string): string =>
  `You are an expert in product content for online shops. Write the ${field} of the product below in English. Use only the facts that are given, be clear and concise, write for a buyer who compares products, and do not invent anything. If the data does not say, answer with an empty text. Answer with the ${field} only, without quotation marks, headings or explanations.\n\nProduct data:\n`
const SHORT_PROMPT =
  'Write a title, a description of at most 120 words and the attributes listed for the product below, in English, from the facts given alone. Answer with one JSON object: {"title":string,"description":string,"attributes":object}.\n\n'

export interface CostModel {
  readonly provider: string
  readonly model: string
}

export interface StepFigures {
  readonly step: string
  readonly calls: number
  readonly inputTokens: number // of which `cachedTokens` at the cache's price
  readonly cachedTokens: number
  readonly outputTokens: number
  readonly nano: bigint | null // null: no price is published
  readonly note: string | null
}

type Row = Readonly<Record<string, string>>

/** The products of a catalogue file, without empty cells. */
export async function readProducts(path: string): Promise<Row[]> {
  const rows: Row[] = []
  for await (const row of createReadStream(path).pipe(parse({ columns: true, bom: true })) as AsyncIterable<Row>)
    rows.push(Object.fromEntries(Object.entries(row).filter(([, value]) => value.trim() !== '')))
  return rows
}

/** What rules and siblings make of the products, whoever is asked. */
export interface Looked {
  readonly raw: string // pretty JSON
  readonly shown: string
  readonly part: string
  readonly left: Recipe | null
  readonly isFollower: boolean
}

export function lookAtProducts(rows: readonly Row[], recipe: Recipe): Looked[] {
  const learner = createLearner(ruleTargets(recipe))
  for (const row of rows) learner.add(row)
  const rules = createRules(recipe, learner.learned())
  const siblings = createSiblingFinder()
  const shapes: (SiblingShape | undefined)[] = []
  return rows.map((row, index) => {
    const shown = workInput(row, recipe)
    const answers = rules.answer(row)
    const left = leftOf(recipe, answers)
    const shape = siblingShape(shown)
    shapes.push(shape)
    const leader = left ? siblings.leaderOf(shape, index + 1) : undefined
    const slots = leader !== undefined && shape ? slotsBetween(shapes[leader - 1]!, shape) : undefined
    const isFollower = slots !== undefined && slots !== 'ambiguous'
    return { raw: JSON.stringify(row, null, 2), shown, part: partKey(answers), left, isFollower }
  })
}

export async function planFigures(products: readonly Looked[], recipe: Recipe, { provider, model }: CostModel): Promise<StepFigures[]> {
  const counter = await tokenCounter(provider, model)
  const many = withPerCall(recipe, PER_CALL)
  const overhead = counter.overhead.high
  const predicted = (of: Recipe): number => {
    const { low, high } = predictOutput(of)
    return (low + high) / 2
  }
  const output = OUTPUT_TOKENS * counter.ratio
  const constant = (of: Recipe): number => counter.count(systemPrompt(of)) + counter.count(JSON.stringify(outputSchema(of))) + overhead
  const sum = (of: (product: Looked) => number): number => products.reduce((total, product) => total + of(product), 0)
  const raw = sum((product) => counter.count(product.raw))
  const shown = sum((product) => counter.count(recordBlock(product.shown)))
  const shared = counter.count(recordBlock('', 'p1')) - counter.count(recordBlock(''))
  const count = products.length
  const questions = fieldNames(recipe)
  const at = new Date()
  const money = (figures: Omit<StepFigures, 'nano' | 'step' | 'note'>, batch = false): bigint | null => {
    const prices = findPrices({ provider, model, at, batch })
    const { inputTokens, cachedTokens, outputTokens } = figures
    const usage = { input_tokens: inputTokens - cachedTokens, cache_read_tokens: cachedTokens, output_tokens: outputTokens }
    const cost = costOf({ usage, prices })
    return cost.kind === 'known' ? cost.nano : null
  }
  const figures = (
    step: string,
    {
      calls,
      input,
      out,
      cached = 0,
      batch = false,
      note = null,
    }: { calls: number; input: number; out: number; cached?: number; batch?: boolean; note?: string | null },
  ): StepFigures => {
    const tokens = { calls, inputTokens: Math.round(input), cachedTokens: Math.round(cached), outputTokens: Math.round(out) }
    return { step, ...tokens, nano: money(tokens, batch), note }
  }
  const calls = Math.ceil(count / PER_CALL)
  const caching = promptCaching({ provider, model })
  const prefix = constant(many) - overhead
  const cachedPerCall = caching.kind === 'automatic' && prefix >= caching.minimumTokens ? prefix : 0
  const cacheNote =
    caching.kind === 'none'
      ? 'not counted on with this provider'
      : cachedPerCall === 0
        ? `nothing saved: the constant part has ${prefix} tokens, it is cached from ${caching.minimumTokens}`
        : null
  const parts = (asked: readonly Looked[]) => {
    let [input, out, partCalls, cached] = [0, 0, 0, 0]
    for (const [, own] of Map.groupBy(
      asked.filter(({ left }) => left !== null),
      ({ part }) => part,
    )) {
      const left = withPerCall(own[0]!.left!, PER_CALL)
      const own_calls = Math.ceil(own.length / PER_CALL)
      partCalls += own_calls
      input += own_calls * constant(left) + own.reduce((total, product) => total + counter.count(recordBlock(product.shown)) + shared, 0)
      out += own.length * output * (predicted(left) / predicted(many))
      cached += cachedPerCall === 0 ? 0 : Math.max(0, own_calls - 1) * (constant(left) - overhead)
    }
    return { calls: partCalls, input, out, cached }
  }
  const byRules = parts(products)
  const bySiblings = parts(products.filter(({ isFollower }) => !isFollower))
  const whole = products.filter(({ left }) => left === null).length
  const answered = products.filter(({ part }) => part !== '').length
  const filled = products.filter(({ isFollower }) => isFollower).length
  const promptPerField = questions.reduce((total, field) => total + counter.count(PLAIN_PROMPT(field)) + overhead, 0)
  const oneCall = { calls: count, out: count * output }
  const perCall = { calls, input: calls * constant(many) + shown + count * shared, out: count * output }
  return [
    figures('one call per field, raw JSON', {
      calls: count * questions.length,
      input: questions.length * raw + count * promptPerField,
      out: count * output * 1.25,
    }),
    figures('one call per product, raw JSON', { ...oneCall, input: raw + count * (counter.count(SHORT_PROMPT) + overhead) }),
    figures('compact record', { ...oneCall, input: shown + count * (counter.count(SHORT_PROMPT) + overhead) }),
    figures('full prompt with schema and rules', {
      ...oneCall,
      input: shown + count * constant(recipe),
      note: 'costs more, and is what the checks rest on',
    }),
    figures(`${PER_CALL} products per call`, perCall),
    figures('prompt caching', { ...perCall, cached: Math.max(0, calls - 1) * cachedPerCall, note: cacheNote }),
    figures('rules first', { ...byRules, note: `${answered} products have values from rules, ${whole} of them all` }),
    figures('siblings filled in', { ...bySiblings, note: `${filled} products follow a sibling` }),
    figures('batch price', { ...bySiblings, cached: 0, batch: true }),
  ]
}

export const PER_CALL = 10

/** What a tool asks that asks for one value at a time. */
const fieldNames = (recipe: Recipe): string[] =>
  recipe.fields.flatMap((field) =>
    field.type === 'attributes' ? (field.names ?? []).map((entry) => (typeof entry === 'string' ? entry : entry.name)) : [field.name],
  )
