import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import type { ProductFilter } from '../contract/catalogue.ts'
import type { Database } from '../db/database.ts'
import { products, sources, valueChanges } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'
import { recordGeneratedValues } from './changes.ts'
import { currentValues, isEmptyValue } from './current.ts'
import { decide } from './decide.ts'
import { editValue } from './edit.ts'
import { readFacets } from './facets.ts'
import { detectFormat } from './formats/detect.ts'
import { importFile } from './import.ts'
import { readIndexState, refreshCatalogueIndex } from './index.ts'
import { listProducts } from './list.ts'
import { compactSegments } from './postings/compact.ts'
import { countSelected, selectedProducts } from './selection.ts'
import { changeSource } from './sources.ts'
import { currentValue } from './values.ts'
import { foldText, wordsOf } from './words.ts'

const PERSON = 'user:00000000-0000-7000-8000-00000000000a'
const TEXTS = ['', 'desk lamp', 'Écran 4K', 'مصباح مكتب', 'Настольная лампа', '桌面台灯', 'HP250-G8', 'a_b%c', 'red', '12,5 kg']
const SEARCHES = ['lamp', 'la', 'ecran', 'ÉCR', 'مصب', 'лам', '台灯', '250', 'g8', 'hp250g8', 'p-1', '12', 'a_b', 'nothing', 'desk red']
const ATTRIBUTES = ['name', 'family', 'note'] as const

interface Row {
  readonly identifier: number
  readonly values: readonly string[] // of ATTRIBUTES
}

/** One thing that happens to a catalogue, or to its index. Numbers choose among what is there, whatever its count. */
type Step =
  | { readonly kind: 'import'; readonly file: 0 | 1; readonly rows: readonly Row[] }
  | { readonly kind: 'edit'; readonly which: number; readonly attribute: number; readonly value: string | null }
  | { readonly kind: 'propose'; readonly which: number; readonly flagged: boolean }
  | { readonly kind: 'decide'; readonly which: number; readonly decision: 'accept' | 'reject' }
  | { readonly kind: 'columns'; readonly file: 0 | 1; readonly family: number | null }
  | { readonly kind: 'refresh' }
  | { readonly kind: 'merge' }
  | { readonly kind: 'cutOff'; readonly after: number } // the process ends at this transaction of a pass

const CATEGORIES = ['', 'garden', 'garden,office', 'Office > Desks']

const text = fc.constantFrom(...TEXTS)
const file = fc.constantFrom<0 | 1>(0, 1)
const anyone = fc.nat({ max: 30 })
const rows = fc.uniqueArray(fc.record({ identifier: fc.nat({ max: 12 }), values: fc.tuple(text, text, text) }), {
  minLength: 1,
  maxLength: 12,
  selector: ({ identifier }) => identifier,
})
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('import' as const), file, rows }),
  fc.record({ kind: fc.constant('edit' as const), which: anyone, attribute: fc.nat({ max: 2 }), value: fc.option(text) }),
  fc.record({ kind: fc.constant('propose' as const), which: anyone, flagged: fc.boolean() }),
  fc.record({ kind: fc.constant('decide' as const), which: anyone, decision: fc.constantFrom('accept' as const, 'reject' as const) }),
  fc.record({ kind: fc.constant('columns' as const), file, family: fc.option(fc.nat({ max: 2 })) }),
  fc.record({ kind: fc.constant('refresh' as const) }),
  fc.record({ kind: fc.constant('merge' as const) }),
  fc.record({ kind: fc.constant('cutOff' as const), after: fc.integer({ min: 1, max: 8 }) }),
)
const filters: fc.Arbitrary<ProductFilter> = fc.record(
  {
    search: fc.constantFrom(...SEARCHES),
    family: fc.constantFrom('', 'desk lamp', 'red', '桌面台灯'),
    category: fc.constantFrom('garden', 'office', 'Office', 'Office > Desks', 'Desks'),
    missing: fc.constantFrom('name', 'note', 'no such'),
    proposals: fc.boolean(),
    flagged: fc.boolean(),
  },
  { requiredKeys: [] },
)

describeOnEachDatabase('the index, after anything that happens to a catalogue', (open) => {
  let test: TestDatabase
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-index-'))
  beforeAll(async () => {
    test = await open()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('answers as a plain look at the products does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 14 }),
        fc.array(filters, { minLength: 3, maxLength: 6 }),
        async (steps, asked) => {
          const catalogue = newCatalogue(test.database, await test.workspaceId(), folder)
          for (const one of steps) await catalogue.take(one)
          await refreshCatalogueIndex(test.database, catalogue.workspaceId)
          for (const filter of [{}, ...asked]) await catalogue.expectSame(filter)
        },
      ),
      { numRuns: 40 },
    )
  }, 180_000)

  it('goes on where a pass was cut off, at whichever transaction, and leaves nobody out', async () => {
    const catalogue = newCatalogue(test.database, await test.workspaceId(), folder)
    const some = (count: number, note: string): Row[] =>
      Array.from({ length: count }, (_, identifier) => ({ identifier, values: ['desk lamp', identifier % 2 ? 'red' : '', note] }))
    for (const [round, note] of ['HP250-G8', 'Écran 4K', 'red'].entries()) {
      await catalogue.take({ kind: 'import', file: 0, rows: some(1_400 - round * 300, note) })
      for (let after = 1; after < 10; after += 1) await catalogue.take({ kind: 'cutOff', after })
      await refreshCatalogueIndex(test.database, catalogue.workspaceId)
      for (const filter of [{}, { search: '250' }, { search: 'ecran' }, { family: 'red' }]) await catalogue.expectSame(filter)
    }
  }, 120_000)
})

/** The database of a process that ends at its nth transaction. */
function endingAt(database: Database, after: number): Database {
  let left = after
  return {
    ...database,
    inWorkspace(workspaceId, work) {
      left -= 1
      if (left < 0) return Promise.reject(new Error('the process ended'))
      return database.inWorkspace(workspaceId, async (tx) => {
        const value = await work(tx)
        if (left === 0) throw new Error('the process ended before its commit')
        return value
      })
    },
  }
}

function newCatalogue(database: Database, workspaceId: string, folder: string) {
  const inside = <T>(work: Parameters<typeof database.inWorkspace<T>>[1]): Promise<T> => database.inWorkspace(workspaceId, work)
  const pathOf = (at: 0 | 1): string => join(folder, `${workspaceId}-${at}.csv`)

  /** The products that the last imports brought, with what they say and what waits, read without the index. */
  const looked = () =>
    inside(async (tx) => {
      const all = await tx.select().from(products).innerJoin(sources, eq(sources.id, products.sourceId)).orderBy(products.id)
      const open = await tx.select().from(valueChanges).where(eq(valueChanges.state, 'proposed')).orderBy(valueChanges.id)
      return all
        .filter(({ products: product, sources: source }) => product.lastSeenImport === source.lastImport)
        .map(({ products: product, sources: source }) => ({
          product: { ...product, mapping: source.mapping },
          familyColumn: source.columns ? source.columns.family : 'family',
          proposals: open.filter(({ productId }) => productId === product.id),
        }))
    })
  type Looked = Awaited<ReturnType<typeof looked>>[number]
  const pick = <T>(all: readonly T[], place: number): T | undefined => (all.length === 0 ? undefined : all[place % all.length])

  async function take(one: Step): Promise<void> {
    if (one.kind === 'import') {
      const lines = one.rows.map(({ identifier, values }) =>
        [`P-${identifier}`, ...values, CATEGORIES[identifier % 4]!].map((cell) => `"${cell}"`).join(','),
      )
      writeFileSync(pathOf(one.file), ['sku,name,family,note,categories', ...lines].join('\n'))
      await importFile({
        database,
        workspaceId,
        path: pathOf(one.file),
        format: await detectFormat(pathOf(one.file), { identifier: 'sku' }),
      })
    } else if (one.kind === 'edit') {
      const chosen = pick(await looked(), one.which)
      if (!chosen) return
      const place = { attribute: ATTRIBUTES[one.attribute]!, locale: null, channel: null }
      const over = currentValue(chosen.product, place).changeId
      await inside((tx) =>
        editValue(tx, { workspaceId, actor: PERSON, edit: { productId: chosen.product.id, ...place, over }, value: one.value }),
      )
    } else if (one.kind === 'propose') {
      const chosen = pick(await looked(), one.which)
      if (!chosen) return
      const flags = one.flagged ? [{ reason: 'number_not_in_source' as const, text: '4' }] : []
      const value = { id: newId(), productId: chosen.product.id, attribute: 'note', locale: 'en', channel: null, value: 'Ein Vorschlag 99' }
      await inside((tx) =>
        recordGeneratedValues(tx, workspaceId, [
          { ...value, flags, state: 'proposed', provenance: { kind: 'generated' }, runId: newId(), workHash: 'hash' },
        ]),
      )
    } else if (one.kind === 'decide') {
      const all = await looked()
      const proposal = pick(
        all.flatMap(({ product, proposals }) => proposals.map((change) => ({ product, change }))),
        one.which,
      )
      if (!proposal) return
      const { id } = proposal.change
      const over = currentValue(proposal.product, proposal.change).changeId
      const decision = one.decision === 'accept' ? { id, decision: one.decision, over } : { id, decision: one.decision }
      await inside((tx) => decide(tx, { workspaceId, actor: PERSON, decisions: [decision] }))
    } else if (one.kind === 'columns') {
      const [source] = await inside((tx) =>
        tx
          .select()
          .from(sources)
          .where(eq(sources.location, pathOf(one.file))),
      )
      if (!source) return
      const columns = { name: 'name', family: one.family === null ? null : ATTRIBUTES[one.family]!, picture: null }
      await inside((tx) => changeSource(tx, { sourceId: source.id, columns }))
    } else if (one.kind === 'refresh') await refreshCatalogueIndex(database, workspaceId)
    else if (one.kind === 'merge') await compactSegments(database, { workspaceId, signal: () => false, leastSegments: 2 })
    else await refreshCatalogueIndex(endingAt(database, one.after), workspaceId).catch(() => undefined)
  }

  function matchesFilter({ product, familyColumn, proposals }: Looked, filter: ProductFilter): boolean {
    const values = [...currentValues(product)].filter(([, { value }]) => !isEmptyValue(value))
    const said = wordsOf(foldText([product.identifier, ...values.map(([, { value }]) => String(value))].join(' ')))
    const parts = said.flatMap(partsOf)
    const family = values.find(([attribute]) => attribute === familyColumn)?.[1].value ?? ''
    return (
      (filter.search === undefined || wordsOf(foldText(filter.search)).every((word) => parts.some((part) => part.startsWith(word)))) &&
      (filter.family === undefined || filter.family === family) &&
      (filter.category === undefined || isIn(filter.category, values.find(([attribute]) => attribute === 'categories')?.[1].value)) &&
      (filter.missing === undefined || !values.some(([attribute]) => attribute === filter.missing)) &&
      (filter.proposals === undefined || filter.proposals === proposals.length > 0) &&
      (filter.flagged === undefined || filter.flagged === proposals.some(({ flags }) => flags.length > 0))
    )
  }

  async function expectSame(filter: ProductFilter): Promise<void> {
    const all = await looked()
    const expected = all.filter((one) => matchesFilter(one, filter)).map(({ product }) => product.id)
    await inside(async (tx) => {
      const order = { sort: 'name', direction: 'up' } as const
      const { items, matching } = await listProducts(tx, { filter, order, attributes: [], limit: 2_000 })
      expect(items.map(({ id }) => id).sort(), JSON.stringify(filter)).toEqual(expected)
      expect(matching).toBe(expected.length)
      const selection = { filter, except: expected.slice(0, 1) }
      expect(await countSelected(tx, selection)).toBe(Math.max(0, expected.length - 1))
      expect((await selectedProducts(tx, { selection, limit: 2_000 })).map(({ id }) => id).sort()).toEqual(expected.slice(1))
      const facets = await readFacets(tx, filter)
      expect(facets.matching).toBe(expected.length)
      const { category: _category, ...others } = filter
      const other = all.filter((one) => matchesFilter(one, others) && matchesFilter(one, { category: 'garden' }))
      expect(facets.categories.find(({ category }) => category === 'garden')?.count ?? 0).toBe(other.length)
      expect(facets.proposals).toBe(all.filter((one) => matchesFilter(one, filter) && one.proposals.length > 0).length)
      expect(await readIndexState(tx)).toEqual({ ready: true, indexed: all.length, products: all.length })
    })
  }

  return { workspaceId, take, expectSame }
}

/** Whether a product of which its file says `said` is in a category, said plainly. */
const isIn = (category: string, said: unknown): boolean =>
  ({ garden: ['garden'], 'garden,office': ['garden', 'office'], 'Office > Desks': ['Office', 'Office > Desks'] })[said as string]?.includes(
    category,
  ) ?? false

/** What a folded word is found by the beginning of, said plainly. */
function partsOf(word: string): string[] {
  const letters = Array.from(word)
  const begins = (at: number): boolean =>
    at === 0 ||
    /[-.,_:%]/.test(letters[at - 1]!) ||
    (/\p{N}/u.test(letters[at]!) && /\p{L}/u.test(letters[at - 1]!)) ||
    /\p{Script=Han}/u.test(letters[at]!)
  const parts = letters.flatMap((_, at) => (begins(at) ? [letters.slice(at).join('')] : []))
  const isCode = /\p{N}/u.test(word) && parts.length > 1
  return isCode ? [...parts, word.replace(/[^\p{L}\p{N}]/gu, '')] : parts
}
