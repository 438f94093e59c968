import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../src/db/open.ts'
import { workspaces } from '../src/db/schema/index.ts'
import { readFacets } from '../src/catalogue/facets.ts'
import { detectFormat } from '../src/catalogue/formats/detect.ts'
import { importFile } from '../src/catalogue/import.ts'
import { readIndexState, refreshCatalogueIndex } from '../src/catalogue/index.ts'
import { countMatching, listProducts } from '../src/catalogue/list.ts'
import type { ProductFilter } from '../src/contract/catalogue.ts'
import { newId } from '../src/runtime/ids.ts'
import { pgliteTemplate } from '../test/support/databases.ts'
import { writeCatalogue } from './support/catalogue.ts'
import { printTable } from './support/table.ts'

/**
 * `npm run bench -- catalogue [PRODUCTS]`: a catalogue on the embedded database. Import, the index that follows it, and what a
 * person waits for: a page of the list under each filter and order, with its count, and the facets. Figures, no verdicts.
 */
const count = Number(process.argv[2] ?? 100_000)
const ROUNDS = 5

const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
cpSync(join(await pgliteTemplate(), 'pgdata'), join(folder, 'pgdata'), { recursive: true })
const database = await openDatabase({ dataDir: folder, databaseUrl: undefined, log: { debug: () => {}, warn: () => {} } })
try {
  const workspaceId = newId()
  await database.asSystem('a workspace to measure in', (tx) =>
    tx.insert(workspaces).values({ id: workspaceId, name: 'Bench', slug: workspaceId }),
  )
  const path = join(folder, 'catalogue.csv')
  const { source } = await writeCatalogue({ path, products: count })
  const format = await detectFormat(path)
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const started = performance.now()
    await work()
    return performance.now() - started
  }
  const importMs = await timed(() => importFile({ database, workspaceId, path, format }))
  const indexMs = await timed(() => refreshCatalogueIndex(database, workspaceId))
  const median = async (work: () => Promise<unknown>): Promise<number> => {
    const times: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) times.push(await timed(work))
    return times.toSorted((a, b) => a - b)[ROUNDS >> 1]!
  }
  const page = async (filter: ProductFilter, sort: 'row' | 'identifier' | 'name' | 'updated', cursor?: string) =>
    database.inWorkspace(workspaceId, async (tx) => ({
      ...(await listProducts(tx, { filter, order: { sort, direction: 'up' }, attributes: [], cursor, limit: 50 })),
      matching: cursor === undefined ? await countMatching(tx, filter) : null,
      index: await readIndexState(tx),
    }))
  const rows: (readonly [string, string])[] = [
    ['import, products a second', String(Math.round((count / importMs) * 1000))],
    ['index, products a second', String(Math.round((count / indexMs) * 1000))],
  ]
  const measure = async (name: string, work: () => Promise<unknown>): Promise<void> =>
    void rows.push([`${name}, ms`, (await median(work)).toFixed(0)])
  for (const sort of ['row', 'identifier', 'name', 'updated'] as const) await measure(`first page by ${sort}`, () => page({}, sort))
  const { nextCursor } = await page({}, 'name')
  await measure('second page by name', () => page({}, 'name', nextCursor!))
  await measure('search: a common word', () => page({ search: 'cable' }, 'row'))
  await measure('search: a rare word', () => page({ search: `${count - 1}` }, 'row'))
  await measure('search: no such word', () => page({ search: 'nosuchword' }, 'row'))
  await measure('an attribute is missing', () => page({ missing: 'cable_length' }, 'row'))
  await measure('with proposals', () => page({ proposals: true }, 'row'))
  await measure('without proposals', () => page({ proposals: false }, 'row'))
  await measure('facets of all', () => database.inWorkspace(workspaceId, (tx) => readFacets(tx, {})))
  await measure('facets of a search', () => database.inWorkspace(workspaceId, (tx) => readFacets(tx, { search: 'cable' })))
  const again = await timed(() => importFile({ database, workspaceId, path, format }))
  rows.push(['import of the same file again, s', (again / 1000).toFixed(1)])
  process.stdout.write(`${count} products: ${source}\n`)
  printTable([['what', 'figure'], ...rows])
} finally {
  await database.close()
  rmSync(folder, { recursive: true, force: true })
}
