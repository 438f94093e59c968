import { recordGeneratedValues } from '../../src/catalogue/changes.ts'
import { writeKey } from '../../src/catalogue/cursor.ts'
import { readFacets } from '../../src/catalogue/facets.ts'
import { readIndexState, refreshCatalogueIndex } from '../../src/catalogue/index.ts'
import { listProducts, neighboursOf } from '../../src/catalogue/list.ts'
import { keyOf, type ListOrder } from '../../src/catalogue/order.ts'
import { countSelected, selectedProducts } from '../../src/catalogue/selection.ts'
import { PRODUCT_SORTS, type ProductFilter } from '../../src/contract/catalogue.ts'
import type { Database, Tx } from '../../src/db/database.ts'
import type { productIndex } from '../../src/db/schema/index.ts'
import { newId } from '../../src/runtime/ids.ts'

/** Something that a person asks of a catalogue, another thing of the same kind in each round. */
export interface Question {
  readonly name: string
  readonly ask: (tx: Tx, round: number) => Promise<unknown>
}

const PAGE = 50
/** The category of a product of a made catalogue: eight departments with five shelves each. */
export const categoryOfRow = (row: number): string => `Department ${row % 8} > Shelf ${row % 40}`
const PROPOSED_SHARE = 0.01

/** Every hundredth product gets a proposal, every second of them a flagged one; and the index follows. */
export async function proposeSome(database: Database, workspaceId: string): Promise<void> {
  for (let afterOrdinal: number | undefined; ;) {
    const more = await database.inWorkspace(workspaceId, async (tx) => {
      const page = await selectedProducts(tx, { selection: { filter: {}, except: [] }, afterOrdinal, limit: 5_000 })
      const values = page
        .filter(({ row }) => row % (1 / PROPOSED_SHARE) === 0)
        .map(({ id }, index) => ({
          id: newId(),
          productId: id,
          attribute: 'description',
          locale: 'en',
          channel: null,
          value: 'A value that waits.',
          flags: index % 2 === 0 ? [] : [{ reason: 'number_not_in_source' as const, text: '4' }],
          state: 'proposed' as const,
          provenance: { kind: 'generated' as const },
          runId: newId(),
          workHash: 'bench',
        }))
      await recordGeneratedValues(tx, workspaceId, values)
      return page.at(-1)?.ordinal
    })
    if (more === undefined) break
    afterOrdinal = more
  }
  await refreshCatalogueIndex(database, workspaceId)
}

type Row = typeof productIndex.$inferSelect

/** @param rows products here and there in the catalogue, whose names and places the questions take */
export function questionsOf(rows: readonly Row[]): Question[] {
  const at = (round: number): Row => rows[(round * 7) % rows.length]!
  const families = [...new Set(rows.map(({ family }) => family ?? ''))]
  const familyAt = (round: number): string => families[round % families.length]!
  const inList = (
    name: string,
    filterOf: (round: number) => ProductFilter,
    { sort = 'row', direction = 'up', deep = false }: Partial<ListOrder> & { deep?: boolean } = {},
  ): Question => ({
    name,
    async ask(tx, round) {
      const filter = filterOf(round)
      const order = { sort, direction }
      const cursor = deep ? writeKey(keyOf(at(round), order)) : undefined
      const page = await listProducts(tx, { filter, order, attributes: [], cursor, limit: PAGE })
      await readIndexState(tx)
      return page
    },
  })
  const words = (round: number, most: number): string => (at(round).name ?? at(round).identifier).split(' ').slice(0, most).join(' ')
  const search = (name: string, textOf: (round: number) => string, order: Partial<ListOrder> = {}): Question =>
    inList(name, (round) => ({ search: textOf(round) }), order)
  const filters = (name: string, filterOf: (round: number) => ProductFilter, order: Partial<ListOrder> = {}): Question =>
    inList(name, filterOf, order)
  const categories = [3, 11, 0, 25, 38].flatMap((row) => [categoryOfRow(row), categoryOfRow(row).split(' > ')[0]!])
  const common = ['cable', 'black', 'notebook', 'hp', 'usb', 'toner', 'white', 'with']
  const of = <T>(list: readonly T[], round: number): T => list[round % list.length]!
  return [
    ...PRODUCT_SORTS.flatMap((sort) => [
      inList(`first page by ${sort}`, () => ({}), { sort }),
      inList(`next page by ${sort}`, () => ({}), { sort, deep: true }),
    ]),
    inList('first page by name, from the end', () => ({}), { sort: 'name', direction: 'down' }),
    search('a common word', (round) => of(common, round)),
    search('a common word, by name', (round) => of(common, round), { sort: 'name' }),
    inList('a common word, next page', (round) => ({ search: of(common, round) }), { deep: true }),
    search('an identifier', (round) => at(round).identifier),
    search('two words', (round) => words(round, 2)),
    search('a whole name', (round) => (at(round).name ?? at(round).identifier).slice(0, 200)),
    search('one letter', (round) => of(['a', 'c', 's', 'x', '1', '4'], round)),
    search('the beginning of a word', (round) => of(['cab', 'note', 'prin', 'wir', 'bla', 'key'], round)),
    search('the beginning of a number', (round) => of(['40', '08', '508', '7', '12', '190'], round)),
    search('no such word', (round) => `nosuchword${round}`),
    filters('a file', (round) => ({ sourceId: at(round).sourceId })),
    filters('a file, by name', (round) => ({ sourceId: at(round).sourceId }), { sort: 'name' }),
    filters('a family', (round) => ({ family: familyAt(round) })),
    filters('a family, by name', (round) => ({ family: familyAt(round) }), { sort: 'name' }),
    inList('a family, by name, next page', (round) => ({ family: at(round).family ?? '' }), { sort: 'name', deep: true }),
    filters('a family, last changed first', (round) => ({ family: familyAt(round) }), { sort: 'updated', direction: 'down' }),
    filters('an attribute is missing', (round) => ({ missing: of(['product_colour', 'cable_length', 'price_usd', 'no such'], round) })),
    filters('with proposals', () => ({ proposals: true })),
    filters('with proposals, by name', () => ({ proposals: true }), { sort: 'name' }),
    filters('without proposals', () => ({ proposals: false })),
    filters('flagged', () => ({ flagged: true })),
    filters('a category', (round) => ({ category: of(categories, round) })),
    filters('a category, poorest first', (round) => ({ category: of(categories, round) }), { sort: 'quality' }),
    filters('quality below 70', () => ({ qualityBelow: 70 })),
    filters('quality below a score', (round) => ({ qualityBelow: 45 + (round % 50) }), { sort: 'quality' }),
    filters('values that do not fit', () => ({ unfit: '' })),
    filters('a family, an attribute missing, a word', (round) => ({
      family: familyAt(round),
      missing: 'cable_length',
      search: of(common, round),
    })),
    { name: 'facets of all', ask: (tx) => readFacets(tx, {}) },
    { name: 'facets of a search', ask: (tx, round) => readFacets(tx, { search: of(common, round) }) },
    { name: 'facets of a category', ask: (tx, round) => readFacets(tx, { category: of(categories, round) }) },
    { name: 'facets of a family', ask: (tx, round) => readFacets(tx, { family: familyAt(round) }) },
    { name: 'how many match', ask: (tx, round) => countSelected(tx, { filter: { search: of(common, round) }, except: [] }) },
    {
      name: 'a product’s neighbours',
      ask: (tx, round) =>
        neighboursOf(tx, {
          productId: at(round).productId,
          filter: { search: words(round, 1) }, // the list it was opened from has it
          order: { sort: 'name', direction: 'up' },
        }),
    },
    {
      name: 'a product’s neighbours in its family',
      ask: (tx, round) =>
        neighboursOf(tx, {
          productId: at(round).productId,
          filter: { family: at(round).family ?? '' },
          order: { sort: 'name', direction: 'down' },
        }),
    },
    {
      name: 'all that match but some, counted',
      ask: (tx, round) =>
        countSelected(tx, { filter: { search: of(common, round) }, except: rows.slice(0, 100).map(({ productId }) => productId) }),
    },
    {
      name: 'the next 500 of all',
      ask: (tx, round) => selectedProducts(tx, { selection: { filter: {}, except: [] }, afterOrdinal: at(round).ordinal, limit: 500 }),
    },
    {
      name: 'the next 500 that match',
      ask: (tx, round) =>
        selectedProducts(tx, {
          selection: { filter: { search: of(common, round) }, except: [] },
          afterOrdinal: at(round).ordinal,
          limit: 500,
        }),
    },
  ]
}
