import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { eq } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { SourceView } from '../contract/catalogue.ts'
import type { FileAnswer } from '../http/handle.ts'
import { sources } from '../db/schema/index.ts'
import { importNow } from './import-job.ts'
import { drawPicture } from './sample/draw.ts'
import { listSources, SAMPLE_LOCATION, type Source } from './sources.ts'
import { type CatalogueServices, keepUpload } from './uploads.ts'

const FILE = fileURLToPath(new URL('sample/catalogue.csv', import.meta.url))
const NAME = 'sample-catalogue.csv'

/**
 * Brings the sample catalogue into a workspace: 60 products of three families, written and drawn by us, on the same way as any
 * file. Where it is already, nothing is done: what people changed in it stays.
 */
export async function openSample(
  services: CatalogueServices,
  { workspaceId, actor }: { workspaceId: string; actor: string },
): Promise<SourceView> {
  const known = await sampleSource(services, workspaceId)
  if (known && (known.source.contentHash !== '' || known.view.importing !== null)) return known.view
  const upload = await keepUpload(services, { workspaceId, actor, name: NAME, bytes: createReadStream(FILE) as AsyncIterable<Uint8Array> })
  await importNow(services, { workspaceId, actor, fileId: upload.id, location: SAMPLE_LOCATION, reading: {} })
  return (await sampleSource(services, workspaceId))!.view
}

const sampleSource = ({ database }: CatalogueServices, workspaceId: string): Promise<{ source: Source; view: SourceView } | undefined> =>
  database.inWorkspace(workspaceId, async (tx) => {
    const [source] = await tx.select().from(sources).where(eq(sources.location, SAMPLE_LOCATION))
    return source && { source, view: (await listSources(tx, source.id))[0]! }
  })

/** @throws AppError picture.missing */
export function samplePicture(name: string): FileAnswer {
  const drawn = name.endsWith('.svg') ? drawPicture(name.slice(0, -'.svg'.length)) : undefined
  if (drawn === undefined) throw new AppError('picture.missing', 'There is no picture of this name.')
  return { name, contentType: 'image/svg+xml', content: oneChunk(Buffer.from(drawn)) }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
