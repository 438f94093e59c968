import { listProducts } from '../../src/contract/catalogue.ts'
import type { TestClient } from './server.ts'
import { until } from './until.ts'

/** Waits until the list knows all products as they are: it follows an import, a moment behind. */
export const listed = (client: TestClient): Promise<void> => until(async () => (await client.call(listProducts, { query: {} })).index.ready)
