import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordGeneratedValues } from '../src/catalogue/changes.ts'
import * as contract from '../src/contract/catalogue.ts'
import { writeValue } from '../src/contract/review.ts'
import { products } from '../src/db/schema/index.ts'
import { newId } from '../src/runtime/ids.ts'
import { makeWorkbook } from './support/archives.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'
import { bringFile } from './support/bring-file.ts'

/** Five products of a feed: title and description by a model; by a model, then edited twice; by a person; practice; the supplier's own. */
describeOnEachEngine('whose words an export’s values are', (on) => {
  let server: TestServer
  let editor: TestClient
  beforeAll(async () => {
    server = await startTestServer({ on })
    editor = await server.member('editor')
  })
  afterAll(() => server.close())

  async function written(
    name: string,
    content: string | Uint8Array,
    titled = 'title',
  ): Promise<{ sourceId: string; exported: (query: string) => Promise<Buffer> }> {
    const { state, source } = await bringFile(editor, name, content)
    expect(state).toBe('finished')
    const { items } = await editor.call(contract.listProducts, { query: { sourceId: source.id } })
    const { database } = server.server.services
    const ids = items.map((item) => item.id)
    const all = await database.asSystem('the workspace of a product', (tx) => tx.select().from(products))
    const { workspaceId } = all.find((product) => product.id === ids[0])!
    const made = (index: number, value: string, kind: 'generated' | 'practice' = 'generated') => ({
      id: newId(),
      productId: ids[index]!,
      attribute: titled,
      locale: 'en',
      channel: null,
      value,
      flags: [],
      state: 'accepted' as const,
      provenance: { kind },
      runId: newId(),
      workHash: 'h',
    })
    const byModel = made(1, 'Made two')
    await database.inWorkspace(workspaceId, (tx) =>
      recordGeneratedValues(tx, workspaceId, [made(0, 'Made: "one" = good'), byModel, made(3, 'Practised', 'practice')]),
    )
    const write = async (index: number, value: string | null, over: string | null, locale: string | null): Promise<string> => {
      const params = { productId: ids[index]!, attribute: titled }
      const { current } = await editor.call(writeValue, { params, body: { locale, over, value } })
      return current.changeId!
    }
    const once = await write(1, 'Made two, edited', byModel.id, 'en')
    await write(1, 'Made two, edited twice', once, 'en')
    await write(2, 'A person’s three', null, null)
    return {
      sourceId: source.id,
      exported: async (query) =>
        Buffer.from(await (await editor.fetch(`/api/v1/catalogue/sources/${source.id}/export${query}`)).arrayBuffer()),
    }
  }

  const ROWS = [1, 2, 3, 4, 5]
  const texts = (buffer: Buffer): string[] => buffer.toString().split('\n')

  it('stand beside the columns that were written in, on request, in delimited files', async () => {
    const { exported } = await written('marks.csv', `sku,title,brand\n${ROWS.map((row) => `P${row},Old ${row},B\n`).join('')}`)
    expect(texts(await exported(''))[1]).toBe('P1,"Made: ""one"" = good",B')
    expect(texts(await exported('?origins=true'))).toEqual([
      'sku,title,brand,title (origin)',
      'P1,"Made: ""one"" = good",B,AI-written',
      'P2,"Made two, edited twice",B,AI-edited',
      'P3,A person’s three,B,human',
      'P4,Practised,B,practice',
      'P5,Old 5,B,supplier',
      '',
    ])
  })

  it('and in JSONL as one object, in a workbook beside the column', async () => {
    const lines = await written('marks.jsonl', ROWS.map((row) => `{"sku":"P${row}","title":"Old ${row}"}\n`).join(''))
    expect(
      texts(await lines.exported('?origins=true'))
        .slice(0, 5)
        .map((line) => (JSON.parse(line) as Record<string, unknown>)['_origin']),
    ).toEqual([{ title: 'AI-written' }, { title: 'AI-edited' }, { title: 'human' }, { title: 'practice' }, { title: 'supplier' }])
    const rows = [['sku', 'title'], ...ROWS.map((row) => [`P${row}`, `Old ${row}`])]
    const book = await written('marks.xlsx', makeWorkbook([{ name: 'Products', rows }]))
    const again = await editor.call(contract.uploadFile, {
      query: { name: 'again.xlsx' },
      bytes: await book.exported('?origins=true'),
    } as never)
    expect((again as { look: { rows: unknown } }).look.rows).toMatchObject([
      { values: { title: 'Made: "one" = good', 'title (origin)': 'AI-written' } },
      { values: { 'title (origin)': 'AI-edited' } },
      { values: { 'title (origin)': 'human' } },
      { values: { 'title (origin)': 'practice' } },
      { values: { 'title (origin)': 'supplier' } },
    ])
  })

  const TSV = `id\ttitle\tdescription\tlink\timage_link\tprice\n${ROWS.map((row) => `P${row}\tOld ${row}\tText\thttps://x/${row}\thttps://x/${row}.jpg\t1 EUR\n`).join('')}`

  it('decide where Google Merchant gets a text: what a model wrote and nobody edited is structured, and the plain one is left out', async () => {
    const { exported } = await written('google.tsv', TSV)
    const { sources } = await editor.call(contract.listSources)
    expect(sources.find(({ label }) => label === 'google.tsv')).toMatchObject({ merchant: true })
    expect(sources.find(({ label }) => label === 'marks.csv')).toMatchObject({ merchant: false })
    const lines = texts(await exported('')).map((line) => line.split('\t'))
    expect(lines[0]!.slice(6)).toEqual(['structured_title', 'structured_description'])
    expect(lines.slice(1, 6).map((cells) => [cells[1], cells[2], cells[6], cells[7]])).toEqual([
      ['', 'Text', '"trained_algorithmic_media:""Made: """"one"""" = good"""', ''],
      ['Made two, edited twice', 'Text', '', ''],
      ['A person’s three', 'Text', '', ''],
      ['Practised', 'Text', '', ''],
      ['Old 5', 'Text', '', ''],
    ])
    expect(texts(await exported('?structured=false'))[1]).toBe('P1\t"Made: ""one"" = good"\tText\thttps://x/1\thttps://x/1.jpg\t1 EUR')
  })

  it('in XML too, with marks in elements of their own', async () => {
    const items = ROWS.map((row) => `<item><g:id>P${row}</g:id><g:title>Old ${row}</g:title><g:link>https://x/${row}</g:link></item>`).join(
      '\n',
    )
    const feed = `<rss xmlns:g="http://base.google.com/ns/1.0"><channel>\n${items}\n</channel></rss>`
    const { exported } = await written('google.xml', feed)
    const lines = texts(await exported('?origins=true'))
    const mark = (text: string): string => `<latchkey:origin xmlns:latchkey="urn:latchkey:catalogue" of="g:title">${text}</latchkey:origin>`
    expect(lines.slice(1, 6)).toEqual([
      `<item><g:id>P1</g:id><g:link>https://x/1</g:link><g:structured_title><g:digital_source_type>trained_algorithmic_media</g:digital_source_type><g:content>Made: "one" = good</g:content></g:structured_title>${mark('AI-written')}</item>`,
      `<item><g:id>P2</g:id><g:title>Made two, edited twice</g:title><g:link>https://x/2</g:link>${mark('AI-edited')}</item>`,
      `<item><g:id>P3</g:id><g:title>A person’s three</g:title><g:link>https://x/3</g:link>${mark('human')}</item>`,
      `<item><g:id>P4</g:id><g:title>Practised</g:title><g:link>https://x/4</g:link>${mark('practice')}</item>`,
      `<item><g:id>P5</g:id><g:title>Old 5</g:title><g:link>https://x/5</g:link>${mark('supplier')}</item>`,
    ])
  })

  describe('that come back with an export that was marked', () => {
    const sourceOf = async (sourceId: string): Promise<contract.SourceView> => {
      const { sources } = await editor.call(contract.listSources)
      return sources.find(({ id }) => id === sourceId)!
    }
    const exportOf = async (sourceId: string, query = ''): Promise<string> =>
      (await editor.fetch(`/api/v1/catalogue/sources/${sourceId}/export${query}`)).text()
    async function edit(sourceId: string, index: number, value: string): Promise<void> {
      const { items } = await editor.call(contract.listProducts, { query: { sourceId } })
      const params = { productId: items[index]!.id, attribute: 'title' }
      await editor.call(writeValue, { params, body: { locale: null, over: null, value } })
    }

    it('are no attributes, stand in their columns once, and stay true where something is written', async () => {
      const { sourceId, exported } = await written('back.csv', `sku,title,brand\n${ROWS.map((row) => `P${row},Old ${row},B\n`).join('')}`)
      const marked = String(await exported('?origins=true'))
      const again = await bringFile(editor, 'back.csv', marked)
      expect(again).toMatchObject({ state: 'finished', source: { id: sourceId } })
      expect(await sourceOf(sourceId)).toMatchObject({ attributes: ['sku', 'title', 'brand'] })
      expect(await exportOf(sourceId, '?origins=true')).toBe(marked)
      expect(await exportOf(sourceId)).toBe(marked)
      await edit(sourceId, 4, 'A person’s five')
      expect(await exportOf(sourceId)).toBe(marked.replace('P5,Old 5,B,supplier', 'P5,A person’s five,B,human'))
    })

    it('are what another workspace’s file says of what nobody changed since', async () => {
      const marked = `sku,title,title (origin)\nA,One,AI-written\nB,Two,supplier\n`
      const { source } = await bringFile(editor, 'elsewhere.csv', marked)
      const mapping = { profile: 'plain', columns: [{}, {}, { column: 'title (origin)', role: 'kept' }] }
      expect(await sourceOf(source.id)).toMatchObject({ attributes: ['sku', 'title'], mapping })
      await edit(source.id, 1, 'Other')
      expect(await exportOf(source.id, '?origins=true')).toBe(`sku,title,title (origin)\nA,One,AI-written\nB,Other,human\n`)
    })

    it('are the supplier’s where they say anything else: then the marks stand in a column of another name', async () => {
      const file = `sku,title,title (origin)\nA,One,China\nB,Two,supplier\n`
      const { source } = await bringFile(editor, 'supplier.csv', file)
      expect(await sourceOf(source.id)).toMatchObject({ attributes: ['sku', 'title', 'title (origin)'], mapping: null })
      await edit(source.id, 0, 'Other')
      expect(await exportOf(source.id, '?origins=true')).toBe(
        `sku,title,title (origin),title (origin) (2)\nA,Other,China,human\nB,Two,supplier,supplier\n`,
      )
    })

    it('in JSONL, workbooks and XML too', async () => {
      const lines = await bringFile(
        editor,
        'back.jsonl',
        '{"sku":"A","title":"One","_origin":{"title":"AI-written"}}\n{"sku":"B","title":"Two","_origin":{"title":"supplier","brand":"human"}}\n',
      )
      expect(await sourceOf(lines.source.id)).toMatchObject({ attributes: ['sku', 'title'] })
      await edit(lines.source.id, 1, 'Other')
      expect(await exportOf(lines.source.id)).toBe(
        '{"sku":"A","title":"One","_origin":{"title":"AI-written"}}\n{"sku":"B","title":"Other","_origin":{"brand":"human","title":"human"}}\n',
      )
      const rows = [
        ['sku', 'title', 'title (origin)'],
        ['A', 'One', 'AI-edited'],
      ]
      const book = await bringFile(editor, 'back.xlsx', makeWorkbook([{ name: 'Products', rows }]))
      expect(await sourceOf(book.source.id)).toMatchObject({ attributes: ['sku', 'title'] })
      const { exported } = await written(
        'back.xml',
        `<products>${ROWS.map((row) => `<product><id>P${row}</id><title>Old ${row}</title></product>`).join('')}</products>`,
      )
      const marked = String(await exported('?origins=true'))
      const feed = await bringFile(editor, 'back.xml', marked)
      expect(await sourceOf(feed.source.id)).toMatchObject({ attributes: ['id', 'title'] })
      expect(await exportOf(feed.source.id, '?origins=true')).toBe(marked)
    })
  })
})
