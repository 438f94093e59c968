import { sql } from 'drizzle-orm'
import type { ColumnMapping, SourceMapping } from '../contract/mapping.ts'
import { givenRows } from '../db/bulk.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { productIndex, type SourceColumns, type sources } from '../db/schema/index.ts'
import { uuids } from './filter.ts'
import { guessCategories, guessColumns } from './columns.ts'
import { columnNames, type FileFormat } from './formats/format.ts'
import { attributeOfColumn, attributesOfColumns } from './mapping.ts'
import { withParents } from './parents.ts'
import { type IndexedProduct, type IndexedSource, indexProduct, NOTHING_WAITS, type Waiting } from './index-row.ts'
import { lockIndex, takeOrdinals } from './postings/segments.ts'
import type { Term } from './postings/terms.ts'
import { loadStructure } from './structure/load.ts'

/** A product whose row is in the list, and the terms that its segment is still to learn. */
export interface KnownProduct {
  readonly productId: string
  readonly ordinal: number
  readonly terms: ReadonlySet<Term>
}

/** Reads what some products of one source are indexed by, beside themselves; then makes their rows and terms of it, without the database. */
export async function prepareRows(tx: Tx, source: IndexedSource, products: readonly IndexedProduct[]): Promise<() => MadeRow[]> {
  if (products.length === 0) return () => []
  const waiting = await waitingAt(tx, uuids(products.map(({ id }) => id)))
  const structure = await loadStructure(tx)
  const whole = await withParents(
    tx,
    products.map((product) => ({ ...product, mapping: source.mapping })),
  )
  return () => whole.map((product) => indexProduct(source, product, { waiting: waiting.get(product.id) ?? NOTHING_WAITS, structure }))
}

type MadeRow = ReturnType<typeof indexProduct>

/**
 * Writes the rows of some products, and gives each an ordinal if it has none. A product is in nobody's answer before its terms are
 * in a segment. Holds the workspace's index until the transaction ends.
 */
export async function putRows(tx: Tx, workspaceId: string, made: readonly MadeRow[]): Promise<KnownProduct[]> {
  if (made.length === 0) return []
  const index = await lockIndex(tx, workspaceId)
  const ordinals = await ordinalsOf(tx, uuids(made.map(({ row }) => row.productId)))
  const fresh = made.filter(({ row }) => !ordinals.has(row.productId))
  if (fresh.length > 0) {
    const first = await takeOrdinals(tx, index, fresh.length)
    for (const [place, { row }] of fresh.entries()) ordinals.set(row.productId, first + place)
  }
  const rows = made.map(({ row }) => ({ ...row, ordinal: ordinals.get(row.productId)! }))
  await tx.execute(sql`
    insert into product_index (product_id, workspace_id, ordinal, source_id, row, identifier, name, name_key, family, quality, updated_at)
    select product_id, workspace_id, ordinal, source_id, row, identifier, name, name_key, family, quality, updated_at
    from ${givenRows(productIndex, rows)}
    on conflict (product_id) do update set row = excluded.row, name = excluded.name, name_key = excluded.name_key, family = excluded.family,
      quality = excluded.quality, updated_at = excluded.updated_at
    where (product_index.row, product_index.name, product_index.name_key, product_index.family, product_index.quality,
        product_index.updated_at)
      is distinct from (excluded.row, excluded.name, excluded.name_key, excluded.family, excluded.quality, excluded.updated_at)`)
  return made.map(({ row, terms }) => ({ productId: row.productId, ordinal: ordinals.get(row.productId)!, terms }))
}

async function ordinalsOf(tx: Tx, ids: ReturnType<typeof uuids>): Promise<Map<string, number>> {
  const rows = await rowsOf<{ id: string; ordinal: number }>(
    tx,
    sql`select product_id as id, ordinal from product_index where product_id = any (${ids})`,
  )
  return new Map(rows.map(({ id, ordinal }) => [id, ordinal]))
}

async function waitingAt(tx: Tx, ids: ReturnType<typeof uuids>): Promise<Map<string, Waiting>> {
  const rows = await rowsOf<{ id: string; proposed: boolean; flagged: boolean; stale: boolean }>(
    tx,
    sql`select id, bool_or(proposed) as proposed, bool_or(flagged) as flagged, bool_or(stale) as stale from (
        select product_id as id, true as proposed, flags <> '[]'::jsonb as flagged, false as stale
          from value_changes where state = 'proposed' and product_id = any (${ids})
        union all select product_id, false, false, true from stale_values where product_id = any (${ids})
      ) as waiting group by id`,
  )
  return new Map(
    rows.map(({ id, proposed, flagged, stale }) => [id, { what: flagged ? 'flagged' : proposed ? 'proposals' : 'nothing', stale }]),
  )
}

export function indexedSource(source: typeof sources.$inferSelect): IndexedSource {
  const { id, workspaceId, attributes, format, mapping } = source
  const ofFile = attributesOfColumns(mapping, columnNames(format as unknown as FileFormat))
  const inOrder = new Set([...attributes, ...ofFile]) // what is there once stays
  const columns = columnsOf(source)
  return { id, workspaceId, columns, categories: categoriesOf(mapping, ofFile, columns), mapping, attributes: inOrder }
}

/** What the mapping says, or a guess where there is none. */
function categoriesOf(mapping: SourceMapping | null, ofFile: readonly string[], columns: SourceColumns): string[] {
  if (mapping) return [...new Set(mapping.columns.filter(({ role }) => role === 'categories').map(attributeOfColumn))]
  const guessed = guessCategories(ofFile, columns)
  return guessed === null ? [] : [guessed]
}

/** What a person chose, or a guess. */
export function columnsOf({
  columns,
  format,
  mapping,
}: Pick<typeof sources.$inferSelect, 'columns' | 'format' | 'mapping'>): SourceColumns {
  if (columns) return columns
  const file = format as unknown as FileFormat
  const guessed = guessColumns(attributesOfColumns(mapping, columnNames(file)), attributesOfColumns(mapping, file.textColumns))
  const ofRole = (role: ColumnMapping['role']): string | null => {
    const column = mapping?.columns.find((each) => each.role === role)
    return column ? attributeOfColumn(column) : null
  }
  return { name: guessed.name, family: ofRole('family') ?? guessed.family, picture: ofRole('image') ?? guessed.picture }
}
