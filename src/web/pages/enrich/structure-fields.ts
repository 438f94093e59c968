import type { Recipe, RecipeField } from '../../../contract/recipe.ts'
import type { AttributeView } from '../../../contract/structure.ts'
import { labelText } from '../structure/label-text.ts'
import { freeName } from './draft.ts'

export interface WithOptions {
  readonly attribute: AttributeView
  readonly options: readonly string[]
}

const MOST_FIELDS = 30
const MOST_VALUES = 1_000 // of all fields of a recipe

/**
 * A field of a recipe for each attribute that a model can write: one of its options, a number in its unit, a text. Attributes that
 * have a field already, and those of other types, are left out.
 */
export function fieldsOf(given: readonly WithOptions[], recipe: Recipe, language: string): RecipeField[] {
  const made = [...recipe.fields]
  const taken = new Set(made.map((field) => field.column ?? field.name))
  let values = made.reduce((sum, field) => sum + (field.type === 'select' ? field.values.length : 0), 0)
  for (const { attribute, options } of given) {
    if (taken.has(attribute.code) || attribute.rules.identifies || made.length >= MOST_FIELDS) continue
    const rules = rulesOf(attribute, options)
    if (!rules || values + (rules.type === 'select' ? options.length : 0) > MOST_VALUES) continue
    values += rules.type === 'select' ? options.length : 0
    const name = freeName(nameOf(attribute.code), { ...recipe, fields: made })
    const label = labelText(attribute, language)
    made.push({ ...rules, name, column: attribute.code, ...(label === attribute.code ? {} : { instructions: label }) } as RecipeField)
  }
  return made.slice(recipe.fields.length)
}

function rulesOf({ type, rules }: AttributeView, options: readonly string[]) {
  if (type === 'select') return options.length === 0 ? undefined : ({ type, values: options, required: false } as const)
  if (type === 'number' || type === 'measurement') {
    const { unit, minimum, maximum, decimals } = rules
    const bounds = { unit, minimum, maximum, decimals: decimals === undefined ? undefined : Math.min(6, decimals) }
    return {
      type: 'number',
      required: false,
      ...Object.fromEntries(Object.entries(bounds).filter(([, bound]) => bound !== undefined)),
    } as const
  }
  if (type === 'text') return { type, words: { max: 30 }, required: false, paragraphs: false } as const
  if (type === 'long_text') return { type: 'text', words: { max: 120 }, required: false, paragraphs: true } as const
  return undefined
}

/** "display-diagonal (in)" as a field may be called. */
const nameOf = (code: string): string => {
  const plain = code
    .replaceAll(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^[^A-Za-z]+/, '')
    .replace(/_+$/, '')
    .slice(0, 58)
  return plain === '' ? 'attribute' : plain
}
