import { sql } from 'drizzle-orm'
import type { Recipe } from '../../contract/recipe.ts'
import type { MoneyRangeView } from '../../contract/runs.ts'
import { rowsOf } from '../../db/rows.ts'
import type { JobServices } from './job.ts'
import { quoteSideBySide } from './side-by-side.ts'
import { chooseSteps } from '../../runs/settings.ts'
import { isThere } from './stale.ts'
import { lookAtValues } from './stale-scan.ts'
import { readStoredRecipe } from './stored-recipes.ts'

/** So many products are looked at while a person waits; of more, the first ones speak for the rest, and the answer says so. */
const MOST_LOOKED_AT = 1_000
const MOST_QUOTED = 500

export interface StalePreview {
  readonly values: number
  readonly products: number
  readonly counted: number // products
  readonly of: number
  readonly cost: MoneyRangeView | null
}

/** How many values a change of a recipe would make stale, and about what it costs to write these again. @throws recipe.missing */
export async function previewStale(
  services: JobServices,
  { workspaceId, recipeId, recipe }: { workspaceId: string; recipeId: string; recipe: Recipe },
): Promise<StalePreview> {
  const { database } = services
  const of = await database.inWorkspace(workspaceId, async (tx) => {
    await readStoredRecipe(tx, recipeId)
    const [counted] = await rowsOf<{ count: number }>(
      tx,
      sql`select count(distinct product_id)::integer as count from value_changes
        where work_hash is not null and state in ('accepted', 'proposed') and run_id in (select id from runs where settings ->> 'recipeId' = ${recipeId})`,
    )
    return counted!.count
  })
  let counted = 0
  let values = 0
  const fields = new Set<string>()
  const products = new Set<string>()
  for await (const page of lookAtValues(database, { workspaceId, changed: { recipeId, recipe } })) {
    counted += page.productIds.length
    for (const value of page.values) {
      if (value.governor.key !== `recipe:${recipeId}` || isThere(value)) continue
      values += 1
      products.add(value.productId)
      fields.add(value.fieldName)
    }
    if (counted >= MOST_LOOKED_AT) break
  }
  if (values === 0) return { values: 0, products: 0, counted, of, cost: null }
  const scale = Math.max(1, of / counted)
  const asked = { ...recipe, fields: recipe.fields.filter(({ name }) => fields.has(name)) }
  const selection = { ids: [...products].slice(0, MOST_QUOTED) }
  const standsFor = Math.round(products.size * scale)
  const { quotes } = await quoteSideBySide(services, {
    workspaceId,
    selection,
    standsFor,
    recipe: asked,
    models: [],
    steps: chooseSteps(undefined),
    again: true,
  })
  return { values: Math.round(values * scale), products: standsFor, counted, of, cost: quotes[0]?.quote.cost ?? null }
}
