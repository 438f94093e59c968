import { AppError } from '../base/errors.ts'
import * as contract from '../contract/catalogue.ts'
import { handle, type HandledRoute } from '../http/handle.ts'
import { positionOf } from '../http/position.ts'
import { changesOfImport } from './dry-run.ts'
import { exportSource, fetchExport, prepareExport } from './export.ts'
import { readFacets } from './facets.ts'
import { fileView } from './file-view.ts'
import { startImport } from './import-job.ts'
import { readImport, rejectedRows, watchImport } from './import-progress.ts'
import { type IndexState, readIndexState, refreshCatalogueIndex, refreshWritten } from './index.ts'
import { listProducts } from './list.ts'
import { renameParents } from './parents.ts'
import { readProduct } from './product.ts'
import { openSample, samplePicture } from './sample.ts'
import { countSelected } from './selection.ts'
import { soon } from './soon.ts'
import { changeSource, listSources } from './sources.ts'
import { type CatalogueServices, keepUpload, readUpload } from './uploads.ts'

const LEFT_SHOWN = 200

/** Sources, uploads, imports, the list, products and pictures. */
export function catalogueRoutes(services: CatalogueServices): HandledRoute[] {
  const { database } = services
  return [
    handle(contract.listProducts, async ({ who: { workspaceId }, query }) => {
      const { sort, direction, attributes, cursor, limit, ...filter } = query
      const order = { sort, direction }
      const wanted = readAttributes(attributes)
      await catchUp(services, workspaceId)
      return database.inWorkspace(workspaceId, async (tx) => ({
        ...(await listProducts(tx, { filter, order, attributes: wanted, cursor, limit })),
        index: await readIndexState(tx),
      }))
    }),
    handle(contract.productFacets, async ({ who: { workspaceId }, query: filter }) => {
      await catchUp(services, workspaceId)
      return database.inWorkspace(workspaceId, async (tx) => shapeFacets(await readFacets(tx, filter), await readIndexState(tx)))
    }),
    handle(contract.countProducts, async ({ who: { workspaceId }, body: { selection } }) => {
      await catchUp(services, workspaceId)
      return { count: await database.inWorkspace(workspaceId, (tx) => countSelected(tx, selection)) }
    }),
    handle(contract.readProduct, async ({ who: { workspaceId }, params: { productId }, query }) => {
      const { sort, direction, ...filter } = query
      await catchUp(services, workspaceId)
      return database.inWorkspace(workspaceId, (tx) => readProduct(tx, { productId, filter, order: { sort, direction } }))
    }),

    handle(contract.listSources, async ({ who: { workspaceId } }) => ({
      sources: await database.inWorkspace(workspaceId, (tx) => listSources(tx)),
    })),
    handle(contract.changeSource, async ({ who: { workspaceId }, params: { sourceId }, body }) => {
      const view = await database.inWorkspace(workspaceId, (tx) => changeSource(tx, { sourceId, ...body }))
      if (body.mapping !== undefined) await renameParents(database, { workspaceId, sourceId })
      return view
    }),
    handle(contract.exportSource, ({ who: { workspaceId, actor }, params: { sourceId }, query: { prepared, ...choices } }) =>
      prepared === undefined
        ? exportSource(services, { workspaceId, actor, sourceId, choices })
        : fetchExport(services, { workspaceId, sourceId, prepared }),
    ),
    handle(contract.prepareExport, async ({ who: { workspaceId, actor }, params: { sourceId }, body: choices }) => {
      const { prepared, rows, changedCells, unencodable } = await prepareExport(services, { workspaceId, actor, sourceId, choices })
      const cells = unencodable.slice(0, LEFT_SHOWN).map(({ identifier, line, column, characters, reason }) => ({
        identifier,
        line,
        column,
        reason: reason ?? ('characters' as const),
        characters,
      }))
      return { prepared, products: rows, changedCells, left: { count: unencodable.length, cells } }
    }),

    handle(contract.uploadFile, async ({ who: { workspaceId, actor }, query: { name }, request }) => {
      const bytes = request.bytes ?? new ReadableStream<Uint8Array>({ start: (controller) => controller.close() })
      const upload = await keepUpload(services, { workspaceId, actor, name, bytes })
      return fileView(services, { upload: await readUpload(services, workspaceId, upload.id), choices: {} })
    }),
    handle(contract.lookAtFile, async ({ who: { workspaceId }, params: { fileId }, body: choices }) =>
      fileView(services, { upload: await readUpload(services, workspaceId, fileId), choices }),
    ),

    handle(contract.previewImport, ({ who: { workspaceId }, params: { fileId }, body, request: { signal } }) =>
      changesOfImport(services, { workspaceId, fileId, ...body, signal }),
    ),
    handle(contract.startImport, ({ who: { workspaceId, actor }, body }) => startImport(services, { workspaceId, actor, ...body })),
    handle(contract.readImport, ({ who: { workspaceId }, params: { importId } }) => readImport(database, workspaceId, importId)),
    handle(contract.watchImport, async ({ who: { workspaceId }, params: { importId }, request: { signal } }) => {
      await readImport(database, workspaceId, importId)
      return watchImport(database, { workspaceId, importId, signal })
    }),
    handle(contract.listRejectedRows, ({ who: { workspaceId }, params: { importId }, query: { cursor, limit } }) =>
      rejectedRows(database, { workspaceId, importId, after: positionOf(cursor), limit }),
    ),

    handle(contract.openSample, async ({ who: { workspaceId, actor } }) => ({
      source: await openSample(services, { workspaceId, actor }),
    })),
    handle(contract.readPicture, ({ params: { picture } }) => samplePicture(picture)),
  ]
}

/** Brings the index up to date, or begins to: then the answer says how far it is. */
async function catchUp({ database, log }: CatalogueServices, workspaceId: string): Promise<void> {
  await refreshWritten(database, workspaceId)
  await soon(refreshCatalogueIndex(database, workspaceId), (error) => {
    log.error({ workspaceId, error }, 'the index of the catalogue did not catch up')
  })
}

function readAttributes(text: string | undefined): string[] {
  if (text === undefined) return []
  try {
    const names: unknown = JSON.parse(text)
    if (Array.isArray(names) && names.length <= 50 && names.every((name) => typeof name === 'string')) return names
  } catch {
    // refused below
  }
  throw new AppError('request.invalid', 'query.attributes: is not a JSON list of at most 50 names.')
}

const shapeFacets = (facets: Awaited<ReturnType<typeof readFacets>>, index: IndexState) => ({
  ...facets,
  families: [...facets.families],
  categories: [...facets.categories],
  attributes: [...facets.attributes],
  standing: { ...facets.standing, quality: [...facets.standing.quality], places: [...facets.standing.places] },
  index,
})
