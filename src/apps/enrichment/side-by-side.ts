import { setImmediate as breathe } from 'node:timers/promises'
import { inArray } from 'drizzle-orm'
import type { AssignedCandidate } from '../../assignments/resolve.ts'
import { callCandidate } from '../../calls/fallback.ts'
import type { CallServices } from '../../calls/services.ts'
import { latestWork, writtenKey } from '../../catalogue/changes.ts'
import { refreshCatalogueIndex } from '../../catalogue/index.ts'
import { readMemories } from '../../catalogue/memory/memory.ts'
import { countSelected, selectedProducts } from '../../catalogue/selection.ts'
import type { ProductSelection } from '../../contract/catalogue.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { QuoteView } from '../../contract/runs.ts'
import type { Tx } from '../../db/database.ts'
import { connections } from '../../db/schema/index.ts'
import { readWorkspaceCurrency } from '../../people/workspaces.ts'
import { AppError } from '../../base/errors.ts'
import { chooseCandidates } from './candidates.ts'
import { createEstimator } from './estimate.ts'
import { attributesOf } from './plan.ts'
import { quoteView } from './quote-view.ts'
import { recordOf } from './record.ts'
import { workInput } from './show.ts'
import { taughtRecipe } from './taught-recipe.ts'
import { workHash } from './work-hash.ts'

/** So many products are counted; of more, the first ones speak for the rest, and the quote says so. */
const MOST_COUNTED = 500
const AT_A_TIME = 25

export interface CandidateQuote {
  readonly candidate: AssignedCandidate
  readonly label: string // of its connection
  readonly assigned: boolean
  readonly unchanged: number // products that have their values from it already
  readonly quote: QuoteView
}

/** What a selection costs on each of several models, if that one served all of it. Spends nothing. @throws `selection.empty` */
export async function quoteSideBySide(
  services: CallServices,
  {
    workspaceId,
    selection,
    recipe,
    models,
  }: {
    workspaceId: string
    selection: ProductSelection
    recipe: Recipe
    models: readonly { readonly connectionId: string; readonly model: string }[]
  },
): Promise<{ selected: number; counted: number; quotes: CandidateQuote[] }> {
  const { database, clock } = services
  await refreshCatalogueIndex(database, workspaceId)
  const attributes = attributesOf(recipe)
  const { selected, products, standing, chosen, labels, currency, memories } = await database.inWorkspace(workspaceId, async (tx) => {
    const page = await selectedProducts(tx, { selection, limit: MOST_COUNTED })
    const productIds = page.map(({ id }) => id)
    if (productIds.length === 0)
      throw new AppError('selection.empty', 'There is no product in this selection. Choose others in the catalogue.')
    const chosenNow = await chooseCandidates(tx, models)
    return {
      selected: page.length < MOST_COUNTED ? page.length : await countSelected(tx, selection),
      products: page,
      standing: await latestWork(tx, { productIds, attributes }),
      chosen: chosenNow,
      labels: await labelsOf(tx, chosenNow.candidates),
      currency: await readWorkspaceCurrency(tx),
      memories: await readMemories(tx, [...new Set(page.map(({ sourceId }) => sourceId))]),
    }
  })
  const records = products.map((product) => ({
    id: product.id,
    asked: taughtRecipe(recipe, memories.get(product.sourceId)),
    shown: workInput(recordOf(product, recipe), recipe),
  }))
  const scale = selected / products.length
  const quotes: CandidateQuote[] = []
  for (const candidate of chosen.candidates) {
    const { connection, model } = candidate
    const { provider, destination } = connection
    const server = callCandidate(candidate)
    const estimator = await createEstimator(services, { workspaceId, recipe, candidate: server, currency })
    let unchanged = 0
    for (const [index, { id, asked, shown }] of records.entries()) {
      const hash = workHash({ recipe: asked, shown, provider, model, destination, locale: recipe.locale })
      const latest = standing.get(id)
      if (attributes.every((attribute) => latest?.get(writtenKey(attribute))?.workHash === hash)) unchanged += 1
      else estimator.add(shown, index + 1, asked)
      if (index % AT_A_TIME === 0) await breathe()
    }
    const all =
      scale === 1
        ? estimator
        : await createEstimator(services, { workspaceId, recipe, candidate: server, currency }, { tally: scaled(estimator.tally(), scale) })
    const more = scale === 1 ? [] : [{ code: 'scaled_up', values: { counted: products.length, selected } } as const]
    quotes.push({
      candidate,
      label: labels.get(connection.id) ?? connection.slug,
      assigned: chosen.assigned,
      unchanged: Math.round(unchanged * scale),
      quote: quoteView(all.estimate(), { candidate, at: clock.now(), more }),
    })
  }
  return { selected, counted: products.length, quotes }
}

async function labelsOf(tx: Tx, candidates: readonly AssignedCandidate[]): Promise<Map<string, string>> {
  const ids = candidates.map(({ connection }) => connection.id)
  const rows = await tx.select({ id: connections.id, label: connections.label }).from(connections).where(inArray(connections.id, ids))
  return new Map(rows.map(({ id, label }) => [id, label]))
}

const scaled = ({ products, tokens }: { products: number; tokens: number }, scale: number) => ({
  products: Math.round(products * scale),
  tokens: Math.round(tokens * scale),
})
