import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asc, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { categoryOfRow, proposeSome, questionsOf } from '../../test/support/catalogue-questions.ts'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { explaining, type PlanNode, scannedTables } from '../../test/support/plans.ts'
import { PRODUCT_SORTS } from '../contract/catalogue.ts'
import { productIndex } from '../db/schema/index.ts'
import { writeKey } from './cursor.ts'
import { detectFormat } from './formats/detect.ts'
import { importFile } from './import.ts'
import { refreshCatalogueIndex } from './index.ts'
import { listProducts } from './list.ts'
import { keyOf } from './order.ts'
import { writtenProducts } from './written.ts'

const PRODUCTS = 3_000
const GROWING = ['products', 'product_index', 'index_pages', 'value_changes']

// Under row-level security an index serves only where the operator is leakproof. With sequential scans forbidden, one that is left
// in a plan means that no index could.
describeOnEachDatabase('what is asked of the list', (open) => {
  let test: TestDatabase
  let workspaceId: string
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-plans-'))

  beforeAll(async () => {
    test = await open()
    workspaceId = await test.workspaceId()
    const path = join(folder, 'products.csv')
    const rows = Array.from(
      { length: PRODUCTS },
      (_, at) =>
        `P-${at},${at % 7 === 0 ? 'Desk lamp' : 'Chair'} ${at},Family ${at % 11},${at % 3 === 0 ? 'red' : ''},${categoryOfRow(at)}`,
    )
    writeFileSync(path, ['sku,name,family,colour,categories', ...rows].join('\n'))
    await importFile({ database: test.database, workspaceId, path, format: await detectFormat(path) })
    await refreshCatalogueIndex(test.database, workspaceId)
    await proposeSome(test.database, workspaceId)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const someRows = () =>
    test.database.inWorkspace(workspaceId, (tx) => tx.select().from(productIndex).orderBy(asc(productIndex.ordinal)).limit(50))

  it('reads no table of products from end to end', async () => {
    for (const { name, ask } of questionsOf(await someRows())) {
      const { explained } = await explaining(test.database, workspaceId, {
        before: (tx) => tx.execute(sql`set local enable_seqscan = off`),
        work: (tx) => ask(tx, 0),
      })
      expect(explained.length, name).toBeGreaterThan(0)
      for (const { plan, statement } of explained)
        expect(
          scannedTables(plan).filter((table) => GROWING.includes(table)),
          statement,
        ).toEqual([])
    }
  })

  it('walks an index for each order, forwards and backwards, and sorts nothing', async () => {
    for (const sort of PRODUCT_SORTS) {
      for (const direction of ['up', 'down'] as const) {
        const { value, explained } = await explaining(test.database, workspaceId, {
          before: async (tx) => {
            await tx.execute(sql`set local enable_seqscan = off`)
            await tx.execute(sql`set local enable_bitmapscan = off`)
          },
          work: (tx) => listProducts(tx, { filter: { search: 'lamp' }, order: { sort, direction }, attributes: [], limit: 20 }),
        })
        expect(value.items).toHaveLength(20)
        const walk = explained
          .map(({ plan }) => nodesOf(plan))
          .find((nodes) => nodes.some((node) => node['Index Name']?.startsWith('product_index_by_')))
        expect(walk, sort).toBeDefined()
        expect(walk!.map((node) => node['Node Type'])).not.toContain('Sort')
      }
    }
  })

  it('finds products by their identifiers in the index of those, also of a source that no statistics know yet', async () => {
    const path = join(folder, 'second.csv')
    writeFileSync(path, ['sku,name', ...Array.from({ length: 1_000 }, (_, at) => `S-${at},Lamp ${at}`)].join('\n'))
    await test.database.asSystem('statistics of the first source alone', (tx) => tx.execute(sql`analyze products`))
    const { sourceId } = await importFile({ database: test.database, workspaceId, path, format: await detectFormat(path) })
    const identifiers = Array.from({ length: 500 }, (_, at) => `S-${at * 2}`)
    const { value, explained } = await explaining(test.database, workspaceId, {
      before: (tx) => tx.execute(sql`set local enable_seqscan = off`),
      work: (tx) => writtenProducts(tx, { sourceId, identifiers }),
    })
    expect([...value.keys()].toSorted()).toEqual(identifiers.toSorted())
    const indexes = explained.flatMap(({ plan }) => nodesOf(plan)).flatMap((node) => node['Index Name'] ?? [])
    expect(indexes.filter((name) => name.startsWith('products_'))).toEqual(['products_identifier'])
  })

  it('walks an index for a family by name, forwards and backwards, with and without a place to go on from', async () => {
    for (const family of ['Family 3', '']) {
      for (const direction of ['up', 'down'] as const) {
        const [row] = await someRows()
        const order = { sort: 'name', direction } as const
        for (const cursor of [undefined, writeKey(keyOf(row!, order))]) {
          const { explained } = await explaining(test.database, workspaceId, {
            before: async (tx) => {
              await tx.execute(sql`set local enable_seqscan = off`)
              await tx.execute(sql`set local enable_bitmapscan = off`)
            },
            work: (tx) => listProducts(tx, { filter: { family }, order, attributes: [], cursor, limit: 20 }),
          })
          const walk = explained.map(({ plan }) => nodesOf(plan)).find((nodes) => nodes.some(isByFamily))
          expect(walk, `${family} ${direction}`).toBeDefined()
          expect(walk!.map((node) => node['Node Type'])).not.toContain('Sort')
        }
      }
    }
  })
})

const isByFamily = (node: PlanNode): boolean => node['Index Name'] === 'product_index_by_family'

const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]
