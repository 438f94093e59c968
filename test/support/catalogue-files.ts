import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { exportSource } from '../../src/catalogue/export.ts'
import { importNow, type ImportOrder } from '../../src/catalogue/import-job.ts'
import { refreshCatalogueIndex } from '../../src/catalogue/index.ts'
import { readProduct } from '../../src/catalogue/product.ts'
import { editValue } from '../../src/catalogue/edit.ts'
import { type CatalogueServices, keepUpload } from '../../src/catalogue/uploads.ts'
import type { ImportView, ProductView } from '../../src/contract/catalogue.ts'
import type { Database } from '../../src/db/database.ts'
import { products } from '../../src/db/schema/index.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { newId } from '../../src/runtime/ids.ts'
import { createLog } from '../../src/runtime/log.ts'

const ACTOR = 'user:00000000-0000-7000-8000-00000000000a'

/** Files brought into a workspace and exported again, as a person does it from the page. */
export function createCatalogueFiles(database: Database, workspaceId: string) {
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-files-'))
  const services: CatalogueServices = { database, clock: systemClock, dataDir, instance: newId(), log: createLog({ level: 'silent' }) }
  const inside = <T>(work: Parameters<typeof database.inWorkspace<T>>[1]): Promise<T> => database.inWorkspace(workspaceId, work)

  async function upload(name: string, bytes: string | Uint8Array): Promise<string> {
    const content = Buffer.from(bytes as Uint8Array)
    const chunks = (async function* () {
      yield content
    })()
    return (await keepUpload(services, { workspaceId, actor: ACTOR, name, bytes: chunks })).id
  }

  return {
    services,
    workspaceId,
    inside,
    upload,
    async bring(name: string, bytes: string | Uint8Array, more: Partial<ImportOrder> = {}): Promise<ImportView> {
      const view = await importNow(services, { workspaceId, actor: ACTOR, fileId: await upload(name, bytes), reading: {}, ...more })
      if (view.state !== 'finished') throw new Error(`the import of ${name} ended as ${view.state}: ${view.error?.detail}`)
      return view
    },
    async exported(sourceId: string): Promise<Buffer> {
      const { content } = await exportSource(services, {
        workspaceId,
        actor: ACTOR,
        sourceId,
        choices: { origins: false, structured: false },
      })
      const chunks: Uint8Array[] = []
      for await (const chunk of content) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    idsOf: async (sourceId: string): Promise<Map<string, string>> => {
      const rows = await inside((tx) =>
        tx
          .select({ id: products.id, identifier: products.identifier })
          .from(products)
          .where(eq(products.sourceId, sourceId))
          .orderBy(products.row),
      )
      return new Map(rows.map(({ id, identifier }) => [identifier, id]))
    },
    async product(productId: string): Promise<ProductView> {
      await refreshCatalogueIndex(database, workspaceId)
      return inside((tx) => readProduct(tx, { productId, filter: {}, order: { sort: 'row', direction: 'up' } }))
    },
    write: (productId: string, at: { attribute: string; locale?: string | null; channel?: string | null }, value: unknown) =>
      inside((tx) =>
        editValue(tx, { workspaceId, actor: ACTOR, edit: { productId, locale: null, channel: null, over: null, ...at }, value }),
      ),
    remove: () => rmSync(dataDir, { recursive: true, force: true }),
  }
}
