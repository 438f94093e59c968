import { and, eq, max, ne, type SQL, sql } from 'drizzle-orm'
import type { SourceMapping } from '../contract/mapping.ts'
import type { Database, Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { products, sources } from '../db/schema/index.ts'
import { uuids } from './filter.ts'
import { mappingsOf } from './mappings.ts'
import type { ParentProduct, ProductValues } from './values.ts'

/**
 * Variants and what they are variants of. What a source calls a product's parent stands in `products.parent`; where a product bears
 * that identifier, in the same source or in another of the same format (Akeneo's models), `products.parent_id` names it. A variant
 * has what it lacks from its parent, and from that one's.
 */

const BATCH_ROWS = 2_000 // a transaction
const MOST_LEVELS = 2 // as Akeneo has them: a model, a model of it, a variant

/** What a row says its parent is, by the mapping's column for it; null: nothing. */
export function parentIn(mapping: SourceMapping | null, values: Readonly<Record<string, unknown>>): string | null {
  const column = mapping?.columns.find(({ role }) => role === 'parent')?.column
  const value = column === undefined || !Object.hasOwn(values, column) ? undefined : values[column]
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
  return text === '' ? null : text.slice(0, 500)
}

/** Products with their parents, nearest first, for what they inherit. */
export async function withParents<Product extends ProductValues & { readonly parentId: string | null }>(
  tx: Tx,
  variants: readonly Product[],
): Promise<Product[]> {
  const known = new Map<string, ParentProduct & { readonly parentId: string | null }>()
  let wanted = variants.flatMap(({ parentId }) => parentId ?? [])
  for (let level = 0; level < MOST_LEVELS && wanted.length > 0; level += 1) {
    const found = await tx
      .select({
        id: products.id,
        identifier: products.identifier,
        sourceId: products.sourceId,
        parentId: products.parentId,
        imported: products.imported,
        written: products.written,
      })
      .from(products)
      .where(sql`${products.id} = any (${uuids([...new Set(wanted)])})`)
    const mappings = await mappingsOf(
      tx,
      found.map(({ sourceId }) => sourceId),
    )
    for (const { sourceId, ...parent } of found) known.set(parent.id, { ...parent, mapping: mappings.get(sourceId) ?? null })
    wanted = found.flatMap(({ parentId }) => (parentId === null || known.has(parentId) ? [] : parentId))
  }
  if (known.size === 0) return [...variants]
  return variants.map((variant) => {
    const parents: ParentProduct[] = []
    for (let id = variant.parentId; id !== null && parents.length < MOST_LEVELS;) {
      const parent = known.get(id)
      if (!parent) break
      parents.push(parent)
      id = parent.parentId
    }
    return parents.length === 0 ? variant : { ...variant, parents }
  })
}

/** Finds the parents of a source's products, and the variants elsewhere of those it brought, in short transactions. */
export async function linkParents(database: Database, { workspaceId, sourceId }: { workspaceId: string; sourceId: string }): Promise<void> {
  const { others, last } = await database.inWorkspace(workspaceId, (tx) => sourcesBeside(tx, sourceId))
  for (let after = 0; after < last; after += BATCH_ROWS) {
    const rows = { sourceId, from: after, to: after + BATCH_ROWS }
    await database.inWorkspace(workspaceId, async (tx) => {
      await tx.execute(linkVariants(rows, [sourceId, ...others]))
      if (others.length > 0) await tx.execute(linkFromOthers(rows, { workspaceId, others }))
    })
  }
}

/** The other sources of the same format, and how far the rows of this one go; 0: nothing in the workspace has a parent. */
async function sourcesBeside(tx: Tx, sourceId: string): Promise<{ others: string[]; last: number }> {
  const [source] = await tx.select({ mapping: sources.mapping }).from(sources).where(eq(sources.id, sourceId))
  const [some] = await rowsOf(tx, sql`select 1 from products where parent is not null or parent_id is not null limit 1`)
  if (!some) return { others: [], last: 0 }
  const profile = source?.mapping?.profile ?? 'plain'
  const others =
    profile === 'plain'
      ? []
      : await tx
          .select({ id: sources.id })
          .from(sources)
          .where(and(ne(sources.id, sourceId), sql`${sources.mapping} ->> 'profile' = ${profile}`))
          .orderBy(sources.id)
  const [end] = await tx
    .select({ row: max(products.row) })
    .from(products)
    .where(eq(products.sourceId, sourceId))
  return { others: others.map(({ id }) => id), last: end?.row ?? 0 }
}

interface Rows {
  readonly sourceId: string
  readonly from: number
  readonly to: number
}

const inRows = ({ sourceId, from, to }: Rows): SQL =>
  sql`source_id = ${sourceId}::uuid and row > ${from}::integer and row <= ${to}::integer`

/** Their own source's products first. */
const linkVariants = (rows: Rows, candidates: readonly string[]): SQL => sql`
  update products set parent_id = found.model_id from (
    select wanted.id, (
      select model.id from unnest(${uuids(candidates)}) with ordinality as candidate (id, place)
        cross join lateral (select id from products where source_id = candidate.id and identifier = wanted.parent and id <> wanted.id) as model
      order by candidate.place limit 1) as model_id
    from (select id, parent from products where ${inRows(rows)} and (parent is not null or parent_id is not null)) as wanted
  ) as found
  where products.id = found.id and products.parent_id is distinct from found.model_id`

/** Variants of other sources whose parents these rows are; what the list says of them is made again. */
const linkFromOthers = (rows: Rows, { workspaceId, others }: { workspaceId: string; others: readonly string[] }): SQL => sql`
  with model as materialized (
    select id, identifier from products where ${inRows(rows)}
  ), linked as (
    update products set parent_id = model.id from model
    where products.workspace_id = ${workspaceId}::uuid and products.parent = model.identifier and products.source_id = any (${uuids(others)})
      and products.parent_id is distinct from model.id
      and not exists (select from products own where own.source_id = products.source_id and own.identifier = products.parent)
    returning products.id, products.workspace_id
  )
  insert into stale_products (product_id, workspace_id, marked_at)
  select id, workspace_id, null::timestamptz from linked
  union select variant.id, variant.workspace_id, null from products variant join model on variant.parent_id = model.id and variant.source_id <> ${rows.sourceId}::uuid
  order by 1
  on conflict (product_id) do update set marked_at = stale_products.marked_at`

/** After a change of the mapping: what its column for parents says of each product, and who they are. */
export async function renameParents(
  database: Database,
  { workspaceId, sourceId }: { workspaceId: string; sourceId: string },
): Promise<void> {
  const { column, last } = await database.inWorkspace(workspaceId, async (tx) => {
    const [source] = await tx.select({ mapping: sources.mapping }).from(sources).where(eq(sources.id, sourceId))
    const [end] = await tx
      .select({ row: max(products.row) })
      .from(products)
      .where(eq(products.sourceId, sourceId))
    return { column: source?.mapping?.columns.find(({ role }) => role === 'parent')?.column, last: end?.row ?? 0 }
  })
  if (column !== undefined) {
    for (let from = 0; from < last; from += BATCH_ROWS) {
      const named = sql`left(nullif(btrim(imported ->> ${column}), ''), 500)`
      await database.inWorkspace(workspaceId, (tx) =>
        tx.execute(
          sql`update products set parent = ${named} where ${inRows({ sourceId, from, to: from + BATCH_ROWS })} and parent is distinct from ${named}`,
        ),
      )
    }
  }
  await linkParents(database, { workspaceId, sourceId })
}

/** A product's variants, in the order of their file, up to `limit`. */
export const variantsOf = (tx: Tx, { productId, limit }: { productId: string; limit: number }) =>
  tx
    .select({ id: products.id, identifier: products.identifier })
    .from(products)
    .where(eq(products.parentId, productId))
    .orderBy(products.sourceId, products.row)
    .limit(limit)
