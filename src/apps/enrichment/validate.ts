import { countCharacters } from '../../base/text.ts'
import { avoidedTerms } from './prompt.ts'
import {
  attributeCount,
  DEFAULT_ATTRIBUTE_CHARACTERS,
  localeOf,
  namedAttributes,
  type AttributesField,
  type NumberField,
  type Recipe,
  type RecipeField,
  type SelectField,
  type TextField,
} from '../../contract/recipe.ts'
import { countWords, hasMarkup, plainText } from './text.ts'

/** A checked value of a field: text and select give a string, number a number, attributes an object of strings. */
export type FieldValue = string | number | Readonly<Record<string, string>>

export type ProblemKind =
  | 'not_json'
  | 'no_answer'
  | 'duplicate_id'
  | 'missing_field'
  | 'wrong_type'
  | 'empty'
  | 'too_short'
  | 'too_long'
  | 'too_few'
  | 'too_many'
  | 'not_allowed'
  | 'out_of_range'
  | 'avoided_term'
  | 'markup'

/** What is wrong with an answer, in words fit for a person and for the model, to follow the field's name; never the model's own text. */
export interface Problem {
  readonly field?: string
  readonly kind: ProblemKind
  readonly detail: string
}

export type Checked = { readonly value: FieldValue | null } | { readonly problem: Problem }

/** Checks one field of an answer against its rules. `null` as value: the model says it is unknown, which the recipe allows. */
export function validateField(recipe: Recipe, field: RecipeField, given: unknown): Checked {
  const fail = failure(field.name)
  if (given === undefined) return fail('missing_field', 'is missing')
  if (given === null || (typeof given === 'string' && given.trim() === '')) {
    if (!field.required) return { value: null }
    return fail('empty', 'is empty')
  }
  if (field.type === 'text') return validateText(recipe, field, given)
  if (field.type === 'select') return validateSelect(field, given)
  if (field.type === 'number') return validateNumber(field, given)
  return validateAttributes(recipe, field, given)
}

const failure =
  (name: string) =>
  (kind: ProblemKind, detail: string): { problem: Problem } => ({ problem: { field: name, kind, detail } })

function validateText(recipe: Recipe, field: TextField, given: unknown): Checked {
  const fail = failure(field.name)
  if (typeof given !== 'string') return fail('wrong_type', 'must be text')
  const text = plainText(given, { paragraphs: field.paragraphs })
  if (text === '') return field.required ? fail('empty', 'is empty') : { value: null }
  if (hasMarkup(text)) return fail('markup', 'contains markup; it must be plain text')
  const term = firstAvoided(avoidedTerms(recipe, field), text)
  if (term !== undefined) return fail('avoided_term', `uses the word "${term}", which must not be written`)
  const { characters, words } = field
  if (characters?.min !== undefined || characters?.max !== undefined) {
    const count = countCharacters(text)
    if (characters.max !== undefined && count > characters.max)
      return fail('too_long', `has ${count} characters; at most ${characters.max} are allowed`)
    if (characters.min !== undefined && count < characters.min)
      return fail('too_short', `has ${count} characters; at least ${characters.min} are needed`)
  }
  if (words?.min !== undefined || words?.max !== undefined) {
    const count = countWords(text, localeOf(recipe, field))
    if (words.max !== undefined && count > words.max) return fail('too_long', `has ${count} words; at most ${words.max} are allowed`)
    if (words.min !== undefined && count < words.min) return fail('too_short', `has ${count} words; at least ${words.min} are needed`)
  }
  return { value: text }
}

function validateSelect(field: SelectField, given: unknown): Checked {
  if (typeof given !== 'string') return failure(field.name)('wrong_type', 'must be one of its allowed values, as text')
  const allowed = allowedValue(field.values, given)
  return allowed === undefined ? failure(field.name)('not_allowed', 'is not one of its allowed values') : { value: allowed }
}

function allowedValue(values: readonly string[], given: string): string | undefined {
  const wanted = plainText(given, { paragraphs: false }).toLowerCase()
  return values.find((value) => value.toLowerCase() === wanted)
}

function validateNumber(field: NumberField, given: unknown): Checked {
  const fail = failure(field.name)
  const number =
    typeof given === 'number'
      ? given
      : typeof given === 'string' && /^\s*-?\d{1,15}(?:\.\d{1,15})?\s*$/.test(given)
        ? Number(given)
        : Number.NaN
  if (!Number.isFinite(number)) return fail('wrong_type', 'must be a number')
  if (field.minimum !== undefined && number < field.minimum) return fail('out_of_range', `is below ${field.minimum}`)
  if (field.maximum !== undefined && number > field.maximum) return fail('out_of_range', `is above ${field.maximum}`)
  if (field.decimals !== undefined && Number(number.toFixed(field.decimals)) !== number)
    return fail('out_of_range', `has more than ${field.decimals} decimals`)
  return { value: number }
}

function validateAttributes(recipe: Recipe, field: AttributesField, given: unknown): Checked {
  const fail = failure(field.name)
  const entries = attributeEntries(given)
  if (!entries) return fail('wrong_type', field.names ? 'must be an object of texts' : 'must be a list of objects with name and value')
  const named = namedAttributes(field)
  const avoided = avoidedTerms(recipe, field)
  const most = field.characters?.max ?? DEFAULT_ATTRIBUTE_CHARACTERS
  const attributes: Record<string, string> = {}
  for (const [givenName, givenValue] of entries) {
    if (givenValue === null || givenValue === '') continue
    if (typeof givenValue !== 'string' && typeof givenValue !== 'number' && typeof givenValue !== 'boolean')
      return fail('wrong_type', 'has a value that is not text')
    let name = plainText(givenName, { paragraphs: false })
    const value = plainText(typeof givenValue === 'boolean' ? (givenValue ? 'yes' : 'no') : String(givenValue), { paragraphs: false })
    if (name === '' || name === '__proto__' || countCharacters(name) > 100)
      return fail('wrong_type', 'has an attribute without a usable name')
    if (value === '') continue
    if (hasMarkup(value) || hasMarkup(name)) return fail('markup', 'contains markup; it must be plain text')
    const term = firstAvoided(avoided, value)
    if (term !== undefined) return fail('avoided_term', `uses the word "${term}", which must not be written`)
    const length = countCharacters(value)
    if (length > most) return fail('too_long', `has a value of ${length} characters; at most ${most} are allowed`)
    if (field.characters?.min !== undefined && length < field.characters.min)
      return fail('too_short', `has a value of ${length} characters; at least ${field.characters.min} are needed`)
    let kept = value
    if (named) {
      const rule = named.find((attribute) => attribute.name.toLowerCase() === name.toLowerCase())
      if (!rule) return fail('not_allowed', 'has an attribute that was not asked for')
      name = rule.name
      if (rule.allowed) {
        const allowed = allowedValue(rule.allowed, value)
        if (allowed === undefined) return fail('not_allowed', `has a value for "${rule.name}" that is not allowed`)
        kept = allowed
      }
    }
    if (attributes[name] !== undefined && attributes[name] !== kept)
      return fail('not_allowed', 'has an attribute twice, with different values')
    attributes[name] = kept
  }
  const count = Object.keys(attributes).length
  const bounds = attributeCount(field)
  if (count === 0) return field.required && bounds.min > 0 ? fail('empty', 'has no attribute') : { value: null }
  if (count > bounds.max) return fail('too_many', `has ${count} attributes; at most ${bounds.max} are allowed`)
  if (count < bounds.min) return fail('too_few', `has ${count} attributes; at least ${bounds.min} are needed`)
  return { value: attributes }
}

/** Both forms of an answer: a list of { name, value }, or an object. */
function attributeEntries(given: unknown): [string, unknown][] | undefined {
  if (Array.isArray(given)) {
    const entries: [string, unknown][] = []
    for (const entry of given as unknown[]) {
      if (entry === null || typeof entry !== 'object' || !('name' in entry) || typeof entry.name !== 'string') return undefined
      entries.push([entry.name, 'value' in entry ? entry.value : null])
    }
    return entries
  }
  return given !== null && typeof given === 'object' ? Object.entries(given) : undefined
}

function firstAvoided(terms: readonly string[], text: string): string | undefined {
  if (terms.length === 0) return undefined
  const lower = ` ${text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ')} `
  return terms.find((term) => {
    const words = term
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()
    return words === '' ? text.includes(term) : lower.includes(` ${words} `)
  })
}
