import type { UsageUnit } from '../../src/base/usage.ts'
import { toDecimal } from './decimal.ts'
import { asArray, asNumber, asObject, asText, type Conditions, type Json, type Observation } from './observe.ts'

const UNITS: Readonly<Record<string, readonly [unit: UsageUnit, places: number]>> = {
  input_mtok: ['input_tokens', 0],
  output_mtok: ['output_tokens', 0],
  output_reasoning_mtok: ['reasoning_tokens', 0],
  cache_read_mtok: ['cache_read_tokens', 0],
  cache_write_mtok: ['cache_write_tokens', 0],
  cache_write_1h_mtok: ['cache_write_long_tokens', 0],
  input_audio_mtok: ['audio_input_tokens', 0],
  output_audio_mtok: ['audio_output_tokens', 0],
  web_searches_kcount: ['searches', -3],
  requests_kcount: ['requests', -3],
}

function readPrices(model: string, prices: Json, source: string, dates: Conditions): Observation[] {
  return Object.entries(prices).flatMap(([field, value]) => {
    const target = UNITS[field]
    if (!target) return []
    const [unit, places] = target
    const tiered = asObject(value)
    const base = asNumber(value) ?? asNumber(tiered['base'])
    const long = asArray(tiered['tiers']).flatMap((tier) => {
      const { start, price } = asObject(tier)
      return asNumber(start) === undefined || asNumber(price) === undefined
        ? []
        : [{ model, source, unit, price: toDecimal(asNumber(price)!, places), fromInputTokens: asNumber(start)! + 1, ...dates }]
    })
    return base === undefined ? long : [{ model, source, unit, price: toDecimal(base, places), ...dates }, ...long]
  })
}

/** The exact ids a genai-prices model answers to; its prefixes and expressions are left out, they would catch neighbours. */
export function genaiIds(entry: Json): string[] {
  const match = asObject(entry['match'])
  const clauses = match['or'] ? asArray(match['or']) : [match]
  return clauses.flatMap((clause) => asText(asObject(clause)['equals']) ?? [])
}

export interface GenaiPrices {
  /** In force when the snapshot was taken, with the day they began where stated. */
  readonly current: Observation[]
  /** No longer in force: each ends where the next begins. */
  readonly past: Observation[]
  /** Announced for a day after the snapshot: not facts. */
  readonly announced: Observation[]
}

/** The prices of one genai-prices model, sorted by time as of the day of the snapshot. */
export function readGenai({
  model,
  entry,
  source,
  snapshotDay,
}: {
  model: string
  entry: Json
  source: string
  snapshotDay: string
}): GenaiPrices {
  const stated = Array.isArray(entry['prices']) ? entry['prices'].map(asObject) : [{ prices: entry['prices'] }]
  const periods = stated.map((period) => ({
    from: asText(asObject(asObject(period)['constraint'])['start_date']),
    prices: asObject(asObject(period)['prices']),
  }))
  const result: GenaiPrices = { current: [], past: [], announced: [] }
  periods.forEach(({ from, prices }, index) => {
    const next = periods[index + 1]?.from
    const begins = from === undefined ? {} : { validFrom: from }
    if (from !== undefined && from > snapshotDay) result.announced.push(...readPrices(model, prices, source, begins))
    else if (next !== undefined && next <= snapshotDay) result.past.push(...readPrices(model, prices, source, { ...begins, validTo: next }))
    else result.current.push(...readPrices(model, prices, source, begins))
  })
  return result
}
