import { eq, sql } from 'drizzle-orm'
import { compareText } from '../../base/text.ts'
import type { StaleGroupView, StaleOf } from '../../contract/stale.ts'
import { STALE_CAUSES, type StaleCause } from '../../contract/stale.ts'
import { givenRows } from '../../db/bulk.ts'
import type { Database, Tx } from '../../db/database.ts'
import { rowsOf } from '../../db/rows.ts'
import { staleChecks, staleValues } from '../../db/schema/index.ts'
import { refreshCatalogueIndex } from '../../catalogue/index.ts'
import { uuids } from '../../catalogue/filter.ts'
import { lookAtValues, type LookedAtPage } from './stale-scan.ts'

/** The check of a workspace's values: in the background, page by page, what it finds is kept until the next one looks again. */

const under = new WeakMap<Database, Map<string, Promise<void>>>()
const stopped = new WeakSet<Database>()

/** Looks at every generated value of a workspace; callers at the same time share one pass. */
export function checkStaleValues(database: Database, workspaceId: string): Promise<void> {
  const ofDatabase = under.get(database) ?? new Map<string, Promise<void>>()
  under.set(database, ofDatabase)
  const running = ofDatabase.get(workspaceId)
  if (running) return running
  const pass = check(database, workspaceId).finally(() => ofDatabase.delete(workspaceId))
  ofDatabase.set(workspaceId, pass)
  return pass
}

/** Whether this process is at it: one that a crash cut off has no end either. */
export const isChecking = (database: Database, workspaceId: string): boolean => under.get(database)?.has(workspaceId) ?? false

/** Before the database closes: a check under way ends with the page it is at. */
export async function stopStaleChecks(database: Database): Promise<void> {
  stopped.add(database)
  const passes = under.get(database)
  if (passes) await Promise.allSettled(passes.values())
}

async function check(database: Database, workspaceId: string): Promise<void> {
  await refreshCatalogueIndex(database, workspaceId)
  await database.inWorkspace(workspaceId, async (tx) => {
    const [counted] = await rowsOf<{ count: number }>(
      tx,
      sql`select count(distinct product_id)::integer as count from value_changes where work_hash is not null and state in ('accepted', 'proposed')`,
    )
    const begun = { looked: 0, total: counted!.count, startedAt: new Date(), endedAt: null }
    await tx
      .insert(staleChecks)
      .values({ workspaceId, ...begun })
      .onConflictDoUpdate({ target: staleChecks.workspaceId, set: begun })
  })
  let looked = 0
  for await (const page of lookAtValues(database, { workspaceId })) {
    if (stopped.has(database)) return
    looked += page.productIds.length
    await database.inWorkspace(workspaceId, async (tx) => {
      await keepPage(tx, workspaceId, page)
      await tx.update(staleChecks).set({ looked }).where(eq(staleChecks.workspaceId, workspaceId))
    })
  }
  await database.inWorkspace(workspaceId, async (tx) => {
    await tx.execute(sql`delete from stale_values where not exists (
      select from value_changes change where change.id = stale_values.change_id and change.state in ('accepted', 'proposed'))`)
    await tx.update(staleChecks).set({ looked, endedAt: new Date() }).where(eq(staleChecks.workspaceId, workspaceId))
  })
}

/** What was found takes the place of what was known of these products; records that no value was made from any more go. */
async function keepPage(tx: Tx, workspaceId: string, { productIds, values }: LookedAtPage): Promise<void> {
  const stale = values.filter(({ causes }) => causes.length > 0)
  await tx.execute(sql`delete from stale_values where product_id = any (${uuids(productIds)})
    and change_id <> all (${uuids(stale.map(({ changeId }) => changeId))})`)
  const rows = stale.map(({ changeId, productId, attribute, locale, governor, causes, changed }) => ({
    changeId,
    workspaceId,
    productId,
    attribute,
    locale,
    recipe: governor.key,
    causes: [...causes],
    changed: [...changed],
  }))
  if (rows.length > 0)
    await tx.execute(sql`
      insert into stale_values (change_id, workspace_id, product_id, attribute, locale, recipe, causes, changed)
      select change_id, workspace_id, product_id, attribute, locale, recipe, causes, changed from ${givenRows(staleValues, rows)}
      on conflict (change_id) do update set recipe = excluded.recipe, causes = excluded.causes, changed = excluded.changed`)
  await tx.execute(sql`delete from shown_records where product_id = any (${uuids(productIds)}) and not exists (
    select from value_changes change where change.product_id = shown_records.product_id and change.record = shown_records.id)`)
}

export interface StaleCheck {
  readonly looked: number
  readonly of: number
  readonly startedAt: Date
  readonly endedAt: Date | null
  readonly outdated: boolean
}

/** The last check; undefined: there was none. */
export async function readStaleCheck(tx: Tx): Promise<StaleCheck | undefined> {
  const [row] = await tx.select().from(staleChecks)
  if (!row) return undefined
  const { looked, total: of, startedAt, endedAt } = row
  return { looked, of, startedAt, endedAt, outdated: await isOutdated(tx, startedAt) }
}

/** Whether something that values are made from, or values themselves, changed since. */
async function isOutdated(tx: Tx, since: Date): Promise<boolean> {
  const at = sql`${since.toISOString()}::timestamptz`
  const [found] = await rowsOf<{ outdated: boolean }>(
    tx,
    sql`select exists (select from audit_entries where at > ${at} and (action like 'recipe.%' and action <> 'recipe.tried'
          or action like 'memory.%' or action like 'structure.%' or action = 'assignment.changed' or action = 'connection.moved'))
        or exists (select from sources where imported_at > ${at})
        or exists (select from runs where coalesce(ended_at, started_at) > ${at}) as outdated`,
  )
  return found!.outdated
}

interface CountedRow {
  readonly recipe: string
  readonly attribute: string
  readonly locale: string | null
  readonly causes: StaleCause[]
  readonly changed: string[]
  readonly count: number
}

const MOST_CHANGED = 10

/** What is stale, by recipe, attribute and cause; a value that is stale for two causes counts with each. */
export async function readStaleGroups(tx: Tx): Promise<StaleGroupView[]> {
  const rows = await rowsOf<CountedRow>(
    tx,
    sql`select recipe, attribute, locale, causes, changed, count(*)::integer as count from stale_values group by 1, 2, 3, 4, 5`,
  )
  const products = await rowsOf<{ recipe: string; count: number }>(
    tx,
    sql`select recipe, count(distinct product_id)::integer as count from stale_values group by 1`,
  )
  const names = await namesOfRecipes(tx)
  return [...Map.groupBy(rows, ({ recipe }) => recipe)]
    .map(([recipe, ofRecipe]) => ({
      of: ofKey(recipe),
      name: names.get(recipe) ?? null,
      values: sum(ofRecipe),
      products: products.find((one) => one.recipe === recipe)?.count ?? 0,
      attributes: [...Map.groupBy(ofRecipe, ({ attribute, locale }) => JSON.stringify([attribute, locale])).values()]
        .map((ofPlace) => ({
          attribute: ofPlace[0]!.attribute,
          locale: ofPlace[0]!.locale,
          count: sum(ofPlace),
          causes: STALE_CAUSES.flatMap((cause) => causeOf(cause, ofPlace)),
        }))
        .toSorted((a, b) => b.count - a.count || compareText(a.attribute, b.attribute)),
    }))
    .toSorted((a, b) => b.values - a.values)
}

function causeOf(cause: StaleCause, rows: readonly CountedRow[]) {
  const having = rows.filter(({ causes }) => causes.includes(cause))
  if (having.length === 0) return []
  const changed = new Map<string, number>()
  if (cause === 'source')
    for (const row of having) for (const attribute of row.changed) changed.set(attribute, (changed.get(attribute) ?? 0) + row.count)
  const most = [...changed].toSorted(([, a], [, b]) => b - a).slice(0, MOST_CHANGED)
  return [{ cause, count: sum(having), changed: most.map(([attribute, count]) => ({ attribute, count })) }]
}

const sum = (rows: readonly { readonly count: number }[]): number => rows.reduce((total, { count }) => total + count, 0)

function ofKey(key: string): StaleOf {
  const [kind, id] = key.split(':') as [string, string]
  return kind === 'recipe' ? { recipeId: id } : { runId: id }
}

export const keyOf = (of: StaleOf): string => ('recipeId' in of ? `recipe:${of.recipeId}` : `run:${of.runId}`)

async function namesOfRecipes(tx: Tx): Promise<Map<string, string | null>> {
  const rows = await rowsOf<{ key: string; name: string | null }>(
    tx,
    sql`select 'recipe:' || id as key, name from recipes
      union all select 'run:' || id, coalesce(settings ->> 'recipeName', settings -> 'recipe' ->> 'name') from runs
        where 'run:' || id in (select recipe from stale_values)`,
  )
  return new Map(rows.map(({ key, name }) => [key, name]))
}
