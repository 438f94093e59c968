import { canonicalJson } from '../../base/json.ts'
import { isEmptyValue } from '../../catalogue/current.ts'
import type { Recipe, RecipeField } from '../../contract/recipe.ts'
import { sha256 } from '../../runtime/hash.ts'
import type { RuleAnswers } from './planner/rules.ts'
import { ruleTargets, type RuleTarget } from './planner/targets.ts'
import { nameOfKey, textKeys } from './planner/texts.ts'
import { avoidedTerms } from './prompt.ts'
import type { ShownLine } from './show.ts'

/**
 * What rules made a value from: what the recipe allows, the options that the structure lists, and what they read of the product. What
 * the catalogue taught them is no part of it: every import teaches something, and a value that was found stands.
 */
export interface RulesPart {
  readonly version: number // RULES_VERSION
  readonly allows: string // what of the field rules go by: a hash
  readonly avoided: readonly string[] // words that a value must not hold
  readonly targets: Readonly<Record<string, TargetMaking>> // that rules answered, by `RuleTarget.key`
}

interface TargetMaking {
  readonly read: RuleReading
  readonly options: string | null // of the structure's list: a hash; null: none
}

/** What a rule read of a product: the attribute of the same name, or that there is none and the texts. */
type RuleReading = 'attribute' | 'texts'

/** Grows when rules would find another value in the same data. */
const RULES_VERSION = 1

/** What a field's answers were made from. `keys`: those of `answers` that are the field's. */
export function rulesPartOf(
  recipe: Recipe,
  field: RecipeField,
  { answers, keys }: { answers: RuleAnswers; keys: readonly string[] },
): RulesPart {
  const targets = keys.map((key) => {
    const { rule, listed } = answers.get(key)!
    return [key, { read: rule === 'attribute' ? rule : 'texts', options: listed }] as const
  })
  return partOf(recipe, field, targets)
}

/** What the same would be made from today. */
export function rulesPartNow(
  recipe: Recipe,
  field: RecipeField,
  { before, targets }: { before: RulesPart; targets: readonly RuleTarget[] },
): RulesPart {
  const listed = (key: string): string | null => targets.find((target) => target.key === key)?.list?.hash ?? null
  return partOf(
    recipe,
    field,
    Object.entries(before.targets).map(([key, { read }]) => [key, { read, options: listed(key) }]),
  )
}

function partOf(recipe: Recipe, field: RecipeField, targets: readonly (readonly [string, TargetMaking])[]): RulesPart {
  // how a model is told is nothing to a rule
  const { name: _name, instructions: _instructions, tone: _tone, glossary: _glossary, example: _example, ...allows } = field
  return {
    version: RULES_VERSION,
    allows: sha256(canonicalJson(allows)).slice(0, 16),
    avoided: field.type === 'attributes' ? avoidedTerms(recipe, field).toSorted() : [],
    targets: Object.fromEntries(targets),
  }
}

/** What rules read of a product for these answers, line by line: what they read changes when one of these does, or another one comes. */
export function linesRead(record: Readonly<Record<string, unknown>>, recipe: Recipe, { targets }: Pick<RulesPart, 'targets'>): ShownLine[] {
  const attributes = new Map(ruleTargets(recipe).map(({ key, attribute }) => [key, nameOfKey(attribute)]))
  const own = new Set(Object.keys(targets).flatMap((key) => attributes.get(key) ?? []))
  const texts = Object.values(targets).some(({ read }) => read === 'texts') ? new Set(textKeys(record)) : undefined
  return Object.keys(record)
    .filter((key) => (texts?.has(key) || own.has(nameOfKey(key))) && !isEmptyValue(record[key]))
    .toSorted()
    .map((attribute) => ({ attribute, line: `${attribute}: ${canonicalJson(record[attribute])}` }))
}
