import type { OptionList } from '../../../catalogue/structure/option-lists.ts'
import { columnOf, namedAttributes, type Recipe } from '../../../contract/recipe.ts'
import { normalName } from '../show.ts'

/** Something of a recipe that a rule can answer: a select or number field, or one attribute that a field names. */
export interface RuleTarget {
  readonly key: string // "colour", "attributes/Colour"
  readonly field: string
  readonly name: string | undefined // of the attribute, in a field that names several
  readonly attribute: string // what the catalogue may call it
  readonly options: readonly string[] | undefined // the only values it may have
  readonly unit: string | undefined // of a number field
  readonly isNumber: boolean
  readonly list?: TargetList // of the catalogue's structure; absent: nobody named any options there
}

/** The options that the catalogue's structure lists for what a recipe writes. */
export interface TargetList extends OptionList {
  readonly hash: string // of what is looked for: codes and labels
}

/** What rules can answer of a recipe. Texts are a model's, and so are attributes that it is to choose. */
export function ruleTargets(recipe: Recipe): RuleTarget[] {
  return recipe.fields.flatMap((field): RuleTarget[] => {
    const common = { field: field.name, unit: undefined, isNumber: false }
    if (field.type === 'select') return [{ ...common, key: field.name, name: undefined, attribute: columnOf(field), options: field.values }]
    if (field.type === 'number')
      return [
        { ...common, key: field.name, name: undefined, attribute: columnOf(field), options: undefined, unit: field.unit, isNumber: true },
      ]
    if (field.type !== 'attributes') return []
    return (namedAttributes(field) ?? []).map(({ name, allowed }) => ({
      ...common,
      key: `${field.name}/${name}`,
      name,
      attribute: name,
      options: allowed,
    }))
  })
}

const SPELLINGS: Readonly<Record<string, string>> = {
  color: 'colour',
  farbe: 'colour',
  couleur: 'colour',
  colore: 'colour',
  kleur: 'colour',
  grösse: 'size',
  groesse: 'size',
  taille: 'size',
  werkstoff: 'material',
  matériau: 'material',
  marke: 'brand',
  marque: 'brand',
  manufacturer: 'brand',
  vendor: 'brand',
  supplier: 'brand',
}

/** One name for what catalogues spell in several ways: "Color", "product_colour" and "Farbe" are "colour". */
export function attributeName(key: string): string {
  const name = normalName(key).replace(/^(?:product|item|article)_(?!(?:type|name|id|number|code|line|group|category|status)$)(?=.)/, '')
  return name
    .split('_')
    .map((part) => SPELLINGS[part] ?? part)
    .join('_')
}
