import type { ColumnMapping } from '../../contract/mapping.ts'
import { identifierOf, type ImportProfile, listed } from './profile.ts'

/**
 * Google Merchant Center's product data, as a table or from XML, where names stand with or without "g:", and with "_" or blanks.
 * Source: Google's product data specification.
 */
export const googleMerchant: ImportProfile = {
  id: 'google-merchant',
  name: 'Google Merchant',

  recognise(file) {
    const names = new Map(file.columns.map((column) => [canonical(column), column]))
    if (!names.has('id') || !names.has('title')) return undefined
    const known = [...names].filter(([name]) => TELLING.has(name)).map(([, column]) => column)
    if (known.length < 3) return undefined
    return `It is a product feed for Google Merchant Center: beside an id and a title it has ${listed(known.slice(0, 6))}.`
  },

  map(file) {
    const taken = new Set<string>()
    const identifier = identifierOf(file, (column) => canonical(column) === 'id')
    return file.columns.map((column): ColumnMapping => {
      const name = canonical(column)
      const attribute = taken.has(name) ? column : name
      taken.add(name)
      const role = column === identifier ? 'identifier' : (ROLES[name] ?? 'attribute')
      return { column, role, ...(attribute === column ? {} : { attribute }) }
    })
  },
}

/** What other tables of products seldom have. */
const TELLING = new Set(
  `link image_link availability google_product_category product_type item_group_id gtin mpn condition shipping shipping_weight
  identifier_exists age_group structured_title structured_description`.split(/\s+/),
)

const ROLES: Readonly<Record<string, ColumnMapping['role']>> = {
  item_group_id: 'parent',
  product_type: 'categories',
  image_link: 'image',
  additional_image_link: 'image',
  lifestyle_image_link: 'image',
}

/** The specification's own spelling: "g:image link" is "image_link". */
const canonical = (column: string): string => column.trim().replace(/^g:/i, '').toLowerCase().replace(/[ -]+/g, '_')
