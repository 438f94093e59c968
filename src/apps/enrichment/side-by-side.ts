import { setImmediate as breathe } from 'node:timers/promises'
import { inArray } from 'drizzle-orm'
import type { AssignedCandidate } from '../../assignments/resolve.ts'
import { callCandidate } from '../../calls/fallback.ts'
import type { CallServices } from '../../calls/services.ts'
import { refreshCatalogueIndex } from '../../catalogue/index.ts'
import { readMemories } from '../../catalogue/memory/memory.ts'
import { countSelected, type RunSelection, selectedProducts } from '../../catalogue/selection.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { QuoteView } from '../../contract/runs.ts'
import type { RunSteps } from '../../contract/run-steps.ts'
import type { PlanView } from '../../contract/runs.ts'
import type { Database, Tx } from '../../db/database.ts'
import { connections } from '../../db/schema/index.ts'
import { readWorkspaceCurrency } from '../../people/workspaces.ts'
import { AppError } from '../../base/errors.ts'
import { chooseCandidates } from './candidates.ts'
import { createEstimator, type Estimator } from './estimate.ts'
import { createFreshness } from './freshness.ts'
import { quoteView } from './quote-view.ts'
import { openRules } from './planner/open-rules.ts'
import { readTargets } from './planner/target-lists.ts'
import { planView } from './planner/plan-view.ts'
import type { Rules } from './planner/rules.ts'
import { createSiblingFinder, type SiblingFinder, siblingShape } from './planner/siblings.ts'
import { perCallOf, plannedPerCall, type SecondLook } from './planner/steps.ts'
import { scaledPlan } from './planner/tally.ts'
import { withPerCall } from './prompt.ts'
import { recordOf } from './record.ts'
import { SECOND_LOOK_SHARE } from './run-quote.ts'
import { shownLines } from './show.ts'
import { ruled } from './subjects.ts'
import { taughtRecipe } from './taught-recipe.ts'
import { recipeHash, workHash } from './work-hash.ts'

/** So many products are counted; of more, the first ones speak for the rest, and the quote says so. */
const MOST_COUNTED = 500
const AT_A_TIME = 25

export interface CandidateQuote {
  readonly candidate: AssignedCandidate
  readonly label: string // of its connection
  readonly assigned: boolean
  readonly unchanged: number // products that have their values from it already
  readonly quote: QuoteView
  readonly plan: PlanView
}

/** What a selection costs on each of several models, if that one served all of it. Spends nothing. @throws `selection.empty` */
export async function quoteSideBySide(
  services: CallServices,
  {
    workspaceId,
    selection,
    standsFor,
    recipe: given,
    models,
    steps,
    again = false,
  }: {
    workspaceId: string
    selection: RunSelection
    /** What is there already is to be written again. */
    again?: boolean
    /** So many products are meant, of which the selection holds some; absent: it holds all. */
    standsFor?: number
    recipe: Recipe
    models: readonly { readonly connectionId: string; readonly model: string }[]
    steps: RunSteps
  },
): Promise<{ selected: number; counted: number; perCall: number; quotes: CandidateQuote[] }> {
  const { database, clock } = services
  await refreshCatalogueIndex(database, workspaceId)
  const recipe = withPerCall(given, perCallOf(given, steps))
  const freshness = createFreshness(recipe, {})
  const { selected, products, standing, lists, chosen, labels, currency, memories } = await database.inWorkspace(
    workspaceId,
    async (tx) => {
      const page = await selectedProducts(tx, { selection, limit: MOST_COUNTED })
      const productIds = page.map(({ id }) => id)
      if (productIds.length === 0)
        throw new AppError('selection.empty', 'There is no product in this selection. Choose others in the catalogue.')
      const chosenNow = await chooseCandidates(tx, models)
      return {
        selected: standsFor ?? (page.length < MOST_COUNTED ? page.length : await countSelected(tx, selection)),
        products: page,
        standing: await freshness.read(tx, productIds),
        lists: (await readTargets(tx, recipe)).map(({ list }) => list?.hash ?? ''),
        chosen: chosenNow,
        labels: await labelsOf(tx, chosenNow.candidates),
        currency: await readWorkspaceCurrency(tx),
        memories: await readMemories(tx, [...new Set(page.map(({ sourceId }) => sourceId))]),
      }
    },
  )
  const rules = await rulesFor(database, { workspaceId, recipe, lists })
  const siblings = new Map<Recipe, SiblingFinder>()
  const records = products.map((product, index) => {
    const asked = taughtRecipe(recipe, memories.get(product.sourceId))
    const values = recordOf(product, recipe)
    const lines = shownLines(values, recipe)
    const shown = lines.map(({ line }) => line).join('\n')
    const { answers, left } = ruled(asked, rules, values)
    const finder = siblings.get(asked) ?? createSiblingFinder()
    siblings.set(asked, finder)
    // What rules answer wholly leads nobody, whether the step is on or not.
    const leader = left ? finder.leaderOf(siblingShape(shown), index + 1) : undefined
    return { id: product.id, values, lines, planned: { shown, position: index + 1, answers, isFollower: leader !== undefined, asked } }
  })
  const scale = selected / products.length
  const estimators: Estimated[] = []
  for (const candidate of chosen.candidates) {
    const { connection, model } = candidate
    const { provider, destination } = connection
    const server = callCandidate(candidate)
    const estimator = await createEstimator(services, { workspaceId, recipe, candidate: server, currency, steps })
    let unchanged = 0
    for (const [index, { id, values, lines, planned }] of records.entries()) {
      const { asked, shown } = planned
      const hash = workHash({ recipe: asked, shown, provider, model, destination, locale: recipe.locale })
      const latest = standing.get(id)
      if (!again && freshness.isWhole({ latest, candidates: [candidate], recipe: asked, hashes: [hash], values, lines })) {
        unchanged += 1
        estimator.addUnchanged(shown)
      } else estimator.add(planned)
      if (index % AT_A_TIME === 0) await breathe()
    }
    const all =
      scale === 1
        ? estimator
        : await createEstimator(
            services,
            { workspaceId, recipe, candidate: server, currency, steps },
            { tally: scaledPlan(estimator.tally(), scale) },
          )
    estimators.push({ candidate, estimator: all, unchanged: Math.round(unchanged * scale) })
  }
  const more = scale === 1 ? [] : [{ code: 'scaled_up', values: { counted: products.length, selected } } as const]
  const quotes = estimators.map(({ candidate, estimator, unchanged }): CandidateQuote => {
    const second = chosen.assigned ? secondLookOf(candidate, estimators) : undefined
    return {
      candidate,
      label: labels.get(candidate.connection.id) ?? candidate.connection.slug,
      assigned: chosen.assigned,
      unchanged,
      quote: quoteView(estimator.estimate(), { candidate, at: clock.now(), more }),
      plan: planView(estimator.plan(second), currency),
    }
  })
  return { selected, counted: products.length, perCall: plannedPerCall(recipe), quotes }
}

interface Estimated {
  readonly candidate: AssignedCandidate
  readonly estimator: Estimator
  readonly unchanged: number
}

/** Who would look again at what a candidate leaves flagged, as far as that can be told without a product. */
function secondLookOf(candidate: AssignedCandidate, estimators: readonly Estimated[]): SecondLook | undefined {
  if (candidate.rules.flaggedByFirst) return undefined
  const place = estimators.findIndex((each) => each.candidate === candidate)
  const second = estimators.slice(place + 1).find((each) => each.candidate.rules.flaggedByFirst)
  return second && { makings: second.estimator.makings(), share: SECOND_LOOK_SHARE }
}

const RULES_LAST_MS = 60_000
const rulesByDatabase = new WeakMap<Database, Map<string, { readonly rules: Promise<Rules | undefined>; readonly atMs: number }>>()
const MOST_KEPT = 50

/** The rules of a recipe, kept for a minute: a page asks again with every switch. */
function rulesFor(
  database: Database,
  { workspaceId, recipe, lists }: { workspaceId: string; recipe: Recipe; lists: readonly string[] },
): Promise<Rules | undefined> {
  let kept = rulesByDatabase.get(database)
  if (!kept) rulesByDatabase.set(database, (kept = new Map<string, { rules: Promise<Rules | undefined>; atMs: number }>()))
  const key = [workspaceId, recipeHash(recipe), ...lists].join(' ')
  const known = kept.get(key)
  const nowMs = performance.now()
  if (known && nowMs - known.atMs < RULES_LAST_MS) return known.rules
  const rules = openRules(database, { workspaceId, recipe })
  rules.catch(() => kept.delete(key))
  kept.delete(key)
  kept.set(key, { rules, atMs: nowMs })
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!)
  return rules
}

async function labelsOf(tx: Tx, candidates: readonly AssignedCandidate[]): Promise<Map<string, string>> {
  const ids = candidates.map(({ connection }) => connection.id)
  const rows = await tx.select({ id: connections.id, label: connections.label }).from(connections).where(inArray(connections.id, ids))
  return new Map(rows.map(({ id, label }) => [id, label]))
}
