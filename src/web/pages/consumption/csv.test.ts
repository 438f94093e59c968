import { expect, it } from 'vitest'
import { toCsv } from './csv.ts'

const figures = {
  calls: 3,
  failedCalls: 1,
  interruptedCalls: 0,
  cost: [{ currency: 'USD', amount: '0.000000001' }],
  unknownCostCalls: 1,
  estimated: { calls: 0, cost: [] },
  tokens: { input: 1, cacheRead: 2, cacheWrite: 3, output: 4 },
  unknownUsageCalls: 0,
}

it('has plain decimals, an empty cell where no cost is known, and names that no spreadsheet takes for a formula', () => {
  const csv = toCsv(
    [
      { key: 'a', name: '=HYPERLINK("https://x")', figures },
      { key: 'b', name: 'Two,\nlines', figures: { ...figures, cost: [{ currency: 'EUR', amount: '12' }] } },
      { key: '-1', name: 'None', figures: { ...figures, cost: [] } },
    ],
    { key: 'model', name: 'name' },
  )
  expect(csv).toBe(
    [
      'model,name,cost_EUR,cost_USD,calls_of_unknown_cost,calls,failed_calls,interrupted_calls,estimated_calls,input_tokens,cache_read_tokens,cache_write_tokens,output_tokens,calls_of_unknown_usage',
      `a,"'=HYPERLINK(""https://x"")",,0.000000001,1,3,1,0,0,1,2,3,4,0`,
      'b,"Two,\nlines",12,,1,3,1,0,0,1,2,3,4,0',
      `'-1,None,,,1,3,1,0,0,1,2,3,4,0`,
      '',
    ].join('\r\n'),
  )
})
