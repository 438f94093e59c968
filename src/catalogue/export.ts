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
import { exportFile, type ExportSummary } from './formats/write.ts'
import { namingFile } from './look.ts'
import { addedColumns, cellsAt } from './mapping.ts'
import type { OriginMark } from './origin-marks.ts'
import { sanitizeGeneratedValue } from './sanitize.ts'
import { labelOf, readSource, type Source } from './sources.ts'
import { type CatalogueServices, fileContent, readUpload, type Upload } from './uploads.ts'
import type { ProductValues } from './values.ts'
import { writtenProducts } from './written.ts'

const LEFT_MS = 60 * 60 * 1000
const MOST_LEFT = 8 // of a workspace, before another is made

/** What a person asks of an export beside the file. */
export interface ExportChoices {
  /** A mark beside each column that Latchkey wrote in: whose words its values are. */
  readonly origins: boolean
  /** In feeds of Google Merchant's format: what a model wrote and nobody edited goes where Google asks for it. */
  readonly structured: boolean
}

interface ExportOrder {
  readonly workspaceId: string
  readonly actor: string
  readonly sourceId: string
  readonly choices: ExportChoices
}

/**
 * A source's newest file with every accepted value written in; each byte outside of changed cells is the supplier's own.
 * Generated values are sanitised once more on their way out (OUT-1); imported ones are not touched. The answer's content removes
 * its temporary file when it has been read, or left.
 * @throws AppError source.missing, import.running, file.changed, file.unwritable
 */
export async function exportSource(services: CatalogueServices, order: ExportOrder): Promise<FileAnswer> {
  const { source, upload } = await exportable(services, order)
  const { path } = await writeExport(services, { ...order, source, upload })
  return answerOf(source, upload, path)
}

/** The same in two steps: what the file could not hold is said before it is fetched. @throws AppError as `exportSource` */
export async function prepareExport(
  services: CatalogueServices,
  order: ExportOrder,
): Promise<ExportSummary & { readonly prepared: string }> {
  const { prepared, summary } = await writeExport(services, { ...order, ...(await exportable(services, order)) })
  return { ...summary, prepared }
}

/** A prepared export's file, once. @throws AppError source.missing, file.missing */
export async function fetchExport(
  services: CatalogueServices,
  { workspaceId, sourceId, prepared }: { workspaceId: string; sourceId: string; prepared: string },
): Promise<FileAnswer> {
  const { source, upload } = await exportable(services, { workspaceId, sourceId })
  const path = join(folderOf(services, workspaceId), nameOf(sourceId, prepared))
  if (!(await stat(path).catch(() => undefined)))
    throw new AppError('file.missing', 'This export was fetched before, or an hour has passed since it was made. Export the file again.')
  return answerOf(source, upload, path)
}

const answerOf = (source: Source, upload: Upload, path: string): FileAnswer => ({
  name: upload.name,
  contentType: contentTypeOf(source.format as unknown as FileFormat),
  content: fileContent(path, () => rm(path, { force: true })),
})

/** Each workspace has a folder of its own: nothing that a person sends leads into another's. */
const folderOf = ({ dataDir }: CatalogueServices, workspaceId: string): string => join(dataDir, 'exports', workspaceId)
const nameOf = (sourceId: string, prepared: string): string => `${sourceId}.${prepared}`

async function exportable(
  services: CatalogueServices,
  { workspaceId, sourceId }: Pick<ExportOrder, 'workspaceId' | 'sourceId'>,
): Promise<{ source: Source; upload: Upload & { path: string } }> {
  const source = await services.database.inWorkspace(workspaceId, (tx) => readWholeSource(tx, sourceId))
  if (source.uploadId === null) {
    throw new AppError(
      'source.missing',
      `"${labelOf(source)}" was read by the command line, which writes its own file: the server has no copy of it. Upload the file once to export it here.`,
    )
  }
  return { source, upload: await readUpload(services, workspaceId, source.uploadId) }
}

async function writeExport(
  services: CatalogueServices,
  { workspaceId, actor, sourceId, choices, source, upload }: ExportOrder & { source: Source; upload: Upload & { path: string } },
): Promise<{ path: string; prepared: string; summary: ExportSummary }> {
  const { database } = services
  const folder = folderOf(services, workspaceId)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await removeLeft(folder)
  const prepared = newId()
  const output = join(folder, nameOf(sourceId, prepared))
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
    const summary = await namingFile(upload, () =>
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
    await database.inWorkspace(workspaceId, (tx) =>
      recordAudit(tx, { workspaceId, actor, action: 'catalogue.exported', subject: `source:${sourceId}`, detail: { file: upload.name } }),
    )
    return { path: output, prepared, summary }
  } catch (error) {
    await rm(output, { force: true })
    throw error
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

/** Exports that nobody came to fetch, and those of a server that was killed: after an hour, and all but the latest few. */
async function removeLeft(folder: string): Promise<void> {
  const found = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name)
      return { path, atMs: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 }
    }),
  )
  const newestFirst = found.toSorted((a, b) => b.atMs - a.atMs)
  for (const [index, { path, atMs }] of newestFirst.entries())
    if (index >= MOST_LEFT || Date.now() - atMs > LEFT_MS) await rm(path, { force: true })
}
