import { namedAttributes, type Recipe, type RecipeField } from '../../../contract/recipe.ts'
import type { FieldValue } from '../validate.ts'
import type { RuleAnswers } from './rules.ts'

/** What of a recipe is left to ask a model, when rules have answered a part of it. */

const parts = new WeakMap<Recipe, Map<string, Recipe | null>>()

/**
 * The recipe without what is answered; null when nothing is left of it. The same object for the same part, so that all that is
 * made from it (prompt, schema) is made once.
 */
export function leftOf(recipe: Recipe, answers: RuleAnswers): Recipe | null {
  if (answers.size === 0) return recipe
  let known = parts.get(recipe)
  if (!known) parts.set(recipe, (known = new Map<string, Recipe | null>()))
  const key = partKey(answers)
  let left = known.get(key)
  if (left === undefined) {
    const fields = recipe.fields.flatMap((field) => fieldLeft(field, answers))
    known.set(key, (left = fields.length === 0 ? null : { ...recipe, fields }))
  }
  return left
}

/** Names the part that rules answered. Products of one part may share a call. */
export const partKey = (answers: RuleAnswers): string => [...answers.keys()].toSorted().join('\n')

/** The part of a recipe that a key names, as `partKey` wrote it. */
export const leftByKey = (recipe: Recipe, key: string): Recipe | null =>
  leftOf(
    recipe,
    new Map(
      key === '' ? [] : key.split('\n').map((target) => [target, { value: '', rule: 'option', source: '', words: '', listed: null }]),
    ),
  )

function fieldLeft(field: RecipeField, answers: RuleAnswers): RecipeField[] {
  if (field.type !== 'attributes') return answers.has(field.name) ? [] : [field]
  const named = namedAttributes(field)
  if (!named) return [field]
  const names = field.names!.filter((_, index) => !answers.has(`${field.name}/${named[index]!.name}`))
  return names.length === 0 ? [] : names.length === field.names!.length ? [field] : [{ ...field, names, example: undefined }]
}

/** What rules answered of one field: its value, or some of its attributes. */
export interface FieldAnswer {
  readonly value: FieldValue
  readonly targets: readonly string[] // keys of `answers`
}

export function answerOf(field: RecipeField, answers: RuleAnswers): FieldAnswer | undefined {
  if (field.type !== 'attributes') {
    const answer = answers.get(field.name)
    return answer && { value: answer.value, targets: [field.name] }
  }
  const found = (namedAttributes(field) ?? []).flatMap(({ name }) => {
    const key = `${field.name}/${name}`
    const answer = answers.get(key)
    return answer ? [{ name, key, value: String(answer.value) }] : []
  })
  if (found.length === 0) return undefined
  return { value: Object.fromEntries(found.map(({ name, value }) => [name, value])), targets: found.map(({ key }) => key) }
}

/** A field's value from what rules found and what the model wrote of the rest. Attributes stand in the recipe's order. */
export function joinAnswer(field: RecipeField, byRule: FieldValue, byModel: FieldValue | null | undefined): FieldValue {
  if (field.type !== 'attributes' || typeof byRule !== 'object') return byRule
  const all = { ...(typeof byModel === 'object' ? byModel : {}), ...byRule }
  const names = (namedAttributes(field) ?? []).map(({ name }) => name).filter((name) => Object.hasOwn(all, name))
  return Object.fromEntries(names.map((name) => [name, all[name]!]))
}
