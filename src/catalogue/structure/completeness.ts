import { isEmptyValue } from '../current.ts'
import { type Channel, familyOf, requiredIn, type Structure } from './model.ts'
import { readPrices } from './read-value.ts'

/** What completeness and quality ask a product: its current values by place, `locale` and `channel` null where there is none. */
export interface MeasuredProduct {
  readonly identifier: string
  readonly family: string | null // as the product names it
  readonly values: readonly MeasuredValue[]
}

export interface MeasuredValue {
  readonly attribute: string
  readonly locale: string | null
  readonly channel: string | null
  readonly value: unknown
}

/** How many of the attributes that a family asks for in a channel and a locale have a value. */
export interface Completeness {
  readonly channel: string | null // null: the catalogue has no channels
  readonly locale: string | null // null: whichever there is
  readonly required: number
  readonly missing: readonly string[]
}

/**
 * A product's completeness in each channel and locale; none where its family asks for nothing. An attribute is filled in a
 * channel and a locale when it has a value there, as far as it has values per channel or locale at all; a price when it has one in
 * each of the channel's currencies.
 */
export function completenessOf(structure: Structure, product: MeasuredProduct): Completeness[] {
  const family = familyOf(structure, product.family)
  if (!family) return []
  const byAttribute = Map.groupBy(product.values, ({ attribute }) => attribute)
  return placesOf(structure).flatMap(({ channel, locale }) => {
    const required = requiredIn(family, channel?.code ?? null)
    if (required.length === 0) return []
    const missing = required.filter((code) => !isFilled({ structure, product, code, channel, locale, values: byAttribute.get(code) ?? [] }))
    return [{ channel: channel?.code ?? null, locale, required: required.length, missing }]
  })
}

/** Every channel in each of its locales, or one place without either. */
export function placesOf({ channels }: Structure): PlaceOfChannel[] {
  if (channels.length === 0) return [{ channel: null, locale: null }]
  return channels.flatMap((channel): PlaceOfChannel[] =>
    channel.locales.length === 0 ? [{ channel, locale: null }] : channel.locales.map((locale) => ({ channel, locale })),
  )
}

interface PlaceOfChannel {
  readonly channel: Channel | null
  readonly locale: string | null
}

function isFilled({
  structure,
  product,
  code,
  channel,
  locale,
  values,
}: {
  structure: Structure
  product: MeasuredProduct
  code: string
  channel: Channel | null
  locale: string | null
  values: readonly MeasuredValue[]
}): boolean {
  const attribute = structure.attributes.get(code)
  if (attribute?.rules.identifies && product.identifier !== '' && values.length === 0) return true
  const there = values.filter(
    (entry) =>
      !isEmptyValue(entry.value) &&
      (entry.channel === null || channel === null || entry.channel === channel.code) &&
      (entry.locale === null || locale === null || servesLocale(entry.locale, locale)),
  )
  if (there.length === 0) return false
  if (attribute?.type !== 'price' || channel === null || channel.currencies.length === 0) return true
  const currencies = new Set(there.flatMap(({ value }) => readPrices(value)?.map(({ currency }) => currency) ?? []))
  return currencies.has(undefined) || channel.currencies.every((currency) => currencies.has(currency))
}

/** A text in "en" serves "en-US" too; one in "en-GB" does not. */
export function servesLocale(written: string, wanted: string): boolean {
  const [have, want] = [canonicalLocale(written), canonicalLocale(wanted)]
  return have === want || want.startsWith(`${have}-`)
}

const canonicalLocale = (locale: string): string => locale.replaceAll('_', '-').toLowerCase()

export const isComplete = ({ missing }: Completeness): boolean => missing.length === 0
