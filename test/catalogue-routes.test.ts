import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as contract from '../src/contract/catalogue.ts'
import type { FileView, ImportView } from '../src/contract/catalogue.ts'
import { recordGeneratedValues } from '../src/catalogue/changes.ts'
import { importFile } from '../src/catalogue/import.ts'
import { detectFormat } from '../src/catalogue/formats/detect.ts'
import { auditEntries, products } from '../src/db/schema/index.ts'
import { newId } from '../src/runtime/ids.ts'
import { bringFile, listed } from './support/bring-file.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

describeOnEachEngine('the catalogue through its routes', (on) => {
  let server: TestServer
  let editor: TestClient
  beforeAll(async () => {
    server = await startTestServer({ on })
    editor = await server.member('editor')
  })
  afterAll(() => server.close())

  const upload = (name: string, content: string | Uint8Array, client = editor): Promise<FileView> =>
    client.call(contract.uploadFile, { query: { name }, bytes: content } as never)
  async function ended({ id }: Pick<ImportView, 'id'>): Promise<ImportView> {
    let last: ImportView | undefined
    for await (const view of editor.events(contract.watchImport, { params: { importId: id } })) last = view
    await listed(editor)
    return last!
  }
  const bring = (name: string, content: string | Uint8Array): Promise<ImportView> => bringFile(editor, name, content)
  const list = (query: Record<string, unknown>) => editor.call(contract.listProducts, { query })
  const uploadsKept = (): string[] => readdirSync(join(server.folder, 'data', 'uploads'))
  const workspaceOf = async (productId: string): Promise<string> => {
    const rows = await server.server.services.database.asSystem('the workspace of a product', (tx) => tx.select().from(products))
    return rows.find(({ id }) => id === productId)!.workspaceId
  }

  it('says how a file is understood before anything is imported, and takes the person’s word', async () => {
    const file = await upload('lamps.txt', 'code;title;colour\n1;Lamp "A";red\n2;Lamp B\n')
    expect(file).toMatchObject({ name: 'lamps.txt', bytes: 42, problem: null, source: null })
    expect(file.look).toMatchObject({
      kind: 'delimited',
      delimiter: ';',
      identifier: 'code',
      columns: ['code', 'title', 'colour'],
      guessed: { name: 'title' },
    })
    expect(file.look!.rows[0]).toEqual({ identifier: '1', values: { code: '1', title: 'Lamp "A"', colour: 'red' } })
    const again = await editor.call(contract.lookAtFile, { params: { fileId: file.id }, body: { identifier: { rowNumber: true } } })
    expect(again.look!.identifier).toBeNull()
    expect((await list({ search: 'Lamp' })).items).toEqual([])
  })

  it('says what a file is that cannot be read, under its own name and never with a path of the server', async () => {
    const file = await upload('../../etc/passwd.xlsx', Buffer.from('504b030414000600786c2f', 'hex'))
    expect(file.look).toBeNull()
    expect(file.problem).toMatchObject({ code: 'file.malformed' })
    expect(file.problem!.detail).toContain('"../../etc/passwd.xlsx"')
    expect(file.problem!.detail).not.toContain(server.folder)
    expect(uploadsKept()).toContain(file.id)
    expect(await editor.refused(contract.startImport, { body: { fileId: file.id } })).toMatchObject({ code: 'file.malformed' })
  })

  it('keeps nothing of an empty upload but the reason', async () => {
    expect((await upload('empty.csv', '')).problem).toMatchObject({ code: 'file.unreadable' })
  })

  it('imports with progress, lists what was left out, and tells a second import what changed', async () => {
    const rows = Array.from({ length: 1200 }, (_, index) => `A${index},Lamp ${index},Lamps`)
    const first = await bring('shop.csv', ['sku,title,family', ...rows, 'A5,again,Lamps', ',no sku,Lamps'].join('\n'))
    expect(first).toMatchObject({
      state: 'finished',
      read: 1200,
      new: 1200,
      changed: 0,
      unchanged: 0,
      gone: 0,
      rejected: 2,
      bytesRead: first.bytes,
    })
    const rejected = await editor.call(contract.listRejectedRows, { params: { importId: first.id }, query: { limit: '1' } })
    expect(rejected.items).toMatchObject([{ line: 1202, code: 'identifier_repeated' }])
    for (const cursor of ['99999999999', 'x', '-1', '1.5'])
      expect(await editor.refused(contract.listRejectedRows, { params: { importId: first.id }, query: { cursor } })).toMatchObject({
        status: 422,
      })
    const more = await editor.call(contract.listRejectedRows, { params: { importId: first.id }, query: { cursor: rejected.nextCursor! } })
    expect(more.items).toMatchObject([{ line: 1203, code: 'identifier_empty' }])

    const second = await bring(
      'shop.csv',
      [
        'sku,title,family',
        'NEW,New lamp,Lamps',
        ...rows.slice(1).map((row, index) => (index < 3 ? row.replace('Lamp', 'Lantern') : row)),
      ].join('\n'),
    )
    expect(second).toMatchObject({ source: { id: first.source.id }, read: 1200, new: 1, changed: 3, unchanged: 1196, gone: 1 })
    const found = await list({ sourceId: first.source.id, search: 'lamp 0' })
    expect(found.items.map(({ identifier }) => identifier)).not.toContain('A0')
    expect((await list({ search: 'new lamp' })).items).toMatchObject([{ identifier: 'NEW', name: 'New lamp', family: 'Lamps' }])
    expect(await list({ family: 'Lamps', sourceId: first.source.id })).toMatchObject({ matching: 1200 })
  })

  it('of a source the newest file is kept, and no other', async () => {
    const { id } = await upload('newest.csv', 'sku,title\n1,a\n')
    await ended(await editor.call(contract.startImport, { body: { fileId: id } }))
    expect(uploadsKept()).toContain(id)
    const next = await upload('newest.csv', 'sku,title\n1,b\n')
    await ended(await editor.call(contract.startImport, { body: { fileId: next.id } }))
    await list({}) // what follows the import in the background is over
    expect(uploadsKept()).toContain(next.id)
    expect(uploadsKept()).not.toContain(id)
  })

  it('a file of another name can be imported into a source that is there', async () => {
    const first = await bring('january.csv', 'sku,title\n1,January\n')
    const file = await upload('february.csv', 'sku,title\n1,February\n')
    const second = await ended(await editor.call(contract.startImport, { body: { fileId: file.id, sourceId: first.source.id } }))
    expect(second).toMatchObject({ source: { id: first.source.id, label: 'january.csv' }, changed: 1, new: 0 })
  })

  it('exports the file byte for byte, but for what was accepted, without anything that a shop could run', async () => {
    const content = '\uFEFFsku;title;description\r\nX1;"Lamp; one";<script>supplier()</script>\r\nX2;Lamp two;\r\n\r\n'
    const { source } = await bring('export.csv', content)
    const { items } = await list({ sourceId: source.id, sort: 'row' })
    const [, second] = items
    const workspaceId = await workspaceOf(second!.id)
    const value = {
      productId: second!.id,
      locale: 'en',
      channel: null,
      flags: [],
      state: 'accepted',
      provenance: { kind: 'generated' },
      runId: newId(),
      workHash: 'h',
    } as const
    await server.server.services.database.inWorkspace(workspaceId, (tx) =>
      recordGeneratedValues(tx, workspaceId, [
        { ...value, id: newId(), attribute: 'description', value: 'A <b onclick="x()">bright</b> lamp<img src=//evil.example>' },
        { ...value, id: newId(), attribute: 'Tagline', value: 'Bright; & small' },
      ]),
    )
    const answer = await editor.fetch(`/api/v1/catalogue/sources/${source.id}/export`)
    expect(answer.headers.get('content-disposition')).toContain('export.csv')
    expect(Buffer.from(await answer.arrayBuffer()).toString()).toBe(
      '\uFEFFsku;title;description;Tagline\r\nX1;"Lamp; one";<script>supplier()</script>;\r\nX2;Lamp two;A <b>bright</b> lamp;"Bright; & small"\r\n\r\n',
    )
    const exports = () => readdirSync(join(server.folder, 'data', 'exports'), { recursive: true, withFileTypes: true })
    await expect.poll(() => exports().filter((entry) => entry.isFile())).toEqual([])
    const audit = await server.server.services.database.inWorkspace(workspaceId, (tx) => tx.select().from(auditEntries))
    const about = audit.filter(({ subject }) => subject === `source:${source.id}`)
    expect(about.map(({ action, actor }) => `${action} by ${actor.split(':')[0]}`).toSorted()).toEqual([
      'catalogue.exported by user',
      'catalogue.imported by user',
    ])
  })

  it('the sample catalogue comes once, in three families, each product with a picture of its own', async () => {
    const { source } = await editor.call(contract.openSample)
    if (source.importing) await ended({ id: source.importing })
    const again = await editor.call(contract.openSample)
    expect(again.source).toMatchObject({ id: source.id, kind: 'sample', products: 60, importing: null })
    const { items } = await list({ sourceId: source.id, limit: '100' })
    expect([...Map.groupBy(items, ({ family }) => family)].map(([family, of]) => [family, of.length])).toEqual([
      ['Lamps', 20],
      ['Chairs', 20],
      ['Bicycle bags', 20],
    ])
    const drawn = await Promise.all(items.map(async ({ picture }) => (await editor.fetch(picture!.url)).text()))
    expect(new Set(drawn).size).toBe(60)
    for (const svg of drawn) expect(svg).toMatch(/^<svg [^>]*>(?:<(?:rect|circle|ellipse|polyline|polygon|path) [^<>]*\/>)+<\/svg>$/)
    const facets = await editor.call(contract.productFacets, { query: { sourceId: source.id } })
    expect(facets.attributes.find(({ attribute }) => attribute === 'description')!.missing).toBeGreaterThan(40)
    const product = await editor.call(contract.readProduct, { params: { productId: items[1]!.id } })
    expect(product).toMatchObject({ previous: { id: items[0]!.id }, next: { id: items[2]!.id }, pictures: [{ host: null }], gone: false })
  })

  it('pictures of other hosts are links with their host, and nothing else on this one is taken for a picture', async () => {
    await bring(
      'pictures.csv',
      'sku,title,image\np1,One,"https://img.example/a.jpg, https://b.example/c.png"\np2,Two,/api/v1/me\np3,Three,javascript:alert(1)\n',
    )
    const { items } = await list({ search: 'p1' })
    expect(items[0]!.picture).toEqual({ url: 'https://img.example/a.jpg', host: 'img.example' })
    const product = await editor.call(contract.readProduct, { params: { productId: items[0]!.id } })
    expect(product.pictures.map(({ host }) => host)).toEqual(['img.example', 'b.example'])
    for (const search of ['p2', 'p3']) expect((await list({ search })).items[0]!.picture).toBeNull()
  })

  it('a source of the command line is listed, and its file stays with the command line', async () => {
    const workspaceId = await workspaceOf((await list({ search: 'p1' })).items[0]!.id)
    const path = join(process.cwd(), 'examples', 'catalogue.csv')
    await importFile({ database: server.server.services.database, workspaceId, path, format: await detectFormat(path) })
    await listed(editor)
    expect((await list({ search: 'KET-100' })).items).toMatchObject([{ identifier: 'KET-100' }])
    const { sources } = await editor.call(contract.listSources)
    const source = sources.find(({ kind }) => kind === 'command')!
    expect(source).toMatchObject({ label: 'catalogue.csv', exportable: false })
    expect(await editor.refused(contract.exportSource, { params: { sourceId: source.id } })).toMatchObject({
      code: 'source.missing',
      status: 404,
    })
  })

  it('what a person says of the columns holds in the list', async () => {
    const { source } = await bring('columns.csv', 'sku,alpha,beta\nq1,First,Group\n')
    await editor.call(contract.changeSource, {
      params: { sourceId: source.id },
      body: { label: 'Mine', columns: { name: 'alpha', family: 'beta', picture: null } },
    })
    await listed(editor)
    expect((await list({ sourceId: source.id })).items).toMatchObject([{ name: 'First', family: 'Group' }])
  })

  it('ISO-1: what is another workspace’s is answered like what never was', async () => {
    const file = await upload('mine.csv', 'sku,title\nm1,Mine\n')
    const made = await bring('mine-2.csv', 'sku,title\nm2,Mine\n')
    const [product] = (await list({ sourceId: made.source.id })).items
    const stranger = await server.stranger()
    const member = await server.stranger()
    const asked = (client: TestClient, ids: { file: string; source: string; import: string; product: string }) =>
      Promise.all([
        client.refused(contract.lookAtFile, { params: { fileId: ids.file }, body: {} }),
        client.refused(contract.startImport, { body: { fileId: ids.file } }),
        client.refused(contract.readImport, { params: { importId: ids.import } }),
        client.refused(contract.watchImport, { params: { importId: ids.import } }),
        client.refused(contract.listRejectedRows, { params: { importId: ids.import } }),
        client.refused(contract.readProduct, { params: { productId: ids.product } }),
        client.refused(contract.changeSource, { params: { sourceId: ids.source }, body: { label: 'x' } }),
        client.refused(contract.exportSource, { params: { sourceId: ids.source } }),
      ])
    const foreign = await asked(stranger, { file: file.id, source: made.source.id, import: made.id, product: product!.id })
    const unknown = await asked(member, { file: newId(), source: newId(), import: newId(), product: newId() })
    const body = ({ requestId: _requestId, ...rest }: (typeof foreign)[number]) => rest
    expect(foreign.map(body)).toEqual(unknown.map(body))
    for (const { status } of foreign) expect(status).toBe(404)
    const own = await stranger.call(contract.uploadFile, { query: { name: 'own.csv' }, bytes: 'sku\n1\n' } as never)
    expect(await stranger.refused(contract.startImport, { body: { fileId: own.id, sourceId: made.source.id } })).toMatchObject({
      code: 'source.missing',
    })
    expect(await stranger.call(contract.countProducts, { body: { selection: { ids: [product!.id] } } })).toEqual({ count: 0 })
  })

  it('what no database can hold is refused as such, wherever it stands', async () => {
    const [half, nul] = ['\ud800', 'a\0b']
    for (const query of [{ search: nul }, { family: nul }, { missing: nul }]) {
      expect(await editor.refused(contract.listProducts, { query })).toMatchObject({ status: 422, code: 'request.invalid' })
    }
    for (const text of [half, nul]) {
      const selection = { filter: { family: text }, except: [] }
      expect(await editor.refused(contract.countProducts, { body: { selection } })).toMatchObject({ status: 422 })
      const { sources } = await editor.call(contract.listSources)
      const change = { params: { sourceId: sources[0]!.id }, body: { label: text } }
      expect(await editor.refused(contract.changeSource, change)).toMatchObject({ status: 422 })
    }
    expect(await editor.refused(contract.uploadFile, { query: { name: nul } })).toMatchObject({ status: 422 })
  })

  it('a viewer reads and exports, and changes nothing', async () => {
    const viewer = await server.member('viewer')
    expect((await viewer.call(contract.listProducts, {})).items.length).toBeGreaterThan(0)
    expect(await viewer.refused(contract.openSample)).toMatchObject({ code: 'permission.denied' })
  })

  it('an import that the end of the server cut off says so after the next start, and can be done again', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `C${index},Lamp ${index}`)
    const file = await upload('cut.csv', ['sku,title', ...rows].join('\n'))
    const begun = await editor.call(contract.startImport, { body: { fileId: file.id } })
    const exporting = { params: { sourceId: begun.source.id } }
    expect(await editor.refused(contract.exportSource, exporting)).toMatchObject({ status: 409, code: 'import.running' })
    await server.restart()
    const cutOff = { status: 409, code: 'file.changed', detail: expect.stringContaining('Import it again') as string }
    expect(await editor.refused(contract.exportSource, exporting)).toMatchObject(cutOff)
    const found = await editor.call(contract.readImport, { params: { importId: begun.id } })
    expect(found).toMatchObject({ state: 'failed', error: { code: 'call.interrupted' } })
    const again = await ended(await editor.call(contract.startImport, { body: { fileId: file.id } }))
    expect(again).toMatchObject({ state: 'finished', read: 20_000 })
  })
})
