import { setImmediate as breathe } from 'node:timers/promises'
import { asc, gt } from 'drizzle-orm'
import { withMappings } from '../../../catalogue/mappings.ts'
import type { Recipe } from '../../../contract/recipe.ts'
import type { Database } from '../../../db/database.ts'
import { products } from '../../../db/schema/index.ts'
import { recordOf } from '../record.ts'
import { createLearner, MOST_EXAMPLES } from './learn.ts'
import { createRules, type Rules } from './rules.ts'
import { readTargets } from './target-lists.ts'
import { ruleTargets } from './targets.ts'

const PAGE = 500
const AT_A_TIME = 50

/**
 * The rules for a recipe, as the workspace's catalogue teaches them: from what sources and people say, never from what was
 * generated. Undefined: nothing in the recipe is for rules.
 */
export async function openRules(
  database: Database,
  { workspaceId, recipe, most = MOST_EXAMPLES }: { workspaceId: string; recipe: Recipe; most?: number },
): Promise<Rules | undefined> {
  if (ruleTargets(recipe).length === 0) return undefined
  const targets = await database.inWorkspace(workspaceId, (tx) => readTargets(tx, recipe))
  const learner = createLearner(targets)
  let read = 0
  for (let afterId: string | undefined; read < most;) {
    const page = await database.inWorkspace(workspaceId, async (tx) => {
      const rows = await tx
        .select({ id: products.id, sourceId: products.sourceId, imported: products.imported, written: products.written })
        .from(products)
        .where(afterId === undefined ? undefined : gt(products.id, afterId))
        .orderBy(asc(products.id))
        .limit(PAGE)
      return withMappings(tx, rows)
    })
    for (const product of page) {
      learner.add(recordOf(product, recipe))
      read += 1
      if (read % AT_A_TIME === 0) await breathe()
    }
    if (page.length < PAGE) break
    afterId = page.at(-1)!.id
  }
  return createRules(recipe, learner.learned(), targets)
}
