import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import iconv from 'iconv-lite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cellText } from '../src/catalogue/formats/changes.ts'
import { exportFile } from '../src/catalogue/formats/write.ts'
import { readBytes, readWhole } from './support/contained.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-xml-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const FEED = `<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment with <item> in it -->
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\r
<channel><title>The shop</title><link>https://shop.example</link>
  <item sale='yes'>
    <g:id>1</g:id>
    <title>Red lamp &amp; shade</title>
    <g:description><![CDATA[Nice & <b>red</b>]]></g:description>
    <g:image_link/>
    <g:product_highlight>one</g:product_highlight><!-- kept -->
    <g:product_highlight  >two</g:product_highlight  >
    <g:shipping>
      <g:country>US</g:country><g:price>5 USD</g:price>
    </g:shipping>
    <custom unit="cm">12</custom>
  </item>
  <?keep this?>
  <item><g:id>2</g:id><title>Bl&#252;e lamp</title><g:shipping><g:country>DE</g:country></g:shipping><g:shipping><g:country>FR</g:country></g:shipping></item>
  <item><g:id>2</g:id><title>twice</title></item>
</channel></rss>
<!-- the end -->`

describe('an XML feed', () => {
  it('in Google’s format: an item is a row, a repeated element a list, elements in an element an object', async () => {
    const { format, products, rejected } = await readBytes(folder, 'feed.txt', FEED, { identifier: 'g:id' })
    expect(format).toMatchObject({
      kind: 'xml',
      path: ['rss', 'channel', 'item'],
      prefixes: ['g'],
      googlePrefix: 'g',
      columns: ['g:id', 'title', 'g:description', 'g:image_link', 'g:product_highlight', 'g:shipping', 'custom', 'sale'],
      identifier: { column: 0 },
      textColumns: ['title', 'g:description', 'g:product_highlight'],
    })
    expect(products).toEqual([
      {
        row: 1,
        line: 5,
        identifier: '1',
        values: {
          'g:id': '1',
          title: 'Red lamp & shade',
          'g:description': 'Nice & <b>red</b>',
          'g:product_highlight': ['one', 'two'],
          'g:shipping': { 'g:country': 'US', 'g:price': '5 USD' },
          custom: '12',
          sale: 'yes',
        },
      },
      {
        row: 2,
        line: 18,
        identifier: '2',
        values: { 'g:id': '2', title: 'Blüe lamp', 'g:shipping': [{ 'g:country': 'DE' }, { 'g:country': 'FR' }] },
      },
    ])
    expect(rejected.map(({ row, line, reason }) => [row, line, reason.code])).toEqual([[3, 19, 'identifier_repeated']])
  })

  it('comes out with the changed texts changed, and every other character as it was', async () => {
    const { path, format } = await readBytes(folder, 'changed.xml', FEED, { identifier: 'g:id' })
    const output = join(folder, 'changed-out.xml')
    const changes = new Map([
      [
        '1',
        {
          title: 'New & <1>',
          'g:description': 'a ]]> b',
          'g:image_link': 'https://x/?a=1&b=2',
          'g:product_highlight': ['one', 'zwei', 'drei'],
          'meta title': ' =1 ',
          sale: 'no',
          custom: null,
        },
      ],
      ['2', { title: 'Blüe lamp', 'g:shipping': [{ 'g:country': 'AT', 'g:price': ['1 EUR', '2 EUR'] }] }],
    ])
    const result = await exportFile({ input: path, output, format, columns: ['meta title'], changesFor: async () => changes })
    expect(result).toMatchObject({ rows: 2, changedCells: 7, unencodable: [{ identifier: '1', column: 'sale', reason: 'attribute' }] })
    const own = '\n    <latchkey:value xmlns:latchkey="urn:latchkey:catalogue" name="meta title"><![CDATA[ =1 ]]></latchkey:value>'
    const expected = FEED.replace('Red lamp &amp; shade', 'New &amp; &lt;1&gt;')
      .replace('<![CDATA[Nice & <b>red</b>]]>', '<![CDATA[a ]]]]><![CDATA[> b]]>')
      .replace('<g:image_link/>', '<g:image_link>https://x/?a=1&amp;b=2</g:image_link>')
      .replace('>two<', '>zwei<')
      .replace('\n    <custom unit="cm">12</custom>', `\n    <g:product_highlight>drei</g:product_highlight>${own}`)
      .replace(
        '<g:shipping><g:country>DE</g:country></g:shipping><g:shipping><g:country>FR</g:country></g:shipping>',
        '<g:shipping><g:country>AT</g:country><g:price>1 EUR</g:price><g:price>2 EUR</g:price></g:shipping>',
      )
    expect(await readFile(output, 'utf8')).toBe(expected)
    const again = await readWhole(output)
    expect(again.products[0]!.values).toMatchObject({
      'meta title': ' =1 ',
      'g:product_highlight': ['one', 'zwei', 'drei'],
      'g:description': 'a ]]> b',
    })
  })

  it.each(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'iso-8859-15'])(
    'in %s comes out byte for byte without changes, and new texts are spelled so that it holds them',
    async (encoding) => {
      const text = FEED.replace('UTF-8', encoding.replace(/[lb]e$/, '')).replace('<custom unit="cm">12</custom>', '<price>5 €</price>')
      const bytes = iconv.encode(text, encoding, { addBOM: encoding.startsWith('utf-16') })
      const { path, format, products } = await readBytes(folder, 'encoded.xml', bytes)
      expect(format.encoding).toBe(encoding)
      expect(products[0]!.values['price']).toBe('5 €')
      const output = join(folder, 'encoded-out.xml')
      await exportFile({ input: path, output, format, columns: [], changesFor: async () => new Map() })
      expect((await readFile(output)).equals(bytes)).toBe(true)
      await exportFile({
        input: path,
        output,
        format,
        columns: [],
        changesFor: async () => new Map([['1', { title: '漢 é', 'g:description': '漢' }]]),
      })
      expect((await readWhole(output)).products[0]!.values).toMatchObject({ title: '漢 é', 'g:description': '漢' })
    },
  )

  it('of another kind: the element that repeats is found, with attributes, markup and one product only', async () => {
    const catalog = `<catalog><categories><category id="1">Lamps</category><category id="2">Chairs</category></categories><offers>
      <offer id="7" available="true"><name>Lamp</name><picture>a.jpg</picture><picture>b.jpg</picture><params><param>1</param><param>2</param></params></offer>
      <offer id="8"><name>Chair</name><description><p>Two <b>legs</b></p> more</description></offer></offers></catalog>`
    const { format, products } = await readBytes(folder, 'offers.xml', catalog)
    expect(format).toMatchObject({ path: ['catalog', 'offers', 'offer'], googlePrefix: null })
    expect(products.map(({ identifier, values }) => [identifier, { ...values }])).toEqual([
      ['7', { id: '7', available: 'true', name: 'Lamp', picture: ['a.jpg', 'b.jpg'], params: { param: ['1', '2'] } }],
      ['8', { id: '8', name: 'Chair', description: '<p>Two <b>legs</b></p> more' }],
    ])
    const atom =
      '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:x="http://base.google.com/ns/1.0"><title>t</title><entry><x:id>1</x:id><title>One</title><link href="https://x"/></entry></feed>'
    const one = await readBytes(folder, 'atom.xml', atom)
    expect(one.format).toMatchObject({ path: ['feed', 'entry'], googlePrefix: 'x' })
    expect({ ...one.products[0]!.values }).toEqual({ 'x:id': '1', title: 'One', link: 'https://x' })
  })

  it('gives back what was written into it, whatever that was', async () => {
    const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31)
    process.stdout.write(`containers-xml: FC_SEED=${seed}\n`)
    const text = fc
      .string({
        unit: fc.constantFrom(...'ab1 =+-@\t\n\'",;&<>]'.split(''), '＝', ']]>', '<![CDATA[', '&amp;', '漢', '😀'),
        minLength: 1,
        maxLength: 14,
      })
      .filter((one) => one.trim() !== '')
    const value = fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 3 }), fc.constant(null))
    const styles = fc.constantFrom('<t>x</t>', '<t><![CDATA[x]]></t>', '<t/>', '', '<t>x</t><t>y</t>')
    let compared = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(styles, value, value), { minLength: 60, maxLength: 100 }), async (rows) => {
        const items = rows.map(([style], index) => `<product><id>P${index}</id>${style}</product>`)
        const { path, format } = await readBytes(folder, 'property.xml', `<products>${items.join('\n')}</products>`)
        const output = join(folder, 'property-out.xml')
        const changesFor = async (ids: string[]) =>
          new Map(ids.map((id) => [id, { t: rows[Number(id.slice(1))]![1], 'a name, with signs': rows[Number(id.slice(1))]![2] }]))
        await exportFile({ input: path, output, format, columns: ['a name, with signs'], changesFor })
        const { products } = await readWhole(output)
        expect(products.length).toBe(rows.length)
        for (const [index, { values }] of products.entries()) {
          const [, t, other] = rows[index]!
          expect(values['t'] ?? null).toEqual(t)
          expect(cellText(values['a name, with signs'])).toBe(cellText(other))
          compared += 2
        }
      }),
      { seed, numRuns: 6, endOnFailure: true },
    )
    expect(compared).toBeGreaterThan(600)
  })
})
