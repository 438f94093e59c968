import { createHash } from 'node:crypto'
import { and, eq, sql } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import { canonicalJson } from '../base/json.ts'
import type { Database, Tx } from '../db/database.ts'
import { products, sources } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'
import type { FileFormat } from './formats/detect.ts'
import { hashFile } from './formats/hash.ts'
import { type ProductRow, readRows, type RejectedRow } from './formats/read.ts'
import { cellText } from './formats/write.ts'
import { type AcceptedValue, acceptedValues } from './changes.ts'
import { storableJson } from '../db/storable.ts'
import { writtenProducts } from './written.ts'

export interface ImportResult {
  readonly sourceId: string
  readonly importId: string
  readonly contentHash: string // SHA-256 of the file, hex
  /** SHA-256 (hex) of what was imported, in its order: the same before and after Latchkey wrote its values into the file. */
  readonly importedHash: string
  readonly products: number
  readonly rejected: readonly RejectedRow[]
  readonly unchanged: boolean // the file is as it was at the last import: nothing was written
}

const ROWS_PER_TRANSACTION = 500

/**
 * Brings a file's products into the workspace, in short transactions. A file that is unchanged since its last import
 * is only read, for its rejected rows. Products are told apart by their identifier within the file's source.
 */
export async function importFile({
  database,
  workspaceId,
  path,
  format,
  signal,
}: {
  database: Database
  workspaceId: string
  path: string
  format: FileFormat
  signal?: AbortSignal
}): Promise<ImportResult> {
  const contentHash = await hashFile(path)
  const storedFormat = JSON.parse(storableJson(format)) as Record<string, unknown> // a JSONL file's names may hold anything
  const source = await database.inWorkspace(workspaceId, (tx) => findSource(tx, path))
  const unchanged = source?.contentHash === contentHash && canonicalJson(source.format) === canonicalJson(storedFormat)
  const importId = unchanged ? source.lastImport : newId()
  const sourceId = source?.id ?? newId()
  if (!source) {
    // An empty hash until the last row is in: an import cut short is done again.
    const row = { id: sourceId, workspaceId, location: path, format: storedFormat, contentHash: '', importedHash: '', lastImport: importId }
    await database.inWorkspace(workspaceId, (tx) => tx.insert(sources).values(row))
  } else if (!unchanged) {
    await database.inWorkspace(workspaceId, (tx) => tx.update(sources).set({ contentHash: '' }).where(eq(sources.id, sourceId)))
  }
  const rejected: RejectedRow[] = []
  let count = 0
  let batch: ProductRow[] = []
  const imported = createHash('sha256')
  const flush = async (): Promise<void> => {
    const rows = batch
    batch = []
    if (unchanged || rows.length === 0) return
    const own = await database.inWorkspace(workspaceId, async (tx) => {
      const news = source ? await withoutOwnWriting(tx, { sourceId, rows }) : rows
      await upsertProducts(tx, { workspaceId, sourceId, importId, rows: news })
      return news
    })
    for (const { row, identifier, values } of own) imported.update(canonicalJson({ row, identifier, values }))
  }
  const onFinish = (read: { contentHash: string }): void => {
    if (read.contentHash !== contentHash) throw fileChanged(path)
  }
  for await (const rows of readRows(path, format, { ...(signal ? { signal } : {}), onFinish })) {
    for (const row of rows) {
      if ('reason' in row) {
        rejected.push(row)
        continue
      }
      count += 1
      batch.push(row)
      if (batch.length >= ROWS_PER_TRANSACTION) await flush()
    }
  }
  await flush()
  const importedHash = unchanged ? source.importedHash : imported.digest('hex')
  if (!unchanged) {
    const seen = { contentHash, importedHash, format: storedFormat, lastImport: importId, importedAt: new Date() }
    await database.inWorkspace(workspaceId, (tx) => tx.update(sources).set(seen).where(eq(sources.id, sourceId)))
  }
  return { sourceId, importId, contentHash, importedHash, products: count, rejected, unchanged }
}

const fileChanged = (path: string): AppError =>
  new AppError('file.changed', `${path} changed while it was read. Nothing was paid for; run the command again when the file is complete.`)

async function findSource(tx: Tx, path: string): Promise<typeof sources.$inferSelect | undefined> {
  const [source] = await tx.select().from(sources).where(eq(sources.location, path))
  return source
}

/**
 * A file that Latchkey wrote may come back as its own source (`--out` on the input). A cell that says just what was ever
 * written there is not news from the supplier: what stood there before stays, so that nothing made from it is stale.
 */
async function withoutOwnWriting(
  tx: Tx,
  { sourceId, rows }: { sourceId: string; rows: readonly ProductRow[] },
): Promise<readonly ProductRow[]> {
  const known = await writtenProducts(tx, { sourceId, identifiers: rows.map(({ identifier }) => identifier) })
  const ids = [...known.values()].filter(({ written }) => Object.keys(written).length > 0).map(({ id }) => id)
  const accepted = ids.length > 0 ? await acceptedValues(tx, ids) : new Map<string, AcceptedValue[]>()
  return rows.map((row) => {
    const product = known.get(row.identifier)
    const own = accepted
      .get(product?.id ?? '')
      ?.filter(({ attribute, value }) => attribute in row.values && sameCell(row.values[attribute], value))
    if (!product || !own || own.length === 0) return row
    const values = { ...row.values }
    for (const { attribute } of own) {
      if (attribute in product.imported) values[attribute] = product.imported[attribute]
      else delete values[attribute]
    }
    return { ...row, values }
  })
}

/** A delimited file holds every value as text; JSONL holds it as it is. */
const sameCell = (cell: unknown, written: unknown): boolean =>
  typeof cell === 'string' ? cell === cellText(written) : canonicalJson(cell) === canonicalJson(written)

async function upsertProducts(
  tx: Tx,
  { workspaceId, sourceId, importId, rows }: { workspaceId: string; sourceId: string; importId: string; rows: readonly ProductRow[] },
): Promise<void> {
  const records = storableJson(rows.map(({ identifier, row, values }) => ({ id: newId(), identifier, row, imported: values })))
  await tx.execute(sql`
    insert into products (id, workspace_id, source_id, identifier, row, imported, last_seen_import)
    select record.id, ${workspaceId}::uuid, ${sourceId}::uuid, record.identifier, record.row, record.imported, ${importId}::uuid
    from jsonb_to_recordset(${records}::jsonb) as record(id uuid, identifier text, row integer, imported jsonb)
    on conflict (source_id, identifier) do update set
      row = excluded.row,
      imported = excluded.imported,
      last_seen_import = excluded.last_seen_import,
      imported_at = case when products.imported = excluded.imported then products.imported_at else excluded.imported_at end`)
}

export interface ImportedProduct {
  readonly id: string
  readonly identifier: string
  readonly row: number // 1 is the first product of the file
  readonly imported: Readonly<Record<string, unknown>>
}

/** The products of a source's last import, in the order of the file, after `afterRow`: one page of `limit`. */
export async function productPage(
  tx: Tx,
  { sourceId, importId, afterRow, limit }: { sourceId: string; importId: string; afterRow: number; limit: number },
): Promise<ImportedProduct[]> {
  return tx
    .select({ id: products.id, identifier: products.identifier, row: products.row, imported: products.imported })
    .from(products)
    .where(and(eq(products.sourceId, sourceId), eq(products.lastSeenImport, importId), sql`${products.row} > ${afterRow}`))
    .orderBy(products.row)
    .limit(limit)
}
