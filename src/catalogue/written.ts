import { sql } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import type { WrittenValue } from '../db/schema/index.ts'
import { storableJson } from '../db/storable.ts'
import { mappingsOf } from './mappings.ts'
import type { ProductValues } from './values.ts'

export interface WrittenProduct extends ProductValues {
  readonly id: string
  readonly row: number
  readonly lastSeenImport: string
}

/**
 * Products of a source by their identifiers, with what was accepted on top of their import. Each identifier is looked up by itself: of
 * a source that statistics do not know yet the planner expects a handful of products, and would read all of them for a list.
 */
export async function writtenProducts(
  tx: Tx,
  { sourceId, identifiers }: { sourceId: string; identifiers: readonly string[] },
): Promise<Map<string, WrittenProduct>> {
  const rows = await rowsOf<{
    id: string
    identifier: string
    row: number
    imported: Record<string, unknown>
    written: Record<string, WrittenValue>
    lastSeenImport: string
  }>(
    tx,
    sql`select product.* from jsonb_array_elements_text(${storableJson(identifiers)}::jsonb) as wanted (identifier)
      cross join lateral (
        select id, identifier, row, imported, written, last_seen_import as "lastSeenImport"
        from products where source_id = ${sourceId}::uuid and identifier = wanted.identifier limit 1
      ) as product`,
  )
  const mapping = (await mappingsOf(tx, [sourceId])).get(sourceId) ?? null
  return new Map(rows.map(({ identifier, ...product }) => [identifier, { ...product, mapping }]))
}
