import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import type { ProductFilter } from '../contract/catalogue.ts'
import { newId } from '../runtime/ids.ts'
import { recordGeneratedValues } from './changes.ts'
import { readFacets } from './facets.ts'
import { detectFormat } from './formats/detect.ts'
import { importFile } from './import.ts'
import { readIndexState, refreshCatalogueIndex } from './index.ts'
import { listProducts, neighboursOf } from './list.ts'
import type { ListOrder } from './order.ts'
import { countSelected, selectedProducts } from './selection.ts'
import { changeSource } from './sources.ts'
import { structureChanged } from './structure/load.ts'
import { readProductStanding } from './structure/product-standing.ts'
import { foldText, wordsOf } from './words.ts'

const FAMILIES = ['Lamps', 'Chairs', 'Zubehör', '']
const NAMES = ['Orla desk lamp', 'ÉCLAIR Leuchte', 'مصباح مكتب', 'a_b%c', 'Tür-Griff 12', 'orla DESK lamp', '']
const COLOURS = ['red', 'blue', '', 'grün']
const CATEGORIES = ['Garden > Lamps', '', 'garden,office', 'Office > Desks > Lamps, standing']

/** What each of them means, said plainly. */
const IN_CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  'Garden > Lamps': ['Garden', 'Garden > Lamps'],
  '': [],
  'garden,office': ['garden', 'office'],
  'Office > Desks > Lamps, standing': ['Office', 'Office > Desks', 'Office > Desks > Lamps, standing'],
}

interface ModelProduct {
  readonly id: string
  readonly sourceId: string
  readonly row: number
  readonly identifier: string
  readonly name: string
  readonly family: string
  readonly values: Record<string, string> // current, without empty ones
  readonly categories: readonly string[]
  readonly quality: number
  readonly proposed: readonly boolean[] // one for each proposal: whether it is flagged
}

describeOnEachDatabase('the list of products', (open) => {
  let test: TestDatabase
  let workspaceId: string
  let model: ModelProduct[]
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-list-'))

  const inside = <T>(work: Parameters<typeof test.database.inWorkspace<T>>[1]): Promise<T> => test.database.inWorkspace(workspaceId, work)

  beforeAll(async () => {
    test = await open()
    workspaceId = await test.workspaceId()
    model = await makeCatalogue()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Two files, 130 products; generated values accepted, proposed, flagged; one product that is gone. */
  async function makeCatalogue(): Promise<ModelProduct[]> {
    const made: Omit<ModelProduct, 'id' | 'sourceId' | 'quality'>[][] = [0, 1].map((file) =>
      Array.from({ length: file === 0 ? 100 : 30 }, (_, index) => {
        const [name, family, colour] = [NAMES[(index * 5 + file) % 7]!, FAMILIES[(index * 3 + file) % 4]!, COLOURS[(index * 7) % 4]!]
        const values: Record<string, string> = {
          sku: `P-${(index * 37) % 101}-${file}`,
          ...(name ? { name } : {}),
          ...(family ? { family } : {}),
        }
        if (colour && file === 0) values['colour'] = colour
        const written = CATEGORIES[(index * 3) % 4]!
        if (written && file === 0) values['categories'] = written
        const categories = file === 0 ? IN_CATEGORIES[written]! : []
        return { row: index + 1, identifier: values['sku']!, name, family, categories, values, proposed: [] }
      }),
    )
    const products: Omit<ModelProduct, 'quality'>[] = []
    for (const [file, rows] of made.entries()) {
      const columns = file === 0 ? ['sku', 'name', 'family', 'colour', 'categories'] : ['sku', 'name', 'family']
      const path = join(folder, `file-${file}.csv`)
      const text = (list: typeof rows): string =>
        [columns, ...list.map(({ values }) => columns.map((column) => `"${values[column] ?? ''}"`))]
          .map((cells) => cells.join(','))
          .join('\n')
      if (file === 0) {
        writeFileSync(path, `${text(rows)}\nGONE,Gone,Lamps,red,garden\n`)
        await importFile({ database: test.database, workspaceId, path, format: await detectFormat(path) })
        await refreshCatalogueIndex(test.database, workspaceId)
      }
      writeFileSync(path, `${text(rows)}\n`)
      const { sourceId } = await importFile({ database: test.database, workspaceId, path, format: await detectFormat(path) })
      await refreshCatalogueIndex(test.database, workspaceId)
      const stored = await inside((tx) => selectedProducts(tx, { selection: { filter: { sourceId }, except: [] }, limit: 1000 }))
      for (const row of rows) products.push({ ...row, sourceId, id: stored.find(({ identifier }) => identifier === row.identifier)!.id })
    }
    const written: Parameters<typeof recordGeneratedValues>[2][number][] = []
    const changed = products.map((product, index) => {
      const value = (state: 'accepted' | 'proposed', flagged: boolean) => ({
        id: newId(),
        productId: product.id,
        attribute: state === 'accepted' ? 'description' : 'name',
        locale: 'en',
        channel: null,
        value: `Écrit text ${index}`,
        flags: flagged ? [{ reason: 'number_not_in_source' as const, text: '4' }] : [],
        state,
        provenance: { kind: 'generated' as const },
        runId: newId(),
        workHash: 'hash',
      })
      if (index % 3 === 0) written.push(value('accepted', false))
      if (index % 4 === 1) written.push(value('proposed', index % 8 === 1))
      return {
        ...product,
        values: index % 3 === 0 ? { ...product.values, description: `Écrit text ${index}` } : product.values,
        proposed: index % 4 === 1 ? [index % 8 === 1] : [],
      }
    })
    await inside((tx) => recordGeneratedValues(tx, workspaceId, written))
    await inside((tx) => structureChanged(tx, workspaceId, { measures: true })) // all by what both files taught
    await refreshCatalogueIndex(test.database, workspaceId)
    const scores = new Map(
      await inside(async (tx) =>
        Promise.all(changed.map(async ({ id }) => [id, (await readProductStanding(tx, id)).quality.score] as const)),
      ),
    )
    return changed.map((product) => ({ ...product, quality: scores.get(product.id)! }))
  }

  function matchesModel(product: ModelProduct, filter: ProductFilter): boolean {
    const words = wordsOf(foldText([product.identifier, ...Object.values(product.values)].join(' ')))
    // A word is found by its beginning, by what stands behind a sign in it, and by a number behind letters.
    const begins = (word: string, at: number): boolean =>
      at === 0 || /[-./_:]/.test(word[at - 1]!) || (/\p{N}/u.test(word[at]!) && /\p{L}/u.test(word[at - 1]!))
    const parts = words.flatMap((word) => Array.from(word).flatMap((_, at) => (begins(word, at) ? [word.slice(at)] : [])))
    return (
      (filter.search === undefined || wordsOf(foldText(filter.search)).every((word) => parts.some((part) => part.startsWith(word)))) &&
      (filter.sourceId === undefined || filter.sourceId === product.sourceId) &&
      (filter.family === undefined || filter.family === product.family) &&
      (filter.category === undefined || product.categories.includes(filter.category)) &&
      (filter.qualityBelow === undefined || product.quality < filter.qualityBelow) &&
      (filter.missing === undefined || !(filter.missing in product.values)) &&
      (filter.proposals === undefined || filter.proposals === product.proposed.length > 0) &&
      (filter.flagged === undefined || filter.flagged === product.proposed.includes(true))
    )
  }

  const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
  function sorted(products: readonly ModelProduct[], { sort, direction }: ListOrder): ModelProduct[] {
    const order = products.toSorted((a, b) => {
      if (sort === 'row') return byBytes(a.sourceId, b.sourceId) || a.row - b.row
      if (sort === 'identifier') return byBytes(a.identifier, b.identifier) || byBytes(a.id, b.id)
      if (sort === 'quality') return a.quality - b.quality || byBytes(a.id, b.id)
      return byBytes(foldText(a.name || a.identifier), foldText(b.name || b.identifier)) || byBytes(a.id, b.id)
    })
    return direction === 'up' ? order : order.toReversed()
  }

  const filters = (): fc.Arbitrary<ProductFilter> =>
    fc.record(
      {
        search: fc.constantFrom('orla', 'LAMP desk', 'écrit', 'p-3', '%', '_', 'مصباح', 'ur-gri', 'nothing here', "'; drop", 'text 12'),
        sourceId: fc.constantFrom(...new Set(model.map(({ sourceId }) => sourceId)), newId()),
        family: fc.constantFrom(...FAMILIES, 'None such'),
        category: fc.constantFrom('Garden', 'Garden > Lamps', 'garden', 'Office', 'Office > Desks > Lamps, standing', 'Lamps'),
        qualityBelow: fc.constantFrom(1, ...new Set(model.flatMap(({ quality }) => [quality, quality + 1])), 50, 70, 100),
        missing: fc.constantFrom('name', 'colour', 'description', 'family', 'no such column'),
        proposals: fc.boolean(),
        flagged: fc.boolean(),
      },
      { requiredKeys: [] },
    )
  const orders: fc.Arbitrary<ListOrder> = fc.record({
    sort: fc.constantFrom('row', 'identifier', 'name', 'quality'),
    direction: fc.constantFrom('up', 'down'),
  })

  async function allPages(filter: ProductFilter, order: ListOrder, limit: number): Promise<string[]> {
    const ids: string[] = []
    for (let cursor: string | undefined; ;) {
      const page = await inside((tx) => listProducts(tx, { filter, order, attributes: [], cursor, limit }))
      ids.push(...page.items.map(({ id }) => id))
      if (page.nextCursor === null) return ids
      cursor = page.nextCursor
    }
  }

  it('pages, filters, orders, counts, selections and facets say what a plain filter over the same products says', async () => {
    await fc.assert(
      fc.asyncProperty(filters(), orders, fc.integer({ min: 7, max: 60 }), async (filter, order, limit) => {
        const expected = sorted(
          model.filter((product) => matchesModel(product, filter)),
          order,
        ).map(({ id }) => id)
        expect(await allPages(filter, order, limit)).toEqual(expected)
        expect(await inside((tx) => countSelected(tx, { filter, except: [] }))).toBe(expected.length)
        const except = expected.slice(0, 2)
        expect(await inside((tx) => countSelected(tx, { filter, except }))).toBe(expected.length - except.length)
        const facets = await inside((tx) => readFacets(tx, filter))
        const less = (name: 'family' | 'category' | 'missing'): ModelProduct[] => {
          const { [name]: _left, ...others } = filter
          return model.filter((product) => matchesModel(product, others))
        }
        const [lessFamily, lessMissing] = [less('family'), less('missing')]
        expect(facets).toMatchObject({ matching: expected.length, atLeast: false })
        const inCategories = less('category').flatMap(({ categories }) => categories)
        const counted = Map.groupBy(inCategories, (category) => category)
        expect(new Map(facets.categories.map(({ category, count }) => [category, count]))).toEqual(
          new Map(Array.from(counted, ([category, all]) => [category, all.length])),
        )
        for (const { below, count } of facets.standing.quality)
          expect(count).toBe(model.filter((product) => matchesModel(product, filter) && product.quality < below).length)
        expect(facets.attributes.find(({ attribute }) => attribute === 'colour')!.missing).toBe(
          lessMissing.filter(({ values }) => !('colour' in values)).length,
        )
        for (const { family, count } of facets.families)
          expect(count).toBe(lessFamily.filter((product) => product.family === (family ?? '')).length)
        expect(facets.families.reduce((sum, { count }) => sum + count, 0)).toBe(lessFamily.length)
      }),
      { numRuns: 60 },
    )
  })

  it('where more match than are counted, facets are lower bounds, and say so; how many match is exact', async () => {
    await fc.assert(
      fc.asyncProperty(filters(), fc.integer({ min: 1, max: 40 }), async (filter, enough) => {
        const [exact, some] = await inside((tx) => Promise.all([readFacets(tx, filter), readFacets(tx, filter, enough)]))
        if (!some.atLeast) {
          expect(some).toEqual(exact)
          return
        }
        expect(some.matching).toBe(exact.matching)
        expect(some.families.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(enough)
        for (const { family, count } of exact.families) {
          const counted = some.families.find((one) => one.family === family)
          expect(counted).toBeDefined() // offered, though none of it was seen
          expect(counted!.count).toBeLessThanOrEqual(count)
        }
        for (const { attribute, missing } of exact.attributes)
          expect(some.attributes.find((one) => one.attribute === attribute)!.missing).toBeLessThanOrEqual(missing)
      }),
      { numRuns: 30 },
    )
    expect(await inside((tx) => readFacets(tx, { missing: 'no such column' }, 5))).toMatchObject({ atLeast: true, matching: model.length })
    expect(await inside((tx) => readFacets(tx, {}, 5))).toMatchObject({ atLeast: false, matching: model.length })
  })

  it('a product knows its neighbours in the list it was opened from', async () => {
    const filter = { search: 'orla' }
    const order = { sort: 'name', direction: 'down' } as const
    const ids = await allPages(filter, order, 50)
    for (const [index, id] of ids.entries()) {
      const { previous, next } = await inside((tx) => neighboursOf(tx, { productId: id, filter, order }))
      expect([previous?.id, next?.id]).toEqual([ids[index - 1], ids[index + 1]])
    }
  })

  it('a selection is read page by page, each product once, with what was written', async () => {
    const ids: string[] = []
    for (let afterOrdinal: number | undefined; ;) {
      const page = await inside((tx) =>
        selectedProducts(tx, { selection: { filter: { missing: 'name' }, except: [] }, afterOrdinal, limit: 7 }),
      )
      ids.push(...page.map(({ id }) => id))
      if (page.length < 7) break
      afterOrdinal = page.at(-1)!.ordinal
    }
    expect(ids.toSorted()).toEqual(
      model
        .filter(({ values }) => !('name' in values))
        .map(({ id }) => id)
        .toSorted(),
    )
    expect(await inside((tx) => countSelected(tx, { ids: [...ids, newId()] }))).toBe(ids.length)
  })

  it('the products of another workspace are in no list, selection or count', async () => {
    const elsewhere = await test.workspaceId()
    const order = { sort: 'row', direction: 'up' } as const
    await test.database.inWorkspace(elsewhere, async (tx) => {
      expect((await listProducts(tx, { filter: {}, order, attributes: [], limit: 10 })).items).toEqual([])
      expect(await countSelected(tx, { ids: model.map(({ id }) => id) })).toBe(0)
      expect((await readFacets(tx, {})).matching).toBe(0)
      expect(await readIndexState(tx)).toEqual({ ready: true, indexed: 0, products: 0 })
    })
  })

  it('what was said of a file’s columns during a pass over another file is there when the index is up to date', async () => {
    const bring = async (name: string, rows: number): Promise<string> => {
      const path = join(folder, name)
      writeFileSync(path, ['sku,alpha,beta', ...Array.from({ length: rows }, (_, row) => `${name}-${row},First,Second`)].join('\n'))
      return (await importFile({ database: test.database, workspaceId: other, path, format: await detectFormat(path) })).sourceId
    }
    const other = await test.workspaceId()
    const small = await bring('small.csv', 1)
    await refreshCatalogueIndex(test.database, other)
    await bring('large.csv', 3_000)
    const pass = refreshCatalogueIndex(test.database, other)
    const listed = () => test.database.inWorkspace(other, (tx) => countSelected(tx, { filter: {}, except: [] }))
    await expect.poll(listed, { interval: 5 }).toBeGreaterThan(1)
    await test.database.inWorkspace(other, (tx) =>
      changeSource(tx, { sourceId: small, columns: { name: 'beta', family: null, picture: null } }),
    )
    await Promise.all([pass, refreshCatalogueIndex(test.database, other)])
    const list = { filter: { sourceId: small }, order: { sort: 'identifier', direction: 'up' }, attributes: [], limit: 5 } as const
    expect((await test.database.inWorkspace(other, (tx) => listProducts(tx, list))).items).toMatchObject([{ name: 'Second' }])
  })

  it('refuses a cursor of another list', async () => {
    const page = await inside((tx) => listProducts(tx, { filter: {}, order: { sort: 'name', direction: 'up' }, attributes: [], limit: 5 }))
    const read = (cursor: string) =>
      inside((tx) => listProducts(tx, { filter: {}, order: { sort: 'row', direction: 'up' }, attributes: [], cursor, limit: 5 }))
    for (const cursor of [page.nextCursor!, 'x', Buffer.from('["a","b","c"]').toString('base64url')]) {
      await expect(read(cursor)).rejects.toMatchObject({ code: 'request.invalid' })
    }
  })
})
