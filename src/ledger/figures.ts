import { formatNano } from '../base/money.ts'
import type { ConsumptionFigures } from '../contract/consumption.ts'

/** Sums of some calls in one currency, as the database gives them: whole numbers in text. */
export interface SumRow {
  readonly currency: string
  readonly calls: string
  readonly failed_calls: string
  readonly interrupted_calls: string
  readonly cost_nano: string
  readonly unknown_cost_calls: string
  readonly estimated_calls: string
  readonly estimated_cost_nano: string
  readonly unknown_usage_calls: string
  readonly input_tokens: string
  readonly cache_read_tokens: string
  readonly cache_write_tokens: string
  readonly output_tokens: string
}

export const SUMMED = [
  'calls',
  'failed_calls',
  'interrupted_calls',
  'cost_nano',
  'unknown_cost_calls',
  'estimated_calls',
  'estimated_cost_nano',
  'unknown_usage_calls',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
] as const satisfies readonly (keyof SumRow)[]

type Summed = (typeof SUMMED)[number]
type Sums = Record<Summed, bigint>

const NOTHING: Sums = Object.fromEntries(SUMMED.map((column) => [column, 0n])) as Sums

/** Adds rows up: money by currency, which is never added across, and counts over all. */
export function figuresOf(rows: readonly SumRow[]): ConsumptionFigures {
  const all = { ...NOTHING }
  const byCurrency = new Map<string, Sums>()
  for (const row of rows) {
    const ofCurrency = byCurrency.get(row.currency) ?? { ...NOTHING }
    byCurrency.set(row.currency, ofCurrency)
    for (const column of SUMMED) {
      const value = BigInt(row[column])
      all[column] += value
      ofCurrency[column] += value
    }
  }
  const currencies = [...byCurrency].sort(([a], [b]) => (a < b ? -1 : 1))
  // A currency belongs here when some call's cost in it is known, even where that was nothing.
  const cost = currencies.filter(([, sums]) => sums.calls > sums.unknown_cost_calls).map(toMoney('cost_nano'))
  const estimated = currencies.filter(([, sums]) => sums.estimated_cost_nano > 0n).map(toMoney('estimated_cost_nano'))
  return {
    calls: toCount(all.calls),
    failedCalls: toCount(all.failed_calls),
    interruptedCalls: toCount(all.interrupted_calls),
    cost,
    unknownCostCalls: toCount(all.unknown_cost_calls),
    estimated: { calls: toCount(all.estimated_calls), cost: estimated },
    tokens: {
      input: toCount(all.input_tokens),
      cacheRead: toCount(all.cache_read_tokens),
      cacheWrite: toCount(all.cache_write_tokens),
      output: toCount(all.output_tokens),
    },
    unknownUsageCalls: toCount(all.unknown_usage_calls),
  }
}

const toMoney =
  (column: Summed) =>
  ([currency, sums]: readonly [string, Sums]) => ({ currency, amount: formatNano(sums[column]) })

/** Tokens of all kinds. */
export const tokensOf = ({ tokens }: ConsumptionFigures): number => tokens.input + tokens.cacheRead + tokens.cacheWrite + tokens.output

/** A provider may report what it likes: beyond 2^53 a count is "at least that many". */
const toCount = (count: bigint): number => Number(count > MOST ? MOST : count)
const MOST = BigInt(Number.MAX_SAFE_INTEGER) / 4n // four kinds of tokens are added together
