import type { ModelFact } from '../../src/prices/book.ts'
import type { UsageUnit } from '../../src/base/usage.ts'
import { toDecimal } from './decimal.ts'
import { asArray, asNumber, asObject, asText, type Conditions, type Json, type Observation } from './observe.ts'

const UNITS: Readonly<Record<string, UsageUnit>> = {
  input: 'input_tokens',
  output: 'output_tokens',
  reasoning: 'reasoning_tokens',
  cache_read: 'cache_read_tokens',
  cache_write: 'cache_write_tokens',
}

function readCost({
  model,
  cost,
  source,
  conditions,
}: {
  model: string
  cost: Json
  source: string
  conditions: Conditions
}): Observation[] {
  return Object.entries(UNITS).flatMap(([field, unit]) => {
    const price = asNumber(cost[field])
    if (price === undefined || price < 0) return []
    // A cache price of 0 beside a paid input means "no such price" in this table, not "free".
    if (unit.startsWith('cache_') && price === 0 && cost['input'] !== 0) return []
    if (unit === 'reasoning_tokens' && price === cost['output']) return []
    return [{ model, source, unit, price: toDecimal(price), ...conditions }]
  })
}

/** The prices of one entry of models.dev: standard, long context, and the fast mode of either kind. */
export function readModelsDev(model: string, entry: Json, source: string): Observation[] {
  const cost = asObject(entry['cost'])
  const long = asArray(cost['tiers']).flatMap((value) => {
    const size = asNumber(asObject(asObject(value)['tier'])['size'])
    return size === undefined ? [] : readCost({ model, cost: asObject(value), source, conditions: { fromInputTokens: size + 1 } })
  })
  const fast = asObject(asObject(asObject(entry['experimental'])['modes'])['fast'])
  const serviceTier = asText(asObject(asObject(fast['provider'])['body'])['service_tier']) ?? 'fast'
  return [
    ...readCost({ model, cost, source, conditions: {} }),
    ...long,
    ...readCost({ model, cost: asObject(fast['cost']), source, conditions: { serviceTier } }),
  ]
}

/** Context and output limit, where it states them; an entry may leave them to the model it stands for (`base_model`). */
export function modelsDevFact({
  id,
  entry,
  tables,
  source,
}: {
  id: string
  entry: Json
  tables: Json
  source: string
}): ModelFact | undefined {
  const [vendor = '', ...rest] = (asText(entry['base_model']) ?? '').split('/')
  const base = asObject(asObject(asObject(tables[vendor])[rest.join('/')])['limit'])
  const own = asObject(entry['limit'])
  const contextTokens = asNumber(own['context']) ?? asNumber(base['context'])
  const maxOutputTokens = asNumber(own['output']) ?? asNumber(base['output'])
  if (!contextTokens && !maxOutputTokens) return undefined
  return { id, ...(contextTokens ? { contextTokens } : {}), ...(maxOutputTokens ? { maxOutputTokens } : {}), source }
}
