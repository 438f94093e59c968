import { z } from 'zod'

/** The kinds of rules a recipe is made of; `recipe.schema.json` is made from this schema, for editors. See docs/guides/recipes.md. */

const LIMITS = {
  fields: 30,
  glossary: 300,
  selectValues: 500,
  allEnumValues: 1000,
  perCall: 50,
  instructions: 4_000,
  characters: 20_000,
  words: 4_000,
}

const localeText = z
  .string()
  .max(35)
  .refine(isLocale, 'must be a language tag such as en, de or fr-CA')
  .describe('Language to write in, as a BCP 47 tag: en, de, fr-CA')

const shortText = (max: number) => z.string().trim().min(1).max(max)

const range = (max: number, what: string) =>
  z
    .strictObject({
      min: z.int().min(0).max(max).optional().describe(`At least this many ${what}`),
      max: z.int().min(1).max(max).optional().describe(`At most this many ${what}`),
    })
    .refine(({ min, max: most }) => min === undefined || most === undefined || min <= most, 'min is larger than max')

const glossary = z
  .array(
    z
      .strictObject({
        term: shortText(200).describe('The word or phrase'),
        use: shortText(200).optional().describe('Write this instead of the term'),
        avoid: z.boolean().optional().describe('Never write the term: a text that does is asked for again'),
      })
      .refine(({ use, avoid }) => (use !== undefined) !== (avoid === true), 'needs either "use" with the word to write, or "avoid: true"'),
  )
  .max(LIMITS.glossary)

const common = {
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'must be a letter, then up to 63 letters, digits, "_" or "-"')
    .describe('What the model calls this field'),
  column: shortText(200).optional().describe('Column or property to write to; the name when absent'),
  instructions: shortText(LIMITS.instructions).optional().describe('What to write, in plain words'),
  locale: localeText.optional(),
  tone: shortText(500).optional().describe('Tone of voice, for example "factual, no superlatives"'),
  glossary: glossary.optional(),
}

const textField = z.strictObject({
  type: z.literal('text'),
  ...common,
  characters: range(LIMITS.characters, 'characters').optional(),
  words: range(LIMITS.words, 'words').optional(),
  paragraphs: z.boolean().default(false).describe('Allow line breaks'),
  required: z.boolean().default(true).describe('false: may be left empty when the data says too little'),
  example: shortText(LIMITS.instructions).optional().describe('An example of a good text'),
})

const attributesField = z.strictObject({
  type: z.literal('attributes'),
  ...common,
  names: z
    .array(
      z.union([
        shortText(100),
        z.strictObject({
          name: shortText(100).describe("The attribute's name"),
          allowed: z.array(shortText(200)).min(1).max(LIMITS.selectValues).optional().describe('The only values it may have'),
        }),
      ]),
    )
    .min(1)
    .max(60)
    .optional()
    .describe('The attributes to fill; when absent, the model chooses the most useful ones'),
  count: range(60, 'attributes').optional().describe('How many attributes, when the model chooses'),
  characters: range(2_000, 'characters').optional().describe('Length of each value'),
  required: z.boolean().default(true).describe('false: may be left empty when the data says too little'),
  example: z.record(shortText(100), shortText(500)).optional().describe('An example of good attributes'),
})

const selectField = z.strictObject({
  type: z.literal('select'),
  ...common,
  values: z.array(shortText(200)).min(1).max(LIMITS.selectValues).describe('The only values it may have'),
  required: z.boolean().default(false).describe('true: one of the values must be chosen'),
  example: shortText(200).optional(),
})

const numberField = z.strictObject({
  type: z.literal('number'),
  ...common,
  unit: shortText(30).optional().describe('Unit that the number is in, told to the model'),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  decimals: z.int().min(0).max(6).optional().describe('At most this many decimals; 0 for whole numbers'),
  required: z.boolean().default(false).describe('true: a number must be given'),
  example: z.number().optional(),
})

const pattern = shortText(200).describe(
  'A field name; * stands for any characters, ? for one. Case, spaces and underscores make no difference',
)

const show = z.strictObject({
  include: z
    .array(pattern)
    .min(1)
    .max(500)
    .optional()
    .describe('Show only these, in this order. Without it: everything but images, addresses, logistics, prices and stock'),
  exclude: z.array(pattern).max(500).optional().describe('Never show these'),
  maxAttributes: z.int().min(1).max(500).default(25).describe('Show at most this many product fields'),
  maxCharacters: z.int().min(100).max(100_000).default(6_000).describe('Show at most this many characters of a product'),
  maxValueCharacters: z.int().min(20).max(50_000).default(1_000).describe('Longer values are cut'),
})

export const recipeSchema = z
  .strictObject({
    $schema: z.string().max(500).optional().describe('Where editors find this schema'),
    name: shortText(200).optional().describe('For people; changes nothing'),
    locale: localeText.default('en'),
    tone: shortText(500).optional().describe('Tone of voice of every field'),
    instructions: shortText(LIMITS.instructions).optional().describe('Rules for every field, in plain words'),
    glossary: glossary.optional(),
    perCall: z.int().min(1).max(LIMITS.perCall).default(1).describe('Products per call. 5 to 10 costs least; 1 is safest for long texts'),
    show: show.prefault({}),
    fields: z
      .array(z.discriminatedUnion('type', [textField, attributesField, selectField, numberField]))
      .min(1)
      .max(LIMITS.fields)
      .describe('What to write'),
  })
  .superRefine((recipe, context) => {
    const complain = (path: (string | number)[], message: string): void => context.addIssue({ code: 'custom', path, message })
    const names = new Set<string>()
    const columns = new Set<string>()
    let enumValues = 0
    for (const [index, field] of recipe.fields.entries()) {
      const at = ['fields', index]
      const name = field.name.toLowerCase()
      const column = columnOf(field).toLowerCase()
      if (RESERVED.has(name)) complain([...at, 'name'], `"${field.name}" is a reserved name; choose another and set "column"`)
      if (names.has(name)) complain([...at, 'name'], 'another field has this name')
      else if (columns.has(column)) complain([...at, field.column === undefined ? 'name' : 'column'], 'another field writes to this column')
      names.add(name)
      columns.add(column)
      if (field.type === 'select') {
        enumValues += field.values.length
        if (hasTwins(field.values)) complain([...at, 'values'], 'two values differ at most in upper and lower case')
      }
      if (field.type === 'attributes') {
        const named = namedAttributes(field) ?? []
        if (hasTwins(named.map((attribute) => attribute.name))) complain([...at, 'names'], 'two attributes have the same name')
        if (field.names && field.count)
          complain([...at, 'count'], 'is only for attributes that the model chooses; remove it or remove "names"')
        for (const attribute of named) enumValues += attribute.allowed?.length ?? 0
      }
      if (field.type === 'number' && field.minimum !== undefined && field.maximum !== undefined && field.minimum > field.maximum)
        complain([...at, 'minimum'], 'is larger than maximum')
    }
    // OpenAI's strict JSON schema takes at most 1,000 enumerated values in all.
    if (enumValues > LIMITS.allEnumValues)
      complain(['fields'], `list ${enumValues} allowed values in all; at most ${LIMITS.allEnumValues} fit one answer schema`)
  })

export type Recipe = z.output<typeof recipeSchema>
export type RecipeField = Recipe['fields'][number]
export type TextField = Extract<RecipeField, { type: 'text' }>
export type AttributesField = Extract<RecipeField, { type: 'attributes' }>
export type SelectField = Extract<RecipeField, { type: 'select' }>
export type NumberField = Extract<RecipeField, { type: 'number' }>
export type GlossaryEntry = NonNullable<Recipe['glossary']>[number]

/** Keys of the answer's own envelope. */
const RESERVED = new Set(['id', 'products', '__proto__'])

/** The column or property a field writes to. */
export const columnOf = (field: { name: string; column?: string | undefined }): string => field.column ?? field.name

/** The attributes that the recipe lists, or undefined when the model chooses. */
export function namedAttributes(field: AttributesField): { name: string; allowed?: readonly string[] | undefined }[] | undefined {
  return field.names?.map((entry) => (typeof entry === 'string' ? { name: entry } : entry))
}

/** How many attributes a model may choose when the recipe says nothing. */
export const DEFAULT_ATTRIBUTE_COUNT = 5
/** Longest attribute value, in characters, when the recipe says nothing. */
export const DEFAULT_ATTRIBUTE_CHARACTERS = 200

/** The number of attributes an answer may hold. */
export function attributeCount(field: AttributesField): { min: number; max: number } {
  if (field.names) return { min: 0, max: field.names.length }
  const max = field.count?.max ?? Math.max(DEFAULT_ATTRIBUTE_COUNT, field.count?.min ?? 0)
  return { min: field.count?.min ?? (field.required ? 1 : 0), max }
}

/** The locale that a field is written in. */
export const localeOf = (recipe: Recipe, field: RecipeField): string => field.locale ?? recipe.locale

/** The language of a locale, as its BCP 47 subtag in lower case: "de-AT" -> "de". */
export const languageOf = (locale: string): string => locale.split('-')[0]!.toLowerCase()

/** The glossary that a field is written with: the recipe's, then its own. */
export const glossaryOf = (recipe: Recipe, field: RecipeField): readonly GlossaryEntry[] => [
  ...(recipe.glossary ?? []),
  ...(field.glossary ?? []),
]

/** JSON Schema (draft 2020-12) of a recipe file, for editors: the content of recipe.schema.json. */
export function recipeJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(recipeSchema, { io: 'input' })
  return { title: 'Latchkey recipe', description: 'What to write about products, and how. See docs/guides/recipes.md', ...schema }
}

function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

function hasTwins(values: readonly string[]): boolean {
  return new Set(values.map((value) => value.toLowerCase())).size !== values.length
}
