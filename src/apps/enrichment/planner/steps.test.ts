import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { recipeSchema } from '../../../contract/recipe.ts'
import type { RunSteps } from '../../../contract/run-steps.ts'
import { findPrices } from '../../../prices/match.ts'
import { tokenCounter } from '../../../providers/tokenizers.ts'
import { promptCaching } from '../quote.ts'
import type { PlanMakings } from './plan-quote.ts'
import { planSteps } from './steps.ts'
import { addToPlan, addUnchanged, emptyPlanTally, type PlanTally } from './tally.ts'

const recipe = recipeSchema.parse({
  fields: [
    { name: 'title', type: 'text', characters: { max: 150 } },
    { name: 'description', type: 'text', words: { max: 120 } },
    { name: 'colour', type: 'select', values: ['Black', 'White', 'Red'] },
  ],
})
const at = new Date('2026-11-01T00:00:00Z')
const counter = await tokenCounter('openai', 'gpt-4o-mini')

const makingsFor = (model: string): PlanMakings => ({
  recipe,
  counter,
  prices: findPrices({ provider: 'openai', model, at }),
  batchPrices: findPrices({ provider: 'openai', model, at, batch: true }),
  caching: promptCaching({ provider: 'openai', model }),
  reasoning: { low: 0, high: 0 },
})
const cheap = makingsFor('gpt-4o-mini')
const better = makingsFor('gpt-4o')

const product = fc.record({ byRule: fc.boolean(), isFollower: fc.boolean(), tokens: fc.integer({ min: 20, max: 900 }) })
const tallyOf = (products: readonly { byRule: boolean; isFollower: boolean; tokens: number }[], unchanged: number): PlanTally =>
  Array.from({ length: unchanged }).reduce<PlanTally>(
    (tally) => addUnchanged(tally, 150),
    products.reduce((tally, { byRule, ...more }) => addToPlan(tally, { part: byRule ? 'colour' : '', ...more }), emptyPlanTally),
  )
const steps = fc.record({
  rules: fc.boolean(),
  siblings: fc.boolean(),
  caching: fc.boolean(),
  batch: fc.boolean(),
  cheapFirst: fc.boolean(),
  perCall: fc.constantFrom(1, 5, 10, 'recipe'),
}) as fc.Arbitrary<RunSteps>

test.prop([fc.array(product, { minLength: 1, maxLength: 60 }), fc.nat({ max: 20 }), steps, fc.boolean()])(
  'what the steps save adds up to what the whole plan saves, at both ends',
  (products, unchanged, chosen, hasSecond) => {
    const second = hasSecond ? { makings: better, share: 0.3 } : undefined
    const { naive, quote, steps: rows } = planSteps({ makings: cheap, tally: tallyOf(products, unchanged), steps: chosen, second })
    const taken = rows.filter(({ on }) => on)
    const sum = (of: (row: (typeof rows)[number]) => bigint): bigint => taken.reduce((total, row) => total + of(row), 0n)
    expect(sum(({ saves }) => saves.lowNano!)).toBe(naive.lowNano! - quote.lowNano!)
    expect(sum(({ saves }) => saves.highNano!)).toBe(naive.highNano! - quote.highNano!)
    expect(quote.lowNano! <= quote.highNano!).toBe(true)
  },
)

test.prop([fc.array(product, { minLength: 40, maxLength: 200 }), steps, fc.constantFrom('siblings', 'caching', 'batch', 'cheapFirst')])(
  'turning a step off never makes the quote cheaper',
  (products, chosen, step) => {
    const input = { makings: cheap, tally: tallyOf(products, 5), second: { makings: better, share: 0.3 } }
    const on = planSteps({ ...input, steps: { ...chosen, [step]: true } }).quote
    const off = planSteps({ ...input, steps: { ...chosen, [step]: false } }).quote
    expect(off.highNano! >= on.highNano!).toBe(true)
    expect(off.lowNano! >= on.lowNano!).toBe(true)
  },
)

test.prop([fc.array(product, { minLength: 40, maxLength: 200 })])('rules cost no more where each product has its own call', (products) => {
  const quoteWith = (rules: boolean) =>
    planSteps({
      makings: cheap,
      tally: tallyOf(products, 0),
      steps: { rules, siblings: false, caching: true, batch: false, cheapFirst: true, perCall: 1 },
    }).quote
  expect(quoteWith(false).highNano! >= quoteWith(true).highNano!).toBe(true)
})

it('says why a step changes nothing', () => {
  const tally = tallyOf([{ byRule: false, isFollower: false, tokens: 100 }], 0)
  const { steps: rows } = planSteps({
    makings: cheap,
    tally,
    steps: { rules: true, siblings: true, caching: true, batch: false, cheapFirst: true, perCall: 'recipe' },
  })
  expect(rows.map(({ step, because }) => [step, because?.code ?? null])).toEqual([
    ['unchanged', 'none_unchanged'],
    ['rules', 'nothing_found'],
    ['siblings', 'no_siblings'],
    ['perCall', null],
    ['caching', 'cache_too_short'],
    ['cheapFirst', 'one_model'],
    ['batch', null],
  ])
})
