import { and, eq, inArray } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { products } from '../db/schema/index.ts'
import { mappingsOf } from './mappings.ts'
import type { ProductValues } from './values.ts'

export interface WrittenProduct extends ProductValues {
  readonly id: string
  readonly row: number
  readonly lastSeenImport: string
}

/** Products of a source by their identifiers, with what was accepted on top of their import. */
export async function writtenProducts(
  tx: Tx,
  { sourceId, identifiers }: { sourceId: string; identifiers: readonly string[] },
): Promise<Map<string, WrittenProduct>> {
  const rows = await tx
    .select({
      id: products.id,
      identifier: products.identifier,
      row: products.row,
      imported: products.imported,
      written: products.written,
      lastSeenImport: products.lastSeenImport,
    })
    .from(products)
    .where(and(eq(products.sourceId, sourceId), inArray(products.identifier, [...identifiers])))
  const mapping = (await mappingsOf(tx, [sourceId])).get(sourceId) ?? null
  return new Map(rows.map(({ identifier, ...product }) => [identifier, { ...product, mapping }]))
}
