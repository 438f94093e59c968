import { divideHalfUp } from '../base/money.ts'
import type { Usage, UsageUnit } from '../base/usage.ts'
import type { StepName, WhyNotKnown } from '../contract/runs.ts'
import { PRICE_DENOMINATOR, priceOf } from '../prices/book.ts'
import { costOf } from '../prices/cost.ts'
import type { PriceSet } from '../prices/match.ts'

/**
 * What the steps of a run saved, counted backwards from what its calls cost: each step at the prices as they are without the steps after
 * it, in the order of the quote (docs/guides/cost.md). So the savings add up to what the run would have cost without them.
 */

/** Calls of a run that were priced alike, summed. */
export interface CallGroup {
  readonly calls: number
  readonly answered: number
  /** Answered, and nobody knows at what cost in the run's currency. */
  readonly answeredAtUnknownCost: number
  readonly costNano: bigint // of those with a known cost
  readonly isBatch: boolean
  readonly listNano: bigint // at the usual price, of those with a known cost; the cost itself where the call was a usual one
  readonly listUnknown: number // answered in a batch at a known cost, and nobody knows the usual one
  readonly usage: Usage // of the answered ones
  readonly systemTokens: number // of the constant part of their prompts, as it was counted
  /** What one of a unit was charged at, in nano-units; undefined: what is kept of the calls does not say. */
  readonly priceOf: (unit: UsageUnit) => bigint | undefined
  /** It looked at what another one wrote; else the prices of who would have looked, undefined: nobody, or they are unknown. */
  readonly looksAgain: boolean
  readonly second: PriceSet | undefined
}

/** What is known of a run that has calls, or has none. */
export interface SavingFacts {
  readonly steps: readonly StepName[] // that were on, in their order
  readonly currency: string
  readonly calls: readonly CallGroup[]
  readonly unchanged: number // products left out
  readonly asked: number // products that were asked about and answered
  readonly filled: number
  readonly ruled: number // products of which rules answered everything
  readonly ruledInPart: number // of which they answered a part
  readonly valuesByRules: number
  readonly escalated: number // products that a second model was asked about
  readonly hasSecond: boolean // somebody would have looked again
  /** What rules save with a product of which they answer a part, as it was quoted: a fraction of nano-units; undefined: it was not. */
  readonly partQuoted: Fraction | undefined
}

export interface Fraction {
  readonly nano: bigint
  readonly of: bigint
}

export interface StepSaving {
  readonly step: StepName
  readonly count: number // see the contract
  readonly values: number | null
  readonly savedNano: bigint | null
  readonly unknown: WhyNotKnown | null
}

type Saved = bigint | WhyNotKnown

/** Each step that was on, with what it saved; `withoutNano`: what the run would have cost without them, null where one is not known. */
export function savedSteps(facts: SavingFacts): { steps: StepSaving[]; savedNano: bigint | null; withoutNano: bigint | null } {
  const { calls } = facts
  const saved = new Map<StepName, Saved>()
  const isOn = (step: StepName): boolean => facts.steps.includes(step)
  const take = (step: StepName, count: () => Saved): bigint => {
    if (!isOn(step)) return 0n
    const nano = count()
    saved.set(step, nano)
    return typeof nano === 'bigint' ? nano : 0n // what cannot be said is not added to what the steps before it saved
  }
  const costNano = sum(calls.map((group) => group.costNano))
  const costUnknown = calls.some(({ answeredAtUnknownCost }) => answeredAtUnknownCost > 0)
  let nano = costNano
  nano += take('batch', () => ofBatches(calls))
  nano += take('cheapFirst', () => (costUnknown ? 'cost_unknown' : ofSecondLooks(facts)))
  const dearer = isOn('cheapFirst') && typeof saved.get('cheapFirst') === 'bigint' && facts.hasSecond
  nano += take('caching', () => ofCaches(calls, dearer))
  nano += take('perCall', () => ofSharedCalls(facts, dearer))
  /** So many products, each as those that were asked about. */
  const asAsked = (products: number): Saved => {
    if (products === 0) return 0n
    if (costUnknown) return 'cost_unknown'
    return facts.asked === 0 ? 'none_asked' : divideHalfUp(nano * BigInt(products), BigInt(facts.asked))
  }
  const filled = take('siblings', () => asAsked(facts.filled))
  const ruled = take('rules', () => plus(asAsked(facts.ruled), inPart(facts)))
  const written = BigInt(facts.asked + facts.filled + facts.ruled)
  const before = nano + filled + ruled
  take('unchanged', () => {
    const alike = asAsked(facts.unchanged)
    return typeof alike === 'bigint' && written > 0n ? divideHalfUp(before * BigInt(facts.unchanged), written) : alike
  })
  const amounts = [...saved.values()]
  const savedNano = amounts.every((each) => typeof each === 'bigint') ? sum(amounts) : null
  return {
    steps: facts.steps.map((step): StepSaving => {
      const amount = saved.get(step)!
      const isKnown = typeof amount === 'bigint'
      return {
        step,
        count: countOf(step, facts),
        values: step === 'rules' ? facts.valuesByRules : null,
        savedNano: isKnown ? amount : null,
        unknown: isKnown ? null : amount,
      }
    }),
    savedNano,
    withoutNano: savedNano === null || costUnknown ? null : costNano + savedNano,
  }
}

/** List price less what was paid, of calls in batches. */
function ofBatches(calls: readonly CallGroup[]): Saved {
  const batched = calls.filter(({ isBatch }) => isBatch)
  if (batched.some(({ answeredAtUnknownCost }) => answeredAtUnknownCost > 0)) return 'cost_unknown'
  if (batched.some(({ listUnknown }) => listUnknown > 0)) return 'list_unknown'
  return sum(batched.map(({ listNano, costNano }) => listNano - costNano))
}

/** The tokens of first questions at the price of who looks again, less what both cost. */
function ofSecondLooks({ calls, hasSecond, currency }: SavingFacts): Saved {
  if (!hasSecond) return 0n
  let nano = 0n
  for (const group of calls) {
    const instead = group.looksAgain ? 0n : atSecondPrice(group, currency)
    if (instead === undefined) return 'second_unknown'
    nano += instead - group.listNano
  }
  return nano
}

function atSecondPrice({ usage, answered, second }: CallGroup, currency: string): bigint | undefined {
  if (answered === 0) return 0n
  if (!second || second.currency !== currency) return undefined
  const perCall = inputOf(usage) / answered // a longer prompt has another price: that of a call of average length
  const band = second.bands.findLast(({ fromInputTokens }) => fromInputTokens <= perCall)
  const cost = costOf({
    usage: band?.rows.requests ? { ...usage, requests: answered } : usage,
    prices: { ...second, bands: band ? [{ ...band, fromInputTokens: 0 }] : [] },
  })
  return cost.kind === 'known' ? cost.nano : undefined
}

const inputOf = (usage: Usage): number =>
  (usage.input_tokens ?? 0) + (usage.cache_read_tokens ?? 0) + (usage.cache_write_tokens ?? 0) + (usage.cache_write_long_tokens ?? 0)

const CACHE_UNITS = ['cache_read_tokens', 'cache_write_tokens', 'cache_write_long_tokens'] as const

/** Tokens that caches served or kept, at the difference to the price of input. */
function ofCaches(calls: readonly CallGroup[], dearer: boolean): Saved {
  let nano = 0n
  for (const group of calls) {
    let numerator = 0n
    for (const unit of CACHE_UNITS) {
      const tokens = group.usage[unit] ?? 0
      if (tokens === 0) continue
      const [input, price] = [group.priceOf('input_tokens'), group.priceOf(unit)]
      if (input === undefined || price === undefined) return 'price_unknown'
      numerator += priceOf(unit, BigInt(tokens), input - price)
    }
    nano += asUsual(numerator, group, dearer)
  }
  return nano
}

/** The constant part of the prompt, for each product but the first of a call. Second questions are calls too: it is counted low. */
function ofSharedCalls(facts: SavingFacts, dearer: boolean): Saved {
  const spared = sparedCalls(facts)
  if (spared === 0) return 0n
  const first = facts.calls.filter(({ looksAgain }) => !looksAgain)
  const answered = BigInt(first.reduce((total, group) => total + group.answered, 0))
  let nano = 0n
  for (const group of first) {
    if (group.answered === 0) continue
    const input = group.priceOf('input_tokens')
    if (input === undefined || group.systemTokens === 0) return 'price_unknown'
    nano += asUsual(priceOf('input_tokens', BigInt(group.systemTokens), input) * BigInt(spared), group, dearer, answered)
  }
  return nano
}

function sparedCalls({ calls, asked }: SavingFacts): number {
  const answered = calls.filter(({ looksAgain }) => !looksAgain).reduce((total, group) => total + group.answered, 0)
  return answered === 0 ? 0 : Math.max(0, asked - answered)
}

/**
 * A price times a count as nano-units, in the proportion in which the calls are dearer outside a batch and, where all would have been
 * asked of whoever looks again, at that one's prices.
 */
function asUsual(numerator: bigint, group: CallGroup, dearer: boolean, of = 1n): bigint {
  const { costNano, listNano, looksAgain, second, isBatch } = group
  let [times, by] = isBatch && costNano > 0n && group.listUnknown === 0 ? [listNano, costNano] : [1n, 1n]
  if (dearer && looksAgain) return 0n // nobody would have looked again
  const instead = dearer && second ? atSecondPrice(group, second.currency) : undefined
  if (instead !== undefined && listNano > 0n) [times, by] = [times * instead, by * listNano]
  return divideHalfUp(numerator * times, PRICE_DENOMINATOR * by * of)
}

/** What rules found of products that were asked about the rest, as it was quoted for a product of that kind. */
function inPart({ ruledInPart, partQuoted }: SavingFacts): Saved {
  if (ruledInPart === 0) return 0n
  return partQuoted ? divideHalfUp(partQuoted.nano * BigInt(ruledInPart), partQuoted.of) : 'not_quoted'
}

const plus = (a: Saved, b: Saved): Saved => (typeof a === 'bigint' && typeof b === 'bigint' ? a + b : typeof a === 'bigint' ? b : a)

function countOf(step: StepName, facts: SavingFacts): number {
  switch (step) {
    case 'unchanged':
      return facts.unchanged
    case 'rules':
      return facts.ruled + facts.ruledInPart
    case 'siblings':
      return facts.filled
    case 'perCall':
      return sparedCalls(facts)
    case 'caching':
      return facts.calls.reduce((total, { usage }) => total + (usage.cache_read_tokens ?? 0), 0)
    case 'cheapFirst':
      return facts.hasSecond ? Math.max(0, facts.asked - facts.escalated) : 0
    case 'batch':
      return facts.calls.reduce((total, { isBatch, answered }) => total + (isBatch ? answered : 0), 0)
  }
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => a + b, 0n)
