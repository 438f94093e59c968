import { canonicalJson } from '../../base/json.ts'
import type { Destination } from '../../providers/provider.ts'
import { sha256 } from '../../runtime/hash.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { TaughtRecipe } from './taught-recipe.ts'

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

/**
 * Like `recipeHash` without `show`, whose effect on a product is what the model sees of it, and without a source's examples: each
 * correction changes these, and must not make people pay for everything again. Cached: one recipe serves a run.
 */
function writingHash(recipe: TaughtRecipe): string {
  let hash = writingHashes.get(recipe)
  if (hash === undefined) {
    const { $schema: _schema, name: _name, perCall: _perCall, show: _show, examples: _examples, ...rest } = recipe
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

/** Names runs of one recipe on one model: their answers are alike, and what one observed serves the next one's quote. */
export const seriesOf = ({ recipe, provider, model }: { recipe: Recipe; provider: string; model: string }): string =>
  sha256(canonicalJson({ recipe: recipeHash(recipe), provider, model }))
