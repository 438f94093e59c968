import type { UsageUnit } from '../../src/base/usage.ts'
import { toDecimal } from './decimal.ts'
import { asArray, asNumber, asObject, asText, type Json, type Observation } from './observe.ts'

/** Per unit, Langfuse's field names in order of preference. */
const FIELDS: readonly (readonly [UsageUnit, readonly string[]])[] = [
  ['input_tokens', ['input', 'input_tokens']],
  ['output_tokens', ['output', 'output_tokens']],
  ['cache_read_tokens', ['input_cache_read', 'input_cached_tokens', 'cache_read_input_tokens']],
  ['cache_write_tokens', ['input_cache_creation_5m', 'input_cache_creation', 'cache_creation_input_tokens']],
  ['cache_write_long_tokens', ['input_cache_creation_1h']],
]

/** The conditions of a pricing tier, or undefined when it has one that we do not understand. */
function readConditions(tier: Json): Pick<Observation, 'serviceTier' | 'fromInputTokens'> | undefined {
  let found: Pick<Observation, 'serviceTier' | 'fromInputTokens'> = {}
  for (const condition of asArray(tier['conditions']).map(asObject)) {
    const values = asArray(condition['values'])
    const limit = asNumber(condition['value'])
    const isInput = (asText(condition['usageDetailPattern']) ?? '').startsWith('(input')
    if (condition['key'] === 'service_tier' && values.includes('priority')) found = { ...found, serviceTier: 'priority' }
    else if (condition['key'] === 'service_tier' && values.includes('flex')) found = { ...found, serviceTier: 'flex' }
    else if (condition['key'] === 'speed' && values.includes('fast')) found = { ...found, serviceTier: 'fast' }
    else if (isInput && condition['operator'] === 'gt' && limit !== undefined) found = { ...found, fromInputTokens: limit + 1 }
    else return undefined
  }
  return found
}

/** The prices of those Langfuse models whose pattern fits one of our ids. */
export function readLangfuse(models: readonly Json[], ids: ReadonlySet<string>, source: string): Observation[] {
  return models.flatMap((entry) => {
    const pattern = asText(entry['matchPattern'])?.replace('(?i)', '')
    if (!pattern) return []
    const expression = new RegExp(pattern, 'i')
    const matched = [...ids].filter((id) => expression.test(id))
    return asArray(entry['pricingTiers'])
      .map(asObject)
      .flatMap((tier) => {
        const conditions = readConditions(tier)
        const prices = asObject(tier['prices'])
        if (!conditions) return []
        return FIELDS.flatMap(([unit, names]) => {
          const price = names.map((name) => asNumber(prices[name])).find((value) => value !== undefined)
          return price === undefined ? [] : matched.map((model) => ({ model, source, unit, price: toDecimal(price, 6), ...conditions }))
        })
      })
  })
}
