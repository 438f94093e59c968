import { answerShape } from './prompt.ts'
import {
  attributeCount,
  DEFAULT_ATTRIBUTE_CHARACTERS,
  languageOf,
  localeOf,
  namedAttributes,
  type Recipe,
  type RecipeField,
} from '../../contract/recipe.ts'

/** How many tokens an answer will have, from a recipe's lengths, in tokens of OpenAI's o200k_base. */

export interface TokenRange {
  readonly low: number
  readonly high: number
}

interface Density {
  readonly perWord: TokenRange
  readonly perCharacter: TokenRange
}

// Measured on catalogue descriptions with o200k_base: English 1.53 tokens a word and 4.46 characters a token in prose,
// 3.2 in lists of facts; the same text takes 1.48 times as many in German, 1.36 in French. Others are wider guesses.
const ENGLISH: Density = { perWord: { low: 1.35, high: 1.75 }, perCharacter: { low: 0.2, high: 0.33 } }
const GERMAN: Density = { perWord: { low: 2, high: 2.8 }, perCharacter: { low: 0.24, high: 0.38 } }
const FRENCH: Density = { perWord: { low: 1.6, high: 2.2 }, perCharacter: { low: 0.22, high: 0.36 } }
const LATIN: Density = { perWord: { low: 1.5, high: 2.9 }, perCharacter: { low: 0.22, high: 0.42 } }
const UNSPACED: Density = { perWord: { low: 1, high: 2.6 }, perCharacter: { low: 0.5, high: 1.4 } }
const OTHER: Density = { perWord: { low: 1.8, high: 4.5 }, perCharacter: { low: 0.25, high: 0.8 } }

function densityOf(locale: string): Density {
  const language = languageOf(locale)
  if (language === 'en') return ENGLISH
  if (language === 'de') return GERMAN
  if (language === 'fr') return FRENCH
  if (/^(?:es|it|pt|nl|sv|da|no|nb|nn|fi|pl|cs|sk|sl|hr|hu|ro|ca|tr|et|lv|lt|id|ms|vi)$/.test(language)) return LATIN
  return /^(?:zh|ja|th|lo|km|my|ko)$/.test(language) ? UNSPACED : OTHER
}

/** Share of its longest allowed length that a text has at least, when the recipe sets no minimum: models are told to aim at 80 %. */
const SHORTEST = 0.35
/** Longest text that is expected where a recipe sets no limit, in words. */
const UNLIMITED_WORDS = 400

/** Output tokens per product. */
export function predictOutput(recipe: Recipe): TokenRange {
  const envelope = answerShape(recipe) === 'many' ? 9 : 3
  const fields = recipe.fields.map((field) => predictField(recipe, field))
  return {
    low: Math.floor(fields.reduce((sum, { low }) => sum + low, envelope)),
    high: Math.ceil(fields.reduce((sum, { high }) => sum + high, envelope + 6)),
  }
}

function predictField(recipe: Recipe, field: RecipeField): TokenRange {
  const density = densityOf(localeOf(recipe, field))
  const key = 3 + field.name.length / 4
  const values = predictValue(field, density)
  return { low: key + (field.required ? values.low : Math.min(1, values.low)), high: key + 2 + values.high }
}

function predictValue(field: RecipeField, { perWord, perCharacter }: Density): TokenRange {
  if (field.type === 'number') return { low: 1, high: 8 }
  if (field.type === 'select') {
    const lengths = field.values.map((value) => value.length)
    return { low: 1, high: 2 + Math.max(...lengths) * perCharacter.high }
  }
  if (field.type === 'attributes') {
    const value = Math.min(field.characters?.max ?? DEFAULT_ATTRIBUTE_CHARACTERS, 70) * perCharacter.high
    const named = namedAttributes(field)
    if (named) {
      const keys = named.reduce((sum, { name }) => sum + 4 + name.length / 4, 0)
      return { low: keys, high: keys * 1.5 + named.length * value }
    }
    // {"name":"Colour","value":"Black"}, has 9 tokens around its two texts.
    const { min, max } = attributeCount(field)
    return { low: Math.max(min, max * SHORTEST) * 12, high: max * (16 + value) }
  }
  const { words, characters } = field
  const ranges: TokenRange[] = []
  if (words?.max !== undefined)
    ranges.push({ low: Math.max(words.min ?? 0, words.max * SHORTEST) * perWord.low, high: words.max * perWord.high })
  if (characters?.max !== undefined)
    ranges.push({
      low: Math.max(characters.min ?? 0, characters.max * SHORTEST * 0.6) * perCharacter.low,
      high: characters.max * perCharacter.high,
    })
  if (ranges.length === 0)
    ranges.push({
      low: Math.max(words?.min ?? 5, (characters?.min ?? 0) / 8) * perWord.low,
      high: Math.max(UNLIMITED_WORDS, (words?.min ?? 0) * 2, (characters?.min ?? 0) / 2) * perWord.high,
    })
  // The tighter of two limits rules.
  const high = Math.min(...ranges.map((range) => range.high))
  return { low: Math.min(high, ...ranges.map((range) => range.low)), high }
}
