import type { ColumnMapping } from '../../contract/mapping.ts'
import { type FileSample, identifierOf, type ImportProfile, listed, those } from './profile.ts'

/**
 * Open Food Facts' export as JSONL. Texts stand in the product's main language and in others, `product_name` and `product_name_fr`;
 * what it has per 100 g is inside `nutriments`; lists of tags are read as lists. What the site keeps for itself is kept as it is.
 * Source: Open Food Facts' data fields.
 */
export const openFoodFacts: ImportProfile = {
  id: 'open-food-facts',
  name: 'Open Food Facts',

  recognise(file) {
    if (file.kind !== 'jsonl' || !file.columns.includes('code')) return undefined
    const known = those(file, [
      'nutriments',
      'ingredients_text',
      'categories_tags',
      'product_name',
      'nutrition_grades',
      'labels_tags',
      'brands',
    ])
    if (known.length < 3) return undefined
    return `It is an export of Open Food Facts: each product has a barcode in "code", and ${listed(known.slice(0, 5))}.`
  },

  map: (file) => file.columns.flatMap((column) => (column === 'nutriments' ? nutriments(file) : [mapColumn(column, file)])),
}

const TEXTS = [
  'product_name',
  'abbreviated_product_name',
  'generic_name',
  'ingredients_text',
  'packaging_text',
  'origin',
  'conservation_conditions',
]
const MORE_TEXTS = [
  'customer_service',
  'preparation',
  'warning',
  'other_information',
  'producer',
  'recycling_instructions_to_discard',
  'recipe_idea',
]
const LOCALISED = new RegExp(`^(${[...TEXTS, ...MORE_TEXTS].join('|')})_([a-z]{2})$`)

/** The site's own bookkeeping, and what it derives. */
const KEPT =
  /^(_id|_keywords|rev|sortkey|id|created_t|creator|editors?(_tags)?|last_.*|.*_t|.*_debug.*|.*_hierarchy|.*_n|states.*|popularity.*|scans_n|unique_scans_n|images|selected_images|ingredients|ecoscore_.*|nutriscore.*|nova_group.*|misc_tags|codes_tags|entry_dates_tags|data_.*|photographers.*|informers.*|correctors.*|checkers.*|max_imgid|update_key|complete|completeness|lc|interface_version.*|nutrient_levels.*|.*_from_.*|.*_prev_.*|added_countries_tags|removed_countries_tags)$/

function mapColumn(column: string, file: FileSample): ColumnMapping {
  if (column === identifierOf(file, (each) => each === 'code')) return { column, role: 'identifier' }
  if (column === 'code') return { column, role: 'attribute' }
  const localised = LOCALISED.exec(column)
  if (localised) return { column, role: 'attribute', attribute: localised[1]!, locale: localised[2]! }
  if (/^image_.*url$/.test(column)) return { column, role: 'image' }
  if (column === 'categories_tags') return { column, role: 'categories' }
  return { column, role: KEPT.test(column) ? 'kept' : 'attribute' }
}

/** Amounts per 100 g with their units, each an attribute: "salt_100g" and "salt_unit" are "salt per 100 g". */
function nutriments({ rows }: FileSample): ColumnMapping[] {
  const members = new Set(rows.flatMap(({ nutriments: held }) => (isObject(held) ? Object.keys(held) : [])))
  const amounts = [...members].filter((member) => member.endsWith('_100g')).sort((a, b) => a.localeCompare(b, 'en'))
  if (amounts.length === 0) return [{ column: 'nutriments', role: 'attribute' }]
  return amounts.flatMap((member): ColumnMapping[] => {
    const nutrient = member.slice(0, -'_100g'.length)
    const attribute = `${nutrient.replaceAll('_', ' ')} per 100 g`
    const unit = `${nutrient}_unit`
    return [
      { column: 'nutriments', member, role: 'attribute', attribute },
      ...(members.has(unit) ? [{ column: 'nutriments', member: unit, role: 'unit' as const, attribute }] : []),
    ]
  })
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
