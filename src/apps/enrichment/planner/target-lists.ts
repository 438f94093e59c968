import { canonicalJson } from '../../../base/json.ts'
import { type OptionList, readOptionLists } from '../../../catalogue/structure/option-lists.ts'
import type { Recipe } from '../../../contract/recipe.ts'
import type { Tx } from '../../../db/database.ts'
import { sha256 } from '../../../runtime/hash.ts'
import { ruleTargets, type RuleTarget, type TargetList } from './targets.ts'
import { nameOfKey } from './texts.ts'

/** What rules can answer of a recipe, with the options that the structure lists for it now. */
export async function readTargets(tx: Tx, recipe: Recipe): Promise<RuleTarget[]> {
  const targets = ruleTargets(recipe)
  const named = targets.filter(({ isNumber }) => !isNumber)
  if (named.length === 0) return targets
  const codes = new Set(named.map(({ attribute }) => attribute))
  const names = new Set(named.map(({ attribute }) => nameOfKey(attribute)))
  const lists = await readOptionLists(
    tx,
    ({ code, labels }) => codes.has(code) || [code, ...Object.values(labels)].some((name) => names.has(nameOfKey(name))),
  )
  return withLists(targets, lists)
}

/** Each target with its list: that of the attribute of its very code, else the only one of its name, else the only one with such a label. */
export function withLists(targets: readonly RuleTarget[], lists: readonly OptionList[]): RuleTarget[] {
  if (lists.length === 0) return [...targets]
  const hashed = new Map<OptionList, TargetList>()
  return targets.map((target) => {
    const list = target.isNumber ? undefined : listOf(target, lists)
    if (!list) return target
    const { several, options } = list
    let known = hashed.get(list)
    if (!known) hashed.set(list, (known = { ...list, hash: sha256(canonicalJson({ several, options })).slice(0, 16) }))
    return { ...target, list: known }
  })
}

function listOf({ attribute }: RuleTarget, lists: readonly OptionList[]): OptionList | undefined {
  const name = nameOfKey(attribute)
  const same = lists.find((list) => list.attribute === attribute)
  if (same) return same
  const byName = lists.filter((list) => nameOfKey(list.attribute) === name)
  const found = byName.length > 0 ? byName : lists.filter(({ labels }) => Object.values(labels).some((label) => nameOfKey(label) === name))
  return found.length === 1 ? found[0] : undefined
}
