import { stringify } from 'yaml'
import { canonicalJson, isObject } from '../../base/json.ts'
import { type Recipe, recipeSchema } from '../../contract/recipe.ts'

const LINE_WIDTH = 120

/** A recipe as a YAML file, without what goes without saying: reading it (`parseRecipe`) gives the same recipe. */
export function recipeText(recipe: Recipe): string {
  const { $schema: _schema, ...rest } = recipe
  return stringify(withoutDefaults(rest), { version: '1.2', lineWidth: LINE_WIDTH })
}

/** Leaves out each key without which the recipe reads the same. */
function withoutDefaults(recipe: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const wanted = canonicalJson(recipeSchema.parse(recipe))
  const reads = (candidate: unknown): boolean => {
    const parsed = recipeSchema.safeParse(candidate)
    return parsed.success && canonicalJson(parsed.data) === wanted
  }
  let kept = recipe
  for (const key of Object.keys(recipe)) {
    const { [key]: value, ...others } = kept
    if (reads(others)) kept = others
    else if (isObject(value)) kept = { ...kept, [key]: shortest(value, (part) => reads({ ...kept, [key]: part })) }
    else if (key === 'fields' && Array.isArray(value))
      kept = { ...kept, fields: shortFields(value as unknown[], (fields) => reads({ ...kept, fields })) }
  }
  return kept
}

function shortFields(fields: readonly unknown[], reads: (fields: unknown[]) => boolean): unknown[] {
  const kept = [...fields]
  for (const [index, field] of fields.entries()) {
    if (isObject(field)) kept[index] = shortest(field, (part) => reads(kept.with(index, part)))
  }
  return kept
}

function shortest(part: Readonly<Record<string, unknown>>, reads: (part: unknown) => boolean): Readonly<Record<string, unknown>> {
  let kept = part
  for (const key of Object.keys(part)) {
    const { [key]: _left, ...others } = kept
    if (reads(others)) kept = others
  }
  return kept
}
