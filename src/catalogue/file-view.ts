import { eq } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { FileView, ReadingChoices } from '../contract/catalogue.ts'
import { sources } from '../db/schema/index.ts'
import { columnsOf } from './index-write.ts'
import { lookAt, namingFile } from './look.ts'
import { labelOf, uploadLocation } from './sources.ts'
import type { CatalogueServices, Upload } from './uploads.ts'

/** An upload as the page shows it before it is imported. */
export async function fileView(
  { database }: CatalogueServices,
  { upload, choices }: { upload: Upload & { path: string }; choices: ReadingChoices },
): Promise<FileView> {
  const { id, name, bytes, workspaceId } = upload
  const [source] = await database.inWorkspace(workspaceId, (tx) =>
    tx
      .select()
      .from(sources)
      .where(eq(sources.location, uploadLocation(name))),
  )
  const common = { id, name, bytes, source: source ? { id: source.id, label: labelOf(source), columns: columnsOf(source) } : null }
  try {
    return { ...common, look: await namingFile(upload, () => lookAt(upload, choices)), problem: null }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { ...common, look: null, problem: { code: error.code, detail: error.detail } }
  }
}
