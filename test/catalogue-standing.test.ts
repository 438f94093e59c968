import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as catalogue from '../src/contract/catalogue.ts'
import * as review from '../src/contract/review.ts'
import * as contract from '../src/contract/structure.ts'
import { akeneoRows, missingInAkeneo } from './support/akeneo.ts'
import { describeShared, sharedPath } from './support/shared.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { until } from './support/until.ts'
import { bringFile } from './support/bring-file.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

describeOnEachEngine('how products stand, in the list and by family', (on) => {
  let server: TestServer
  let editor: TestClient
  beforeAll(async () => {
    server = await startTestServer({ on })
    editor = await server.member('editor')
    const add = (body: contract.GivenItem) => editor.call(contract.addItem, { body })
    await add({ kind: 'channels', code: 'shop', set: { locales: ['en', 'de'] } })
    await add({ kind: 'attributes', code: 'watts', set: { type: 'number' } })
    await add({ kind: 'families', code: 'lamps', set: { required: { shop: ['watts', 'name'] }, labels: { en: 'Lamps' } } })
    await add({ kind: 'families', code: 'chairs', set: {} })
    const rows = Array.from({ length: 40 }, (_, index) => {
      const watts = index % 4 === 0 ? '' : index % 4 === 1 ? 'many' : String(index)
      return `P${index},${index < 30 ? 'lamps' : 'chairs'},Desk lamp number ${index} of a kind,${watts}`
    })
    await bringFile(editor, 'things.csv', ['sku,family,name,watts', ...rows].join('\n'))
    await settled()
  })
  afterAll(() => server.close())

  const settled = () => until(async () => (await editor.call(contract.readStandings)).index.ready)
  const found = async (query: Record<string, unknown>) =>
    (await editor.call(catalogue.listProducts, { query: { ...query, limit: 200 } })).items.map(({ identifier }) => identifier)
  const expected = (holds: (index: number) => boolean) =>
    Array.from({ length: 40 }, (_, index) => index)
      .filter(holds)
      .map((index) => `P${index}`)

  it('the list is narrowed by completeness in a channel and language, by quality, and by values that do not fit', async () => {
    expect(await found({ incomplete: 'shop/en' })).toEqual(expected((index) => index < 30 && index % 4 === 0))
    expect(await found({ complete: 'shop/de' })).toEqual(expected((index) => index < 30 && index % 4 !== 0))
    expect(await found({ incomplete: 'shop/fr' })).toEqual([])
    expect(await found({ unfit: '' })).toEqual(expected((index) => index % 4 === 1))
    expect(await found({ unfit: 'watts', family: 'chairs' })).toEqual(['P33', 'P37'])
    expect(await found({ unfit: 'name' })).toEqual([])
    const scores = await Promise.all(
      (await editor.call(catalogue.listProducts, { query: { limit: 200 } })).items.map(async ({ id, identifier }) => {
        const { quality } = await editor.call(contract.readProductStanding, { params: { productId: id } })
        return [identifier, quality.score] as const
      }),
    )
    const [lowest, highest] = [Math.min(...scores.map(([, score]) => score)), Math.max(...scores.map(([, score]) => score))]
    expect(lowest).toBeLessThan(highest)
    for (const below of [lowest, lowest + 1, highest]) {
      expect(await found({ qualityBelow: below })).toEqual(scores.filter(([, score]) => score < below).map(([identifier]) => identifier))
    }
    const facets = await editor.call(catalogue.productFacets, { query: { family: 'lamps' } })
    expect(facets.standing).toMatchObject({
      unfit: 8,
      places: [
        { place: 'shop/en', complete: 22, incomplete: 8 },
        { place: 'shop/de', complete: 22, incomplete: 8 },
      ],
    })
    const { count } = await editor.call(catalogue.countProducts, { body: { selection: { filter: { incomplete: 'shop/en' } } } })
    expect(count).toBe(8)
  })

  it('families are summed as their products stand', async () => {
    const { all, families } = await editor.call(contract.readStandings)
    expect(all).toMatchObject({ products: 40, asked: 30, complete: 22 })
    expect(families.map(({ family, labels, products, asked, complete }) => ({ family, labels, products, asked, complete }))).toEqual([
      { family: 'lamps', labels: { en: 'Lamps' }, products: 30, asked: 30, complete: 22 },
      { family: 'chairs', labels: {}, products: 10, asked: 0, complete: 0 },
    ])
    expect(families[0]!.places).toEqual([
      { channel: 'shop', locale: 'en', complete: 22, asked: 30 },
      { channel: 'shop', locale: 'de', complete: 22, asked: 30 },
    ])
    const lamps = (await editor.call(catalogue.listProducts, { query: { family: 'lamps', limit: 200 } })).items
    const scores = await Promise.all(
      lamps.map(async ({ id }) => (await editor.call(contract.readProductStanding, { params: { productId: id } })).quality.score),
    )
    expect(families[0]!.quality).toBeCloseTo(scores.reduce((sum, score) => sum + score, 0) / scores.length)
  })

  it('follows what a person writes, and what the structure asks for', async () => {
    const [lacking] = (await editor.call(catalogue.listProducts, { query: { incomplete: 'shop/en' } })).items
    await editor.call(review.writeValue, {
      params: { productId: lacking!.id, attribute: 'watts' },
      body: { value: '7', locale: null, over: null },
    })
    expect(await found({ incomplete: 'shop/en' })).not.toContain(lacking!.identifier)
    await editor.call(contract.changeItem, { body: { kind: 'families', code: 'lamps', set: { required: { '*': ['colour'] } } } })
    await editor.call(catalogue.listProducts)
    await settled()
    expect(await found({ complete: 'shop/en' })).toEqual([])
    expect((await editor.call(contract.readStandings)).all).toMatchObject({ asked: 30, complete: 0 })
  })
})

describeShared('a whole Akeneo export, brought through the routes', () => {
  it('is as complete in each channel and language as counting the cells of its files says', async () => {
    const server = await startTestServer()
    try {
      const editor = await server.member('editor')
      const upload = (name: string) =>
        editor.call(catalogue.uploadFile, { query: { name }, bytes: readFileSync(sharedPath(`data/akeneo/${name}`)) } as never)
      for (const name of ['attribute_groups', 'attributes', 'attribute_options', 'families', 'family_variants', 'categories', 'channels']) {
        const { id } = await upload(`${name}.csv`)
        const taken = await editor.call(contract.importStructureFile, { params: { fileId: id } })
        expect(taken.problems, name).toEqual([])
        expect(taken.missing, name).toEqual([])
      }
      const started = await editor.call(catalogue.startImport, { body: { fileId: (await upload('products.csv')).id } })
      for await (const _ of editor.events(catalogue.watchImport, { params: { importId: started.id } }));
      await until(async () => (await editor.call(contract.readStandings)).index.ready)
      const { all } = await editor.call(contract.readStandings)
      const rows = akeneoRows('products.csv').filter((row) => row['family'] !== '')
      expect(all.places).toHaveLength(9)
      for (const { channel, locale, complete, asked } of all.places) {
        const counted = rows.filter((row) => missingInAkeneo(row, { channel: channel!, locale: locale!.replace('-', '_') })!.length === 0)
        expect({ complete, asked }, `${channel} ${locale}`).toEqual({ complete: counted.length, asked: rows.length })
      }
    } finally {
      await server.close()
    }
  }, 60_000)
})
