import type { ColumnMapping } from '../../contract/mapping.ts'
import { type FileSample, type ImportProfile, listed, those } from './profile.ts'

/**
 * Akeneo's exports of products and of product models. A header is `attribute`, `attribute-locale`, `attribute-channel` or
 * `attribute-locale-channel`, with a currency behind prices and `-unit` beside measurements. Codes hold no hyphen, so that it
 * divides; which of a file's codes are channels, the file itself shows. Source: Akeneo's help, "How to import your products".
 */
export const akeneo: ImportProfile = {
  id: 'akeneo',
  name: 'Akeneo',

  recognise(file) {
    const identifiers = those(file, ['sku', 'code', 'identifier', 'uuid'])
    const families = those(file, ['family', 'family_variant'])
    const others = those(file, ['categories', 'enabled', 'groups', 'parent'])
    if (identifiers.length === 0 || families.length === 0 || others.length < 2) return undefined
    const localised = file.columns.filter((column) => column.split('-').some(isLocale)).length
    const what = families.includes('family_variant') ? 'product models' : 'products'
    const more = localised > 0 ? `, and ${localised} of its columns end in a locale` : ''
    return `It is an export of ${what} from Akeneo: it has ${listed([...identifiers, ...families, ...others])}${more}.`
  },

  map(file) {
    const channels = channelsOf(file)
    return file.columns.map((column) => mapColumn(column, { file, channels }))
  },
}

const ROLES: Readonly<Record<string, ColumnMapping['role']>> = {
  family: 'family',
  family_variant: 'family',
  parent: 'parent',
  categories: 'categories',
}

/** Links to other products, which are no values of this one. */
const ASSOCIATION = /-(products|product_models|groups|product_uuids)(-quantity)?$/

const isLocale = (code: string): boolean => /^[a-z]{2,3}(_[A-Z][a-z]{3})?_([A-Z]{2}|\d{3})$/.test(code)
const isCurrency = (code: string): boolean => /^[A-Z]{3}$/.test(code)

function mapColumn(column: string, { file, channels }: { file: FileSample; channels: ReadonlySet<string> }): ColumnMapping {
  if (column === file.identifier) return { column, role: 'identifier' }
  const role = ROLES[column]
  if (role) return { column, role }
  if (ASSOCIATION.test(column)) return { column, role: 'kept' }
  const [attribute, ...codes] = column.split('-')
  const plain = { column, role: isPicture(column) ? ('image' as const) : ('attribute' as const) }
  if (!attribute || codes.length === 0) return plain
  const meaning: { -readonly [Key in keyof ColumnMapping]?: ColumnMapping[Key] } = {}
  for (const code of codes) {
    if (isLocale(code)) meaning.locale = code.replaceAll('_', '-')
    else if (code === 'unit') meaning.role = 'unit'
    else if (channels.has(code)) meaning.channel = code
    else if (isCurrency(code)) meaning.currency = code
    else return plain
  }
  return { ...plain, attribute, ...meaning }
}

/** What stands behind a locale is a channel, and so is what stands where it does for several attributes, or several times for one. */
function channelsOf({ columns }: FileSample): Set<string> {
  const channels = new Set<string>()
  const alone: { attribute: string; code: string }[] = []
  for (const column of columns) {
    if (ASSOCIATION.test(column)) continue
    const [attribute, ...codes] = column.split('-')
    const at = codes.findIndex(isLocale)
    const code = codes[at + 1]
    if (code === undefined || isCurrency(code) || code === 'unit') continue
    if (at >= 0) channels.add(code)
    else alone.push({ attribute: attribute!, code })
  }
  for (const { attribute, code } of alone) {
    const elsewhere = alone.some((other) => other.code === code && other.attribute !== attribute)
    const beside = alone.some((other) => other.attribute === attribute && other.code !== code)
    if (elsewhere || beside) channels.add(code)
  }
  return channels
}

const isPicture = (column: string): boolean => /(^|_)(images?|pictures?|photos?)(_\d+)?(-|$)/.test(column)
