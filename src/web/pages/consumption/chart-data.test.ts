import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { barsOf, coloursOf, sumOf, ticksTo } from './chart-data.ts'

const part = (key: string | null, amount: string, more: object = {}) => ({
  key,
  cost: [{ currency: 'USD', amount }],
  unknownCostCalls: 0,
  calls: 1,
  tokens: 10,
  ...more,
})

it('joins days where they are too many, and loses nothing of them', () => {
  const days = Array.from({ length: 10 }, (_, index) => ({
    day: `2026-11-${String(index + 1).padStart(2, '0')}`,
    parts: [part('a', '0.1')],
  }))
  const bars = barsOf({ days, series: [{ key: 'a', name: null }] }, { measure: 'cost', currency: 'USD', most: 4 })
  expect(bars.map(({ from, to, parts }) => [from.slice(8), to.slice(8), sumOf(parts)])).toEqual([
    ['01', '03', 300_000_000n],
    ['04', '06', 300_000_000n],
    ['07', '09', 300_000_000n],
    ['10', '10', 100_000_000n],
  ])
})

it('draws one currency, and counts calls of unknown cost beside it', () => {
  const day = {
    day: '2026-11-01',
    parts: [part('a', '1', { unknownCostCalls: 2 }), { ...part(null, '5'), cost: [{ currency: 'EUR', amount: '5' }] }],
  }
  const [bar] = barsOf({ days: [day], series: [{ key: 'a', name: null }] }, { measure: 'cost', currency: 'USD', most: 100 })
  expect(bar).toMatchObject({ parts: [{ key: 'a', exact: 1_000_000_000n }], unknown: 2 })
})

test.prop([fc.double({ min: 1, max: 1e15, noNaN: true })])('an axis ends at or above the most, in two to eleven round steps', (most) => {
  const ticks = ticksTo(most, 1)
  expect(ticks[0]).toBe(0)
  expect(ticks.at(-1)! * (1 + 1e-9)).toBeGreaterThanOrEqual(most)
  expect(ticks.length).toBeGreaterThanOrEqual(2)
  expect(ticks.length).toBeLessThanOrEqual(11)
})

test.prop([fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 7 })])(
  'series never share a colour, and the first keeps its own whatever follows',
  (keys) => {
    const colours = coloursOf(keys)
    expect(new Set(colours.values()).size).toBe(keys.length)
    for (const colour of colours.values()) expect(colour).toBeGreaterThanOrEqual(1)
    if (keys.length > 0) expect(colours.get(keys[0]!)).toBe(coloursOf([keys[0]!]).get(keys[0]!))
  },
)
