import { inArray } from 'drizzle-orm'
import { importedValues } from '../../catalogue/current.ts'
import { withMappings } from '../../catalogue/mappings.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { Tx } from '../../db/database.ts'
import { products } from '../../db/schema/index.ts'
import type { LeasedItem } from '../../runs/run-kind.ts'
import type { EnrichmentSubject } from './settle-call.ts'

/** The products of leased items, for a run with one candidate. */
export async function loadSubjects(tx: Tx, items: readonly LeasedItem[], recipe: Recipe): Promise<EnrichmentSubject[]> {
  const ids = items.map(({ subjectId }) => subjectId)
  const rows = await tx
    .select({ id: products.id, sourceId: products.sourceId, identifier: products.identifier, imported: products.imported })
    .from(products)
    .where(inArray(products.id, ids))
  return subjectsOf(items, await withMappings(tx, rows), (product) => ({
    identifier: product.identifier,
    values: importedValues(product, recipe),
    chain: [0],
    secondLook: undefined,
  }))
}

/** Each item with what its product gives, in the items' order. */
export function subjectsOf<Row extends { readonly id: string }>(
  items: readonly LeasedItem[],
  rows: readonly Row[],
  give: (row: Row, item: LeasedItem) => Omit<EnrichmentSubject, 'item'>,
): EnrichmentSubject[] {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return items.map((item) => {
    const product = byId.get(item.subjectId)
    if (!product) throw new Error(`item ${item.position} of run ${item.runId} has no product`)
    return { item, ...give(product, item) }
  })
}
