import { expect, it } from 'vitest'
import { leftToSpend } from './run-words.ts'

const run = (low: string, high: string, spent: string) =>
  ({
    quote: { cost: { currency: 'USD', low, high } },
    quoteAfterCanary: null,
    spent: { currency: 'USD', amount: spent },
  }) as unknown as Parameters<typeof leftToSpend>[0]

it.each([
  ['the middle of the quote, less what is spent', run('1', '3', '0.5'), '1.5'],
  ['up to its high end once the middle is spent', run('1', '3', '2.25'), '0.75'],
  ['nothing where the run is free', run('0', '0', '0'), '0'],
])('what a run will still cost: %s', (_, of, amount) => {
  expect(leftToSpend(of)).toEqual({ currency: 'USD', amount })
})

it('is unknown, and not free, once all that was quoted is spent', () => {
  expect(leftToSpend(run('1', '3', '3.1'))).toBeNull()
})
