import { setImmediate as breathe } from 'node:timers/promises'
import { type AssignedCandidate, candidatesFor, candidatesForFlagged, type RecordFacts } from '../../assignments/resolve.ts'
import { parseNano } from '../../base/money.ts'
import type { CallServices } from '../../calls/services.ts'
import { refreshCatalogueIndex } from '../../catalogue/index.ts'
import { countSelected, type SelectedProduct, selectedProducts } from '../../catalogue/selection.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { RunSteps } from '../../contract/run-steps.ts'
import type { Database } from '../../db/database.ts'
import { readBudget } from '../../ledger/budgets.ts'
import { changeDriven } from '../../runs/driver-lease.ts'
import { addItems, dropItems, type NewItem } from '../../runs/items.ts'
import type { Run } from '../../runs/runs.ts'
import { type RunSettings, settingsOf } from '../../runs/settings.ts'
import { createFreshness } from './freshness.ts'
import { openRules } from './planner/open-rules.ts'
import type { RuleAnswers, Rules } from './planner/rules.ts'
import { createSiblingFinder, type SiblingFinder, siblingShape } from './planner/siblings.ts'
import { factsOf, recordOf } from './record.ts'
import { openEstimators, planOfRun, quoteOfRun } from './run-quote.ts'
import { type ShownLine, shownLines } from './show.ts'
import { ruled } from './subjects.ts'
import { taughtRecipe, type TaughtRecipe } from './taught-recipe.ts'
import { workHash } from './work-hash.ts'

const PAGE = 500
/** After so many products others get a turn: the page is served by the same process. */
const AT_A_TIME = 25

/** A product of a selection, looked at: who would serve it, and whether its values are there already. */
export interface LookedAt {
  readonly product: SelectedProduct
  readonly recipe: TaughtRecipe // as it is asked for products of its source
  readonly place: number | undefined // of its candidate; undefined: nobody serves it
  readonly secondLook: number | undefined
  readonly values: Readonly<Record<string, unknown>> // its own data
  readonly lines: readonly ShownLine[] // of that, as the model sees it
  readonly shown: string // the same as one text
  readonly hash: string // what its values would be made from
  readonly answers: RuleAnswers // what stands in its data
  readonly left: Recipe | null // what is to be asked; null: nothing
  readonly isUnchanged: boolean
}

type LookSettings = Pick<RunSettings, 'recipe' | 'wholeRecipe' | 'candidates' | 'steps' | 'memory'>

/** The products of a selection, page by page, each with who serves it and how its values stand. */
export async function* lookAtSelection(
  database: Database,
  {
    workspaceId,
    settings,
    rules,
  }: { workspaceId: string; settings: LookSettings & Pick<RunSettings, 'selection'>; rules?: Rules | undefined },
): AsyncGenerator<LookedAt[]> {
  const { recipe, selection } = settings
  const isThere = createFreshness(recipe, { refreshId: 'refreshId' in selection ? selection.refreshId : undefined })
  for (let afterOrdinal: number | undefined; ;) {
    const page = await database.inWorkspace(workspaceId, async (tx) => {
      const products = await selectedProducts(tx, { selection, afterOrdinal, limit: PAGE })
      const productIds = products.map(({ id }) => id)
      return { products, latest: await isThere.read(tx, productIds) }
    })
    if (page.products.length === 0) return
    const looked: LookedAt[] = []
    for (const product of page.products) {
      const seen = lookAt(product, settings, rules)
      const served = [seen.place, seen.secondLook].flatMap((place) => (place === undefined ? [] : [settings.candidates[place]!]))
      looked.push({ ...seen, isUnchanged: isThere.isWhole({ latest: page.latest.get(product.id), candidates: served, ...seen }) })
      if (looked.length % AT_A_TIME === 0) await breathe()
    }
    yield looked
    afterOrdinal = page.products.at(-1)!.ordinal
    if (page.products.length < PAGE) return
  }
}

/** Who would serve a product, and what its values would be made from. */
export function lookAt(
  product: SelectedProduct,
  { recipe: own, wholeRecipe, candidates, steps, memory }: LookSettings,
  rules: Rules | undefined,
): Omit<LookedAt, 'isUnchanged'> & { readonly hashes: readonly string[] } {
  const recipe = taughtRecipe(own, memory?.[product.sourceId])
  const values = recordOf(product, wholeRecipe ?? recipe)
  const lines = shownLines(values, recipe)
  const shown = lines.map(({ line }) => line).join('\n')
  const facts = factsOf(product, { shown, candidates })
  const { place, secondLook } = whoServes(candidates, facts, steps)
  const seen = { product, recipe, place, secondLook, values, lines, shown, ...ruled(recipe, rules, values) }
  if (place === undefined) return { ...seen, hash: '', hashes: [] }
  const hash = hashFor(candidates[place]!, { recipe, shown })
  // What the one who looks again has written is of this plan too.
  const hashes = secondLook === undefined ? [hash] : [hash, hashFor(candidates[secondLook]!, { recipe, shown })]
  return { ...seen, hash, hashes }
}

/** Who is asked about a product first, and who looks again, as places. Without the step, whoever would look again is asked first. */
export function whoServes(
  candidates: readonly AssignedCandidate[],
  facts: RecordFacts,
  { cheapFirst }: Pick<RunSteps, 'cheapFirst'>,
): { place: number | undefined; secondLook: number | undefined } {
  const [chosen] = candidatesFor(candidates, facts)
  if (!chosen) return { place: undefined, secondLook: undefined }
  const place = candidates.indexOf(chosen)
  const [looksAgain] = candidatesForFlagged(candidates, facts, place)
  const second = looksAgain && candidates.indexOf(looksAgain)
  return cheapFirst || second === undefined ? { place, secondLook: second } : { place: second, secondLook: undefined }
}

/** What a product's values would be made from, by one candidate. */
export function hashFor({ connection, model }: AssignedCandidate, { recipe, shown }: { recipe: Recipe; shown: string }): string {
  const { provider, destination } = connection
  return workHash({ recipe, shown, provider, model, destination, locale: recipe.locale })
}

/** Siblings of one candidate and one recipe: what a source taught is nothing to another's products. */
function findSiblings() {
  const finders = new Map<Recipe, SiblingFinder[]>()
  return {
    leaderOf({ place, recipe, shown }: { place: number; recipe: Recipe; shown: string }, position: number): number | undefined {
      const ofRecipe = finders.get(recipe) ?? []
      finders.set(recipe, ofRecipe)
      return (ofRecipe[place] ??= createSiblingFinder()).leaderOf(siblingShape(shown), position)
    },
  }
}

/**
 * Gives a run its items and its quote. From the beginning each time: a planning that was cut off leaves items of which nobody
 * knows whether they are all, and nothing was spent on them.
 */
export async function planRun(services: CallServices, run: Run, signal: AbortSignal): Promise<void> {
  const { database, clock } = services
  const { id: runId, workspaceId } = run
  const mine = { runId, instance: run.driver!, whileIn: 'ready' } as const // who cancelled it, or took it over, is heard
  const settings = settingsOf(run)!
  const inWorkspace: <T>(work: Parameters<typeof database.inWorkspace<T>>[1]) => Promise<T> = (work) =>
    database.inWorkspace(workspaceId, work)
  await dropItems(database, { workspaceId, runId })
  await refreshCatalogueIndex(database, workspaceId)
  const selected = await inWorkspace((tx) => countSelected(tx, settings.selection))
  const { currency } = (await inWorkspace((tx) => readBudget(tx, run.budgetId)))!
  const { first, second } = await openEstimators(services, { workspaceId, settings, currency })
  const rules = settings.steps.rules ? await openRules(database, { workspaceId, recipe: settings.recipe }) : undefined
  const siblings = findSiblings()
  let looked = 0
  let unchanged = 0
  let position = 0
  for await (const page of lookAtSelection(database, { workspaceId, settings, rules })) {
    signal.throwIfAborted()
    const items: NewItem[] = []
    for (const { product, recipe, place, secondLook, shown, hash, left, answers, isUnchanged } of page) {
      looked += 1
      if (isUnchanged) {
        unchanged += 1
        if (place !== undefined) first[place]!.addUnchanged(shown)
        continue
      }
      position += 1
      const item = { position, subjectId: product.id, workHash: hash }
      if (place === undefined) {
        items.push({ ...item, unserved: UNSERVED })
        continue
      }
      const leader = settings.steps.siblings && left ? siblings.leaderOf({ place, recipe, shown }, position) : undefined
      items.push({ ...item, candidate: place, ...(leader === undefined ? {} : { leader }) })
      const planned = { shown, position, answers, isFollower: leader !== undefined, asked: recipe }
      first[place]!.add(planned)
      if (secondLook !== undefined && left) second[secondLook]!.add(planned)
      if (position % AT_A_TIME === 0) await breathe()
    }
    const change = { plan: { selected: Math.max(selected, looked), looked, unchanged } }
    const isMine = await inWorkspace(async (tx) => {
      if (!(await changeDriven(tx, { ...mine, change }))) return false
      await addItems(tx, { runId, workspaceId, items })
      return true
    })
    if (!isMine) return
  }
  const counted = { first: first.map((each) => each.tally()), second: second.map((each) => each.tally()), observed: [] }
  const quote = await quoteOfRun(services, { workspaceId, settings, currency, counted })
  const { canary } = settings
  signal.throwIfAborted()
  const starts = position > 0 && isApproved(quote.high, settings.startIfAtMost)
  const planned = {
    ...(starts ? { state: 'running' as const, startedAt: clock.now() } : {}),
    plan: { selected: looked, looked, unchanged },
    plannedAt: clock.now(),
    itemCount: position,
    upTo: canary !== null && canary < position ? canary : null,
    quote: { ...quote, plan: planOfRun({ settings, first, second, currency }) },
  }
  await inWorkspace((tx) => changeDriven(tx, { ...mine, change: planned }))
}

/** Whether the exact quote is within what the person approved on sight of an earlier one. */
const isApproved = (high: string | null, startIfAtMost: string | null): boolean =>
  high !== null && startIfAtMost !== null && parseNano(high) <= parseNano(startIfAtMost)

const UNSERVED = {
  errorCode: 'assignment.missing',
  errorDetail: 'No candidate’s rules fit this product. Change the rules on Provider Assignments, or name a model for the run.',
} as const
