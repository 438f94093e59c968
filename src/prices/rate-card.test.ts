import { describe, expect, it } from 'vitest'
import { costOf } from './cost.ts'
import { findPrices } from './match.ts'
import { chooseCost, parseDeclaredNano, rateCardPrices, rateCardProblems, type RateCard } from './rate-card.ts'

const at = new Date('2026-11-20')
const usage = { input_tokens: 1_000, output_tokens: 100 }
const card: RateCard = {
  currency: 'EUR',
  models: { 'gpt-4o': { input_tokens: '2', output_tokens: '8' }, 'local-*': { input_tokens: '0', output_tokens: '0' } },
}

describe('a rate card', () => {
  it('prices the models it names, by id before pattern', () => {
    // 1,000 * 2,000 + 100 * 8,000 nano-EUR
    expect(costOf({ usage, prices: rateCardPrices(card, 'gpt-4o') })).toMatchObject({ nano: 2_800_000n, currency: 'EUR', free: false })
    expect(rateCardPrices(card, 'gpt-4o-mini')).toBeUndefined()
    expect(rateCardPrices(null, 'gpt-4o')).toBeUndefined()
  })

  it('grants no discount it does not state: cache reads cost what input does, reasoning what output does', () => {
    const cost = costOf({ usage: { cache_read_tokens: 1_000, reasoning_tokens: 100 }, prices: rateCardPrices(card, 'gpt-4o') })
    expect(cost).toMatchObject({ nano: 2_800_000n })
  })

  it('leaves cache writes unknown until they are entered, because they cost more than input', () => {
    expect(costOf({ usage: { ...usage, cache_write_tokens: 1 }, prices: rateCardPrices(card, 'gpt-4o') })).toEqual({
      kind: 'unknown',
      missing: ['cache_write_tokens'],
    })
  })

  it('with nothing but zeros makes a model free, whatever it counts', () => {
    expect(costOf({ usage: { ...usage, cache_write_tokens: 5 }, prices: rateCardPrices(card, 'local-llama') })).toMatchObject({
      nano: 0n,
      free: true,
    })
  })

  it('is refused with reasons', () => {
    const wrong = { currency: 'euro', models: { 'a*b*': { input_tokens: '0,15' }, c: { tokens: '1' }, d: {} } }
    expect(rateCardProblems(wrong)).toHaveLength(5)
    expect(rateCardProblems(card)).toEqual([])
  })
})

describe('which cost counts', () => {
  const book = costOf({ usage, prices: findPrices({ provider: 'openai', model: 'gpt-4o', at }) }) // 1,000 * 2,500 + 100 * 10,000
  const own = costOf({ usage, prices: rateCardPrices(card, 'gpt-4o') })
  const unknown = costOf({ usage, prices: undefined })

  it('declared, then the rate card, then the price book', () => {
    expect(chooseCost({ declared: { amount: '0.0031', currency: 'USD' }, rateCard: own, book })).toMatchObject({
      nano: 3_100_000n,
      source: 'declared',
      listNano: 3_500_000n,
    })
    expect(chooseCost({ rateCard: own, book })).toMatchObject({ nano: 2_800_000n, currency: 'EUR', source: 'rate_card' })
    expect(chooseCost({ rateCard: unknown, book })).toMatchObject({
      nano: 3_500_000n,
      currency: 'USD',
      source: 'price_book',
      listNano: 3_500_000n,
    })
    expect(chooseCost({ book })).toMatchObject({ source: 'price_book' })
  })

  it('never mixes currencies: a list price in dollars is no list price of a cost in euros', () => {
    expect(chooseCost({ rateCard: own, book })).toMatchObject({ currency: 'EUR', listNano: null })
    expect(chooseCost({ declared: { amount: '1', currency: 'EUR' }, book })).toMatchObject({ currency: 'EUR', listNano: null, rowIds: [] })
  })

  it('a contract that names the model but not a used unit leaves the cost unknown, and does not fall back to the list', () => {
    const gap = costOf({ usage: { ...usage, searches: 1 }, prices: rateCardPrices(card, 'gpt-4o') })
    expect(chooseCost({ rateCard: gap, book })).toEqual({ kind: 'unknown', missing: ['searches'] })
  })

  it('is unknown when nobody knows, and free where nothing costs anything', () => {
    expect(chooseCost({ book: unknown })).toEqual({ kind: 'unknown', missing: 'no price' })
    expect(chooseCost({})).toEqual({ kind: 'unknown', missing: 'no price' })
    const practice = costOf({ usage, prices: findPrices({ provider: 'practice', model: 'practice-1', at }) })
    expect(chooseCost({ book: practice })).toMatchObject({ nano: 0n, source: 'free', listNano: 0n })
    expect(chooseCost({ rateCard: costOf({ usage, prices: rateCardPrices(card, 'local-x') }) })).toMatchObject({ nano: 0n, source: 'free' })
  })
})

describe('a declared amount', () => {
  it.each([
    ['0.000427', 427_000n],
    ['8.1e-05', 81_000n],
    ['1.4E-5', 14_000n],
    ['0.0076509169000000005', 7_650_917n], // a float's tail; 7,650,916.9 rounds up
    ['0', 0n],
    ['12', 12_000_000_000n],
    ['1e2', 100_000_000_000n],
  ])('%s is %s nano-units', (amount, nano) => {
    expect(parseDeclaredNano(amount)).toBe(nano)
  })

  it.each(['', '-1', 'NaN', 'Infinity', '1,5', '1e999', '9e12', '0x10', ' 1'])('%j is no amount, and does not become 0', (amount) => {
    expect(parseDeclaredNano(amount)).toBeUndefined()
    expect(chooseCost({ declared: { amount, currency: 'USD' } })).toMatchObject({ kind: 'unknown' })
  })
})
