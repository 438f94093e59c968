import { describe, expect, it } from 'vitest'
import type { Usage } from '../base/usage.ts'
import { costOf } from '../prices/cost.ts'
import { findPrices, type PriceSet } from '../prices/match.ts'
import { rateCardPrices } from '../prices/rate-card.ts'
import { chargedPrice, costSteps } from './cost-steps.ts'

const at = new Date('2026-11-20T00:00:00Z')

/** As the ledger would have kept it. */
function recorded(usage: Usage, prices: PriceSet | undefined): { rowIds: readonly string[]; nano: bigint } {
  const cost = costOf({ usage, prices })
  if (cost.kind !== 'known') throw new Error('the prices of this test do not fit its usage')
  return { rowIds: cost.rowIds, nano: cost.nano }
}

describe('the steps of a cost', () => {
  it('are counts times prices, exact, with the place where each price was published', () => {
    const usage = { input_tokens: 812, cache_read_tokens: 1_024, output_tokens: 211 }
    const { rowIds, nano } = recorded(usage, findPrices({ provider: 'openai', model: 'gpt-4o-mini', at }))
    const { steps, match } = costSteps({ provider: 'openai', usage, rowIds, nano })
    // 812 * 0.15 / 1e6, 1024 * 0.075 / 1e6, 211 * 0.6 / 1e6: 0.0003252 in all
    expect(steps.map(({ unit, count, price, per, amount }) => ({ unit, count, price, per, amount }))).toEqual([
      { unit: 'input_tokens', count: 812, price: '0.15', per: 'million', amount: '0.0001218' },
      { unit: 'cache_read_tokens', count: 1_024, price: '0.075', per: 'million', amount: '0.0000768' },
      { unit: 'output_tokens', count: 211, price: '0.6', per: 'million', amount: '0.0001266' },
    ])
    expect(steps[0]).toMatchObject({ source: expect.stringMatching(/\w/), checkedAt: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) })
    expect(nano).toBe(325_200n)
    expect(match).toBe(true)
  })

  it('use the price that a unit is billed at where it has none of its own', () => {
    const usage = { input_tokens: 10, output_tokens: 20, reasoning_tokens: 300 }
    const { rowIds, nano } = recorded(
      usage,
      findPrices({ provider: 'openai', model: 'gpt-5', at }) ?? findPrices({ provider: 'openai', model: 'gpt-4o-mini', at }),
    )
    expect(costSteps({ provider: 'openai', usage, rowIds, nano })).toMatchObject({ match: true })
    const card = rateCardPrices({ currency: 'EUR', models: { 'm*': { input_tokens: '1', output_tokens: '3' } } }, 'm-1')
    const ofCard = recorded({ ...usage, cache_read_tokens: 7 }, card)
    const { steps, match } = costSteps({ provider: 'openai', usage: { ...usage, cache_read_tokens: 7 }, ...ofCard })
    expect(steps.map(({ unit, price, source }) => [unit, price, source])).toEqual([
      ['input_tokens', '1', null],
      ['cache_read_tokens', '1', null],
      ['output_tokens', '3', null],
      ['reasoning_tokens', '3', null],
    ])
    expect(match).toBe(true)
  })

  it('charge a fee per request once, also where the usage counts none', () => {
    const card = rateCardPrices({ currency: 'USD', models: { m: { input_tokens: '1', output_tokens: '1', requests: '0.005' } } }, 'm')
    const usage = { input_tokens: 10, output_tokens: 0 }
    const { steps, match } = costSteps({ provider: 'openai', usage, ...recorded(usage, card) })
    expect(steps.at(-1)).toMatchObject({ unit: 'requests', count: 1, per: 'one', price: '0.005', amount: '0.005' })
    expect(match).toBe(true)
  })

  it('say that they are not the whole where another model took part, and keep the price of a row that left the book', () => {
    const usage = { input_tokens: 1_000_000 }
    const rowIds = ['openai/gone input_tokens=2 USD', 'openai/advisor output_tokens=9 USD since 2026-01-01']
    const { steps, match } = costSteps({ provider: 'openai', usage, rowIds, nano: 2_900_000_000n })
    expect(steps).toEqual([
      {
        unit: 'input_tokens',
        count: 1_000_000,
        price: '2',
        per: 'million',
        amount: '2',
        row: rowIds[0],
        source: null,
        sourceUrl: null,
        checkedAt: null,
      },
    ])
    expect(match).toBe(false)
  })

  it('say at which price a unit was charged, also one that has no price of its own', () => {
    const usage = { input_tokens: 812, cache_read_tokens: 1_024, output_tokens: 211 }
    const { rowIds } = recorded(usage, findPrices({ provider: 'openai', model: 'gpt-4o-mini', at }))
    const prices = (['input_tokens', 'cache_read_tokens', 'cache_write_tokens'] as const).map((unit) =>
      chargedPrice(unit, { provider: 'openai', rowIds }),
    )
    expect(prices).toEqual([150_000_000n, 75_000_000n, undefined])
    const card = rateCardPrices({ currency: 'EUR', models: { m: { input_tokens: '1', output_tokens: '3' } } }, 'm')
    expect(chargedPrice('cache_read_tokens', { provider: 'openai', ...recorded(usage, card) })).toBe(1_000_000_000n)
  })

  it('are none where nothing was priced', () => {
    expect(costSteps({ provider: 'openai', usage: { input_tokens: 1 }, rowIds: [], nano: 0n })).toEqual({ steps: [], match: null })
    expect(costSteps({ provider: null, usage: null, rowIds: ['x input_tokens=2 USD'], nano: null })).toEqual({ steps: [], match: null })
  })
})
