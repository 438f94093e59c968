import { inArray } from 'drizzle-orm'
import type { SourceMapping } from '../contract/mapping.ts'
import type { Tx } from '../db/database.ts'
import { sources } from '../db/schema/index.ts'

/** The mappings of sources, each read once however many products come from it. */
export async function mappingsOf(tx: Tx, sourceIds: Iterable<string>): Promise<Map<string, SourceMapping | null>> {
  const ids = [...new Set(sourceIds)]
  if (ids.length === 0) return new Map()
  const found = await tx.select({ id: sources.id, mapping: sources.mapping }).from(sources).where(inArray(sources.id, ids))
  return new Map(found.map(({ id, mapping }) => [id, mapping]))
}

/** Products with the mappings of their sources. */
export async function withMappings<Product extends { readonly sourceId: string }>(
  tx: Tx,
  products: readonly Product[],
): Promise<(Product & { readonly mapping: SourceMapping | null })[]> {
  const mappings = await mappingsOf(
    tx,
    products.map(({ sourceId }) => sourceId),
  )
  return products.map((product) => ({ ...product, mapping: mappings.get(product.sourceId) ?? null }))
}
