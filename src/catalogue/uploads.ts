import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { and, desc, eq, lt, notInArray, sql } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import { MOST_FILE_BYTES } from '../contract/catalogue.ts'
import type { Database } from '../db/database.ts'
import { sources, uploads } from '../db/schema/index.ts'
import type { Clock } from '../runtime/clock.ts'
import { newId } from '../runtime/ids.ts'
import type { Log } from '../runtime/log.ts'

/** What uploads, imports and exports need of the server. */
export interface CatalogueServices {
  readonly database: Database
  readonly clock: Clock
  readonly dataDir: string
  readonly instance: string
  readonly log: Log
}

export type Upload = typeof uploads.$inferSelect

/** Uploads that nobody imported go after a day. */
const ABANDONED_MS = 24 * 60 * 60 * 1000

const folderOf = (dataDir: string): string => join(dataDir, 'uploads')

/** Where an upload's bytes are: under its id alone, whatever the person's computer called it (ISO-5). */
export const uploadPath = (dataDir: string, { id }: Pick<Upload, 'id'>): string => join(folderOf(dataDir), id)

/** What an upload's bytes are called until the last one is there. */
const PART = '.part'

/** Uploads that a crash cut off: nobody knows of them, and each may be large. To be called once at start. */
export async function removePartialUploads({ dataDir }: Pick<CatalogueServices, 'dataDir'>): Promise<void> {
  const names = await readdir(folderOf(dataDir)).catch(() => []) // no folder: nobody uploaded anything yet
  for (const name of names) if (name.endsWith(PART)) await rm(join(folderOf(dataDir), name), { force: true })
}

/**
 * Keeps a file that a person gives, as it comes in: nothing of it is held in memory.
 * @throws AppError request.too_large above 1 GiB; file.unwritable when the disk will not have it
 */
export async function keepUpload(
  services: CatalogueServices,
  given: { workspaceId: string; actor: string; name: string; bytes: AsyncIterable<Uint8Array> },
): Promise<Upload> {
  const { database, clock, dataDir } = services
  const { workspaceId, actor, name } = given
  const id = newId()
  await mkdir(folderOf(dataDir), { recursive: true, mode: 0o700 })
  const path = uploadPath(dataDir, { id })
  try {
    const bytes = await writeAll(path + PART, given.bytes)
    const row = { id, workspaceId, name, bytes, createdBy: actor, createdAt: clock.now() }
    // The row first: cut off here, it is an upload without a file, which goes after a day. A file without a row would stay.
    await database.inWorkspace(workspaceId, (tx) => tx.insert(uploads).values(row))
    await rename(path + PART, path)
    await removeAbandoned(services, workspaceId)
    return row
  } catch (error) {
    await rm(path + PART, { force: true })
    throw error
  }
}

async function writeAll(path: string, content: AsyncIterable<Uint8Array>): Promise<number> {
  await using file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw cannotKeep(error)
  })
  let size = 0
  for await (const chunk of content) {
    size += chunk.byteLength
    if (size > MOST_FILE_BYTES) {
      throw new AppError(
        'request.too_large',
        'The file is larger than 1 GiB, the most that can be uploaded. Divide it, or import it on the command line.',
      )
    }
    for (let written = 0; written < chunk.byteLength;) {
      written += await file.write(chunk, written).then(
        ({ bytesWritten }) => bytesWritten,
        (error: unknown) => {
          throw cannotKeep(error)
        },
      )
    }
  }
  await file.sync()
  return size
}

const cannotKeep = (cause: unknown): AppError =>
  new AppError(
    'file.unwritable',
    'The server could not keep the file: its disk is full, or its data folder may not be written. Nothing was imported.',
    { cause },
  )

/** @throws AppError file.missing */
export async function readUpload(
  { database, dataDir }: CatalogueServices,
  workspaceId: string,
  id: string,
): Promise<Upload & { path: string }> {
  const [upload] = await database.inWorkspace(workspaceId, (tx) => tx.select().from(uploads).where(eq(uploads.id, id)))
  const path = upload && uploadPath(dataDir, upload)
  if (!path || !(await stat(path).catch(() => undefined))) {
    throw new AppError('file.missing', 'There is no such file here. Upload it again.')
  }
  return { ...upload, path }
}

/** Forgets an upload, and removes its bytes. */
export async function dropUpload({ database, dataDir }: CatalogueServices, workspaceId: string, id: string): Promise<void> {
  await database.inWorkspace(workspaceId, (tx) => tx.delete(uploads).where(eq(uploads.id, id)))
  await rm(uploadPath(dataDir, { id }), { force: true })
}

/** Uploads that no source holds as its newest, after a day. */
async function removeAbandoned(services: CatalogueServices, workspaceId: string): Promise<void> {
  const before = new Date(services.clock.now().getTime() - ABANDONED_MS)
  const old = await services.database.inWorkspace(workspaceId, (tx) =>
    tx
      .select({ id: uploads.id })
      .from(uploads)
      .where(
        and(
          lt(uploads.createdAt, before),
          notInArray(
            uploads.id,
            tx
              .select({ id: sql<string>`${sources.uploadId}` })
              .from(sources)
              .where(sql`${sources.uploadId} is not null`),
          ),
        ),
      )
      .orderBy(desc(uploads.createdAt)),
  )
  for (const { id } of old) await dropUpload(services, workspaceId, id)
}

/** A file's bytes, then, however it ends, what `after` does. */
export async function* fileContent(path: string, after: () => Promise<void>): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path) as AsyncIterable<Uint8Array>
  } finally {
    await after()
  }
}
