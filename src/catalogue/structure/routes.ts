import * as contract from '../../contract/structure.ts'
import { handle, type HandledRoute } from '../../http/handle.ts'
import { type CatalogueServices, dropUpload, readUpload } from '../uploads.ts'
import { readIndexState, refreshWritten } from '../index.ts'
import { addItem, changeItem, removeItem } from './change.ts'
import { importStructureFile, lookAtStructureFile } from './import-file.ts'
import { readStandings } from './standings.ts'
import { readProductStanding } from './product-standing.ts'
import { listAttributes, listCategories, listChannels, listFamilies, listGroups, listOptions, readOverview } from './lists.ts'

/** The model of a catalogue: what there is, changing it, and files that hold one. */
export function structureRoutes(services: CatalogueServices): HandledRoute[] {
  const { database } = services
  return [
    handle(contract.readStructure, ({ who: { workspaceId } }) => database.inWorkspace(workspaceId, (tx) => readOverview(tx))),
    handle(contract.listGroups, ({ who: { workspaceId }, query }) => database.inWorkspace(workspaceId, (tx) => listGroups(tx, query))),
    handle(contract.listAttributes, ({ who: { workspaceId }, query }) =>
      database.inWorkspace(workspaceId, (tx) => listAttributes(tx, query)),
    ),
    handle(contract.listOptions, ({ who: { workspaceId }, params, query }) =>
      database.inWorkspace(workspaceId, (tx) => listOptions(tx, { ...params, ...query })),
    ),
    handle(contract.listFamilies, ({ who: { workspaceId }, query }) => database.inWorkspace(workspaceId, (tx) => listFamilies(tx, query))),
    handle(contract.listCategories, ({ who: { workspaceId }, query }) =>
      database.inWorkspace(workspaceId, (tx) => listCategories(tx, query)),
    ),
    handle(contract.listChannels, ({ who: { workspaceId }, query }) => database.inWorkspace(workspaceId, (tx) => listChannels(tx, query))),

    handle(contract.readProductStanding, ({ who: { workspaceId }, params: { productId } }) =>
      database.inWorkspace(workspaceId, (tx) => readProductStanding(tx, productId)),
    ),

    handle(contract.readStandings, async ({ who: { workspaceId } }) => {
      await refreshWritten(database, workspaceId)
      return database.inWorkspace(workspaceId, async (tx) => {
        const { all, families } = await readStandings(tx)
        return { all, families: [...families], index: await readIndexState(tx) }
      })
    }),

    handle(contract.addItem, ({ who, body }) => database.inWorkspace(who.workspaceId, (tx) => addItem(tx, who, body))),
    handle(contract.changeItem, ({ who, body }) => database.inWorkspace(who.workspaceId, (tx) => changeItem(tx, who, body))),
    handle(contract.removeItem, ({ who, body }) => database.inWorkspace(who.workspaceId, (tx) => removeItem(tx, who, body))),

    handle(contract.lookAtStructureFile, async ({ who: { workspaceId }, params: { fileId } }) => {
      const file = await readUpload(services, workspaceId, fileId)
      return { look: await lookAtStructureFile(database, { workspaceId, file }) }
    }),
    handle(contract.importStructureFile, async ({ who: { workspaceId, actor }, params: { fileId } }) => {
      const file = await readUpload(services, workspaceId, fileId)
      const look = await importStructureFile(database, { workspaceId, actor, file })
      await dropUpload(services, workspaceId, fileId) // products of a source are exported into their file; of a structure nothing is
      return look
    }),
  ]
}
