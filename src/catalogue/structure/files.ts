import type { AttributeRules, AttributeType, FamilyVariant, Labels, StructureFileKind } from '../../contract/structure.ts'
import { unitOf } from '../../base/units.ts'

/**
 * Files that hold a structure as PIM systems export it (Akeneo's CSV): attributes, groups, options, families, their variants,
 * categories, channels, locales, currencies. Recognised by their headers, and where those say little by their first rows.
 */

type Cells = Readonly<Record<string, string>>

/** An item as a row of a file says it: only the members that the file speaks of. */
export interface FileItem {
  readonly code: string
  readonly attribute?: string // of an option
  readonly set: Readonly<Record<string, unknown>>
  /** Codes of other items that it names. */
  readonly names: readonly string[]
}

/** Which kind of structure a file holds; undefined: products, as far as can be told. */
export function structureKindOf(columns: readonly string[], rows: readonly Cells[]): StructureFileKind | undefined {
  const has = (...names: string[]): boolean => names.every((name) => columns.includes(name))
  const only = (...names: string[]): boolean => columns.every((name) => names.includes(name) || name.startsWith('label-'))
  if (!has('code')) return undefined
  if (has('type') && (has('localizable') || has('scopable'))) return 'attributes'
  if (has('family') && columns.some((name) => name.startsWith('variant-axes_'))) return 'family_variants'
  if (has('attributes') && (has('attribute_as_label') || columns.some((name) => name.startsWith('requirements-')))) return 'families'
  if (has('locales', 'currencies')) return 'channels'
  if (has('attribute') && only('code', 'attribute', 'sort_order')) return 'options'
  if (has('parent') && only('code', 'parent', 'sort_order')) return 'categories'
  if (has('sort_order') && only('code', 'sort_order', 'attributes')) return 'groups'
  const codes = rows.map((row) => row['code'] ?? '')
  if (only('code', 'activated', 'enabled') && columns.every((name) => !name.startsWith('label-')) && codes.length > 0) {
    if (codes.every((code) => /^[A-Z]{3}$/.test(code))) return 'currencies'
    if (codes.every((code) => /^[a-z]{2,3}(_[A-Za-z]{4})?_([A-Z]{2}|\d{3})$/.test(code))) return 'locales'
  }
  return undefined
}

/** "en_US" as BCP 47 writes it. */
export const bcp47 = (code: string): string => code.trim().replaceAll('_', '-')

const list = (cell: string | undefined): string[] => (cell ?? '').split(',').flatMap((entry) => entry.trim() || [])
const isOn = (cell: string | undefined): boolean => cell === '1' || cell?.toLowerCase() === 'true'
const numberIn = (cell: string | undefined): number | undefined =>
  cell === undefined || cell.trim() === '' || !Number.isFinite(Number(cell)) ? undefined : Number(cell)

function labelsOf(cells: Cells): Labels {
  const labels = Object.entries(cells).flatMap(([column, text]) =>
    column.startsWith('label-') && text.trim() !== '' ? [[bcp47(column.slice('label-'.length)), text.trim().slice(0, 500)] as const] : [],
  )
  return Object.fromEntries(labels)
}

const positionOf = (cells: Cells): { position?: number } => {
  const position = numberIn(cells['sort_order'])
  return position === undefined ? {} : { position: Math.trunc(position) }
}

const TYPES: Readonly<Record<string, AttributeType>> = {
  pim_catalog_identifier: 'text',
  pim_catalog_text: 'text',
  pim_catalog_textarea: 'long_text',
  pim_catalog_number: 'number',
  pim_catalog_metric: 'measurement',
  pim_catalog_price_collection: 'price',
  pim_catalog_boolean: 'boolean',
  pim_catalog_simpleselect: 'select',
  pim_catalog_multiselect: 'multi_select',
  pim_reference_data_simpleselect: 'select',
  pim_reference_data_multiselect: 'multi_select',
  pim_catalog_date: 'date',
  pim_catalog_image: 'image',
  pim_catalog_file: 'text', // a path: there is no type for files that are no pictures
  pim_catalog_table: 'table',
  akeneo_reference_entity: 'select',
  akeneo_reference_entity_collection: 'multi_select',
  pim_catalog_asset_collection: 'multi_select',
}

/** "KILOGRAM" as it is written beside a number; what is not known stays as it is. */
const unitNamed = (code: string | undefined): string | undefined => {
  const name = code?.trim()
  if (!name) return undefined
  return (unitOf(name) ?? unitOf(name.toLowerCase().replaceAll('_', ' ')))?.name ?? name
}

type Read = (cells: Cells) => Omit<FileItem, 'code'> | { readonly problem: string }

const READERS: Readonly<Record<StructureFileKind, Read>> = {
  attributes: (cells) => {
    const named = TYPES[cells['type'] ?? '']
    if (named === undefined) return { problem: `The type "${cells['type'] ?? ''}" is not known here.` }
    const type = named === 'long_text' && isOn(cells['wysiwyg_enabled']) ? 'html' : named
    const group = cells['group']?.trim() || null
    const set = {
      labels: labelsOf(cells),
      ...positionOf(cells),
      type,
      group,
      localisable: isOn(cells['localizable']),
      scopable: isOn(cells['scopable']),
      rules: rulesOf(cells, type),
    }
    return { set, names: group === null ? [] : [group] }
  },
  groups: (cells) => ({ set: { labels: labelsOf(cells), ...positionOf(cells) }, names: [] }),
  options: (cells) => {
    const attribute = cells['attribute']?.trim() ?? ''
    if (attribute === '') return { problem: 'It does not say which attribute it is an option of.' }
    return { attribute, set: { labels: labelsOf(cells), ...positionOf(cells) }, names: [attribute] }
  },
  families: (cells) => {
    const attributes = list(cells['attributes'])
    const required = Object.entries(cells).flatMap(([column, cell]) =>
      column.startsWith('requirements-') ? [[column.slice('requirements-'.length), list(cell)] as const] : [],
    )
    const named = (column: string): string | null => cells[column]?.trim() || null
    const [labelAttribute, imageAttribute] = [named('attribute_as_label'), named('attribute_as_image')]
    const set = { labels: labelsOf(cells), attributes, required: Object.fromEntries(required), labelAttribute, imageAttribute }
    return { set, names: attributes }
  },
  family_variants: (cells) => {
    const family = cells['family']?.trim() ?? ''
    if (family === '') return { problem: 'It does not say which family it is of.' }
    const levels = [1, 2, 3, 4, 5]
      .map((level) => ({ axes: list(cells[`variant-axes_${level}`]), attributes: list(cells[`variant-attributes_${level}`]) }))
      .filter(({ axes }) => axes.length > 0)
    const variant: FamilyVariant = { code: cells['code']!.trim(), labels: labelsOf(cells), levels }
    return { set: { family, variant }, names: levels.flatMap(({ axes }) => axes) }
  },
  categories: (cells) => {
    const parent = cells['parent']?.trim() || null
    return { set: { labels: labelsOf(cells), parent, ...positionOf(cells) }, names: parent === null ? [] : [parent] }
  },
  channels: (cells) => {
    const tree = cells['tree']?.trim() || null
    const locales = list(cells['locales']).map(bcp47)
    const set = { labels: labelsOf(cells), locales, currencies: list(cells['currencies']), tree }
    return { set, names: tree === null ? [] : [tree] }
  },
  locales: (cells) => ({ set: { active: cells['activated'] === undefined || isOn(cells['activated']) }, names: [] }),
  currencies: (cells) => ({ set: { active: cells['activated'] === undefined || isOn(cells['activated']) }, names: [] }),
}

function rulesOf(cells: Cells, type: AttributeType): AttributeRules {
  const isNumber = type === 'number' || type === 'measurement' || type === 'price'
  const rules = {
    unit: type === 'measurement' ? unitNamed(cells['default_metric_unit']) : undefined,
    maxLength: numberIn(cells['max_characters']),
    minimum: numberIn(cells['number_min']) ?? (isNumber && cells['negative_allowed'] === '0' ? 0 : undefined),
    maximum: numberIn(cells['number_max']),
    decimals: isNumber && cells['decimals_allowed'] === '0' ? 0 : undefined,
    identifies: cells['type'] === 'pim_catalog_identifier' ? true : undefined,
  }
  return Object.fromEntries(Object.entries(rules).filter(([, rule]) => rule !== undefined))
}

/** A row of a structure file as an item, or why it is left out. */
export function readStructureRow(kind: StructureFileKind, cells: Cells): FileItem | { readonly problem: string } {
  const code = cells['code']?.trim() ?? ''
  if (code === '') return { problem: 'It has no code.' }
  if (code.length > 500) return { problem: 'Its code is longer than 500 characters.' }
  const read = READERS[kind](cells)
  return 'problem' in read ? read : { code: kind === 'locales' ? bcp47(code) : code, ...read }
}
