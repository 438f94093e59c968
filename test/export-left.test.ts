import iconv from 'iconv-lite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as contract from '../src/contract/catalogue.ts'
import { writeValue } from '../src/contract/review.ts'
import { makeWorkbook } from './support/archives.ts'
import { bringFile } from './support/bring-file.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

describeOnEachEngine('accepted values that a file cannot hold', (on) => {
  let server: TestServer
  let editor: TestClient
  beforeAll(async () => {
    server = await startTestServer({ on })
    editor = await server.member('editor')
  })
  afterAll(() => server.close())

  /** A file with a value written over each of these columns of its products, by their places in the file. */
  async function written(name: string, content: string | Uint8Array, values: readonly (readonly [number, string, string])[]) {
    const { source } = await bringFile(editor, name, content)
    const { items } = await editor.call(contract.listProducts, { query: { sourceId: source.id } })
    for (const [index, attribute, value] of values) {
      const params = { productId: items[index]!.id, attribute }
      await editor.call(writeValue, { params, body: { locale: null, over: null, value } })
    }
    const params = { sourceId: source.id }
    return {
      prepare: () => editor.call(contract.prepareExport, { params, body: {} }),
      fetch: (prepared: string, client = editor) => client.fetch(`/api/v1/catalogue/sources/${source.id}/export?prepared=${prepared}`),
    }
  }

  it('are listed with their cells and the reason: formulas, merged cells, texts that are too long', async () => {
    const rows = [
      ['sku', 'title', 'brand', 'note'],
      ['A', { xml: '<c t="str"><f>"La"&amp;"mp"</f><v>Lamp</v></c>' }, 'Acme', 'x'],
      ['B', 'Chair', null, 'y'],
    ]
    const { prepare, fetch } = await written('left.xlsx', makeWorkbook([{ name: 'Products', rows, merges: ['C2:C3'] }]), [
      [0, 'title', 'Lamp, brass'],
      [0, 'note', 'z'.repeat(40_000)],
      [1, 'brand', 'Other'],
      [1, 'title', 'Chair, oak'],
    ])
    const { prepared, ...told } = await prepare()
    expect(told).toMatchObject({ products: 2, changedCells: 1, left: { count: 3 } })
    expect(told.left.cells.map(({ identifier, line, column, reason }) => `${identifier} ${line} ${column}: ${reason}`).toSorted()).toEqual([
      'A 2 note: too_long',
      'A 2 title: formula',
      'B 3 brand: merged',
    ])
    expect((await fetch(prepared)).status).toBe(200)
  })

  it('or characters of another encoding; the file is fetched once, and by nobody else', async () => {
    const content = iconv.encode('sku;title;note\nA;Brücke;x\nB;Tür;y\n', 'windows-1252')
    const { prepare, fetch } = await written('left.csv', content, [
      [0, 'title', 'Most mostów ł'],
      [1, 'title', 'Türe'],
    ])
    const { prepared, ...told } = await prepare()
    const cells = [{ identifier: 'A', line: 2, column: 'title', reason: 'characters', characters: 'ł' }]
    expect(told).toEqual({ products: 2, changedCells: 1, left: { count: 1, cells } })
    const stranger = await server.stranger()
    expect((await fetch(prepared, stranger)).status).toBe(404)
    const file = await fetch(prepared)
    expect(file.headers.get('content-disposition')).toContain('left.csv')
    expect(iconv.decode(Buffer.from(await file.arrayBuffer()), 'windows-1252')).toBe('sku;title;note\nA;Brücke;x\nB;Türe;y\n')
    expect(await (await fetch(prepared)).json()).toMatchObject({ status: 404, code: 'file.missing' })
    expect((await prepare()).left.count).toBe(1)
  })
})
