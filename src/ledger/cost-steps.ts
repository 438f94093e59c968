import { divideHalfUp, NANO_DECIMALS, parseNano } from '../base/money.ts'
import { USAGE_UNITS, type Usage, type UsageUnit } from '../base/usage.ts'
import type { CostStep } from '../contract/consumption.ts'
import { PRICE_DENOMINATOR, pricedPer, priceOf } from '../prices/book.ts'
import { billedAs, sourceOfRow } from '../prices/row-of-id.ts'

/** What an entry keeps of its cost. */
export interface RecordedCost {
  readonly provider: string | null
  readonly usage: Usage | null
  readonly rowIds: readonly string[]
  /** What the rows came to: the cost, or the list cost where the provider declared another. */
  readonly nano: bigint | null
}

const RATE_CARD = 'rate card '
/** Steps are told to a millionth of a nano-unit: exact for all prices but those of an hour. */
const MILLION = 1_000_000n

interface ReadRow {
  readonly id: string
  readonly unit: string
  readonly price: string
}

/**
 * How a cost comes about, from what its entry holds and nothing else: the counts, and the price rows, whose ids carry their prices.
 * `match` says whether the steps, summed and rounded once, are the cost that stands in the entry; they are not where another model
 * took part (an advisor's usage is priced but not in `usage`), and then the steps explain a part of it only.
 */
export function costSteps({ provider, usage, rowIds, nano }: RecordedCost): { steps: CostStep[]; match: boolean | null } {
  const rows = rowIds.flatMap((id) => readRow(id) ?? [])
  if (!usage || rows.length === 0) return { steps: [], match: null }
  const counts = USAGE_UNITS.filter((unit) => (usage[unit] ?? 0) > 0).map((unit): [UsageUnit, number] => [unit, usage[unit]!])
  // An answered call is one request, also where the usage does not count requests.
  if (usage.requests === undefined && rows.some(({ unit }) => unit === 'requests')) counts.push(['requests', 1])
  let sum = 0n
  const steps = counts.map(([unit, count]): CostStep => {
    const row = rowFor(unit, rows, provider)
    const numerator = row && priceOf(unit, BigInt(count), parseNano(row.price))
    sum += numerator ?? 0n
    return {
      unit,
      count,
      per: pricedPer(unit),
      price: row?.price ?? null,
      amount: numerator === undefined ? null : decimals(divideHalfUp(numerator * MILLION, PRICE_DENOMINATOR), NANO_DECIMALS + 6),
      row: row?.id ?? null,
      ...sourceFor(row, provider),
    }
  })
  return { steps, match: nano === null ? null : divideHalfUp(sum, PRICE_DENOMINATOR) === nano }
}

/** What one of a unit (a million, for tokens) was charged at in calls with these price rows, in nano-units; undefined: they do not say. */
export function chargedPrice(unit: UsageUnit, { provider, rowIds }: Pick<RecordedCost, 'provider' | 'rowIds'>): bigint | undefined {
  const row = rowFor(
    unit,
    rowIds.flatMap((id) => readRow(id) ?? []),
    provider,
  )
  return row && parseNano(row.price)
}

/** As `rowsOf` in prices/book.ts and `rateCardPrices` write them: "<conditions> <unit>=<price> <currency>[ since <day>]". */
function readRow(id: string): ReadRow | undefined {
  const match = / ([a-z_]+)=(\d+(?:\.\d+)?) [A-Z]{3}(?: since \S+)?$/.exec(id)
  return match ? { id, unit: match[1]!, price: match[2]! } : undefined
}

/** The unit's own row, or that of the unit it is billed as: by the price book, or by a rate card that grants no price of its own. */
function rowFor(unit: UsageUnit, rows: readonly ReadRow[], provider: string | null): ReadRow | undefined {
  const own = rows.find((row) => row.unit === unit)
  if (own) return own
  // a machine's time pays for what has no price of its own
  const hourly = rows.find((row) => row.unit === 'machine_ms')
  if (hourly && !cardRow(unit, rows)) return { ...hourly, price: '0' }
  const bookUnit = provider === null ? undefined : billedAs(provider, unit)
  return rows.find((row) => row.unit === (row.id.startsWith(RATE_CARD) ? CARD_UNITS[unit] : bookUnit))
}

const cardRow = (unit: UsageUnit, rows: readonly ReadRow[]): ReadRow | undefined => rows.find((row) => row.unit === CARD_UNITS[unit])

const CARD_UNITS: Partial<Record<UsageUnit, UsageUnit>> = { cache_read_tokens: 'input_tokens', reasoning_tokens: 'output_tokens' }

function sourceFor(row: ReadRow | undefined, provider: string | null): Pick<CostStep, 'source' | 'sourceUrl' | 'checkedAt'> {
  const found = row && provider !== null && !row.id.startsWith(RATE_CARD) ? sourceOfRow(provider, row.id) : undefined
  return { source: found?.title ?? null, sourceUrl: found?.url ?? null, checkedAt: found?.checkedAt ?? null }
}

/** An exact plain decimal of a number in units of 10^-`places`. */
function decimals(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, '0')
  const fraction = digits.slice(-places).replace(/0+$/, '')
  return `${digits.slice(0, -places)}${fraction ? `.${fraction}` : ''}`
}
