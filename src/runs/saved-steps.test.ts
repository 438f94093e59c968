import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { STEP_NAMES } from '../contract/runs.ts'
import { findPrices } from '../prices/match.ts'
import { type CallGroup, savedSteps, type SavingFacts, type StepSaving } from './saved-steps.ts'

const at = new Date('2026-11-20T00:00:00Z')
const MINI = findPrices({ provider: 'openai', model: 'gpt-4o-mini', at })!
const GPT_4O = findPrices({ provider: 'openai', model: 'gpt-4o', at })!

/** gpt-4o-mini: 0.15, 0.075 from a cache and 0.60 US dollars per million tokens. */
const ofMini: CallGroup['priceOf'] = (unit) => MINI.bands[0]!.rows[unit]?.nano

/** Ten calls of 1,000 tokens in and 200 out each: 270,000 nano-dollars a call. */
const tenCalls: CallGroup = {
  calls: 10,
  answered: 10,
  answeredAtUnknownCost: 0,
  costNano: 2_700_000n,
  isBatch: false,
  listNano: 2_700_000n,
  listUnknown: 0,
  usage: { input_tokens: 10_000, output_tokens: 2_000 },
  systemTokens: 6_000,
  priceOf: ofMini,
  looksAgain: false,
  second: undefined,
}

const run: SavingFacts = {
  steps: STEP_NAMES,
  currency: 'USD',
  calls: [tenCalls],
  unchanged: 0,
  asked: 10,
  filled: 0,
  ruled: 0,
  ruledInPart: 0,
  valuesByRules: 0,
  escalated: 0,
  hasSecond: false,
  partQuoted: undefined,
}

const stepOf = (facts: Partial<SavingFacts>, name: StepSaving['step']): Pick<StepSaving, 'count' | 'savedNano' | 'unknown'> => {
  const { count, savedNano, unknown } = savedSteps({ ...run, ...facts }).steps.find(({ step }) => step === name)!
  return { count, savedNano, unknown }
}
const known = (count: number, savedNano: bigint) => ({ count, savedNano, unknown: null })

describe('what a step saved', () => {
  it('nothing happened: nothing, which is known', () => {
    const { steps, savedNano, withoutNano } = savedSteps(run)
    expect(steps.map(({ savedNano: nano }) => nano)).toEqual(STEP_NAMES.map(() => 0n))
    expect({ savedNano, withoutNano }).toEqual({ savedNano: 0n, withoutNano: 2_700_000n })
  })

  it('a batch: its list price less what it cost', () => {
    const batch = { ...tenCalls, isBatch: true, costNano: 1_350_000n }
    expect(stepOf({ calls: [batch] }, 'batch')).toEqual(known(10, 1_350_000n))
    expect(stepOf({ calls: [{ ...batch, listUnknown: 1 }] }, 'batch')).toEqual({ count: 10, savedNano: null, unknown: 'list_unknown' })
  })

  it('a cache: its tokens at the difference to the price of input, what it cost to keep them taken off', () => {
    const read = { ...tenCalls, usage: { ...tenCalls.usage, input_tokens: 2_000, cache_read_tokens: 8_000 }, costNano: 2_100_000n }
    expect(stepOf({ calls: [read] }, 'caching')).toEqual(known(8_000, 8_000n * 75n))
    const written: CallGroup = {
      ...read,
      usage: { cache_write_tokens: 1_000 },
      priceOf: (unit) => (unit === 'cache_write_tokens' ? 187_500_000n : ofMini(unit)),
    }
    expect(stepOf({ calls: [written] }, 'caching')).toEqual(known(0, -37_500n)) // nothing was read: it cost more
    expect(stepOf({ calls: [{ ...read, priceOf: () => undefined }] }, 'caching').unknown).toBe('price_unknown')
  })

  it('products in one call: the constant part, for each product but the first', () => {
    // 30 products in 10 calls: 20 calls fewer, of 600 tokens each
    expect(stepOf({ asked: 30 }, 'perCall')).toEqual(known(20, 20n * 600n * 150n))
    expect(stepOf({ asked: 8 }, 'perCall')).toEqual(known(0, 0n)) // second questions are calls too
  })

  it('in a batch, the steps before it are counted at the usual price', () => {
    const batch = { ...tenCalls, isBatch: true, costNano: 1_350_000n, priceOf: (unit) => ofMini(unit)! / 2n } satisfies CallGroup
    expect(stepOf({ calls: [batch], asked: 30 }, 'perCall')).toEqual(known(20, 20n * 600n * 150n))
    expect(stepOf({ calls: [batch], filled: 5 }, 'siblings')).toEqual(known(5, 5n * 270_000n))
  })

  it('siblings, products that rules answered, and unchanged ones: at the mean of those asked about', () => {
    const facts = { filled: 5, ruled: 5, unchanged: 4 }
    for (const [name, count] of [
      ['siblings', 5],
      ['rules', 5],
      ['unchanged', 4],
    ] as const)
      expect(stepOf(facts, name)).toEqual(known(count, BigInt(count) * 270_000n))
    expect(savedSteps({ ...run, ...facts }).withoutNano).toBe(24n * 270_000n)
    expect(stepOf({ ...facts, calls: [], asked: 0 }, 'siblings')).toEqual({ count: 5, savedNano: null, unknown: 'none_asked' })
    const unpriced = { ...tenCalls, answeredAtUnknownCost: 1 }
    expect(stepOf({ ...facts, calls: [unpriced] }, 'unchanged')).toEqual({ count: 4, savedNano: null, unknown: 'cost_unknown' })
  })

  it('what rules found of products that were asked about the rest: as it was quoted for one of them', () => {
    const facts = { ruledInPart: 6, valuesByRules: 6, partQuoted: { nano: 30_000n, of: 2n } }
    expect(stepOf(facts, 'rules')).toEqual(known(6, 90_000n))
    expect(stepOf({ ...facts, partQuoted: undefined }, 'rules')).toEqual({ count: 6, savedNano: null, unknown: 'not_quoted' })
    // unchanged products would have been asked for that too
    expect(stepOf({ ...facts, unchanged: 10 }, 'unchanged')).toEqual(known(10, 2_700_000n + 90_000n))
  })

  it('a second look at some: the first tokens at the second price, less what both cost', () => {
    const first = { ...tenCalls, second: GPT_4O } // 2.50 and 10 US dollars: 4,500,000 a call
    const again = { ...tenCalls, calls: 2, answered: 2, costNano: 9_000_000n, listNano: 9_000_000n, looksAgain: true }
    const facts = { calls: [first, again], hasSecond: true, escalated: 2 }
    expect(stepOf(facts, 'cheapFirst')).toEqual(known(8, 45_000_000n - 2_700_000n - 9_000_000n))
    expect(stepOf({ ...facts, filled: 1 }, 'siblings')).toEqual(known(1, 4_500_000n)) // without the step it would have been asked there
    // 900,000 at the first one's prices
    expect(stepOf({ ...facts, asked: 20 }, 'perCall')).toEqual(known(10, 15_000_000n))
    expect(stepOf({ ...facts, calls: [{ ...first, second: undefined }, again] }, 'cheapFirst').unknown).toBe('second_unknown')
  })
})

const nano = fc.bigInt({ min: 0n, max: 10n ** 15n })
const count = fc.integer({ min: 0, max: 100_000 })
const group = fc
  .record({
    calls: fc.integer({ min: 1, max: 10_000 }),
    costNano: nano,
    discount: nano,
    isBatch: fc.boolean(),
    input: count,
    read: count,
    output: count,
    systemTokens: fc.integer({ min: 1, max: 100_000 }),
    hasSecond: fc.boolean(),
    looksAgain: fc.boolean(),
  })
  .map(({ calls, costNano, discount, isBatch, input, read, output, hasSecond, ...rest }): CallGroup => {
    const listNano = isBatch ? costNano + discount : costNano
    const usage = { input_tokens: input, cache_read_tokens: read, output_tokens: output }
    const more = { answeredAtUnknownCost: 0, listUnknown: 0, priceOf: ofMini, second: hasSecond ? GPT_4O : undefined }
    return { calls, answered: calls, costNano, isBatch, listNano, usage, ...rest, ...more }
  })

test.prop({
  steps: fc.subarray([...STEP_NAMES]),
  calls: fc.array(group, { maxLength: 4 }),
  counts: fc.record({
    unchanged: count,
    asked: count,
    filled: count,
    ruled: count,
    ruledInPart: count,
    valuesByRules: count,
    escalated: count,
  }),
  hasSecond: fc.boolean(),
  partQuoted: fc.option(fc.record({ nano, of: fc.bigInt({ min: 1n, max: 10n ** 6n }) }), { nil: undefined }),
})(
  'what the steps saved and what was paid is what it would have cost, or it is not known',
  ({ steps, calls, counts, hasSecond, partQuoted }) => {
    const order = STEP_NAMES.filter((step) => steps.includes(step))
    const facts: SavingFacts = { steps: order, currency: 'USD', calls, hasSecond, partQuoted, ...counts }
    const { steps: rows, savedNano, withoutNano } = savedSteps(facts)
    expect(rows.map(({ step }) => step)).toEqual(order)
    for (const row of rows) expect(row.savedNano === null).toBe(row.unknown !== null)
    const paid = calls.reduce((sum, { costNano }) => sum + costNano, 0n)
    if (rows.some(({ unknown }) => unknown !== null)) expect([savedNano, withoutNano]).toEqual([null, null])
    else {
      expect(rows.reduce((sum, row) => sum + row.savedNano!, 0n)).toBe(savedNano)
      expect(withoutNano).toBe(paid + savedNano!)
    }
  },
)
