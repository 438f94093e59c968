import type { ColumnMapping } from '../../contract/mapping.ts'
import { type FileSample, identifierOf, type ImportProfile, listed, those } from './profile.ts'

/**
 * Shopify's product export, in its older and its newer spelling. Rows that share a handle are one product: the first has what is
 * said of all, and it is the first variant; the others are a variant each, or one more image. Columns of markets, "Price / EURO",
 * and metafields, "Color (product.metafields.shopify.color-pattern)", come as the shop has them.
 * Source: Shopify's help, "Using CSV files to import and export products".
 */
export const shopify: ImportProfile = {
  id: 'shopify',
  name: 'Shopify',

  recognise(file) {
    if (!file.columns.some(isHandle)) return undefined
    const known = those(file, ['Title', 'Body (HTML)', 'Description', 'Vendor', 'Option1 Name', 'Option1 name', 'Variant SKU', 'SKU'])
    if (known.length < 3) return undefined
    return `It is an export of products from Shopify: it has ${listed([file.columns.find(isHandle)!, ...known])}.`
  },

  map: (file) => file.columns.map((column) => mapColumn(column, file)),

  reading(file) {
    const indexes = (matches: (column: string) => boolean): number[] =>
      file.columns.flatMap((column, index) => (matches(column) ? [index] : []))
    const options = indexes((column) => /^Option[123] value$/i.test(column))
    const names = indexes((column) => /^(Variant )?SKU$/i.test(column))
    const marks = [...options, ...names, ...indexes((column) => /^(Variant Price|Price|Variant Barcode|Barcode)$/i.test(column))]
    return {
      ...(file.columns.some((column) => isHandle(column) && column === file.identifier)
        ? { repeats: 'continue', variants: { marks, names, options } }
        : {}),
      apostrophes: indexes((column) => /^(Variant )?Barcode$/i.test(column)),
    }
  },
}

const isHandle = (column: string): boolean => /^(URL )?handle$/i.test(column)

const KEPT =
  /^(Published|Gift Card|Variant Inventory (Tracker|Policy)|Variant Fulfillment Service|Variant (Requires Shipping|Taxable|Tax Code)|Image Position|Google Shopping \/ (AdWords|Custom).*|Included \/ .*|Option[123] Linked To|Status|Inventory tracker|Continue selling when out of stock|Fulfillment service|Requires shipping|Charge tax|Tax code|Published on online store)$/i
const OF_VARIANT =
  /^(Option[123] value|Variant .*|SKU|Barcode|Price|Compare-at price|Cost per item|Inventory quantity|Weight value \(grams\)|Weight unit for display|Unit price .*|Image .*|Product image URL)$/i

function mapColumn(column: string, file: FileSample): ColumnMapping {
  if (column === identifierOf(file, isHandle)) return { column, role: 'identifier' }
  if (KEPT.test(column)) return { column, role: 'kept' }
  const market = /^(Price|Compare At Price|Compare-at price) \/ (.+)$/i.exec(column)
  if (market) return { column, role: 'attribute', attribute: market[1]!, channel: codeOf(market[2]!), level: 'variant' }
  const metafield = /^(.*\S) \((product|variant)\.metafields\.([^)]+)\)$/.exec(column)
  if (metafield) return mapMetafield(column, { name: metafield[1]!, of: metafield[2] as 'product' | 'variant', key: metafield[3]! }, file)
  if (/^(Variant Grams|Weight value \(grams\))$/i.test(column)) {
    return { column, role: 'attribute', attribute: 'Variant Grams', unit: 'g', level: 'variant' }
  }
  return { column, role: roleOf(column), ...(OF_VARIANT.test(column) ? { level: 'variant' } : {}) }
}

function roleOf(column: string): ColumnMapping['role'] {
  if (/^(Image Src|Variant Image|Product image URL|Variant image URL)$/i.test(column)) return 'image'
  if (/^(Type)$/i.test(column)) return 'family'
  if (/^(Product Category|Tags)$/i.test(column)) return column.toLowerCase() === 'tags' ? 'attribute' : 'categories'
  return /^Option[123] value$/i.test(column) ? 'option' : 'attribute'
}

/** By its name, unless two metafields or another column bear it. */
function mapMetafield(
  column: string,
  { name, of, key }: { name: string; of: 'product' | 'variant'; key: string },
  { columns }: FileSample,
): ColumnMapping {
  const shared = columns.some((other) => other !== column && (other === name || other.startsWith(`${name} (`)))
  return { column, role: 'attribute', attribute: shared ? `${name} (${key})` : name, level: of }
}

/** A market's name as a channel's code: "United States" is "united-states". */
const codeOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'market'
