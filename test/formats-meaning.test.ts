import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { currentPlaces } from '../src/catalogue/current.ts'
import { mappingsOf } from '../src/catalogue/mappings.ts'
import { products } from '../src/db/schema/index.ts'
import { createCatalogueFiles } from './support/catalogue-files.ts'
import { openOnPglite, type TestDatabase } from './support/databases.ts'
import { describeShared, sharedPath } from './support/shared.ts'

let test: TestDatabase
let files: ReturnType<typeof createCatalogueFiles>
beforeAll(async () => {
  test = await openOnPglite()
})
beforeEach(async () => {
  files = createCatalogueFiles(test.database, await test.workspaceId())
})
afterAll(async () => {
  files.remove()
  await test.destroy()
})

/** The file as csv-parse, which shares no code with ours, understands it. */
function tableOf(path: string): { header: string[]; rows: string[][] } {
  const content = readFileSync(path, 'utf8')
  const delimiter = content.split('\n', 1)[0]!.includes(';') ? ';' : ','
  const [header, ...rows] = parse(content, { delimiter, bom: true, skip_empty_lines: true, relax_column_count: true })
  return { header: header!, rows }
}

const productsOf = (sourceId: string) =>
  files.inside(async (tx) => {
    const mapping = (await mappingsOf(tx, [sourceId])).get(sourceId) ?? null
    const rows = await tx.select().from(products).orderBy(products.row)
    return rows.filter((row) => row.sourceId === sourceId).map((row) => ({ ...row, mapping }))
  })

describeShared('real catalogues, brought with what their columns mean', () => {
  const folder = (name: string): string[] =>
    readdirSync(sharedPath(`data/${name}`))
      .filter((file) => /\.(csv|jsonl)$/.test(file))
      .map((file) => sharedPath(join('data', name, file)))

  it.each(['icecat', 'akeneo', 'shopify'].flatMap(folder).map((path) => [basename(path), path]))(
    '%s comes back byte for byte, and with nothing but the cells of a written value changed',
    async (name, path) => {
      const bytes = readFileSync(path)
      const { source } = await files.bring(name, bytes)
      expect((await files.exported(source.id)).equals(bytes)).toBe(true)
      const all = await productsOf(source.id)
      const chosen = all.filter((_, index) => index % Math.ceil(all.length / 5) === 1)
      const marks: string[] = []
      for (const product of chosen) {
        const text = currentPlaces(product).find(
          ({ value, place }) => typeof value === 'string' && value.length > 3 && place.attribute !== 'uuid' && value !== product.identifier,
        )
        if (!text) continue
        const mark = `Written for ${product.row}.`
        await files.write(product.id, text.place, mark).then(
          () => marks.push(mark),
          (error: unknown) => expect(error).toMatchObject({ code: 'value.fixed' }),
        )
      }
      const written = await files.exported(source.id)
      const [before, after] = [bytes, written].map((content) => String(content).split('\n'))
      expect(after!.length).toBe(before!.length)
      const changed = after!.filter((line, index) => line !== before![index])
      expect(changed.length).toBe(marks.length)
      for (const mark of marks) expect(changed.filter((line) => line.includes(mark)).length).toBe(1)
    },
    60_000,
  )

  it('Akeneo’s products: every cell is at the place that its header names', async () => {
    const path = sharedPath('data/akeneo/products.csv')
    const { source } = await files.bring('products.csv', readFileSync(path))
    await files.bring('product_models.csv', readFileSync(sharedPath('data/akeneo/product_models.csv')))
    const { header, rows } = tableOf(path)
    const all = await productsOf(source.id)
    expect(all.length).toBe(rows.length)
    const cells = new Map(rows.map((row) => [row[0]!, Object.fromEntries(header.map((column, index) => [column, row[index]!]))]))
    let read = 0
    for (const product of all) {
      const own = cells.get(product.identifier)!
      const places = currentPlaces(product)
      for (const { place, value } of places) {
        const [locale, channel] = [place.locale?.replace('-', '_'), place.channel]
        const column = [place.attribute, locale, channel].filter(Boolean).join('-')
        read += 1
        if (typeof value === 'string') expect([column, value]).toEqual([column, own[column]])
        else if ('amount' in (value as object)) {
          expect(value).toEqual({ amount: own[column], ...(own[`${column}-unit`] ? { unit: own[`${column}-unit`] } : {}) })
        } else for (const [currency, amount] of Object.entries(value as object)) expect(amount).toBe(own[`${column}-${currency}`])
      }
      // Nothing is lost: each filled cell is a part of a value, but for links to other products.
      const filled = header.filter((column) => own[column]!.trim() !== '' && !/-(products|groups|product_models)$/.test(column))
      const parts = places.flatMap(({ value }) => (typeof value === 'object' ? Object.keys(value as object) : ['']))
      expect(parts.length).toBe(filled.length)
    }
    expect(read).toBeGreaterThan(10_000)
    const models = new Set(tableOf(sharedPath('data/akeneo/product_models.csv')).rows.map(([code]) => code))
    const parents = rows.map((row) => row[header.indexOf('parent')]!).filter((parent) => parent !== '')
    expect(all.flatMap(({ parent }) => parent ?? [])).toEqual(parents)
    expect(all.filter(({ parentId }) => parentId !== null).length).toBe(parents.filter((parent) => models.has(parent)).length)
  }, 60_000)

  it.each(folder('shopify').map((path) => [basename(path), path]))(
    '%s: the first row of a handle is its product, the others are its variants or images',
    async (name, path) => {
      const { source } = await files.bring(name, readFileSync(path))
      const { header, rows } = tableOf(path)
      const at = (row: string[], column: string): string => row[header.indexOf(column)] ?? ''
      const all = await productsOf(source.id)
      const handles = [...new Set(rows.map((row) => at(row, 'Handle')))]
      expect(all.filter(({ parent }) => parent === null).map(({ identifier }) => identifier)).toEqual(handles)
      const variants = rows.filter(
        (row, index) =>
          rows.findIndex((other) => at(other, 'Handle') === at(row, 'Handle')) !== index &&
          (at(row, 'Option1 Value') !== '' || at(row, 'Variant Price') !== ''),
      )
      expect(all.filter(({ parent }) => parent !== null).length).toBe(variants.length)
      expect(all.every(({ parent, parentId }) => (parent === null) === (parentId === null))).toBe(true)
    },
  )
})

describe('a file with 5,000 columns', () => {
  const LOCALES = ['de_DE', 'en_US', 'fr_FR', 'it_IT', 'es_ES']
  const columns = [
    'sku',
    'family',
    'categories',
    'parent',
    ...Array.from({ length: 4_996 }, (_, n) => `a${Math.floor(n / 15)}-${LOCALES[n % 5]!}-c${Math.floor((n % 15) / 5)}`),
  ]
  const row = (n: number): string[] =>
    columns.map((_, index) => (index === 0 ? `S${n}` : index < 4 ? '' : (index * 7 + n) % 13 === 0 ? `v${n}.${index}` : ''))

  it('is read place by place and comes back', async () => {
    const content = [columns, ...Array.from({ length: 20 }, (_, n) => row(n))].map((cells) => `${cells.join(';')}\n`).join('')
    const { source } = await files.bring('wide.csv', content)
    const all = await productsOf(source.id)
    expect(all[0]!.mapping).toMatchObject({ profile: 'akeneo' })
    for (const product of all) {
      const expected = row(product.row - 1).flatMap((value, index) => (value === '' ? [] : [[columns[index]!, value]]))
      const found = currentPlaces(product).map(({ place, value }) => [
        [place.attribute, place.locale?.replace('-', '_'), place.channel].filter(Boolean).join('-'),
        value,
      ])
      expect(found).toEqual(expected)
    }
    expect(String(await files.exported(source.id))).toBe(content)
    await files.write(all[3]!.id, { attribute: 'a7', locale: 'fr-FR', channel: 'c1' }, 'New; text')
    const expected = row(3)
    expected[columns.indexOf('a7-fr_FR-c1')] = '"New; text"'
    expect(String(await files.exported(source.id))).toBe(content.replace(`${row(3).join(';')}\n`, `${expected.join(';')}\n`))
  }, 60_000)
})
