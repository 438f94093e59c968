import { AppError } from '../../base/errors.ts'
import { type Recipe, recipeSchema } from '../../contract/recipe.ts'

/** What `--fields` can name without a recipe, with rules that suit most shops. */
const BUILT_IN: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  title: {
    type: 'text',
    instructions:
      "The product's title as a shop shows it: brand, product line or model, product type, then the feature that tells it apart. No price, no advertising.",
    characters: { min: 3, max: 150 },
  },
  description: {
    type: 'text',
    instructions:
      'A factual description for a buyer: what it is, what it is for, then the properties that matter most. Whole sentences; no advertising, no superlatives. Shorter when the record says little.',
    words: { min: 5, max: 120 },
    characters: { max: 1_500 },
  },
  attributes: {
    type: 'attributes',
    instructions: 'The attributes a buyer would filter by, taken from the record, each with its value as the record states it.',
    count: { min: 1, max: 5 },
    characters: { max: 120 },
  },
  short_description: {
    type: 'text',
    instructions: 'One sentence that says what the product is and for whom.',
    words: { min: 3, max: 30 },
    characters: { max: 250 },
  },
  keywords: {
    type: 'text',
    instructions: 'Words that a buyer would search for, in lower case, separated by commas.',
    characters: { min: 3, max: 200 },
  },
  meta_title: { type: 'text', instructions: 'Title for a search engine.', characters: { min: 3, max: 60 } },
  meta_description: {
    type: 'text',
    instructions: 'Description for a search engine: one or two sentences.',
    characters: { min: 10, max: 160 },
  },
}

/** Names that `defaultRecipe` knows. */
export const BUILT_IN_FIELDS: readonly string[] = Object.keys(BUILT_IN)

/** The recipe of `--fields` without `--recipe`. @throws AppError `command.invalid` for a field that has no built-in rules. */
export function defaultRecipe({ fields, locale = 'en' }: { fields: readonly string[]; locale?: string }): Recipe {
  const rules = fields.map((name) => {
    if (!Object.hasOwn(BUILT_IN, name))
      throw new AppError(
        'command.invalid',
        `There are no built-in rules for the field "${name}". Use some of ${BUILT_IN_FIELDS.join(', ')}, or describe it in a recipe (docs/guides/recipes.md) and pass it with --recipe.`,
      )
    return { name, ...BUILT_IN[name] }
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
