import { createHash } from 'node:crypto'
import type { Destination } from '../../providers/provider.ts'
import type { Recipe } from './recipe.ts'

/** JSON with sorted keys and without absent values: the same content gives the same text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((entry) => canonicalJson(entry ?? null)).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined)
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')

/**
 * SHA-256 (hex) of all that a recipe says about the output: fields, rules, languages, tone, glossary, shown fields. Its
 * `name` and how many products share a call are not part of it, nor is the wording of Latchkey's own prompt: a release
 * must not make people pay again for what they have.
 */
export function recipeHash(recipe: Recipe): string {
  const { $schema: _schema, name: _name, perCall: _perCall, ...rest } = recipe
  return sha256(canonicalJson(rest))
}

const writingHashes = new WeakMap<Recipe, string>()

/** Like `recipeHash` without `show`, whose effect on a product is what the model sees of it. Cached: one recipe serves a run. */
function writingHash(recipe: Recipe): string {
  let hash = writingHashes.get(recipe)
  if (hash === undefined) {
    const { $schema: _schema, name: _name, perCall: _perCall, show: _show, ...rest } = recipe
    hash = sha256(canonicalJson(rest))
    writingHashes.set(recipe, hash)
  }
  return hash
}

/**
 * What a value is made from, as SHA-256 (hex): the record as the model sees it (`workInput`), the recipe, the provider,
 * the model, its destination and the language. Equal hashes mean that running again would pay for the same thing.
 */
export function workHash(work: {
  recipe: Recipe
  shown: string
  provider: string
  model: string
  destination: Destination | string
  locale: string
}): string {
  const { recipe, shown, provider, model, destination, locale } = work
  return sha256(canonicalJson({ recipe: writingHash(recipe), shown, provider, model, destination, locale }))
}
