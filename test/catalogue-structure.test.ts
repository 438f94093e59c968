import { afterAll, beforeAll, expect, it } from 'vitest'
import * as catalogue from '../src/contract/catalogue.ts'
import * as review from '../src/contract/review.ts'
import * as contract from '../src/contract/structure.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { bringFile } from './support/bring-file.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

const ATTRIBUTES = [
  'code;label-en_US;label-de_DE;type;group;localizable;scopable;sort_order;max_characters;default_metric_unit;decimals_allowed;wysiwyg_enabled',
  'sku;SKU;Artikelnummer;pim_catalog_identifier;;0;0;1;;;;',
  'name;Name;Name;pim_catalog_text;;0;0;2;40;;;',
  'weight;Weight;Gewicht;pim_catalog_metric;technical;0;0;3;;KILOGRAM;1;',
  'colour;Colour;Farbe;pim_catalog_simpleselect;;0;0;4;;;;',
  'nothing;;;pim_catalog_unheard_of;;0;0;5;;;;',
].join('\n')
const OPTIONS = ['code;label-en_US;attribute;sort_order', 'red;Red;colour;1', 'blue;Blue;colour;2', 'red;Red;shade;1'].join('\n')

describeOnEachEngine('the structure of a catalogue, through its routes', (on) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ on })
  })
  afterAll(() => server.close())

  const upload = (client: TestClient, name: string, content: string) =>
    client.call(catalogue.uploadFile, { query: { name }, bytes: content } as never)
  const take = async (client: TestClient, name: string, content: string) => {
    const file = await upload(client, name, content)
    return client.call(contract.importStructureFile, { params: { fileId: file.id } })
  }
  const attribute = async (client: TestClient, code: string) =>
    (await client.call(contract.listAttributes, { query: { search: code } })).items.find((item) => item.code === code)

  it('is inferred from an import, and what a person corrects stays through the next one', async () => {
    const editor = await server.stranger()
    const rows = Array.from({ length: 30 }, (_, index) => `L${index},Lamp ${index},${index % 2 ? 'red' : 'blue'},${index + 10} cm,Lamps`)
    await bringFile(editor, 'lamps.csv', ['sku,name,colour,height,family', ...rows].join('\n'))
    expect(await attribute(editor, 'height')).toMatchObject({
      type: 'measurement',
      origin: 'inferred',
      rules: { unit: 'cm' },
      guess: { values: 30, share: 1 },
    })
    expect(await attribute(editor, 'colour')).toMatchObject({ type: 'select', options: 2 })
    expect(await attribute(editor, 'sku')).toMatchObject({ type: 'text', rules: { identifies: true } })
    const { items } = await editor.call(contract.listFamilies)
    expect(items).toMatchObject([{ code: 'Lamps', origin: 'inferred', required: { '*': expect.arrayContaining(['name', 'height']) } }])
    await editor.call(contract.changeItem, { body: { kind: 'attributes', code: 'height', set: { type: 'text' } } })
    await bringFile(editor, 'lamps.csv', ['sku,name,colour,height,family', ...rows, 'L99,Lamp 99,red,12 cm,Lamps'].join('\n'))
    expect(await attribute(editor, 'height')).toMatchObject({ type: 'text', corrected: ['type'] })
    expect(await attribute(editor, 'name')).toMatchObject({ guess: { values: 31 } })
  })

  it('comes from files: looked at first, then taken; what a person corrected is kept', async () => {
    const editor = await server.stranger()
    const file = await upload(editor, 'attributes.csv', ATTRIBUTES)
    const { look } = await editor.call(contract.lookAtStructureFile, { params: { fileId: file.id } })
    expect(look).toMatchObject({ kind: 'attributes', rows: 5, new: 4, changed: 0, missing: ['technical'] })
    expect(look!.problems).toEqual([{ line: 6, reason: 'The type "pim_catalog_unheard_of" is not known here.' }])
    expect((await editor.call(contract.readStructure)).attributes).toBe(0)
    await editor.call(contract.importStructureFile, { params: { fileId: file.id } })
    expect(await attribute(editor, 'weight')).toMatchObject({
      type: 'measurement',
      group: 'technical',
      rules: { unit: 'kg' },
      labels: { 'en-US': 'Weight', 'de-DE': 'Gewicht' },
      origin: 'file',
      guess: null,
    })
    expect(await take(editor, 'attribute_options.csv', OPTIONS)).toMatchObject({ kind: 'options', new: 3, missing: ['shade'] })
    await editor.call(contract.changeItem, { body: { kind: 'attributes', code: 'name', set: { rules: { maxLength: 60 } } } })
    const again = await take(editor, 'attributes.csv', ATTRIBUTES.replace('SKU;Art', 'Number;Art'))
    expect(again).toMatchObject({ new: 0, changed: 1, unchanged: 2, kept: 1 })
    expect(again.changes).toEqual([
      {
        code: 'sku',
        member: 'labels',
        before: '{"de-DE":"Artikelnummer","en-US":"SKU"}',
        after: '{"de-DE":"Artikelnummer","en-US":"Number"}',
      },
    ])
    expect(await attribute(editor, 'name')).toMatchObject({ rules: { maxLength: 60 } })
    expect(await editor.refused(contract.importStructureFile, { params: { fileId: file.id } })).toMatchObject({ code: 'file.missing' })
  })

  it('a file of products is none', async () => {
    const editor = await server.stranger()
    const file = await upload(editor, 'lamps.csv', 'code,parent,colour\n1,,red\n')
    expect(await editor.call(contract.lookAtStructureFile, { params: { fileId: file.id } })).toEqual({ look: null })
    expect(await editor.refused(contract.importStructureFile, { params: { fileId: file.id } })).toMatchObject({ code: 'structure.invalid' })
  })

  it('is written by hand, and refuses what cannot be and what is in use', async () => {
    const editor = await server.stranger()
    const add = (body: contract.GivenItem) => editor.call(contract.addItem, { body })
    const refused = async (route: typeof contract.addItem | typeof contract.removeItem, body: object) =>
      (await editor.refused(route, { body } as never)).code
    await add({ kind: 'groups', code: 'size', set: { labels: { en: 'Size' } } })
    await add({ kind: 'attributes', code: 'height', set: { type: 'measurement', group: 'size' } })
    expect(await refused(contract.addItem, { kind: 'attributes', code: 'height', set: {} })).toBe('structure.exists')
    expect(await refused(contract.addItem, { kind: 'attributes', code: 'width', set: { group: 'none' } })).toBe('structure.invalid')
    expect(await refused(contract.addItem, { kind: 'options', attribute: 'none', code: 'a', set: {} })).toBe('structure.invalid')
    await add({ kind: 'families', code: 'lamps', set: { attributes: ['height'], required: { shop: ['height'] } } })
    await add({ kind: 'channels', code: 'shop', set: { locales: ['en', 'de'] } })
    await add({ kind: 'categories', code: 'home', set: {} })
    await add({ kind: 'categories', code: 'light', set: { parent: 'home', labels: { en: 'Light' } } })
    const isUnder = (code: string, parent: string) =>
      editor.refused(contract.changeItem, { body: { kind: 'categories', code, set: { parent } } })
    expect(await isUnder('home', 'light')).toMatchObject({ code: 'structure.invalid' })
    for (const [kind, code] of [
      ['groups', 'size'],
      ['attributes', 'height'],
      ['categories', 'home'],
      ['channels', 'shop'],
    ] as const) {
      expect(await refused(contract.removeItem, { kind, code }), code).toBe('structure.in_use')
    }
    expect(await editor.call(contract.listCategories)).toMatchObject({ items: [{ code: 'home', children: 1, path: ['home'] }] })
    expect(await editor.call(contract.listCategories, { query: { search: 'LIGHT' } })).toMatchObject({
      items: [{ path: ['home', 'light'] }],
    })
    expect(await editor.call(contract.readStructure)).toMatchObject({
      groups: 1,
      attributes: 1,
      families: 1,
      categories: 2,
      channels: 1,
      locales: ['en', 'de'],
    })
    await editor.call(contract.removeItem, { body: { kind: 'families', code: 'lamps' } })
    for (const [kind, code] of [
      ['attributes', 'height'],
      ['groups', 'size'],
      ['categories', 'light'],
      ['categories', 'home'],
      ['channels', 'shop'],
    ] as const) {
      await editor.call(contract.removeItem, { body: { kind, code } })
    }
    expect(await refused(contract.removeItem, { kind: 'groups', code: 'size' })).toBe('structure.missing')
  })

  it('holds what a person writes to the types that someone gave, and keeps what an import brings', async () => {
    const editor = await server.stranger()
    await bringFile(editor, 'things.csv', 'sku,size,colour,text,price,guessed\nT1,large,green,<b>x</b>,on request,12 cm\n')
    const [product] = (await editor.call(catalogue.listProducts)).items
    const given = { size: 'measurement', colour: 'select', text: 'html', price: 'price' } as const
    for (const [code, type] of Object.entries(given)) {
      await editor.call(contract.changeItem, { body: { kind: 'attributes', code, set: { type: type } } })
    }
    await editor.call(contract.addItem, { body: { kind: 'options', attribute: 'colour', code: 'red', set: { labels: { fr: 'Rouge' } } } })
    const params = { productId: product!.id }
    const standing = () => editor.call(contract.readProductStanding, { params })
    expect((await standing()).misfits.map(({ attribute: name, misfit }) => `${name}: ${misfit}`).toSorted()).toEqual([
      'colour: no_option',
      'price: no_price',
      'size: no_measurement',
    ])
    const write = (name: string, value: unknown) =>
      [review.writeValue, { params: { ...params, attribute: name }, body: { value, locale: null, over: null } }] as never
    const refused = async (name: string, value: unknown) => editor.refused(...(write(name, value) as Parameters<typeof editor.refused>))
    const written = async (name: string, value: unknown) =>
      ((await editor.call(...(write(name, value) as Parameters<typeof editor.call>))) as { current: { value: unknown } }).current.value
    expect(await refused('size', 'huge')).toMatchObject({ code: 'value.invalid', status: 422 })
    expect(await refused('colour', 'blue')).toMatchObject({ code: 'value.invalid' })
    expect(await refused('price', '12')).toMatchObject({ code: 'value.invalid' })
    expect(await written('size', '12,5 cm')).toBe('12,5 cm')
    expect(await written('colour', 'rouge')).toBe('rouge')
    expect(await written('price', { EUR: '12.99' })).toEqual({ EUR: '12.99' })
    expect(
      await written('text', '<a href="javascript:alert(1)" onclick="x()">A</a><script>1</script><img src="https://a.example/1.png">'),
    ).toBe('<a>A</a><img src="https://a.example/1.png" />')
    expect(await written('guessed', 'not a measurement at all')).toBe('not a measurement at all') // nobody said what it is
    expect((await standing()).misfits).toMatchObject([{ attribute: 'guessed', misfit: 'no_measurement' }]) // shown, not refused
    expect((await standing()).attributes.find(({ code }) => code === 'guessed')).toMatchObject({ inferred: true })
  })

  it('is listed a page at a time, whatever its size, in a steady order', async () => {
    const editor = await server.stranger()
    const many = [
      'code;sort_order;label-en_US',
      ...Array.from({ length: 1_200 }, (_, index) => `g${index};${index % 3};Group ${index}`),
    ].join('\n')
    expect(await take(editor, 'attribute_groups.csv', many)).toMatchObject({ kind: 'groups', new: 1_200 })
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await editor.call(contract.listGroups, { query: { limit: 500, ...(cursor ? { cursor } : {}) } })
      seen.push(...page.items.map(({ code }) => code))
      cursor = page.nextCursor ?? undefined
    } while (cursor)
    const codes = Array.from({ length: 1_200 }, (_, index) => ({ code: `g${index}`, position: index % 3 }))
    const ordered = codes.toSorted((a, b) => a.position - b.position || (a.code < b.code ? -1 : 1))
    expect(seen).toEqual(ordered.map(({ code }) => code))
    expect(await editor.refused(contract.listGroups, { query: { cursor: 'nonsense' } })).toMatchObject({ code: 'request.invalid' })
  })
})
