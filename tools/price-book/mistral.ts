import type { ModelFact, PriceAlias } from '../../src/prices/book.ts'
import { toDecimal } from './decimal.ts'
import { asArray, asNumber, asObject, asText, type Json, type Observation } from './observe.ts'

export interface MistralTable {
  readonly observations: Observation[]
  readonly aliases: PriceAlias[]
  readonly ids: ModelFact['id'][]
}

/**
 * Mistral's own table: USD and EUR, which are not one times an exchange rate. Of a model's names the one with its
 * version is its own; "-latest" and the like are aliases, good for the day on which the table was read.
 */
export function readMistral(models: readonly Json[], source: string): MistralTable {
  const table: MistralTable = { observations: [], aliases: [], ids: [] }
  for (const entry of models) {
    const names = asArray(entry['api_names']).flatMap((name) => asText(name) ?? [])
    const perToken = (side: string): Json[] =>
      asArray(entry[side])
        .map(asObject)
        .filter((price) => price['denominator'] === '/M Tokens')
    // Speech models price minutes beside tokens; a token price alone would be a part of their cost.
    const priced = [...asArray(entry['input']), ...asArray(entry['output'])].every(
      (price) => asObject(price)['denominator'] === '/M Tokens',
    )
    if (entry['status'] === 'Retired' || names.length === 0 || !priced || perToken('input').length === 0) continue
    const own = names.find((name) => /-\d{4}$/.test(name)) ?? names[0]!
    table.ids.push(own)
    table.aliases.push(...names.filter((name) => name !== own).map((alias) => ({ alias, model: own, source })))
    const add = (unit: Observation['unit'], price: Json): void => {
      const usd = asNumber(price['price'])
      const eur = asNumber(price['priceEur'])
      if (usd !== undefined) table.observations.push({ model: own, source, unit, price: toDecimal(usd) })
      if (eur !== undefined) table.observations.push({ model: own, source, unit, price: toDecimal(eur), currency: 'EUR' })
    }
    for (const price of perToken('input')) add(price['label'] === 'Cached input' ? 'cache_read_tokens' : 'input_tokens', price)
    for (const price of perToken('output')) add('output_tokens', price)
  }
  return table
}
