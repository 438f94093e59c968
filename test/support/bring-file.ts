import * as catalogue from '../../src/contract/catalogue.ts'
import type { ImportView } from '../../src/contract/catalogue.ts'
import type { TestClient } from './server.ts'
import { until } from './until.ts'

/** Brings a file into the catalogue as the page does, and waits until the list knows its products. @returns how the import ended */
export async function bringFile(client: TestClient, name: string, content: string | Uint8Array): Promise<ImportView> {
  const file = await client.call(catalogue.uploadFile, { query: { name }, bytes: content } as never)
  const started = await client.call(catalogue.startImport, { body: { fileId: file.id } })
  let last = started
  for await (const view of client.events(catalogue.watchImport, { params: { importId: started.id } })) last = view
  await listed(client)
  return last
}

/** Waits until the list knows all products as they are: it follows an import, a moment behind. */
export const listed = (client: TestClient): Promise<void> =>
  until(async () => (await client.call(catalogue.listProducts, { query: {} })).index.ready)
