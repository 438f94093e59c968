import type { ModelFact } from '../../src/prices/book.ts'
import type { UsageUnit } from '../../src/base/usage.ts'
import { multiply, toDecimal } from './decimal.ts'
import { asArray, asNumber, asObject, asText, type Json, type Observation } from './observe.ts'

const UNITS: Readonly<Record<string, UsageUnit>> = {
  input_cost_per_token: 'input_tokens',
  output_cost_per_token: 'output_tokens',
  output_cost_per_reasoning_token: 'reasoning_tokens',
  cache_read_input_token_cost: 'cache_read_tokens',
  cache_creation_input_token_cost: 'cache_write_tokens',
  cache_creation_input_token_cost_above_1hr: 'cache_write_long_tokens',
  input_cost_per_audio_token: 'audio_input_tokens',
}

/** What is priced by something else than tokens. */
const UNIT_PRICES: Readonly<Record<string, { readonly field: string; readonly unit: UsageUnit }>> = {
  rerank: { field: 'input_cost_per_query', unit: 'searches' },
  image_generation: { field: 'output_cost_per_image', unit: 'images' },
  image_edit: { field: 'output_cost_per_image', unit: 'images' },
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
  for (const step of asArray(entry['tiered_pricing']).map(asObject)) {
    const above = asNumber(asArray(step['range'])[0]) ?? 0
    const prices = Object.fromEntries(Object.entries(step).filter(([field]) => field !== 'range'))
    const conditions = above > 0 ? { fromInputTokens: above + 1 } : {}
    found.push(...readLitellm(model, prices, source).map((one) => ({ ...one, ...conditions })))
  }
  const perUnit = UNIT_PRICES[asText(entry['mode']) ?? '']
  const unitPrice = perUnit && asNumber(entry[perUnit.field])
  if (perUnit && unitPrice !== undefined) found.push({ model, source, unit: perUnit.unit, price: toDecimal(unitPrice) })
  if (entry['web_search_billing_unit'] === 'per_query') {
    const perSearch = asNumber(asObject(entry['search_context_cost_per_query'])['search_context_size_medium'])
    if (perSearch !== undefined) found.push({ model, source, unit: 'searches', price: toDecimal(perSearch) })
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

/** The entries of some of LiteLLM's providers in some of its modes, by its own keys. */
export function litellmTable(
  table: Json,
  { providers, modes }: { providers: readonly string[]; modes: readonly string[] },
): { key: string; entry: Json }[] {
  return Object.entries(table)
    .map(([key, value]) => ({ key, entry: asObject(value) }))
    .filter(({ entry }) => providers.includes(asText(entry['litellm_provider']) ?? '') && modes.includes(asText(entry['mode']) ?? ''))
}

/** Ids of a provider's text models in LiteLLM's table, with the name the provider uses. */
export const litellmModels = (table: Json, provider: string): { id: string; entry: Json }[] =>
  litellmTable(table, { providers: [provider], modes: ['chat', 'responses', 'embedding'] }).map(({ key, entry }) => ({
    id: key.replace(`${provider}/`, ''),
    entry,
  }))

/** Limits and the day of the shutdown, where it states them. */
export function litellmFact(id: string, entry: Json): ModelFact[] {
  const maxOutputTokens = asNumber(entry['max_output_tokens'])
  const contextTokens = asNumber(entry['max_input_tokens'])
  const shutdownDate = asText(entry['deprecation_date'])
  const fact = {
    // For GPT-5 and its kin LiteLLM states the input limit (272,000) in place of the context (400,000).
    ...(contextTokens && contextTokens !== 272_000 ? { contextTokens } : {}),
    ...(maxOutputTokens ? { maxOutputTokens } : {}),
    ...(shutdownDate ? { shutdownDate } : {}),
  }
  return Object.keys(fact).length > 0 && !id.includes('*') ? [{ id, ...fact, source: 'litellm' }] : []
}
