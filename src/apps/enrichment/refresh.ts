import { type SQL, sql } from 'drizzle-orm'
import { AppError } from '../../base/errors.ts'
import { refreshCatalogueIndex } from '../../catalogue/index.ts'
import { columnOf, localeOf, type Recipe } from '../../contract/recipe.ts'
import type { QuoteView } from '../../contract/runs.ts'
import type { StaleCause, StaleOf } from '../../contract/stale.ts'
import type { Tx } from '../../db/database.ts'
import { rowsOf } from '../../db/rows.ts'
import { readRun } from '../../runs/runs.ts'
import type { RunManager } from '../../runs/manager.ts'
import { chooseSteps, type RunSettings } from '../../runs/settings.ts'
import { newId } from '../../runtime/ids.ts'
import { fitColumns } from './fit-columns.ts'
import type { JobServices } from './job.ts'
import { sumQuotes } from './quote-view.ts'
import { addSelectionRun, attributeNames } from './selection-run.ts'
import { quoteSideBySide } from './side-by-side.ts'
import { keyOf } from './stale-check.ts'
import { readStoredRecipe } from './stored-recipes.ts'

/** Which stale values are to be written again. */
export interface RefreshOrder {
  readonly workspaceId: string
  readonly of: StaleOf
  readonly causes: readonly StaleCause[]
  readonly attributes?: readonly string[] | undefined // undefined: all
}

/** Products whose stale values are of the same fields: a run of its own asks for these and no others. */
interface RefreshPart {
  readonly places: readonly string[]
  readonly recipe: Recipe // with these fields alone
  readonly values: number
  readonly products: number
  readonly firstIds: readonly string[] // of its products, for the quote
}

/** Of sets of fields beyond these the values stay stale, and the next refresh takes them. */
const MOST_PARTS = 12
const MOST_QUOTED = 500

interface Whole {
  readonly wholeRecipe: Recipe
  readonly recipeId: string | undefined
  readonly servedBy: { readonly connectionId: string; readonly model: string } | undefined
}

/** What refreshing costs: exactly these products and fields. Spends and keeps nothing. */
export async function quoteRefresh(
  services: JobServices,
  order: RefreshOrder,
): Promise<{ values: number; products: number; runs: number; quote: QuoteView | null }> {
  const { workspaceId } = order
  await refreshCatalogueIndex(services.database, workspaceId)
  const { parts, servedBy } = await services.database.inWorkspace(workspaceId, (tx) => readParts(tx, order))
  const quotes: QuoteView[] = []
  for (const { recipe, firstIds, products } of parts) {
    const selection = { ids: [...firstIds] }
    const models = servedBy ? [servedBy] : []
    const { quotes: found } = await quoteSideBySide(services, {
      workspaceId,
      selection,
      standsFor: products,
      recipe,
      models,
      steps: chooseSteps(undefined),
      again: true,
    })
    if (found[0]) quotes.push(found[0].quote)
  }
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
  return {
    values: sum(parts.map(({ values }) => values)),
    products: sum(parts.map(({ products }) => products)),
    runs: parts.length,
    quote: quotes.length === 0 ? null : sumQuotes(quotes),
  }
}

/** Makes the runs of a refresh; they wait to be started. @throws selection.empty */
export async function refreshStale(
  services: JobServices & { readonly runManager: RunManager },
  order: RefreshOrder & { readonly actor: string },
): Promise<string[]> {
  const { workspaceId, actor } = order
  const { parts, wholeRecipe, recipeId, servedBy } = await services.database.inWorkspace(workspaceId, async (tx) => {
    const read = await readParts(tx, order)
    const taken: (RefreshPart & { readonly refreshId: string })[] = []
    for (const part of read.parts) taken.push({ ...part, refreshId: await takePart(tx, order, part) })
    return { ...read, parts: taken }
  })
  if (parts.length === 0) throw new AppError('selection.empty', 'Nothing is stale for these causes any more. Check again.')
  const runIds: string[] = []
  for (const { refreshId, recipe } of parts) {
    const run = await addSelectionRun(services, {
      workspaceId,
      actor,
      selection: { refreshId },
      recipe,
      wholeRecipe,
      recipeId,
      servedBy,
      capNano: null,
      canary: null,
      concurrency: undefined,
      startIfAtMost: undefined,
      steps: undefined,
    })
    runIds.push(run.id)
  }
  return runIds
}

const listOf = (texts: readonly string[]): SQL => sql`array(select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb))`
const PLACES = sql`array_agg(distinct attribute || '@' || coalesce(locale, '') order by attribute || '@' || coalesce(locale, ''))`

const askedFor = ({ of, causes, attributes }: RefreshOrder): SQL =>
  sql`stale_values.recipe = ${keyOf(of)} and stale_values.causes && ${listOf(causes)}
    ${attributes === undefined ? sql`` : sql`and stale_values.attribute = any (${listOf(attributes)})`}`

async function readParts(tx: Tx, order: RefreshOrder): Promise<Whole & { parts: RefreshPart[] }> {
  const whole = await readWhole(tx, order.of)
  const sets = await rowsOf<{ places: string[]; products: number; values: number; ids: string[] }>(
    tx,
    sql`select places, count(*)::integer as products, sum(count)::integer as values, (array_agg(product_id order by product_id))[1:${MOST_QUOTED}::integer] as ids
      from (
        select product_id, ${PLACES} as places, count(*) as count from stale_values where ${askedFor(order)} group by product_id
      ) as of_products group by places order by products desc limit ${MOST_PARTS}`,
  )
  const { wholeRecipe } = whole
  const parts = sets.flatMap(({ places, ids: firstIds, ...counts }): RefreshPart[] => {
    const fields = wholeRecipe.fields.filter((field) => places.includes(`${columnOf(field)}@${localeOf(wholeRecipe, field)}`))
    return fields.length === 0 ? [] : [{ places, recipe: { ...wholeRecipe, fields }, firstIds, ...counts }]
  })
  return { ...whole, parts }
}

/** Takes a part's values into a refresh of its own. @returns its id */
async function takePart(tx: Tx, order: RefreshOrder, { places }: RefreshPart): Promise<string> {
  const refreshId = newId()
  await tx.execute(sql`
    update stale_values set refresh_id = ${refreshId}::uuid
    from (
      select product_id from stale_values where ${askedFor(order)} group by product_id having ${PLACES} = ${listOf(places)}
    ) as taken where taken.product_id = stale_values.product_id and ${askedFor(order)}`)
  return refreshId
}

/** The recipe as it is now, and whom a run of its own had named. @throws recipe.missing, run.missing */
async function readWhole(tx: Tx, of: StaleOf): Promise<Whole> {
  if ('recipeId' in of) {
    const { recipe } = await readStoredRecipe(tx, of.recipeId)
    return { wholeRecipe: fitColumns(recipe, await attributeNames(tx)), recipeId: of.recipeId, servedBy: undefined }
  }
  const run = await readRun(tx, of.runId)
  const { recipe, wholeRecipe, candidates, assigned } = (run?.settings ?? {}) as unknown as Partial<RunSettings>
  if (!recipe) throw new AppError('run.missing', 'There is no such run in this workspace.')
  const named = assigned === false ? candidates?.[0] : undefined
  return {
    wholeRecipe: wholeRecipe ?? recipe,
    recipeId: undefined,
    servedBy: named && { connectionId: named.connection.id, model: named.model },
  }
}
