import { and, eq } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import type { ImportView, ReadingChoices } from '../contract/catalogue.ts'
import type { SourceMapping } from '../contract/mapping.ts'
import { insertMany } from '../db/bulk.ts'
import type { Database } from '../db/database.ts'
import { type ImportCounts, importRejections, imports, type SourceColumns, sources } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'
import type { RejectedRow } from './formats/read.ts'
import { type ImportProgress, type ImportResult, importFile } from './import.ts'
import { stopChangeKinds } from './change-kinds.ts'
import { stopCatalogueIndex, refreshCatalogueIndex } from './index.ts'
import { type NamedFile, namingFile } from './look.ts'
import { readImport } from './import-progress.ts'
import { changeMeaning, labelOf, readSource, type Source, sourceAt, uploadLocation } from './sources.ts'
import { type Understood, understand } from './understand.ts'
import { type CatalogueServices, dropUpload, readUpload } from './uploads.ts'

const MOST_REJECTIONS = 10_000
const SAVE_EVERY_MS = 500

/** What runs in this process, so that it can be stopped before the database closes. */
const under = new WeakMap<Database, { readonly stop: AbortController; readonly jobs: Set<Promise<void>> }>()

function jobsOf(database: Database): { readonly stop: AbortController; readonly jobs: Set<Promise<void>> } {
  const known = under.get(database) ?? { stop: new AbortController(), jobs: new Set() }
  under.set(database, known)
  return known
}

/**
 * Before the database closes: ends imports under way, which are told as failed and can be done again, and the index's
 * pass.
 */
export async function stopCatalogue(database: Database): Promise<void> {
  const { stop, jobs } = jobsOf(database)
  stop.abort(new AppError('call.interrupted', 'The server was stopped while it imported. What was read is kept; import the file again.'))
  await Promise.allSettled(jobs)
  await stopCatalogueIndex(database)
  await stopChangeKinds(database)
}

/** Imports that a crash of this instance left running. To be called once at start. */
export async function failInterruptedImports({ database, instance }: Pick<CatalogueServices, 'database' | 'instance'>): Promise<void> {
  const error = { code: 'call.interrupted', detail: 'The server ended while it imported. What was read is kept; import the file again.' }
  await database.asSystem('imports that a crash left', (tx) =>
    tx
      .update(imports)
      .set({ state: 'failed', error, endedAt: new Date() })
      .where(and(eq(imports.state, 'running'), eq(imports.instance, instance))),
  )
}

export interface ImportOrder {
  readonly workspaceId: string
  readonly actor: string
  readonly fileId: string
  readonly sourceId?: string | undefined
  /** Of the source, where it is none of a file's name: the sample's. */
  readonly location?: string
  readonly reading: ReadingChoices
  readonly columns?: SourceColumns | undefined
  /** What the file's columns mean, kept with the source; absent: as it was last time, or as the file shows. */
  readonly mapping?: SourceMapping | null | undefined
}

/**
 * Begins to import an upload, and answers at once; the import goes on in this process.
 * @throws AppError file.missing, source.missing, import.running, and what reading the file throws
 */
export async function startImport(services: CatalogueServices, order: ImportOrder): Promise<ImportView> {
  const { importId } = await beginOrder(services, order)
  return readImport(services.database, order.workspaceId, importId)
}

/** The same for a file that is small: waits until its products are in the list. */
export async function importNow(services: CatalogueServices, order: ImportOrder): Promise<ImportView> {
  const { importId, done } = await beginOrder(services, order)
  await done
  return readImport(services.database, order.workspaceId, importId)
}

async function beginOrder(services: CatalogueServices, order: ImportOrder): Promise<{ importId: string; done: Promise<void> }> {
  const { workspaceId, actor, fileId } = order
  const upload = await readUpload(services, workspaceId, fileId)
  const location = order.sourceId === undefined ? (order.location ?? uploadLocation(upload.name)) : undefined
  return begin(services, { workspaceId, actor, file: upload, bytes: upload.bytes, uploadId: upload.id, location, order })
}

interface Beginning {
  readonly workspaceId: string
  readonly actor: string
  readonly file: NamedFile
  readonly bytes: number
  readonly uploadId: string
  readonly location: string | undefined // undefined: the order names the source
  readonly order: Pick<ImportOrder, 'sourceId' | 'reading' | 'columns' | 'mapping'>
}

async function begin(services: CatalogueServices, beginning: Beginning): Promise<{ importId: string; done: Promise<void> }> {
  const { database, instance, clock } = services
  const { workspaceId, actor, file, bytes, location, order } = beginning
  const before = await database.inWorkspace(workspaceId, (tx) => sourceAt(tx, { location, sourceId: order.sourceId }))
  const { format, mapping } = await understand(file, { reading: order.reading, source: before, mapping: order.mapping })
  const storedFormat = { ...format }
  const id = newId()
  const counts: ImportCounts = { bytes, bytesRead: 0, read: 0, new: 0, changed: 0, unchanged: 0, gone: 0, rejected: 0 }
  const source = await database.inWorkspace(workspaceId, async (tx) => {
    if (location !== undefined) {
      // Made here, empty, so that the import has something to belong to.
      const row = {
        id: newId(),
        workspaceId,
        location,
        label: file.name,
        format: storedFormat,
        contentHash: '',
        importedHash: '',
        lastImport: newId(),
      }
      await tx.insert(sources).values(row).onConflictDoNothing()
    }
    const [found] = await tx
      .select()
      .from(sources)
      .where(location === undefined ? eq(sources.id, order.sourceId!) : eq(sources.location, location))
      .for('update')
    const target = found ?? (await readSource(tx, order.sourceId!))
    const [running] = await tx
      .select({ id: imports.id })
      .from(imports)
      .where(and(eq(imports.sourceId, target.id), eq(imports.state, 'running')))
    if (running) throw new AppError('import.running', `"${labelOf(target)}" is being imported at this moment. Wait until that has ended.`)
    await tx.delete(imports).where(eq(imports.sourceId, target.id)) // of a source, the last import is kept, with its rejected rows
    await tx
      .insert(imports)
      .values({ id, workspaceId, sourceId: target.id, state: 'running', counts, instance, createdBy: actor, startedAt: clock.now() })
    await changeMeaning(tx, target, { columns: order.columns, mapping })
    await recordAudit(tx, {
      workspaceId,
      actor,
      action: 'catalogue.imported',
      subject: `source:${target.id}`,
      detail: { file: file.name, importId: id },
    })
    return target
  })
  const { jobs, stop } = jobsOf(database)
  const job = runImport(services, { ...beginning, importId: id, counts, source, format, signal: stop.signal }).finally(() =>
    jobs.delete(job),
  )
  jobs.add(job)
  return { importId: id, done: job }
}

type Job = Beginning & {
  readonly importId: string
  readonly counts: ImportCounts
  readonly source: Source
  readonly format: Understood['format']
  readonly signal: AbortSignal
}

async function runImport(services: CatalogueServices, job: Job): Promise<void> {
  const { database } = services
  const { workspaceId, importId, counts, source, file, format, uploadId, signal } = job
  let seen: ImportProgress | undefined
  let saving: Promise<unknown> = Promise.resolve()
  const save = (): void => {
    if (!seen) return
    const now = { ...counts, ...countsOf(seen) }
    seen = undefined
    saving = saving.then(() => change(services, job, { counts: now })).catch(() => undefined) // progress is not worth an import
  }
  const timer = setInterval(save, SAVE_EVERY_MS)
  try {
    const result = await namingFile(file, () =>
      importFile({
        database,
        workspaceId,
        path: file.path,
        location: source.location,
        format,
        uploadId,
        mostRejected: MOST_REJECTIONS,
        signal,
        onProgress: (progress) => (seen = progress),
      }),
    )
    clearInterval(timer)
    await saving
    await keepRejections(database, { workspaceId, importId, rejected: result.rejected })
    await change(services, job, {
      state: 'finished',
      counts: { ...counts, ...finalCounts(result, counts.bytes) },
      endedAt: services.clock.now(),
    })
    if (source.uploadId && source.uploadId !== uploadId) await dropUpload(services, workspaceId, source.uploadId)
  } catch (error) {
    clearInterval(timer)
    await saving
    const problem = error instanceof AppError ? { code: error.code, detail: error.detail } : UNEXPECTED
    await change(services, job, { state: 'failed', error: problem, endedAt: services.clock.now() })
    if (!(error instanceof AppError)) services.log.error({ workspaceId, error }, 'an import ended unexpectedly')
    return
  }
  try {
    await refreshCatalogueIndex(database, workspaceId)
  } catch (error) {
    services.log.error({ workspaceId, error }, 'the index of the catalogue did not follow an import') // the next look at the list does
  }
}

const UNEXPECTED = {
  code: 'unexpected',
  detail: 'Something unexpected ended the import. What was read is kept; the server’s log has the reason. Import the file again.',
}

const countsOf = ({ bytesRead, products, rejected, ...changes }: ImportProgress): Omit<ImportCounts, 'bytes' | 'gone'> => ({
  bytesRead,
  read: products,
  rejected,
  ...changes,
})

const finalCounts = ({ products, rejectedRows, changes }: ImportResult, bytes: number): ImportCounts => ({
  bytes,
  bytesRead: bytes,
  read: products,
  rejected: rejectedRows,
  ...changes,
})

const change = (
  { database }: CatalogueServices,
  { workspaceId, importId }: Job,
  values: Partial<typeof imports.$inferInsert>,
): Promise<unknown> => database.inWorkspace(workspaceId, (tx) => tx.update(imports).set(values).where(eq(imports.id, importId)))

async function keepRejections(
  database: Database,
  { workspaceId, importId, rejected }: { workspaceId: string; importId: string; rejected: readonly RejectedRow[] },
): Promise<void> {
  const rows = rejected.map(({ line, reason }, index) => ({
    importId,
    workspaceId,
    position: index + 1,
    line,
    code: reason.code,
    reason: reason.text,
  }))
  for (let from = 0; from < rows.length; from += 1000) {
    const some = rows.slice(from, from + 1000)
    await database.inWorkspace(workspaceId, (tx) => insertMany(tx, importRejections, some))
  }
}
