import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { recordOf } from '../src/apps/enrichment/record.ts'
import { defaultRecipe } from '../src/apps/enrichment/default-recipe.ts'
import { changesOfImport } from '../src/catalogue/dry-run.ts'
import { readFacets } from '../src/catalogue/facets.ts'
import { matchingProducts } from '../src/catalogue/filter.ts'
import { type GeneratedValue, recordGeneratedValues } from '../src/catalogue/changes.ts'
import { listProposals, sumProposals } from '../src/catalogue/proposals.ts'
import { selectedProducts } from '../src/catalogue/selection.ts'
import { changeSource, listSources } from '../src/catalogue/sources.ts'
import type { ImportChangesView, ProductView } from '../src/contract/catalogue.ts'
import type { SourceMapping } from '../src/contract/mapping.ts'
import type { ProposalFilter } from '../src/contract/review.ts'
import { newId } from '../src/runtime/ids.ts'
import { createCatalogueFiles } from './support/catalogue-files.ts'
import { describeOnEachDatabase, type TestDatabase } from './support/databases.ts'
import { generatedValue } from './support/reviewed-catalogue.ts'

const valueAt = ({ values }: ProductView, attribute: string, locale: string | null = null, channel: string | null = null) =>
  values.find((value) => value.attribute === attribute && value.locale === locale && value.channel === channel)

const SHOPIFY = [
  'Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Price,Price / EURO,Variant Barcode,Image Src,Color (product.metafields.shopify.color-pattern)',
  `shirt,Shirt,<p>Linen</p>,Acme,Shirts,Size,S,SH-S,120,20,19,'0012345678905,https://a.example/1.jpg,blue`,
  `shirt,,,,,,M,SH-M,130,21,20,'0012345678912,,`,
  'shirt,,,,,,L,,140,22,21,,,',
  'shirt,,,,,,,,,,,,https://a.example/2.jpg,',
  'lamp,Lamp,<p>Brass</p>,Acme,Lamps,Title,Default Title,LA-1,900,50,,,https://a.example/3.jpg,gold',
  '',
].join('\n')

const MODELS =
  'code;family_variant;parent;categories;name-en_US;description-en_US-ecommerce;price-EUR;weight;weight-unit\ntop;tops_size;;tops;Top;A fine top;12.00;80;GRAM\ntop_red;tops_size;top;tops;;;;;\n'
const VARIANTS =
  'sku;categories;enabled;family;parent;name-en_US;name-de_DE;description-en_US-ecommerce;size;price-EUR;price-USD;weight;weight-unit;UPSELL-products\n' +
  'T1;tops;1;tops;top_red;;Oberteil;;s;;13;;;T2\nT2;tops;1;tops;top_red;Own name;;;m;;;90;GRAM;\nL1;lamps;1;lamps;;Lamp;;Bright;;9;;;;\n'

describeOnEachDatabase('formats whose columns mean something', (open) => {
  let test: TestDatabase
  let files: ReturnType<typeof createCatalogueFiles>
  beforeAll(async () => {
    test = await open()
  })
  beforeEach(async () => {
    files = createCatalogueFiles(test.database, await test.workspaceId())
  })
  afterAll(() => files.remove())

  const sourceOf = async (id: string) => (await files.inside((tx) => listSources(tx, id)))[0]!
  async function changes(name: string, content: string, mapping?: SourceMapping | null): Promise<ImportChangesView> {
    const fileId = await files.upload(name, content)
    const { services, workspaceId } = files
    const order = { workspaceId, fileId, reading: {}, signal: new AbortController().signal, ...(mapping === undefined ? {} : { mapping }) }
    let last: ImportChangesView | undefined
    for await (const view of await changesOfImport(services, order)) last = view
    return last!
  }

  it('Shopify: rows of a handle are a product and its variants, which have from it what is said of all', async () => {
    const { source } = await files.bring('shop.csv', SHOPIFY)
    expect((await sourceOf(source.id)).mapping).toMatchObject({ profile: 'shopify' })
    const ids = await files.idsOf(source.id)
    expect([...ids.keys()]).toEqual(['shirt', 'SH-M', 'shirt / L', 'lamp'])
    const medium = await files.product(ids.get('SH-M')!)
    expect(medium).toMatchObject({ name: 'Shirt', family: 'Shirts', parent: { id: ids.get('shirt'), identifier: 'shirt' } })
    expect(valueAt(medium, 'Title')).toMatchObject({
      value: 'Shirt',
      imported: null,
      inheritedFrom: { identifier: 'shirt' },
      changeId: null,
    })
    expect(valueAt(medium, 'Color')).toMatchObject({ value: 'blue', inheritedFrom: { identifier: 'shirt' } })
    expect(valueAt(medium, 'Option1 Value')).toMatchObject({ value: 'M', inheritedFrom: null })
    expect(valueAt(medium, 'Variant Barcode')).toMatchObject({ value: '0012345678912' })
    expect(valueAt(medium, 'Variant Grams')).toMatchObject({ value: { amount: '130', unit: 'g' } })
    expect(valueAt(medium, 'Price', null, 'euro')).toMatchObject({ value: '20' })
    expect(valueAt(await files.product(ids.get('shirt / L')!), 'Variant SKU')).toMatchObject({ value: null, inheritedFrom: null })
    const found = (variants: boolean) => files.inside(async (tx) => (await matchingProducts(tx, { variants }))!.count)
    expect([await found(true), await found(false)]).toEqual([2, 2])
    expect((await files.inside((tx) => readFacets(tx, { family: 'Shirts' }))).variants).toBe(2)
    expect((await files.product(ids.get('shirt')!)).variants.map(({ identifier }) => identifier)).toEqual(['SH-M', 'shirt / L'])

    await files.write(ids.get('SH-M')!, { attribute: 'Variant Grams' }, { amount: '135', unit: 'g' })
    await files.write(ids.get('SH-M')!, { attribute: 'Variant Barcode' }, '0099')
    await files.write(ids.get('shirt')!, { attribute: 'Title' }, 'Linen shirt')
    expect(String(await files.exported(source.id))).toBe(
      SHOPIFY.replace('M,SH-M,130', 'M,SH-M,135').replace("'0012345678912", "'0099").replace('shirt,Shirt,', 'shirt,Linen shirt,'),
    )
    expect(valueAt(await files.product(ids.get('SH-M')!), 'Title')).toMatchObject({ value: 'Linen shirt' })
    expect((await files.product(ids.get('SH-M')!)).name).toBe('Linen shirt')
  })

  it('a variant’s proposal shows what it has from its product as what stands before, until it says something itself', async () => {
    const shop = await files.bring('shop.csv', SHOPIFY)
    const ids = await files.idsOf(shop.source.id)
    const from = { id: ids.get('shirt')!, identifier: 'shirt' }
    const propose = (values: readonly Partial<GeneratedValue>[]) =>
      files.inside((tx) =>
        recordGeneratedValues(
          tx,
          files.workspaceId,
          values.map((value) => generatedValue({ productId: ids.get('SH-M')!, runId: newId(), ...value })),
        ),
      )
    const proposed = async (productId: string) => {
      await files.product(productId)
      const { items } = await files.inside((tx) => listProposals(tx, { filter: { productId }, cursor: null, limit: 10 }))
      return new Map(items.map(({ attribute, current, inherited }) => [attribute, { current: current.value, inherited }]))
    }
    await propose([
      { attribute: 'Title', value: 'Linen shirt, M' },
      { attribute: 'Color', value: 'navy' },
      { attribute: 'Variant SKU', value: 'X', productId: ids.get('shirt / L')! }, // never inherited
      { attribute: 'Title', value: 'Brass lamp', productId: ids.get('lamp')! },
    ])
    const ofMedium = await proposed(ids.get('SH-M')!)
    expect(ofMedium.get('Title')).toEqual({ current: null, inherited: { value: 'Shirt', from } })
    expect(ofMedium.get('Color')).toEqual({ current: null, inherited: { value: 'blue', from } })
    expect([...(await proposed(ids.get('shirt / L')!)).values()]).toEqual([{ current: null, inherited: null }])
    expect([...(await proposed(ids.get('lamp')!)).values()]).toEqual([{ current: 'Lamp', inherited: null }])
    await files.write(ids.get('SH-M')!, { attribute: 'Color' }, 'dark blue')
    expect((await proposed(ids.get('SH-M')!)).get('Color')).toMatchObject({ current: 'dark blue', inherited: null })

    await files.bring('models.csv', MODELS)
    const { source } = await files.bring('products.csv', VARIANTS)
    const red = (await files.idsOf(source.id)).get('T1')!
    const description = { attribute: 'description', locale: 'en-US', channel: 'ecommerce', value: 'A finer top' }
    await propose([{ ...description, productId: red }])
    const found = (await proposed(red)).get('description')
    expect(found).toMatchObject({ current: null, inherited: { value: 'A fine top', from: { identifier: 'top' } } })
    const within = (filter: ProposalFilter) => files.inside((tx) => sumProposals(tx, filter))
    expect((await within({})).channels).toEqual(
      new Map([
        [null, 4],
        ['ecommerce', 1],
      ]),
    )
    expect((await within({ channel: 'ecommerce' })).total).toBe(1)
  })

  it('Google’s feeds are told by the same signs whether they come in or go out', async () => {
    const told = async (name: string, content: string) => {
      const { source } = await files.bring(name, content)
      const { merchant, mapping } = await sourceOf(source.id)
      return [mapping?.profile ?? 'plain', merchant]
    }
    const xml = (space: string, prefix: string) =>
      `<rss ${space}><channel>${[1, 2].map((n) => `<item><${prefix}id>${n}</${prefix}id><${prefix}title>T${n}</${prefix}title></item>`).join('')}</channel></rss>`
    const google = ['google-merchant', true]
    expect(await told('few.tsv', 'id\ttitle\tlink\tprice\tbrand\nA\tShoe\thttps://a.example\t1 EUR\tAcme\n')).toEqual(google)
    expect(await told('telling.tsv', 'id\ttitle\tgtin\tmpn\tcondition\nA\tShoe\t1\t2\tnew\n')).toEqual(google)
    expect(await told('shop.tsv', 'id\ttitle\tlink\tcolour\nA\tShoe\thttps://a.example\tred\n')).toEqual(['plain', false])
    expect(await told('g.xml', xml('xmlns:g="http://base.google.com/ns/1.0"', 'g:'))).toEqual(google)
    expect(await told('goog.xml', xml('xmlns:goog="http://base.google.com/ns/1.0"', 'goog:'))).toEqual(google)
    expect(await told('none.xml', xml('', ''))).toEqual(['plain', false])
  })

  it('Shopify: a source that was imported without a mapping stays as it was, row by row', async () => {
    const { source } = await files.bring('old.csv', SHOPIFY, { mapping: null })
    expect([...(await files.idsOf(source.id)).keys()]).toEqual(['shirt', 'lamp'])
    await files.bring('old.csv', SHOPIFY.replace('Linen', 'Cotton'))
    expect((await sourceOf(source.id)).mapping).toBeNull()
    const ids = await files.idsOf(source.id)
    expect([...ids.keys()]).toEqual(['shirt', 'lamp'])
    expect(String(await files.exported(source.id))).toBe(SHOPIFY.replace('Linen', 'Cotton'))
  })

  it('Shopify: a handle tells products apart though every row has a code of its own, unless a person says otherwise', async () => {
    const rows = ['shirt,Shirt,,Acme,S,SH-S,20', 'shirt,,,,M,SH-M,21', 'lamp,Lamp,,Acme,,LA-1,50']
    const content = `Handle,Title,Body (HTML),Vendor,Option1 Value,Variant SKU,Variant Price\n${rows.join('\n')}\n`
    const { source } = await files.bring('codes.csv', content)
    expect([...(await files.idsOf(source.id)).keys()]).toEqual(['shirt', 'SH-M', 'lamp'])
    const { source: second } = await files.bring('own-codes.csv', content, { reading: { identifier: 'Variant SKU' } })
    expect([...(await files.idsOf(second.id)).keys()]).toEqual(['SH-S', 'SH-M', 'LA-1'])
    const { source: third } = await files.bring('old-codes.csv', content, { mapping: null }) // as it was before formats were known
    expect([...(await files.idsOf(third.id)).keys()]).toEqual(['SH-S', 'SH-M', 'LA-1'])
  })

  it('Akeneo: values stand in their locales and channels, and variants have their models’ and those models’ models’', async () => {
    const { source } = await files.bring('products.csv', VARIANTS)
    const before = await files.product((await files.idsOf(source.id)).get('T1')!)
    expect(before.parent).toEqual({ id: null, identifier: 'top_red' })
    await files.bring('product_models.csv', MODELS) // what they are variants of may come later
    const ids = await files.idsOf(source.id)
    const first = await files.product(ids.get('T1')!)
    expect(valueAt(first, 'name', 'de-DE')).toMatchObject({ value: 'Oberteil', inheritedFrom: null })
    expect(valueAt(first, 'name', 'en-US')).toMatchObject({ value: 'Top', inheritedFrom: { identifier: 'top' } })
    expect(valueAt(first, 'description', 'en-US', 'ecommerce')).toMatchObject({ value: 'A fine top' })
    expect(valueAt(first, 'price')).toMatchObject({ value: { USD: '13' } })
    expect(valueAt(first, 'weight')).toMatchObject({ value: { amount: '80', unit: 'GRAM' }, inheritedFrom: { identifier: 'top' } })
    expect(first.values.map(({ attribute }) => attribute)).not.toContain('UPSELL-products')
    expect(valueAt(await files.product(ids.get('T2')!), 'name', 'en-US')).toMatchObject({ value: 'Own name', inheritedFrom: null })

    const recipe = defaultRecipe({ fields: ['title'], locale: 'en' })
    const [product] = await files.inside((tx) => selectedProducts(tx, { selection: { ids: [ids.get('T1')!] }, limit: 1 }))
    expect(recordOf(product!, recipe)).toMatchObject({ name: 'Top', description: 'A fine top', size: 's', price: { USD: '13' } })

    await files.write(ids.get('T1')!, { attribute: 'name', locale: 'en-US' }, 'Red top')
    await files.write(ids.get('T1')!, { attribute: 'price' }, { USD: '14', EUR: '15' })
    await files.write(ids.get('T2')!, { attribute: 'name', locale: 'fr-FR' }, 'Haut')
    const [header, t1, t2, l1] = VARIANTS.split('\n')
    expect(String(await files.exported(source.id))).toBe(
      [
        `${header};name-fr_FR`,
        `${t1!.replace(';top_red;;', ';top_red;Red top;').replace(';s;;13;', ';s;15;14;')};`,
        `${t2};Haut`,
        `${l1};`,
        '',
      ].join('\n'),
    )
  })

  it('Google Merchant and Open Food Facts are known by their columns, too', async () => {
    const feed =
      'g:id\ttitle\tdescription\tlink\timage link\tg:availability\tprice\titem_group_id\nA\tShoe\tA shoe\thttps://a.example\thttps://a.example/a.jpg\tin_stock\t10 EUR\tG1\n'
    const google = await files.bring('feed.tsv', feed)
    const [shoe] = (await files.idsOf(google.source.id)).values()
    const view = await files.product(shoe!)
    expect(view.parent).toEqual({ id: null, identifier: 'G1' })
    expect(valueAt(view, 'availability')).toMatchObject({ value: 'in_stock' })
    expect(view.pictures).toMatchObject([{ url: 'https://a.example/a.jpg' }])
    await files.write(shoe!, { attribute: 'availability' }, 'out_of_stock')
    expect(String(await files.exported(google.source.id))).toBe(feed.replace('in_stock', 'out_of_stock'))

    const line =
      '{"code": "3017620422003", "product_name": "Spread", "product_name_fr": "Pâte", "brands": "Nutty", "categories_tags": ["en:spreads"], "nutriments": {"salt_100g": 0.1, "salt_unit": "g", "fat_100g": 30.9}, "states_tags": ["x"]}\n'
    const food = await files.bring('food.jsonl', line)
    const [spread] = (await files.idsOf(food.source.id)).values()
    const spreadView = await files.product(spread!)
    expect(valueAt(spreadView, 'product_name', 'fr')).toMatchObject({ value: 'Pâte' })
    expect(valueAt(spreadView, 'salt per 100 g')).toMatchObject({ value: { amount: 0.1, unit: 'g' } })
    expect(valueAt(spreadView, 'states_tags')).toBeUndefined()
    await files.write(spread!, { attribute: 'product_name', locale: 'fr' }, 'Pâte à tartiner')
    expect(String(await files.exported(food.source.id))).toBe(line.replace('"Pâte"', '"Pâte à tartiner"'))
  })

  it('says what an import would change, and then does just that', async () => {
    const { source } = await files.bring('products.csv', VARIANTS)
    const ids = await files.idsOf(source.id)
    await files.write(ids.get('T2')!, { attribute: 'name', locale: 'en-US' }, 'A person’s name')
    const next =
      VARIANTS.replace('Own name', 'Their name')
        .replace('L1;lamps;1;lamps;;Lamp;;Bright', 'L2;lamps;1;lamps;;Lamp;;Bright')
        .replace(';s;;13', ';xs;;') + 'T1;again\n'
    const told = await changes('products.csv', next)
    expect(told).toMatchObject({
      state: 'finished',
      read: 3,
      new: 1,
      changed: 2,
      unchanged: 0,
      gone: 1,
      rejected: 1,
      newExamples: ['L2'],
      goneExamples: ['L1'],
      conflicts: {
        count: 1,
        examples: [{ identifier: 'T2', attribute: 'name', locale: 'en-US', written: 'A person’s name', imported: 'Their name' }],
      },
    })
    const of = (attribute: string) => told.attributes.find((one) => one.attribute === attribute)
    expect(of('size')).toMatchObject({ changed: 1, filled: 0, emptied: 0, examples: [{ identifier: 'T1', before: 's', after: 'xs' }] })
    expect(of('price')).toMatchObject({ emptied: 1, changed: 0 })
    expect(of('name')).toMatchObject({ locale: 'en-US', changed: 1 })
    expect((await sourceOf(source.id)).products).toBe(3) // nothing was written

    const done = await files.bring('products.csv', next)
    expect(done).toMatchObject({ new: 1, changed: 2, unchanged: 0, gone: 1, rejected: 1 })
    const { items } = await files.inside((tx) => listProposals(tx, { filter: { kind: 'imported' }, cursor: null, limit: 10 }))
    expect(items).toMatchObject([{ attribute: 'name', locale: 'en-US', proposed: 'Their name', current: { value: 'A person’s name' } }])
    expect(await changes('products.csv', next)).toMatchObject({ new: 0, changed: 0, unchanged: 3, gone: 0, conflicts: { count: 0 } })
  })

  it('the meaning of columns can be changed without a new import, and is kept for the next', async () => {
    const { source } = await files.bring('plain.csv', 'sku,titel,farbe,of\nA,Lampe,rot,\nB,Lampe B,blau,A\n')
    const mapping: SourceMapping = {
      profile: 'plain',
      columns: [
        { column: 'sku', role: 'identifier' },
        { column: 'titel', role: 'attribute', attribute: 'title', locale: 'de' },
        { column: 'farbe', role: 'kept' },
        { column: 'of', role: 'parent' },
      ],
    }
    await files.inside((tx) => changeSource(tx, { sourceId: source.id, mapping }))
    const ids = await files.idsOf(source.id)
    const lamp = await files.product(ids.get('A')!)
    expect(valueAt(lamp, 'title', 'de')).toMatchObject({ value: 'Lampe' })
    expect(lamp.values.map(({ attribute }) => attribute)).not.toContain('farbe')
    await files.bring('plain.csv', 'sku,titel,farbe,of,stock\nA,Lampe,rot,,3\nB,,blau,A,4\n')
    expect((await sourceOf(source.id)).mapping!.columns).toEqual([...mapping.columns, { column: 'stock', role: 'attribute' }])
    expect(valueAt(await files.product(ids.get('B')!), 'title', 'de')).toMatchObject({ value: 'Lampe', inheritedFrom: { identifier: 'A' } })
    const twice: SourceMapping = {
      profile: 'plain',
      columns: [
        { column: 'titel', role: 'attribute', attribute: 'x' },
        { column: 'farbe', role: 'attribute', attribute: 'x' },
      ],
    }
    await expect(files.inside((tx) => changeSource(tx, { sourceId: source.id, mapping: twice }))).rejects.toMatchObject({
      code: 'request.invalid',
    })
  })
})
