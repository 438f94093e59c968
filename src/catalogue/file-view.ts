import { AppError } from '../base/errors.ts'
import type { FileView, ReadingChoices } from '../contract/catalogue.ts'
import { columnsOf } from './index-write.ts'
import { lookAt, namingFile } from './look.ts'
import { labelOf, sourceAt, uploadLocation } from './sources.ts'
import { understand } from './understand.ts'
import type { CatalogueServices, Upload } from './uploads.ts'

/** An upload as the page shows it before it is imported. @throws AppError source.missing */
export async function fileView(
  { database }: CatalogueServices,
  { upload, choices }: { upload: Upload & { path: string }; choices: ReadingChoices & { readonly sourceId?: string | undefined } },
): Promise<FileView> {
  const { id, name, bytes, workspaceId } = upload
  const location = choices.sourceId === undefined ? uploadLocation(name) : undefined
  const source = await database.inWorkspace(workspaceId, (tx) => sourceAt(tx, { location, sourceId: choices.sourceId }))
  const { sourceId: _sourceId, ...reading } = choices
  const common = { id, name, bytes, source: source ? { id: source.id, label: labelOf(source), columns: columnsOf(source) } : null }
  try {
    return {
      ...common,
      look: await namingFile(upload, async () => lookAt(await understand(upload, { reading, source }))),
      problem: null,
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { ...common, look: null, problem: { code: error.code, detail: error.detail } }
  }
}
