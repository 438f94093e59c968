import { and, eq, inArray } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { products, type WrittenValue } from '../db/schema/index.ts'

export interface WrittenProduct {
  readonly id: string
  readonly row: number
  readonly imported: Readonly<Record<string, unknown>>
  readonly written: Readonly<Record<string, WrittenValue>> // by `writtenKey`
}

/** Products of a source by their identifiers, with what was accepted on top of their import. */
export async function writtenProducts(
  tx: Tx,
  { sourceId, identifiers }: { sourceId: string; identifiers: readonly string[] },
): Promise<Map<string, WrittenProduct>> {
  const rows = await tx
    .select({ id: products.id, identifier: products.identifier, row: products.row, imported: products.imported, written: products.written })
    .from(products)
    .where(and(eq(products.sourceId, sourceId), inArray(products.identifier, [...identifiers])))
  return new Map(rows.map(({ identifier, ...product }) => [identifier, product]))
}
