import { setImmediate as breathe } from 'node:timers/promises'
import { candidatesFor, candidatesForFlagged } from '../../assignments/resolve.ts'
import { parseNano } from '../../base/money.ts'
import type { CallServices } from '../../calls/services.ts'
import { latestWork, writtenKey } from '../../catalogue/changes.ts'
import { refreshCatalogueIndex } from '../../catalogue/index.ts'
import { countSelected, type SelectedProduct, selectedProducts } from '../../catalogue/selection.ts'
import type { Database } from '../../db/database.ts'
import { readBudget } from '../../ledger/budgets.ts'
import { changeDriven } from '../../runs/driver-lease.ts'
import { addItems, dropItems, type NewItem } from '../../runs/items.ts'
import type { Run } from '../../runs/runs.ts'
import { type RunSettings, settingsOf } from '../../runs/settings.ts'
import { attributesOf } from './plan.ts'
import { factsOf, recordOf } from './record.ts'
import { openEstimators, quoteOfRun } from './run-quote.ts'
import { workInput } from './show.ts'
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
  readonly shown: string // its record as the model sees it
  readonly hash: string // what its values would be made from
  readonly isUnchanged: boolean
}

/** The products of a selection, page by page, each with who serves it and how its values stand. */
export async function* lookAtSelection(
  database: Database,
  { workspaceId, settings }: { workspaceId: string; settings: Pick<RunSettings, 'recipe' | 'selection' | 'candidates' | 'memory'> },
): AsyncGenerator<LookedAt[]> {
  const { recipe, selection } = settings
  const attributes = attributesOf(recipe)
  for (let afterOrdinal: number | undefined; ;) {
    const page = await database.inWorkspace(workspaceId, async (tx) => {
      const products = await selectedProducts(tx, { selection, afterOrdinal, limit: PAGE })
      const productIds = products.map(({ id }) => id)
      return { products, latest: productIds.length > 0 ? await latestWork(tx, { productIds, attributes }) : new Map<string, never>() }
    })
    if (page.products.length === 0) return
    const looked: LookedAt[] = []
    for (const product of page.products) {
      const seen = lookAt(product, settings)
      const standing = page.latest.get(product.id)
      looked.push({ ...seen, isUnchanged: attributes.every((attribute) => standing?.get(writtenKey(attribute))?.workHash === seen.hash) })
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
  { recipe: own, candidates, memory }: Pick<RunSettings, 'recipe' | 'candidates' | 'memory'>,
): Omit<LookedAt, 'isUnchanged'> {
  const recipe = taughtRecipe(own, memory?.[product.sourceId])
  const shown = workInput(recordOf(product, recipe), recipe)
  const facts = factsOf(product, { shown, candidates })
  const [chosen] = candidatesFor(candidates, facts)
  if (!chosen) return { product, recipe, place: undefined, secondLook: undefined, shown, hash: '' }
  const place = candidates.indexOf(chosen)
  const [looksAgain] = candidatesForFlagged(candidates, facts, place)
  const { connection, model } = chosen
  const { provider, destination } = connection
  const hash = workHash({ recipe, shown, provider, model, destination, locale: recipe.locale })
  return { product, recipe, place, secondLook: looksAgain && candidates.indexOf(looksAgain), shown, hash }
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
  let looked = 0
  let unchanged = 0
  let position = 0
  for await (const page of lookAtSelection(database, { workspaceId, settings })) {
    signal.throwIfAborted()
    const items: NewItem[] = []
    for (const { product, recipe, place, secondLook, shown, hash, isUnchanged } of page) {
      looked += 1
      if (isUnchanged) {
        unchanged += 1
        continue
      }
      position += 1
      const item = { position, subjectId: product.id, workHash: hash }
      if (place === undefined) {
        items.push({ ...item, unserved: UNSERVED })
        continue
      }
      items.push({ ...item, candidate: place })
      first[place]!.add(shown, position, recipe)
      if (secondLook !== undefined) second[secondLook]!.add(shown, position, recipe)
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
    quote: { ...quote },
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
