import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { products, sources, valueChanges } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'
import { acceptProposals, type GeneratedValue, latestWork, recordGeneratedValues } from './changes.ts'
import { detectFormat } from './formats/detect.ts'
import { importFile, productPage } from './import.ts'
import { writtenProducts } from './written.ts'

describeOnEachDatabase('catalogue', (open) => {
  let test: TestDatabase
  let workspaceId: string
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-import-'))

  beforeAll(async () => {
    test = await open()
    workspaceId = await test.workspaceId()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const importNow = async (path: string) => importFile({ database: test.database, workspaceId, path, format: await detectFormat(path) })
  const page = ({ sourceId, importId }: { sourceId: string; importId: string }) =>
    test.database.inWorkspace(workspaceId, (tx) => productPage(tx, { sourceId, importId, afterRow: 0, limit: 100 }))
  const generated = (productId: string, more: Partial<GeneratedValue> = {}): GeneratedValue => ({
    id: newId(),
    productId,
    attribute: 'description',
    locale: 'en',
    channel: null,
    value: 'A fine lamp',
    flags: [],
    state: 'accepted',
    decision: 'accepted by command',
    provenance: { kind: 'generated' },
    runId: newId(),
    workHash: 'hash-1',
    ...more,
  })
  const record = (values: readonly GeneratedValue[]) =>
    test.database.inWorkspace(workspaceId, (tx) => recordGeneratedValues(tx, workspaceId, values))

  it('brings products in their order, and a file that is unchanged writes nothing', async () => {
    const path = file('lamps.csv', 'sku,title,colour\nL1,Lamp one,red\nL2,Lamp two,\n')
    const first = await importNow(path)
    expect(first).toMatchObject({ products: 2, unchanged: false, rejected: [] })
    expect(await page(first)).toMatchObject([
      { identifier: 'L1', row: 1, imported: { title: 'Lamp one', colour: 'red' } },
      { identifier: 'L2', row: 2, imported: { title: 'Lamp two' } },
    ])
    expect(await importNow(path)).toMatchObject({ unchanged: true, importId: first.importId, contentHash: first.contentHash })
  })

  it('keeps as many rejected rows as were asked for, and counts them all', async () => {
    const path = file('rejected.csv', `sku,title\nL1,Lamp\n${',no identifier\n'.repeat(2_000)}`)
    const format = await detectFormat(path, { identifier: 'sku' })
    const made = await importFile({ database: test.database, workspaceId, path, format, mostRejected: 3 })
    expect(made).toMatchObject({ products: 1, rejectedRows: 2_000 })
    expect(made.rejected.map(({ line }) => line)).toEqual([3, 4, 5])
  })

  it('a changed file changes its products, and one that it no longer brings is no longer there', async () => {
    const before = await importNow(file('changing.csv', 'sku,title\nA,one\nB,two\nC,three\n'))
    const ids = new Map((await page(before)).map(({ identifier, id }) => [identifier, id]))
    const after = await importNow(file('changing.csv', 'sku,title\nC,three\nA,new\n'))
    expect(after).toMatchObject({ sourceId: before.sourceId, products: 2 })
    expect(await page(after)).toMatchObject([
      { identifier: 'C', row: 1, id: ids.get('C') },
      { identifier: 'A', row: 2, id: ids.get('A'), imported: { title: 'new' } },
    ])
  })

  it('an import that was cut short is done again, though the file is the same', async () => {
    const path = file('cut.csv', 'sku,title\nA,one\nB,two\n')
    const first = await importNow(path)
    await test.database.inWorkspace(workspaceId, async (tx) => {
      await tx.update(sources).set({ contentHash: '' }).where(eq(sources.id, first.sourceId))
      await tx.delete(products).where(eq(products.sourceId, first.sourceId))
    })
    const again = await importNow(path)
    expect(again.unchanged).toBe(false)
    expect(await page(again)).toHaveLength(2)
  })

  it('keeps what jsonb cannot hold as U+FFFD, and does not fail', async () => {
    const result = await importNow(file('odd.jsonl', '{"id":"a","text":"nul \\u0000 half \\ud800 end"}\n'))
    expect((await page(result))[0]!.imported).toMatchObject({ text: 'nul \uFFFD half \uFFFD end' })
  })

  it('names of members that jsonb cannot hold are kept with U+FFFD, and the file counts as unchanged after', async () => {
    const path = file('names.jsonl', '{"sku":"L1","title":"Lamp"}\n{"sku":"L2","na\\u0000me":"x","\\ud800":{"\\u0000":"y"}}\n')
    const first = await importNow(path)
    expect((await page(first))[1]).toMatchObject({ identifier: 'L2', imported: { 'na\uFFFDme': 'x', '\uFFFD': { '\uFFFD': 'y' } } })
    expect(await importNow(path)).toMatchObject({ unchanged: true, products: 2 })
  })

  it('one identifier in two files is two products', async () => {
    const one = await importNow(file('one.csv', 'sku,title\nX,from one\n'))
    const two = await importNow(file('two.csv', 'sku,title\nX,from two\n'))
    expect((await page(one))[0]!.imported).toMatchObject({ title: 'from one' })
    expect((await page(two))[0]!.imported).toMatchObject({ title: 'from two' })
  })

  it('an accepted value lies over the import and keeps what it replaced; a flagged one waits', async () => {
    const source = await importNow(file('values.csv', 'sku,description\nA,supplier text\nB,other\n'))
    const [a, b] = await page(source)
    await record([generated(a!.id), generated(b!.id, { state: 'proposed', flags: [{ reason: 'number_not_in_source', text: '40 W' }] })])
    const read = () =>
      test.database.inWorkspace(workspaceId, async (tx) => ({
        written: await writtenProducts(tx, { sourceId: source.sourceId, identifiers: ['A', 'B'] }),
        changes: await tx.select().from(valueChanges).where(eq(valueChanges.productId, a!.id)),
      }))
    const { written, changes } = await read()
    expect(written.get('A')!.written).toMatchObject({ 'description@en': { value: 'A fine lamp', workHash: 'hash-1' } })
    expect(written.get('B')!.written).toEqual({})
    expect(changes).toMatchObject([{ state: 'accepted', decision: 'accepted by command', replaced: 'supplier text' }])

    const attributes = [{ attribute: 'description', locale: 'en', channel: null }]
    const latest = await test.database.inWorkspace(workspaceId, (tx) => latestWork(tx, { productIds: [a!.id, b!.id], attributes }))
    expect(latest.get(a!.id)!.get('description@en')).toMatchObject({ workHash: 'hash-1', state: 'accepted' })
    expect(latest.get(b!.id)!.get('description@en')).toMatchObject({ workHash: 'hash-1', state: 'proposed' })

    const accepted = await test.database.inWorkspace(workspaceId, (tx) =>
      acceptProposals(tx, { productIds: [a!.id, b!.id], attributes, decision: 'accepted by command' }),
    )
    expect(accepted).toBe(1)
    expect((await read()).written.get('B')!.written).toMatchObject({ 'description@en': { value: 'A fine lamp' } })
  })

  it('a newer value supersedes a proposal that waits', async () => {
    const source = await importNow(file('newer.csv', 'sku,title\nA,one\n'))
    const [a] = await page(source)
    await record([generated(a!.id, { state: 'proposed', workHash: 'old' })])
    await record([generated(a!.id, { workHash: 'new' })])
    const states = await test.database.inWorkspace(workspaceId, (tx) =>
      tx.select({ state: valueChanges.state, workHash: valueChanges.workHash }).from(valueChanges).where(eq(valueChanges.productId, a!.id)),
    )
    expect(states).toEqual(
      expect.arrayContaining([
        { state: 'superseded', workHash: 'old' },
        { state: 'accepted', workHash: 'new' },
      ]),
    )
  })

  it('a file that Latchkey wrote comes back as its source without being news', async () => {
    const source = await importNow(file('back.csv', 'sku,title,description\nA,one,supplier text\nB,two,\n'))
    const [a, b] = await page(source)
    const attributes = { Colour: 'red', Watt: '40' }
    await record([
      generated(a!.id),
      generated(b!.id, { value: 'Lamp two' }),
      generated(b!.id, { attribute: 'attributes', value: attributes }),
    ])
    const stored = JSON.stringify({ Watt: '40', Colour: 'red' }) // as the database orders it, and as the export writes it
    const back = `sku,title,description,attributes\nA,one,A fine lamp,\nB,two,Lamp two,"${stored.replaceAll('"', '""')}"\n`
    const again = await importNow(file('back.csv', back))
    expect((await page(again)).map(({ imported }) => imported)).toEqual([
      { sku: 'A', title: 'one', description: 'supplier text' },
      { sku: 'B', title: 'two' },
    ])
    expect(again.importedHash).toBe(source.importedHash)
    const edited = await importNow(file('back.csv', back.replace('A fine lamp', 'A person wrote this')))
    expect((await page(edited))[0]!.imported).toMatchObject({ description: 'A person wrote this' })
    expect(edited.importedHash).not.toBe(source.importedHash)
  })

  it('what an earlier run wrote into the file is no news either, when a later one wrote elsewhere', async () => {
    const source = await importNow(file('twice.csv', 'sku,description\nA,supplier text\n'))
    const [a] = await page(source)
    await record([generated(a!.id, { value: 'from model one' })])
    await record([generated(a!.id, { value: 'from model two' })])
    const again = await importNow(file('twice.csv', 'sku,description\nA,from model one\nB,new\n'))
    expect((await page(again))[0]!.imported).toMatchObject({ description: 'supplier text' })
  })
})
