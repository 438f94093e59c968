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
import { merchantTexts, structured } from './export-merchant.ts'
import { beganAsGenerated, markOf, originCells, originColumnsOf } from './export-origins.ts'
import { columnNames, type FileFormat } from './formats/format.ts'
import { exportFile } from './formats/write.ts'
import { namingFile } from './look.ts'
import { addedColumns, cellsAt } from './mapping.ts'
import type { OriginMark } from './origin-marks.ts'
import { sanitizeGeneratedValue } from './sanitize.ts'
import { labelOf, readSource, type Source } from './sources.ts'
import { type CatalogueServices, fileContent, readUpload } from './uploads.ts'
import type { ProductValues } from './values.ts'
import { writtenProducts } from './written.ts'

const LEFT_MS = 60 * 60 * 1000

/** What a person asks of an export beside the file. */
export interface ExportChoices {
  /** A mark beside each column that Latchkey wrote in: whose words its values are. */
  readonly origins: boolean
  /** In feeds of Google Merchant's format: what a model wrote and nobody edited goes where Google asks for it. */
  readonly structured: boolean
}

/**
 * A source's newest file with every accepted value written in; each byte outside of changed cells is the supplier's own.
 * Generated values are sanitised once more on their way out (OUT-1); imported ones are not touched. The answer's content removes
 * its temporary file when it has been read, or left.
 * @throws AppError source.missing, import.running, file.changed, file.unwritable
 */
export async function exportSource(
  services: CatalogueServices,
  { workspaceId, actor, sourceId, choices }: { workspaceId: string; actor: string; sourceId: string; choices: ExportChoices },
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
  const texts = choices.structured ? merchantTexts(format) : undefined
  const origins = originColumnsOf(format, { mapping, places, isAsked: choices.origins })
  const isMarked = origins.columns.size > 0
  const columns = [
    ...new Set([
      ...columnNames(format),
      ...addedColumns(mapping, places),
      ...(texts ?? []).map((text) => text.structured),
      ...(format.kind === 'jsonl' ? [] : origins.columns.values()),
    ]),
  ]
  try {
    await namingFile(upload, () =>
      exportFile({
        input: upload.path,
        output,
        format,
        columns,
        expectedHash: source.contentHash,
        changesFor: async (identifiers) => {
          const { products, edited } = await database.inWorkspace(workspaceId, async (tx) => {
            const found = await writtenProducts(tx, { sourceId, identifiers })
            return { products: found, edited: isMarked ? await editedIn(tx, found.values()) : NONE }
          })
          return new Map(
            [...products].map(([identifier, product]) => {
              const { cells, marks } = writtenCells(product, edited)
              const { imported } = product
              const texted = texts ? structured(cells, { texts, format, marks, imported }) : cells
              return [identifier, { ...texted, ...originCells(origins, { marks, cells, imported }) }]
            }),
          )
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

/** What was written over a product's import, by column, and whose words it is. */
function writtenCells(
  product: ProductValues,
  edited: ReadonlySet<string>,
): { cells: Record<string, unknown>; marks: ReadonlyMap<string, OriginMark> } {
  const { mapping, imported } = product
  const cells: Record<string, unknown> = {}
  const marks = new Map<string, OriginMark>()
  for (const { place, value, written } of currentPlaces(product)) {
    if (!written || written.kind === 'imported') continue // the file says it already
    const safe = written.kind === 'person' ? value : sanitizeGeneratedValue(value)
    const own = cellsAt(mapping, place, { value: safe, now: { ...imported, ...cells } })
    for (const column of Object.keys(own)) marks.set(column, markOf(written, edited))
    Object.assign(cells, own)
  }
  return { cells, marks }
}

const NONE: ReadonlySet<string> = new Set()

/** Of what persons wrote over these products, what began as a model's. */
async function editedIn(tx: Tx, products: Iterable<ProductValues>): Promise<ReadonlySet<string>> {
  const written = Array.from(products, (product) => Object.values(product.written)).flat()
  return beganAsGenerated(
    tx,
    written.flatMap(({ kind, changeId }) => (kind === 'person' ? [changeId] : [])),
  )
}

/** Exports that nobody came to fetch, and those of a server that was killed. */
async function removeLeft(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await stat(path).catch(() => undefined)
    if (found && Date.now() - found.mtimeMs > LEFT_MS) await rm(path, { force: true })
  }
}
