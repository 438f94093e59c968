import { answerShape, describeRules } from './prompt.ts'
import {
  attributeCount,
  DEFAULT_ATTRIBUTE_CHARACTERS,
  languageOf,
  localeOf,
  namedAttributes,
  type Recipe,
  type RecipeField,
} from '../../contract/recipe.ts'

/** A JSON schema within what every provider's strict mode takes: no free maps, everything required, no length keywords. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** Name of the schema where a provider wants one. */
export const OUTPUT_SCHEMA_NAME = 'product_data'

const closed = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})

/**
 * The schema of a call's answer: one object with the recipe's fields, or `{ products: [{ id, ...fields }] }` when several
 * products share a call. The same for every call of a run. Lengths stand in the descriptions and are checked on reading:
 * strict modes differ in the keywords they take (OpenAI's takes `maxItems`, Azure's and Anthropic's refuse it).
 */
export function outputSchema(recipe: Recipe): JsonSchema {
  const properties = Object.fromEntries(recipe.fields.map((field) => [field.name, fieldSchema(field)]))
  if (answerShape(recipe) === 'one') return closed(properties)
  const product = closed({ id: { type: 'string', description: "The record's id" }, ...properties })
  return closed({ products: { type: 'array', items: product } })
}

function fieldSchema(field: RecipeField): JsonSchema {
  const description = describeRules(field)
  const about = description === '' ? {} : { description }
  if (field.type === 'text') return { type: field.required ? 'string' : ['string', 'null'], ...about }
  if (field.type === 'number') return { type: field.required ? 'number' : ['number', 'null'], ...about }
  // The values are in `enum`; repeating them in a description would pay for them twice.
  if (field.type === 'select')
    return field.required ? { type: 'string', enum: field.values } : { type: ['string', 'null'], enum: [...field.values, null] }
  const named = namedAttributes(field)
  if (!named) {
    const items = closed({ name: { type: 'string' }, value: { type: 'string' } })
    return { type: field.required ? 'array' : ['array', 'null'], ...about, items }
  }
  const properties = named.map(({ name, allowed }): [string, JsonSchema] => [
    name,
    allowed ? { type: ['string', 'null'], enum: [...allowed, null] } : { type: ['string', 'null'] },
  ])
  return { ...closed(Object.fromEntries(properties)), ...about }
}

/** Tokens that one character can take at most, in earnest texts: Latin script about 0.3, others up to 1.5. */
function tokensPerCharacter(locale: string): number {
  const language = languageOf(locale)
  if (/^(?:zh|ja|ko|th|lo|km|my|bo|dz|am|ti|hy|ka|si|ta|te|ml|kn|or|gu|pa)$/.test(language)) return 2
  if (/^(?:ru|uk|bg|sr|mk|be|kk|ky|mn|tg|el|he|yi|ar|fa|ur|ps|hi|mr|ne|bn)$/.test(language)) return 1.2
  return 0.7
}

/**
 * A generous bound on a call's answer in tokens: what is sent as the output limit and reserved as the worst case.
 * `reasoningTokens` are added per call for models that think before they answer.
 */
export function maxOutputTokens({ recipe, k, reasoningTokens = 0 }: { recipe: Recipe; k: number; reasoningTokens?: number }): number {
  const perProduct = recipe.fields.reduce((sum, field) => sum + fieldTokens(field, localeOf(recipe, field)), 0)
  return 64 + k * (24 + Math.ceil(perProduct)) + reasoningTokens
}

function fieldTokens(field: RecipeField, locale: string): number {
  const perCharacter = tokensPerCharacter(locale)
  const envelope = 12 + field.name.length
  if (field.type === 'text') {
    const byCharacters = field.characters?.max === undefined ? Infinity : field.characters.max * perCharacter
    const byWords = field.words?.max === undefined ? Infinity : field.words.max * Math.max(4, 6 * perCharacter)
    const bound = Math.min(byCharacters, byWords)
    // 1.3: a model that overshoots should be caught by the length check, which can say why, not by the cut.
    return envelope + (Number.isFinite(bound) ? bound * 1.3 : 4_000)
  }
  if (field.type === 'number') return envelope + 16
  if (field.type === 'select') return envelope + Math.max(...field.values.map((value) => value.length)) + 4
  const value = (field.characters?.max ?? DEFAULT_ATTRIBUTE_CHARACTERS) * perCharacter
  return envelope + attributeCount(field).max * (value + 48)
}
