import { setImmediate as breathe } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { type AssignedCandidate, candidatesFor, candidatesForFlagged } from '../../assignments/resolve.ts'
import { readMakings, readRecords } from '../../catalogue/makings.ts'
import { withMappings } from '../../catalogue/mappings.ts'
import { uuids } from '../../catalogue/filter.ts'
import { withParents } from '../../catalogue/parents.ts'
import { currentValue, type ProductValues } from '../../catalogue/values.ts'
import { columnOf, localeOf, type Recipe } from '../../contract/recipe.ts'
import type { Database, Tx } from '../../db/database.ts'
import { rowsOf } from '../../db/rows.ts'
import type { WrittenValue } from '../../db/schema/index.ts'
import { createGovernors, type Governor } from './governed.ts'
import { makingNow, type ProductNow } from './making-now.ts'
import { keptRecord, type Making } from './makings.ts'
import { readTargets } from './planner/target-lists.ts'
import type { RuleTarget } from './planner/targets.ts'
import { factsOf, recordOf } from './record.ts'
import { shownLines } from './show.ts'
import { type Kept, type MadeValue, type Staleness, stalenessOf, withCause } from './stale.ts'
import { taughtRecipe, type TaughtRecipe } from './taught-recipe.ts'
import { workHash } from './work-hash.ts'

/** Looks at generated values, page by page of their products: whether they would be made from something else today. */

const PAGE = 200 // products
const AT_A_TIME = 20

export interface LookedAtValue extends Staleness {
  readonly changeId: string
  readonly productId: string
  readonly attribute: string
  readonly locale: string | null
  readonly fieldName: string
  readonly governor: Governor
}

export interface LookedAtPage {
  readonly productIds: readonly string[]
  readonly values: readonly LookedAtValue[]
}

interface ValueRow extends MadeValue {
  readonly id: string
  readonly productId: string
  readonly attribute: string
  readonly locale: string | null
  readonly channel: string | null
  readonly runId: string | null
  readonly filledFrom: string | null // the change of a sibling that it was filled in from
}

interface ProductRow extends ProductValues {
  readonly id: string
  readonly sourceId: string
  readonly family: string | null
}

/**
 * All generated values that stand or wait, without those that people wrote since. `changed`: as if a recipe were changed to this;
 * `recipeId`: only products with values of that recipe.
 */
export async function* lookAtValues(
  database: Database,
  { workspaceId, changed }: { workspaceId: string; changed?: { readonly recipeId: string; readonly recipe: Recipe } },
): AsyncGenerator<LookedAtPage> {
  const governors = createGovernors(changed)
  const makings = new Map<string, Making>()
  const targets = createTargets()
  for (let after: string | undefined; ;) {
    const productIds = await database.inWorkspace(workspaceId, (tx) => productPage(tx, { after, recipeId: changed?.recipeId }))
    if (productIds.length === 0) return
    const page = await database.inWorkspace(workspaceId, async (tx) => {
      const values = await latestValues(tx, productIds)
      const products = await readProducts(tx, productIds)
      const unknown = [...new Set(values.flatMap(({ making }) => (making !== null && !makings.has(making) ? [making] : [])))]
      for (const [id, parts] of await readMakings(tx, unknown)) makings.set(id, parts as unknown as Making)
      const governorsOfRuns = await governors.governorsOf(tx, [...new Set(values.flatMap(({ runId }) => runId ?? []))])
      for (const governor of governorsOfRuns.values()) if (governor) await targets.read(tx, governor.recipe)
      return {
        values,
        products,
        records: await readRecords(tx, productIds),
        governors: governorsOfRuns,
        saidOtherwise: await readSaidOtherwise(
          tx,
          values.flatMap(({ filledFrom }) => filledFrom ?? []),
        ),
        memories: await governors.memoriesOf(
          tx,
          products.map(({ sourceId }) => sourceId),
        ),
      }
    })
    const ofProduct = Map.groupBy(page.values, ({ productId }) => productId)
    const values: LookedAtValue[] = []
    for (const [index, product] of page.products.entries()) {
      const kept: Kept = { making: (id) => makings.get(id), record: (id) => page.records.get(`${product.id} ${id}`) }
      const looker = createLooker(product, {
        kept,
        recipeFor: ({ recipe }) => taughtRecipe(recipe, page.memories.get(product.sourceId)),
        targetsFor: ({ recipe }) => targets.of(recipe),
        saidOtherwise: page.saidOtherwise,
      })
      for (const value of ofProduct.get(product.id) ?? []) {
        const governor = value.runId === null ? undefined : page.governors.get(value.runId)
        const looked = governor && looker(value, governor)
        if (looked) values.push(looked)
      }
      if (index % AT_A_TIME === 0) await breathe()
    }
    yield { productIds, values }
    after = productIds.at(-1)!
    if (productIds.length < PAGE) return
  }
}

interface Looking {
  readonly kept: Kept
  readonly recipeFor: (governor: Governor) => TaughtRecipe
  readonly targetsFor: (governor: Governor) => readonly RuleTarget[]
  readonly saidOtherwise: ReadonlySet<string>
}

/** Looks at the values of one product; what several of them share is made once. */
function createLooker(product: ProductRow, { kept, recipeFor, targetsFor, saidOtherwise }: Looking) {
  const shared = new Map<TaughtRecipe, ProductNow>()
  return (value: ValueRow, governor: Governor): LookedAtValue | undefined => {
    const place = { attribute: value.attribute, locale: value.locale, channel: value.channel }
    if (currentValue(product, place).kind === 'person') return undefined
    const recipe = recipeFor(governor)
    const field = recipe.fields.find((one) => columnOf(one) === value.attribute && localeOf(recipe, one) === value.locale)
    if (!field) return undefined // the recipe writes it no more
    let now = shared.get(recipe)
    if (!now) shared.set(recipe, (now = productNow(product, { recipe, governor, targets: targetsFor(governor) })))
    const before = value.making === null ? undefined : kept.making(value.making)
    const staleness = stalenessOf(value, makingNow(now, field, before), kept, Object.keys(product.imported))
    const isOther = value.filledFrom !== null && saidOtherwise.has(value.filledFrom)
    return { ...(isOther ? withCause(staleness, 'sibling') : staleness), ...about(value, governor, field.name) }
  }
}

const about = ({ id, productId, attribute, locale }: ValueRow, governor: Governor, fieldName: string) => ({
  changeId: id,
  productId,
  attribute,
  locale,
  fieldName,
  governor,
})

function productNow(
  product: ProductRow,
  { recipe, governor: { candidates }, targets }: { recipe: TaughtRecipe; governor: Governor; targets: readonly RuleTarget[] },
): ProductNow {
  const values = recordOf(product, recipe)
  const lines = shownLines(values, recipe)
  const shown = lines.map(({ line }) => line).join('\n')
  let servers: readonly AssignedCandidate[] | undefined
  if (candidates) {
    const facts = factsOf(product, { shown, candidates })
    const chain = candidatesFor(candidates, facts)
    const first = chain[0]
    const second = first ? candidatesForFlagged(candidates, facts, candidates.indexOf(first)) : []
    servers = chain.length > 0 ? [...chain, ...second] : undefined
  }
  const hashes = (servers ?? []).map(({ connection, model }) =>
    workHash({ recipe, shown, provider: connection.provider, model, destination: connection.destination, locale: recipe.locale }),
  )
  return { recipe, targets, values, lines, record: keptRecord(lines), hashes, candidates: servers }
}

/** What rules can answer of each recipe, read once a check. */
function createTargets() {
  const known = new Map<Recipe, readonly RuleTarget[]>()
  return {
    async read(tx: Tx, recipe: Recipe): Promise<void> {
      if (!known.has(recipe)) known.set(recipe, await readTargets(tx, recipe))
    },
    of: (recipe: Recipe): readonly RuleTarget[] => known.get(recipe)!,
  }
}

/** Of these changes those whose place says something else by now, or nothing. */
async function readSaidOtherwise(tx: Tx, changeIds: readonly string[]): Promise<Set<string>> {
  if (changeIds.length === 0) return new Set()
  const rows = await rowsOf<{ id: string }>(
    tx,
    sql`select made.id from value_changes made left join lateral (
        select latest.value from value_changes latest
        where latest.product_id = made.product_id and latest.attribute = made.attribute and latest.locale is not distinct from made.locale
          and latest.channel is not distinct from made.channel
          and (latest.state = 'accepted' or latest.state = 'proposed' and latest.provenance ->> 'kind' <> 'imported')
        order by latest.id desc limit 1
      ) as said on true where made.id = any (${uuids([...new Set(changeIds)])}) and said.value is distinct from made.value`,
  )
  return new Set(rows.map(({ id }) => id))
}

async function productPage(tx: Tx, { after, recipeId }: { after: string | undefined; recipeId: string | undefined }): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    tx,
    sql`select product_id as id from value_changes where work_hash is not null and state in ('accepted', 'proposed')
        ${after === undefined ? sql`` : sql`and product_id > ${after}::uuid`}
        ${recipeId === undefined ? sql`` : sql`and run_id in (select id from runs where settings ->> 'recipeId' = ${recipeId})`}
      group by product_id order by product_id limit ${PAGE}`,
  )
  return rows.map(({ id }) => id)
}

/** The latest of each place that a model wrote or a rule found, standing or waiting. */
function latestValues(tx: Tx, productIds: readonly string[]): Promise<ValueRow[]> {
  return rowsOf<ValueRow>(
    tx,
    sql`select * from (
        select distinct on (product_id, attribute, locale, channel) id, product_id as "productId", attribute, locale, channel, value,
          work_hash as "workHash", making, record, run_id as "runId", provenance ->> 'kind' as kind,
          provenance -> 'filledFrom' ->> 'changeId' as "filledFrom"
        from value_changes where product_id = any (${uuids(productIds)}) and state in ('accepted', 'proposed') and work_hash is not null
        order by product_id, attribute, locale, channel, id desc
      ) as latest where kind in ('generated', 'practice', 'rule')`,
  )
}

async function readProducts(tx: Tx, productIds: readonly string[]): Promise<ProductRow[]> {
  const rows = await rowsOf<{
    id: string
    sourceId: string
    parentId: string | null
    family: string | null
    imported: Record<string, unknown>
    written: Record<string, WrittenValue>
  }>(
    tx,
    sql`select products.id, products.source_id as "sourceId", products.parent_id as "parentId", products.imported, products.written, product_index.family
      from products join product_index on product_index.product_id = products.id where products.id = any (${uuids(productIds)})`,
  )
  return withParents(tx, await withMappings(tx, rows))
}
