import type { ColumnMapping } from '../../contract/mapping.ts'
import { type FileSample, identifierOf, type ImportProfile, listed } from './profile.ts'

/**
 * Google Merchant Center's product data, as a table or from XML, where names stand with or without "g:", and with "_" or blanks.
 * Source: Google's product data specification.
 */
export const googleMerchant: ImportProfile = {
  id: 'google-merchant',
  name: 'Google Merchant',

  recognise(file) {
    const known = merchantColumns(file)
    if (!known) return undefined
    if (file.googlePrefix) return 'It is a product feed for Google Merchant Center: its XML declares Google’s namespace.'
    return `It is a product feed for Google Merchant Center: beside an id and a title it has ${listed(known.slice(0, 6))}.`
  },

  map(file) {
    const taken = new Set<string>()
    const identifier = identifierOf(file, (column) => attributeName(column, file.googlePrefix) === 'id')
    return file.columns.map((column): ColumnMapping => {
      const name = attributeName(column, file.googlePrefix)
      const attribute = taken.has(name) ? column : name
      taken.add(name)
      const role = column === identifier ? 'identifier' : (ROLES[name] ?? 'attribute')
      return { column, role, ...(attribute === column ? {} : { attribute }) }
    })
  },
}

/**
 * Whether a file is a feed of Google's, for reading it and for what an export may write into it alike: its columns that tell so;
 * undefined: it is none. XML is one when it declares Google's namespace; other files have an id, a title, and either three columns that
 * other tables seldom have, or a link with two that feeds have.
 */
export function merchantColumns({ kind, columns, googlePrefix }: MerchantFile): string[] | undefined {
  const names = new Map(columns.map((column) => [attributeName(column, googlePrefix), column]))
  const telling = [...names].flatMap(([name, column]) => (TELLING.has(name) ? [column] : []))
  if (kind === 'xml') return googlePrefix && names.has('id') ? telling : undefined
  if (!names.has('id') || !names.has('title')) return undefined
  if (telling.length >= 3) return telling
  const usual = [...names].flatMap(([name, column]) => (name !== 'link' && (TELLING.has(name) || USUAL.has(name)) ? [column] : []))
  return names.has('link') && usual.length >= 2 ? [names.get('link')!, ...usual] : undefined
}

type MerchantFile = Pick<FileSample, 'kind' | 'columns' | 'googlePrefix'>

/** What other tables of products seldom have. */
const TELLING = new Set(
  `link image_link availability google_product_category product_type item_group_id gtin mpn condition shipping shipping_weight
  identifier_exists age_group structured_title structured_description`.split(/\s+/),
)

/** What they have as often. */
const USUAL = new Set(['price', 'brand'])

const ROLES: Readonly<Record<string, ColumnMapping['role']>> = {
  item_group_id: 'parent',
  product_type: 'categories',
  image_link: 'image',
  additional_image_link: 'image',
  lifestyle_image_link: 'image',
}

/** The specification's own spelling: "g:image link" is "image_link"; of XML with another prefix than "g", "goog:image_link". */
export function attributeName(column: string, googlePrefix?: string | null): string {
  const name = column.trim().toLowerCase()
  const prefix = [`${googlePrefix?.toLowerCase() ?? 'g'}:`, 'g:'].find((each) => name.startsWith(each)) ?? ''
  return name.slice(prefix.length).replaceAll(/[\s-]+/g, '_')
}
