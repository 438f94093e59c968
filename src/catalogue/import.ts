import { createHash } from 'node:crypto'
import { and, count, eq, sql } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import { canonicalJson } from '../base/json.ts'
import type { SourceMapping } from '../contract/mapping.ts'
import type { Database, Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { products, sources } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'
import type { FileFormat } from './formats/detect.ts'
import { hashFile } from './formats/hash.ts'
import { type ProductRow, readRows, type RejectedRow } from './formats/read.ts'
import { cellText } from './formats/write.ts'
import { type AcceptedValue, acceptedValues } from './changes.ts'
import { storableJson } from '../db/storable.ts'
import { proposeImported } from './import-news.ts'
import { cellsFor } from './mapping.ts'
import { mappingsOf } from './mappings.ts'
import { linkParents, parentIn } from './parents.ts'
import { type WrittenProduct, writtenProducts } from './written.ts'

export interface ImportResult {
  readonly sourceId: string
  readonly importId: string
  readonly contentHash: string // SHA-256 of the file, hex
  /** SHA-256 (hex) of what was imported, in its order: the same before and after Latchkey wrote its values into the file. */
  readonly importedHash: string
  readonly products: number
  readonly rejected: readonly RejectedRow[] // the first ones, as many as were asked for
  readonly rejectedRows: number
  readonly unchanged: boolean // the file is as it was at the last import: nothing was written
  readonly changes: ProductChanges
}

/** What an import did to a source's products. */
export interface ProductChanges {
  readonly new: number
  readonly changed: number
  readonly unchanged: number
  readonly gone: number // that the source had before and the file no longer brings
}

export interface ImportProgress extends Omit<ProductChanges, 'gone'> {
  readonly bytesRead: number
  readonly products: number
  readonly rejected: number
}

const ROWS_PER_TRANSACTION = 500

/**
 * Brings a file's products into the workspace, in short transactions. A file that is unchanged since its last import
 * is only read, for its rejected rows. Products are told apart by their identifier within the file's source, which is known by
 * `location`: on the command line the file's path. Values that were written over the import stay as they are.
 */
export async function importFile({
  database,
  workspaceId,
  path,
  location = path,
  format,
  uploadId,
  mostRejected = Infinity,
  signal,
  onProgress,
}: {
  database: Database
  workspaceId: string
  path: string
  location?: string
  format: FileFormat
  /** Kept with the source once the import is whole: exports are made from it. */
  uploadId?: string
  /** So many rejected rows are kept in memory, and given; the others are counted. */
  mostRejected?: number
  signal?: AbortSignal
  onProgress?: (progress: ImportProgress) => void
}): Promise<ImportResult> {
  const contentHash = await hashFile(path)
  const storedFormat = JSON.parse(storableJson(format)) as Record<string, unknown> // a JSONL file's names may hold anything
  const source = await database.inWorkspace(workspaceId, (tx) => findSource(tx, location))
  const unchanged = source?.contentHash === contentHash && canonicalJson(source.format) === canonicalJson(storedFormat)
  const importId = unchanged ? source.lastImport : newId()
  const sourceId = source?.id ?? newId()
  const empty = !source || (await database.inWorkspace(workspaceId, (tx) => isEmptySource(tx, sourceId)))
  if (!source) {
    // An empty hash until the last row is in: an import cut short is done again.
    const row = { id: sourceId, workspaceId, location, format: storedFormat, contentHash: '', importedHash: '', lastImport: importId }
    await database.inWorkspace(workspaceId, (tx) => tx.insert(sources).values(row))
  } else if (!unchanged) {
    await database.inWorkspace(workspaceId, (tx) => tx.update(sources).set({ contentHash: '' }).where(eq(sources.id, sourceId)))
  }
  const rejected: RejectedRow[] = []
  let rejectedRows = 0
  let read = 0
  let changes: ProductChanges = { new: 0, changed: 0, unchanged: 0, gone: 0 }
  let batch: ProductRow[] = []
  const imported = createHash('sha256')
  const flush = async (): Promise<void> => {
    const rows = batch
    batch = []
    if (rows.length === 0) return
    if (unchanged) {
      changes = { ...changes, unchanged: changes.unchanged + rows.length }
      return
    }
    const own = await database.inWorkspace(workspaceId, async (tx) => {
      const news = empty ? rows : await meetWritten(tx, { workspaceId, sourceId, mapping: source.mapping, rows })
      const made = await upsertProducts(tx, { workspaceId, sourceId, importId, mapping: source?.mapping ?? null, rows: news })
      changes = {
        ...changes,
        new: changes.new + made.new,
        changed: changes.changed + made.changed,
        unchanged: changes.unchanged + made.unchanged,
      }
      return news
    })
    for (const { row, identifier, values } of own) imported.update(canonicalJson({ row, identifier, values }))
  }
  const onFinish = (whole: { contentHash: string }): void => {
    if (whole.contentHash !== contentHash) throw fileChanged(path)
  }
  const onRead = (bytesRead: number): void => onProgress?.({ ...changes, bytesRead, products: read, rejected: rejectedRows })
  for await (const rows of readRows(path, format, { ...(signal ? { signal } : {}), onFinish, onRead })) {
    for (const row of rows) {
      if ('reason' in row) {
        rejectedRows += 1
        if (rejected.length < mostRejected) rejected.push(row)
        continue
      }
      read += 1
      batch.push(row)
      if (batch.length >= ROWS_PER_TRANSACTION) await flush()
    }
  }
  await flush()
  if (!unchanged) await linkParents(database, { workspaceId, sourceId })
  const importedHash = unchanged ? source.importedHash : imported.digest('hex')
  const kept = uploadId === undefined ? {} : { uploadId }
  await database.inWorkspace(workspaceId, async (tx) => {
    if (!unchanged) {
      if (!empty) changes = { ...changes, gone: await countGone(tx, { sourceId, importId, before: source.lastImport }) }
      const seen = {
        contentHash,
        importedHash,
        format: storedFormat,
        lastImport: importId,
        importedAt: new Date(),
        products: read,
        ...kept,
      }
      await tx.update(sources).set(seen).where(eq(sources.id, sourceId))
    } else if (uploadId !== undefined) await tx.update(sources).set(kept).where(eq(sources.id, sourceId))
  })
  return { sourceId, importId, contentHash, importedHash, products: read, rejected, rejectedRows, unchanged, changes }
}

const fileChanged = (path: string): AppError =>
  new AppError('file.changed', `${path} changed while it was read. Nothing was paid for; run the command again when the file is complete.`)

async function findSource(tx: Tx, location: string): Promise<typeof sources.$inferSelect | undefined> {
  const [source] = await tx.select().from(sources).where(eq(sources.location, location))
  return source
}

async function isEmptySource(tx: Tx, sourceId: string): Promise<boolean> {
  const some = await tx.select({ id: products.id }).from(products).where(eq(products.sourceId, sourceId)).limit(1)
  return some.length === 0
}

async function countGone(tx: Tx, { sourceId, importId, before }: { sourceId: string; importId: string; before: string }): Promise<number> {
  if (before === importId) return 0
  const [gone] = await tx
    .select({ count: count() })
    .from(products)
    .where(and(eq(products.sourceId, sourceId), eq(products.lastSeenImport, before)))
  return gone!.count
}

/** Rows meet what was written over their products before them. @returns the rows as they are to be imported. */
async function meetWritten(
  tx: Tx,
  {
    workspaceId,
    sourceId,
    mapping,
    rows,
  }: { workspaceId: string; sourceId: string; mapping: SourceMapping | null; rows: readonly ProductRow[] },
): Promise<readonly ProductRow[]> {
  const known = await writtenProducts(tx, { sourceId, identifiers: rows.map(({ identifier }) => identifier) })
  const news = await withoutOwnWriting(tx, { mapping, known, rows })
  await proposeImported(tx, { workspaceId, mapping, known, rows: news })
  return news
}

/**
 * A file that Latchkey wrote may come back as its own source (`--out` on the input). A cell that says just what was ever
 * written there is not news from the supplier: what stood there before stays, so that nothing made from it is stale.
 */
export async function withoutOwnWriting(
  tx: Tx,
  { mapping, known, rows }: { mapping: SourceMapping | null; known: ReadonlyMap<string, WrittenProduct>; rows: readonly ProductRow[] },
): Promise<readonly ProductRow[]> {
  const ids = [...known.values()].map(({ id }) => id) // also of products where all that was written is undone
  const accepted = ids.length > 0 ? await acceptedValues(tx, ids) : new Map<string, AcceptedValue[]>()
  return rows.map((row) => {
    const product = known.get(row.identifier)
    const own = accepted
      .get(product?.id ?? '')
      ?.flatMap(({ value, ...place }) => Object.entries(cellsFor(mapping, place, { value, now: row.values })))
      .filter(([column, value]) => column in row.values && sameCell(row.values[column], value))
    if (!product || !own || own.length === 0) return row
    const values = { ...row.values }
    for (const [column] of own) {
      if (column in product.imported) values[column] = product.imported[column]
      else delete values[column]
    }
    return { ...row, values }
  })
}

/** A delimited file holds every value as text; JSONL holds it as it is. */
const sameCell = (cell: unknown, written: unknown): boolean =>
  typeof cell === 'string' ? cell === cellText(written) : canonicalJson(cell) === canonicalJson(written)

async function upsertProducts(
  tx: Tx,
  {
    workspaceId,
    sourceId,
    importId,
    mapping,
    rows,
  }: { workspaceId: string; sourceId: string; importId: string; mapping: SourceMapping | null; rows: readonly ProductRow[] },
): Promise<Omit<ProductChanges, 'gone'>> {
  const records = storableJson(
    rows.map(({ identifier, row, parent, values }) => ({
      id: newId(),
      identifier,
      row,
      imported: values,
      parent: parent ?? parentIn(mapping, values),
    })),
  )
  const [made] = await rowsOf<{ new: number; changed: number; unchanged: number }>(
    tx,
    sql`
    with put as (
    insert into products (id, workspace_id, source_id, identifier, row, imported, parent, last_seen_import)
    select record.id, ${workspaceId}::uuid, ${sourceId}::uuid, record.identifier, record.row, record.imported, record.parent, ${importId}::uuid
    from jsonb_to_recordset(${records}::jsonb) as record(id uuid, identifier text, row integer, imported jsonb, parent text)
    on conflict (source_id, identifier) do update set
      row = excluded.row,
      imported = excluded.imported,
      parent = excluded.parent,
      last_seen_import = excluded.last_seen_import,
      imported_at = case when products.imported = excluded.imported then products.imported_at else clock_timestamp() end -- later than whatever was written there before
    returning xmax = 0 as is_new, imported_at >= now() as touched)
    select count(*) filter (where is_new)::integer as new, count(*) filter (where touched and not is_new)::integer as changed,
      count(*) filter (where not touched)::integer as unchanged from put`,
  )
  return made!
}

export interface ImportedProduct {
  readonly id: string
  readonly identifier: string
  readonly row: number // 1 is the first product of the file
  readonly imported: Readonly<Record<string, unknown>>
  readonly mapping: SourceMapping | null // of its source
}

/** The products of a source's last import, in the order of the file, after `afterRow`: one page of `limit`. */
export async function productPage(
  tx: Tx,
  { sourceId, importId, afterRow, limit }: { sourceId: string; importId: string; afterRow: number; limit: number },
): Promise<ImportedProduct[]> {
  const page = await tx
    .select({ id: products.id, identifier: products.identifier, row: products.row, imported: products.imported })
    .from(products)
    .where(and(eq(products.sourceId, sourceId), eq(products.lastSeenImport, importId), sql`${products.row} > ${afterRow}`))
    .orderBy(products.row)
    .limit(limit)
  const mapping = (await mappingsOf(tx, [sourceId])).get(sourceId) ?? null
  return page.map((product) => ({ ...product, mapping }))
}
