import { inArray } from 'drizzle-orm'
import { importedValues } from '../../catalogue/current.ts'
import { withMappings } from '../../catalogue/mappings.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { Tx } from '../../db/database.ts'
import { products } from '../../db/schema/index.ts'
import type { LeasedItem } from '../../runs/run-kind.ts'
import { fillFollowers } from './planner/fill-followers.ts'
import { leftOf } from './planner/left.ts'
import type { RuleAnswers, Rules } from './planner/rules.ts'
import type { EnrichmentSubject } from './settle-call.ts'

/** The products of leased items, for a run with one candidate. */
export async function loadSubjects(
  tx: Tx,
  items: readonly LeasedItem[],
  { recipe, rules, siblings }: { recipe: Recipe; rules: Rules | undefined; siblings: boolean },
): Promise<EnrichmentSubject[]> {
  const ids = items.map(({ subjectId }) => subjectId)
  const rows = await tx
    .select({ id: products.id, sourceId: products.sourceId, identifier: products.identifier, imported: products.imported })
    .from(products)
    .where(inArray(products.id, ids))
  const subjects = subjectsOf(items, await withMappings(tx, rows), (product, { workHash }) => {
    const values = importedValues(product, recipe)
    return { identifier: product.identifier, values, workHash, chain: [0], secondLook: undefined, ...ruled(recipe, rules, values) }
  })
  if (!siblings) return subjects
  return fillFollowers(tx, subjects, { recipe, recordOf: (product) => importedValues(product, recipe), inherits: false })
}

/** What rules answer of a product, and what is left to ask. Undefined rules: the run does without. */
export function ruled(
  recipe: Recipe,
  rules: Rules | undefined,
  record: Readonly<Record<string, unknown>>,
): Pick<EnrichmentSubject, 'answers' | 'left'> {
  const answers: RuleAnswers = rules?.answer(record) ?? NOTHING_FOUND
  return { answers, left: leftOf(recipe, answers) }
}

const NOTHING_FOUND: RuleAnswers = new Map()

/** Each item with what its product gives, in the items' order. */
export function subjectsOf<Row extends { readonly id: string }>(
  items: readonly LeasedItem[],
  rows: readonly Row[],
  give: (row: Row, item: LeasedItem) => Omit<EnrichmentSubject, 'item'>,
): EnrichmentSubject[] {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return items.map((item) => {
    const product = byId.get(item.subjectId)
    if (!product) throw new Error(`item ${item.position} of run ${item.runId} has no product`)
    return { item, ...give(product, item) }
  })
}
