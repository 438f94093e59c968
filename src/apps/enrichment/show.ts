import { compareText } from '../../base/text.ts'
import type { Recipe } from '../../contract/recipe.ts'
import { cutText, oneLine } from './text.ts'

/** Which of a product's values a model sees, and how they are written: compact `key: value` lines, one value a line. */

/** Not shown unless a recipe includes them by name: they cost tokens and say nothing to a buyer, or change every day. */
const DROPPED = [
  // images and addresses, where the value itself does not show it
  'image',
  'images',
  'img',
  'img_*',
  'image_url*',
  '*_image_url',
  'thumb*',
  '*_url',
  'url',
  // logistics
  'package_width*',
  'package_height*',
  'package_depth*',
  'package_length*',
  'package_weight*',
  'package_dimensions*',
  'package_volume*',
  'package_type',
  '*pallet*',
  '*outer_case*',
  '*inner_case*',
  '*master_case*',
  '*carton*',
  'shipping_*',
  '*gross_weight*',
  '*_per_layer*',
  'quantity_per_*container*',
  'harmonized_system*',
  'harmonised_system*',
  'hs_code',
  'commodity_code*',
  'customs_*',
  '*tariff*',
  'intrastat*',
  // prices and stock: a change of price would make every product worth writing again
  'price',
  'prices',
  'price_*',
  '*_price',
  'msrp',
  'rrp',
  'cost',
  'cost_*',
  'stock',
  'stock_*',
  '*_stock',
  'inventory*',
  'quantity_available',
] // oxfmt-ignore-line

/** Shown first, in this order: what a product is. The rest follows by name, then identifiers. */
const FIRST = [
  'title',
  '*title',
  'name',
  'product_name',
  '*_name',
  'brand',
  'manufacturer',
  'supplier',
  'vendor',
  'model',
  'model_*',
  'product_type',
  'type',
  '*_type',
  'category',
  'categories',
  'family',
  'short_description*',
  'description*',
  '*description*',
  'summary',
  'product_colour',
  'product_color',
  'colour',
  'color',
  'material',
  'size',
] // oxfmt-ignore-line
const LAST = ['id', 'sku', 'ean', 'gtin*', 'upc', 'barcode', 'uuid', 'handle', '*_id', 'enabled', 'date_*', '*_date', 'release_date*']

/** "Package width", "package_width" and "attr_n_package_width" are one name. */
export function normalName(key: string): string {
  return key
    .toLowerCase()
    .replace(/^attr_[a-z]_/, '')
    .replace(/[^\p{L}\p{N}*?]+/gu, '_')
    .replace(/^_+|_+$/g, '')
}

/** A matcher of patterns with * and ?: the index of the first that fits, or -1. */
function matcher(patterns: readonly string[]): (name: string) => number {
  const exact = new Map<string, number>()
  const wild: { expression: RegExp; index: number }[] = []
  for (const [index, pattern] of patterns.entries()) {
    const name = normalName(pattern)
    if (!/[*?]/.test(name)) {
      if (!exact.has(name)) exact.set(name, index)
      continue
    }
    // Runs of stars are one star, or matching could take exponential time.
    const source = name
      .replace(/\*+/g, '*')
      .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')
    wild.push({ expression: new RegExp(`^${source}$`, 'u'), index })
  }
  return (name) => {
    let best = exact.get(name) ?? -1
    for (const { expression, index } of wild) if ((best < 0 || index < best) && expression.test(name)) best = index
    return best
  }
}

interface KeyRule {
  readonly shown: boolean
  readonly label: string
  /** Order among the shown: lower first. */
  readonly rank: number
}

const isFirst = matcher(FIRST)
const isLast = matcher(LAST)
const isDropped = matcher(DROPPED)

/** A recipe's decision per field name; a catalogue has few names, so each is decided once. */
function keyRules(show: Recipe['show']): (key: string) => KeyRule {
  const included = show.include ? matcher(show.include) : undefined
  const excluded = matcher(show.exclude ?? [])
  const known = new Map<string, KeyRule>()
  return (key) => {
    let rule = known.get(key)
    if (!rule) {
      const name = normalName(key)
      const place = included?.(name) ?? 0
      const shown = place >= 0 && excluded(name) < 0 && (included !== undefined || isDropped(name) < 0)
      const first = isFirst(name)
      const usual = first >= 0 ? first : isLast(name) >= 0 ? 2_000 : 1_000
      rule = { shown, label: labelOf(key), rank: included ? place * 10_000 + usual : usual }
      if (known.size < 20_000) known.set(key, rule) // a hostile file may bring a new name with every product
    }
    return rule
  }
}

/** "attr_t_product_colour" -> "product colour", "usb_2_0_ports" -> "usb 2.0 ports". */
function labelOf(key: string): string {
  const label = neutral(oneLine(key))
    .replace(/^attr_[a-z]_/, '')
    .replace(NUMBERS_IN_NAME, (_, whole: string, fraction: string) => `${whole}.${fraction}`)
    .replace(/[_\s]+/g, ' ')
    .trim()
  return cutText(label, 100)
}

/** Names of columns have "_" for a decimal point; "10_100_1000" is a list. */
export const NUMBERS_IN_NAME = /(?<!\d_?)(\d+)_(\d+)(?!_?\d)/g

/** Text that cannot open or close a record: no kind of "<" is left in it. */
function neutral(text: string): string {
  return text.replace(/[<\uff1c\ufe64]/g, '‹')
}

/** A cell of a hostile file can have any size; more characters than this are never looked at. Recipes can show 50,000. */
export const LONGEST_READ = 100_000

const ADDRESS = /^(?:(?:https?:)?\/\/|www\.)\S+$|^\S+\.(?:jpe?g|png|gif|webp|svg|tiff?|bmp|avif|pdf|mp4|mov|avi|webm)$/i

/** A value as text of one line, or '' for nothing worth showing. */
function valueText(value: unknown, asked: boolean): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : ''
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value))
    return value
      .slice(0, 200)
      .map((entry) => valueText(entry, asked))
      .filter(Boolean)
      .join(', ')
  if (typeof value === 'object') {
    return Object.entries(value)
      .slice(0, 200)
      .map(([key, entry]) => ({ key: labelOf(key), text: valueText(entry, asked) }))
      .filter(({ text }) => text !== '')
      .map(({ key, text }) => `${key} ${text}`)
      .join('; ')
  }
  if (typeof value !== 'string') return ''
  const text = oneLine(value.length > LONGEST_READ ? value.slice(0, LONGEST_READ) : value)
  if (asked || !(text.includes('/') || text.includes('.'))) return text
  return text.split(/[\s,;|]+/).every((part) => part === '' || ADDRESS.test(part)) ? '' : text
}

const rulesByShow = new WeakMap<Recipe['show'], (key: string) => KeyRule>()

function rulesOf({ show }: Recipe): (key: string) => KeyRule {
  let rules = rulesByShow.get(show)
  if (!rules) rulesByShow.set(show, (rules = keyRules(show)))
  return rules
}

/** Whether a model may see this attribute of a product; how much of it is another matter. */
export const isShown = (attribute: string, recipe: Recipe): boolean => rulesOf(recipe)(attribute).shown

/**
 * Exactly what the model sees of a product: `key: value` lines, without hidden characters, HTML tags or any "<", long
 * values cut. The order of the product's keys makes no difference, so that a database that reorders them changes nothing.
 */
export const workInput = (values: Readonly<Record<string, unknown>>, recipe: Recipe): string =>
  shownLines(values, recipe)
    .map(({ line }) => line)
    .join('\n')

/** A line of the record with the attribute that it is of. */
export interface ShownLine {
  readonly attribute: string
  readonly line: string
}

/** The same line by line. */
export function shownLines(values: Readonly<Record<string, unknown>>, recipe: Recipe): ShownLine[] {
  const { show } = recipe
  const rules = rulesOf(recipe)
  const candidates: { rank: number; label: string; value: unknown; key: string }[] = []
  for (const key of Object.keys(values)) {
    const rule = rules(key)
    if (rule.shown && rule.label !== '') candidates.push({ rank: rule.rank, label: rule.label, value: values[key], key })
  }
  candidates.sort((a, b) => a.rank - b.rank || compareText(a.label, b.label) || compareText(a.key, b.key))
  const lines: ShownLine[] = []
  const seen = new Set<string>()
  let characters = 0
  for (const { label, value, key } of candidates) {
    if (lines.length >= show.maxAttributes) break
    const text = cutText(neutral(valueText(value, show.include !== undefined)), show.maxValueCharacters)
    if (text === '') continue
    // Suppliers repeat a title in three columns; the model needs it once.
    if (text.length >= 20) {
      if (seen.has(text)) continue
      seen.add(text)
    }
    const line = `${label}: ${text}`
    const left = show.maxCharacters - characters
    if (line.length > left) {
      if (left > label.length + 20) lines.push({ attribute: key, line: `${label}: ${cutText(text, left - label.length - 3)}` })
      break
    }
    lines.push({ attribute: key, line })
    characters += line.length + 1
  }
  return lines
}
