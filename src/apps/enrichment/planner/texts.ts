import { oneLine, withoutHtml } from '../text.ts'
import { type Span, spansOf } from './options.ts'
import { attributeName, type RuleTarget } from './targets.ts'

/** Where a rule looks: a product's title, and what else says in a line what it is. */
export const TEXT_SOURCES = ['title', 'description'] as const
export type TextSource = (typeof TEXT_SOURCES)[number]

const TITLES = new Set(['title', 'name', 'product_name', 'label', 'item_name'])
const DESCRIPTIONS = new Set(['short_description', 'summary', 'subtitle', 'description_short', 'key_features'])
const BRANDS = new Set(['brand', 'brand_name'])
const LONGEST = 2_000 // characters of a text that are read

/** A product's texts by source. */
export interface RuleTexts {
  readonly texts: Readonly<Record<TextSource, string>>
  readonly brand: string
}

const namesByKey = new Map<string, string>()

/** `attributeName`, remembered: a catalogue has few names. */
export function nameOfKey(key: string): string {
  let name = namesByKey.get(key)
  if (name === undefined) {
    name = attributeName(key)
    if (namesByKey.size < 20_000) namesByKey.set(key, name)
  }
  return name
}

export function ruleTexts(record: Readonly<Record<string, unknown>>): RuleTexts {
  const { title, description, brand } = foundTexts(record)
  return { texts: { title: title?.text ?? '', description: description?.text ?? '' }, brand: brand?.text ?? '' }
}

/** The attributes of a record that rules read as texts. */
export const textKeys = (record: Readonly<Record<string, unknown>>): string[] => Object.values(foundTexts(record)).map(({ key }) => key)

interface FoundText {
  readonly key: string
  readonly text: string
}

/** The first of each that says something. */
function foundTexts(record: Readonly<Record<string, unknown>>): { [Source in TextSource | 'brand']?: FoundText } {
  const found: ReturnType<typeof foundTexts> = {}
  for (const [key, value] of Object.entries(record)) {
    if (typeof value !== 'string' || value === '') continue
    const name = nameOfKey(key)
    const source = TITLES.has(name) ? 'title' : DESCRIPTIONS.has(name) ? 'description' : BRANDS.has(name) ? 'brand' : undefined
    if (source === undefined || found[source]) continue
    const text = line(value)
    if (text !== '') found[source] = { key, text }
  }
  return found
}

const line = (value: string): string => oneLine(withoutHtml(value.slice(0, LONGEST)))

/** What a brand is called is no colour and no material: "Orange", "Black & Decker". */
export const asideOf = (text: string, { brand }: RuleTexts, { attribute }: Pick<RuleTarget, 'attribute'>): Span[] =>
  brand === '' || BRANDS.has(nameOfKey(attribute)) ? [] : spansOf(text, brand)
