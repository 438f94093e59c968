import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { and, eq, sql } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import type { FileAnswer } from '../http/handle.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { imports } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'
import { currentPlaces, readWrittenKey } from './current.ts'
import { columnNames, type FileFormat } from './formats/format.ts'
import { exportFile } from './formats/write.ts'
import { namingFile } from './look.ts'
import { addedColumns, cellsAt } from './mapping.ts'
import { sanitizeGeneratedValue } from './sanitize.ts'
import { labelOf, readSource, type Source } from './sources.ts'
import { type CatalogueServices, fileContent, readUpload } from './uploads.ts'
import type { ProductValues } from './values.ts'
import { writtenProducts } from './written.ts'

const LEFT_MS = 60 * 60 * 1000

/**
 * A source's newest file with every accepted value written in; each byte outside of changed cells is the supplier's own.
 * Generated values are sanitised once more on their way out (OUT-1); imported ones are not touched. The answer's content removes
 * its temporary file when it has been read, or left.
 * @throws AppError source.missing, import.running, file.changed, file.unwritable
 */
export async function exportSource(
  services: CatalogueServices,
  { workspaceId, actor, sourceId }: { workspaceId: string; actor: string; sourceId: string },
): Promise<FileAnswer> {
  const { database, dataDir } = services
  const source = await database.inWorkspace(workspaceId, (tx) => readWholeSource(tx, sourceId))
  if (source.uploadId === null) {
    throw new AppError(
      'source.missing',
      `"${labelOf(source)}" was read by the command line, which writes its own file: the server has no copy of it. Upload the file once to export it here.`,
    )
  }
  const upload = await readUpload(services, workspaceId, source.uploadId)
  const folder = join(dataDir, 'exports')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await removeLeft(folder)
  const output = join(folder, newId())
  const format = source.format as unknown as FileFormat
  const added = await database.inWorkspace(workspaceId, (tx) =>
    rowsOf<{ key: string }>(
      tx,
      sql`select distinct jsonb_object_keys(written) as key from products where source_id = ${sourceId}::uuid and written <> '{}'::jsonb`,
    ),
  )
  const { mapping } = source
  const places = added.map(({ key }) => readWrittenKey(key))
  const columns = [...new Set([...columnNames(format), ...addedColumns(mapping, places)])]
  try {
    await namingFile(upload, () =>
      exportFile({
        input: upload.path,
        output,
        format,
        columns,
        expectedHash: source.contentHash,
        changesFor: async (identifiers) => {
          const products = await database.inWorkspace(workspaceId, (tx) => writtenProducts(tx, { sourceId, identifiers }))
          return new Map([...products].map(([identifier, product]) => [identifier, writtenCells(product)]))
        },
      }),
    )
  } catch (error) {
    await rm(output, { force: true })
    throw error
  }
  await database.inWorkspace(workspaceId, (tx) =>
    recordAudit(tx, { workspaceId, actor, action: 'catalogue.exported', subject: `source:${sourceId}`, detail: { file: upload.name } }),
  )
  return {
    name: upload.name,
    contentType: contentTypeOf(format),
    content: fileContent(output, () => rm(output, { force: true })),
  }
}

function contentTypeOf(format: FileFormat): string {
  if (format.kind === 'jsonl') return 'application/x-ndjson'
  if (format.kind === 'xml') return 'application/xml'
  if (format.kind === 'xlsx') return 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
  return format.delimiter === '\t' ? 'text/tab-separated-values' : 'text/csv'
}

/** A source whose products are those of one file. @throws AppError source.missing, import.running, file.changed after an import that was cut off */
async function readWholeSource(tx: Tx, sourceId: string): Promise<Source> {
  const source = await readSource(tx, sourceId)
  if (source.contentHash !== '') return source
  const name = labelOf(source)
  const [running] = await tx
    .select({ id: imports.id })
    .from(imports)
    .where(and(eq(imports.sourceId, sourceId), eq(imports.state, 'running')))
  if (running) throw new AppError('import.running', `"${name}" is being imported at this moment. Export it when that has ended.`)
  throw new AppError(
    'file.changed',
    `The last import of "${name}" was cut off, so its products are of no one file. Import it again, then export.`,
  )
}

/** What was written over a product's import, by column. */
function writtenCells(product: ProductValues): Record<string, unknown> {
  const { mapping, imported } = product
  const cells: Record<string, unknown> = {}
  for (const { place, value, written } of currentPlaces(product)) {
    if (!written || written.kind === 'imported') continue // the file says it already
    const safe = written.kind === 'person' ? value : sanitizeGeneratedValue(value)
    Object.assign(cells, cellsAt(mapping, place, { value: safe, now: { ...imported, ...cells } }))
  }
  return cells
}

/** Exports that nobody came to fetch, and those of a server that was killed. */
async function removeLeft(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await stat(path).catch(() => undefined)
    if (found && Date.now() - found.mtimeMs > LEFT_MS) await rm(path, { force: true })
  }
}
