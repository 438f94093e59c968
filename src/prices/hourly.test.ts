import { expect, it } from 'vitest'
import { costOf, worstCase } from './cost.ts'
import { chooseCost, type RateCard, rateCardPrices, rateCardProblems } from './rate-card.ts'

// A workstation with one GPU: 0.45 for its hour, power and depreciation. 90 seconds of it are 0.45 * 90 / 3600 = 0.01125.
const card: RateCard = { currency: 'EUR', models: {}, hourly: '0.45' }
const prices = rateCardPrices(card, 'llama3.2:3b')

it('an hour’s price charges a call for the machine’s time, and for nothing else', () => {
  const cost = costOf({ usage: { input_tokens: 1_000, output_tokens: 500, machine_ms: 90_000 }, prices })
  expect(cost).toMatchObject({
    kind: 'known',
    nano: 11_250_000n,
    currency: 'EUR',
    free: false,
    rowIds: ['rate card hourly machine_ms=0.45 EUR'],
  })
  expect(chooseCost({ rateCard: cost })).toMatchObject({ kind: 'known', source: 'rate_card' })
})

it('is exact to the nano-unit: 1 ms of 0.10 an hour is 27.77… and rounds half up, once', () => {
  const cheap = rateCardPrices({ currency: 'USD', models: {}, hourly: '0.1' }, 'm')
  expect(costOf({ usage: { machine_ms: 1 }, prices: cheap })).toMatchObject({ nano: 28n })
  expect(costOf({ usage: { machine_ms: 3_600_000 }, prices: cheap })).toMatchObject({ nano: 100_000_000n })
})

it('a time that nobody knows is an unknown cost, not a free one: what a quote before the run meets', () => {
  expect(costOf({ usage: { input_tokens: 1_000, output_tokens: 500 }, prices })).toEqual({ kind: 'unknown', missing: ['machine_ms'] })
})

it('adds to the prices of a model that has its own', () => {
  const both = rateCardPrices({ ...card, models: { 'llama*': { input_tokens: '1', output_tokens: '2' } } }, 'llama3.2:3b')
  // 1,000 * 1,000 + 500 * 2,000 nano, and the time
  expect(costOf({ usage: { input_tokens: 1_000, output_tokens: 500, machine_ms: 90_000 }, prices: both })).toMatchObject({
    nano: 1_000_000n + 1_000_000n + 11_250_000n,
  })
})

it('reserves the longest that a call may last, and refuses to guess without it', () => {
  const text = { inputTokensAtMost: 8_000, outputTokensAtMost: 2_000, prices }
  expect(worstCase({ ...text, machineMsAtMost: 600_000 })).toBe(75_000_000n) // a sixth of an hour
  expect(worstCase(text)).toBeUndefined()
})

it('an hour that costs nothing makes every model free', () => {
  const free = rateCardPrices({ currency: 'USD', models: {}, hourly: '0' }, 'anything')
  expect(costOf({ usage: { input_tokens: 5 }, prices: free })).toMatchObject({ nano: 0n, free: true })
})

it('is refused with reasons', () => {
  expect(rateCardProblems({ currency: 'EUR', models: {}, hourly: '0,45' })).toHaveLength(1)
  expect(rateCardProblems({ currency: 'EUR', models: { m: { machine_ms: '1' } } })).toHaveLength(1)
  expect(rateCardProblems(card)).toEqual([])
})
