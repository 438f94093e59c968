import { AppError } from '../../base/errors.ts'
import { type Recipe, recipeSchema } from '../../contract/recipe.ts'
import { BUILT_IN_RULES } from '../../contract/recipe-fields.ts'

/** Names that `defaultRecipe` knows. */
export const BUILT_IN_FIELDS: readonly string[] = Object.keys(BUILT_IN_RULES)

/** The recipe of `--fields` without `--recipe`. @throws AppError `command.invalid` for a field that has no built-in rules. */
export function defaultRecipe({ fields, locale = 'en' }: { fields: readonly string[]; locale?: string }): Recipe {
  const rules = fields.map((name) => {
    if (!Object.hasOwn(BUILT_IN_RULES, name))
      throw new AppError(
        'command.invalid',
        `There are no built-in rules for the field "${name}". Use some of ${BUILT_IN_FIELDS.join(', ')}, or describe it in a recipe (docs/guides/recipes.md) and pass it with --recipe.`,
      )
    return { name, ...BUILT_IN_RULES[name] }
  })
  const parsed = recipeSchema.safeParse({ locale, tone: 'clear and factual', fields: rules })
  if (parsed.success) return parsed.data
  const aboutLocale = parsed.error.issues.some((issue) => issue.path[0] === 'locale')
  throw new AppError(
    'command.invalid',
    aboutLocale
      ? `"${locale.slice(0, 40)}" is not a language tag. Use one such as en, de or fr-CA.`
      : 'Name at least one field, and each field once.',
  )
}

/** A recipe reduced to some of its fields, in its own order. @throws AppError `command.invalid` for a name it does not have. */
export function chooseFields(recipe: Recipe, names: readonly string[]): Recipe {
  const missing = names.find((name) => !recipe.fields.some((field) => field.name === name))
  if (missing !== undefined)
    throw new AppError(
      'command.invalid',
      `The recipe has no field "${missing}". It has ${recipe.fields.map((field) => field.name).join(', ')}.`,
    )
  return { ...recipe, fields: recipe.fields.filter((field) => names.includes(field.name)) }
}
