import { and, asc, count, eq, gt, type SQL, sql } from 'drizzle-orm'
import type { ProductSelection } from '../contract/catalogue.ts'
import type { Tx } from '../db/database.ts'
import { productIndex, products } from '../db/schema/index.ts'
import { matches, uuids } from './filter.ts'
import { withMappings } from './mappings.ts'
import type { ProductValues } from './values.ts'

/** A product of a selection. `row` is its place in its file; products of several files may share one. */
export interface SelectedProduct extends ProductValues {
  readonly id: string
  readonly sourceId: string
  readonly identifier: string
  readonly row: number
  readonly name: string | null
  readonly family: string | null
}

/**
 * A page of the products that a selection holds, in the order of their ids, after `afterId`. Products that the last import no
 * longer brought are in no selection; ids of another workspace, or of nothing, are left out. Call `refreshCatalogueIndex`
 * (index.ts) first, so that products just imported and values just written count.
 */
export async function selectedProducts(
  tx: Tx,
  { selection, afterId, limit }: { selection: ProductSelection; afterId?: string | undefined; limit: number },
): Promise<SelectedProduct[]> {
  const page = await tx
    .select({
      id: products.id,
      sourceId: products.sourceId,
      identifier: products.identifier,
      row: products.row,
      name: productIndex.name,
      family: productIndex.family,
      imported: products.imported,
      written: products.written,
    })
    .from(productIndex)
    .innerJoin(products, eq(products.id, productIndex.productId))
    .where(and(await inSelection(tx, selection), afterId === undefined ? undefined : gt(productIndex.productId, afterId)))
    .orderBy(asc(productIndex.productId))
    .limit(limit)
  return withMappings(tx, page)
}

/** How many products a selection holds now. */
export async function countSelected(tx: Tx, selection: ProductSelection): Promise<number> {
  const [counted] = await tx
    .select({ count: count() })
    .from(productIndex)
    .where(await inSelection(tx, selection))
  return counted!.count
}

async function inSelection(tx: Tx, selection: ProductSelection): Promise<SQL | undefined> {
  if ('ids' in selection) return sql`${productIndex.productId} = any (${uuids(selection.ids)})`
  const except = selection.except.length > 0 ? sql`${productIndex.productId} <> all (${uuids(selection.except)})` : undefined
  return and(await matches(tx, selection.filter), except)
}
