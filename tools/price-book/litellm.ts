import type { UsageUnit } from '../../src/base/usage.ts'
import { multiply, toDecimal } from './decimal.ts'
import { asNumber, asObject, asText, type Json, type Observation } from './observe.ts'

const UNITS: Readonly<Record<string, UsageUnit>> = {
  input_cost_per_token: 'input_tokens',
  output_cost_per_token: 'output_tokens',
  output_cost_per_reasoning_token: 'reasoning_tokens',
  cache_read_input_token_cost: 'cache_read_tokens',
  cache_creation_input_token_cost: 'cache_write_tokens',
  cache_creation_input_token_cost_above_1hr: 'cache_write_long_tokens',
}

/** One LiteLLM field name, taken apart: "cache_read_input_token_cost_above_272k_tokens_flex". */
function readField(
  field: string,
): { unit: UsageUnit; conditions: Pick<Observation, 'serviceTier' | 'batch' | 'fromInputTokens'> } | undefined {
  const match = /^(.+?)(?:_above_(\d+)k_tokens)?(?:_(flex|priority|batches))?$/.exec(field)
  const unit = match && UNITS[match[1]!]
  if (!match || !unit) return undefined
  const [, , thousands, mode] = match
  return {
    unit,
    conditions: {
      ...(thousands ? { fromInputTokens: Number(thousands) * 1000 + 1 } : {}), // "above"
      ...(mode === 'batches' ? { batch: true } : mode ? { serviceTier: mode } : {}),
    },
  }
}

/** The prices of one entry of LiteLLM's table. */
export function readLitellm(model: string, entry: Json, source: string): Observation[] {
  const found: Observation[] = []
  for (const [field, value] of Object.entries(entry)) {
    const read = readField(field)
    const price = asNumber(value)
    if (read && price !== undefined) found.push({ model, source, unit: read.unit, price: toDecimal(price, 6), ...read.conditions })
  }
  const search = asNumber(asObject(entry['search_context_cost_per_query'])['search_context_size_medium'])
  if (search !== undefined && entry['litellm_provider'] === 'anthropic') {
    found.push({ model, source, unit: 'searches', price: toDecimal(search) }) // one price whatever the context size
  }
  const fast = asNumber(asObject(entry['provider_specific_entry'])['fast'])
  if (fast !== undefined) {
    const standard = found.filter((one) => one.unit !== 'searches' && !one.fromInputTokens && !one.batch)
    found.push(...standard.map((one) => ({ ...one, serviceTier: 'fast', price: multiply(one.price, toDecimal(fast)) })))
  }
  return found
}

/** Ids of a provider's text models in LiteLLM's table, with the name the provider uses. */
export function litellmModels(table: Json, provider: string): { id: string; entry: Json }[] {
  return Object.entries(table)
    .map(([key, value]) => ({ id: key.replace(`${provider}/`, ''), entry: asObject(value) }))
    .filter(
      ({ entry }) => entry['litellm_provider'] === provider && ['chat', 'responses', 'embedding'].includes(asText(entry['mode']) ?? ''),
    )
}
