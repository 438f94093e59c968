import type { AssignedCandidate } from '../../assignments/resolve.ts'
import type { RecipeField } from '../../contract/recipe.ts'
import { isAsked, keptRecord, linesOfBoth, madeBy, type Making, makingOf, withRules } from './makings.ts'
import type { RuleTarget } from './planner/targets.ts'
import { linesRead, rulesPartNow } from './rule-making.ts'
import type { ShownLine } from './show.ts'
import type { MakingNow } from './stale.ts'
import type { TaughtRecipe } from './taught-recipe.ts'

/** A product as its values would be made today. */
export interface ProductNow {
  readonly recipe: TaughtRecipe
  readonly targets: readonly RuleTarget[] // with the options that the structure lists now
  readonly values: Readonly<Record<string, unknown>> // its own data
  readonly lines: readonly ShownLine[] // of that, as the model sees it
  readonly record: MakingNow['record'] // of the lines
  readonly hashes: readonly string[]
  /** Any of them may have written it; undefined: it cannot be said who would. */
  readonly candidates: readonly Pick<AssignedCandidate, 'connection' | 'model'>[] | undefined
}

/** What a field's value would be made from today, in the way that it was made before: asked of a model, found by rules, or both. */
export function makingNow(product: ProductNow, field: RecipeField, before: Making | undefined): MakingNow {
  const { recipe, targets, values, lines, record, hashes, candidates } = product
  const asked =
    before && !isAsked(before)
      ? []
      : (candidates?.map((candidate) => makingOf(recipe, field.name, candidate)) ?? (before ? [madeBy(recipe, field, before)] : []))
  const found = before?.byRules
  if (!found) return { hashes, makings: asked, record, lines }
  const byRules = rulesPartNow(recipe, field, { before: found, targets })
  const read = linesRead(values, recipe, found)
  const seen = isAsked(before) ? linesOfBoth(lines, read) : read
  const makings = isAsked(before) ? asked.map((each) => withRules(each, byRules)!) : [withRules(undefined, byRules)!]
  return { hashes, makings, record: seen === lines ? record : keptRecord(seen), lines: seen }
}
