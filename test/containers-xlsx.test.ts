import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cellText } from '../src/catalogue/formats/changes.ts'
import { detectFormat } from '../src/catalogue/formats/detect.ts'
import { exportFile } from '../src/catalogue/formats/write.ts'
import { makeArchive, makeWorkbook, type MadeCell, type MadeSheet, sheetXml, workbookParts } from './support/archives.ts'
import { readBytes, readWhole } from './support/contained.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-xlsx-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The parts of an archive as its directory lists them, taken apart by this test itself. */
function partsOf(bytes: Buffer): Map<string, { packed: Buffer; content: Buffer }> {
  const end = bytes.lastIndexOf(Buffer.from('504b0506', 'hex'))
  const parts = new Map<string, { packed: Buffer; content: Buffer }>()
  let at = bytes.readUInt32LE(end + 16)
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [method, size, nameLength] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28)]
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength)
    const local = bytes.readUInt32LE(at + 42)
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    const packed = bytes.subarray(start, start + size)
    parts.set(name, { packed, content: method === 0 ? packed : inflateRawSync(packed) })
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  return parts
}

const styled = (style: number, value: number): MadeCell => ({ xml: `<c s="${style}"><v>${value}</v></c>` })

const PRODUCTS: MadeSheet = {
  name: 'Products & co',
  rows: [
    ['Spring list'],
    [],
    ['SKU', 'Title', 'Price', 'Active', 'Since', 'Code', 'Brand'],
    ['A-1', 'Red <lamp>', 19.990000000000002, true, styled(1, 45000), styled(2, 42), 'Acme'],
    ['A-2', 'Blue lamp', -3, false, styled(5, 45000.5), { xml: '<c t="e"><v>#N/A</v></c>' }, null],
    [],
    [
      'A-3',
      { xml: '<c t="str"><f>B4&amp;" twice"</f><v>Red twice</v></c>' },
      null,
      null,
      styled(4, 0.75),
      null,
      { xml: '<c t="inlineStr"><is><r><t>Ac</t></r><rPh sb="0" eb="1"><t>x</t></rPh><r><t>me</t></r></is></c>' },
    ],
  ],
  merges: ['G4:G5', 'A1:C1'],
}

describe('a workbook', () => {
  it('is known by its bytes, its sheet and its header are found, and cells come as what they are', async () => {
    const { format, products, rejected, summary } = await readBytes(
      folder,
      'list.csv',
      makeWorkbook([{ name: 'Notes', rows: [['Hello']] }, PRODUCTS]),
    )
    expect(format).toMatchObject({
      kind: 'xlsx',
      sheet: 'Products & co',
      sheets: ['Notes', 'Products & co'],
      headerRow: 3,
      identifier: { column: 0 },
    })
    expect(rejected).toEqual([])
    expect(products).toEqual([
      {
        row: 1,
        line: 4,
        identifier: 'A-1',
        values: { SKU: 'A-1', Title: 'Red <lamp>', Price: 19.99, Active: true, Since: '2023-03-15', Code: '00042', Brand: 'Acme' },
      },
      // merged with the cell above it: they say the same
      {
        row: 2,
        line: 5,
        identifier: 'A-2',
        values: { SKU: 'A-2', Title: 'Blue lamp', Price: -3, Active: false, Since: '2023-03-15T12:00:00', Brand: 'Acme' },
      },
      { row: 3, line: 7, identifier: 'A-3', values: { SKU: 'A-3', Title: 'Red twice', Since: '18:00:00', Brand: 'Acme' } },
    ])
    expect(summary).toMatchObject({ products: 3, rejected: 0 })
  })

  it('of 1904 counts its days from there', async () => {
    const sheet = {
      name: 'S',
      rows: [
        ['sku', 'since'],
        ['A', styled(1, 0)],
        ['B', styled(1, 43_538)],
      ],
    }
    const { products } = await readBytes(folder, '1904.xlsx', makeWorkbook([sheet], { from1904: true }))
    expect(products.map(({ values }) => values['since'])).toEqual(['1904-01-01', '2023-03-15'])
  })

  it('has the days that spreadsheets have, the 29th of February 1900 too, and a number where there is no day', async () => {
    const serials = [1, 59, 60, 61, 36_526, 2_958_465, 2_958_466, -1]
    const sheet = { name: 'S', rows: [['sku', 'since'], ...serials.map((serial, index) => [`P${index}`, styled(1, serial)])] }
    const { products } = await readBytes(folder, 'days.xlsx', makeWorkbook([sheet]))
    expect(products.map(({ values }) => values['since'])).toEqual([
      '1900-01-01',
      '1900-02-28',
      '1900-02-29',
      '1900-03-01',
      '2000-01-01',
      '9999-12-31',
      2_958_466,
      -1,
    ])
  })

  it('reads the sheet and the header that the person names', async () => {
    const other = { name: 'Other', rows: [['x'], ['id', 'name'], ['1', 'one'], ['2', 'two']] }
    const path = (await readBytes(folder, 'two.xlsx', makeWorkbook([PRODUCTS, other]))).path
    const chosen = await readWhole(path, { sheet: 'other', headerRow: 2 })
    expect(chosen.format).toMatchObject({ sheet: 'Other', columns: ['id', 'name'] })
    expect(chosen.products.map(({ identifier }) => identifier)).toEqual(['1', '2'])
    await expect(detectFormat(path, { sheet: 'Prodcts & co' })).rejects.toMatchObject({
      code: 'command.invalid',
      detail: expect.stringContaining('Did you mean "Products & co"?') as unknown,
    })
  })

  it('passes hidden sheets over where a visible one holds products', async () => {
    const hidden = {
      name: 'Lists',
      state: 'hidden',
      rows: [
        ['a', 'b'],
        ['1', '2'],
        ['3', '4'],
      ],
    }
    const { format } = await readBytes(folder, 'hidden.xlsx', makeWorkbook([hidden, PRODUCTS]))
    expect(format).toMatchObject({ sheet: 'Products & co' })
  })

  it('with elements in a namespace of another prefix, and cells without their names, is the same to us', async () => {
    const xml =
      '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>sku</x:t></x:is></x:c><x:c t="inlineStr"><x:is><x:t>title</x:t></x:is></x:c></x:row><x:row><x:c t="inlineStr"><x:is><x:t>A</x:t></x:is></x:c></x:row><x:row/></x:sheetData></x:worksheet>'
    const { path, format, products } = await readBytes(folder, 'prefix.xlsx', makeWorkbook([{ name: 'S', xml }]))
    expect(products.map(({ identifier }) => identifier)).toEqual(['A'])
    const output = join(folder, 'prefix-out.xlsx')
    await exportFile({
      input: path,
      output,
      format,
      columns: ['sku', 'title', 'more'],
      changesFor: async () => new Map([['A', { title: 'One', more: 2 }]]),
    })
    expect((await readWhole(output)).products.map(({ values }) => ({ ...values }))).toEqual([{ sku: 'A', title: 'One', more: 2 }])
  })
})

describe('a workbook that is exported', () => {
  const changed = new Map([
    ['A-1', { Title: '=HYPERLINK("http://x")', 'added here': ['a', 'b'], Price: 21.5 }],
    ['A-2', { Title: 'Blue lamp', Active: true, Brand: 'Other', 'added here': null }],
    ['A-3', { Title: 'Written', Price: '12', Code: '12' }],
  ])

  it('keeps every other part byte for byte and every other cell as it was; nothing that is written is a formula', async () => {
    const picture = {
      name: 'xl/media/image1.png',
      content: randomBytes(8 << 20),
      stored: true,
    }
    const macros = { name: 'xl/vbaProject.bin', content: 'macros' }
    const bytes = makeWorkbook([{ name: 'Notes', rows: [['Hello']] }, PRODUCTS], { add: [picture, macros] })
    const { path, format } = await readBytes(folder, 'keep.xlsx', bytes)
    const output = join(folder, 'keep-out.xlsx')
    const result = await exportFile({
      input: path,
      output,
      format,
      columns: ['SKU', 'Title', 'added here'],
      changesFor: async () => changed,
    })
    expect(result).toMatchObject({ rows: 3, changedCells: 6 })
    expect(result.unencodable).toEqual([
      { identifier: 'A-2', row: 2, line: 5, column: 'Brand', characters: '', reason: 'merged' },
      { identifier: 'A-3', row: 3, line: 7, column: 'Title', characters: '', reason: 'formula' },
    ])
    const before = partsOf(bytes)
    const after = partsOf(await readFile(output))
    expect([...after.keys()]).toEqual([...before.keys()])
    for (const [name, part] of before)
      if (!name.endsWith('sheet2.xml')) expect(after.get(name)!.packed.equals(part.packed), name).toBe(true)
    const text = 'xl/worksheets/sheet2.xml'
    const expected = before
      .get(text)!
      .content.toString()
      .replace('<dimension ref="A1:G7"/>', '<dimension ref="A1:H7"/>')
      .replace('<row r="3" spans="1:7">', '<row r="3">')
      .replace(/(<c r="G3"[^>]*>.*?<\/c>)/, `$1<c r="H3" t="inlineStr"><is><t xml:space="preserve">added here</t></is></c>`)
      .replace('<row r="4" spans="1:7">', '<row r="4">')
      .replace(/<c r="B4".*?<\/c>/, '<c r="B4" t="inlineStr"><is><t xml:space="preserve">=HYPERLINK("http://x")</t></is></c>')
      .replace(/<c r="C4".*?<\/c>/, '<c r="C4"><v>21.5</v></c>')
      .replace(/(<c r="G4".*?<\/c>)/, `$1<c r="H4" t="inlineStr"><is><t xml:space="preserve">a, b</t></is></c>`)
      .replace('<row r="5" spans="1:7">', '<row r="5">')
      .replace(/<c r="D5".*?<\/c>/, '<c r="D5" t="b"><v>1</v></c>')
      .replace('<row r="7" spans="1:7">', '<row r="7">')
      .replace(/(<c r="B7".*?<\/c>)/, `$1<c r="C7" t="inlineStr"><is><t xml:space="preserve">12</t></is></c>`)
      .replace(/(<c r="E7".*?<\/c>)/, `$1<c r="F7" t="inlineStr"><is><t xml:space="preserve">12</t></is></c>`)
    expect(after.get(text)!.content.toString()).toBe(expected)
  })

  it('without changes is the same in every part', async () => {
    const bytes = makeWorkbook([PRODUCTS])
    const { path, format } = await readBytes(folder, 'same.xlsx', bytes)
    const output = join(folder, 'same-out.xlsx')
    await exportFile({ input: path, output, format, columns: [], changesFor: async () => new Map() })
    const after = partsOf(await readFile(output))
    for (const [name, { content }] of partsOf(bytes)) expect(after.get(name)!.content.equals(content), name).toBe(true)
    expect((await readWhole(output)).products).toEqual((await readWhole(path)).products)
  })

  it('is not written when the file is another by now', async () => {
    const { path, format } = await readBytes(folder, 'moved.xlsx', makeWorkbook([PRODUCTS]))
    const request = { input: path, output: join(folder, 'moved-out.xlsx'), format, columns: [], changesFor: async () => new Map() }
    await expect(exportFile({ ...request, expectedHash: '0'.repeat(64) })).rejects.toMatchObject({ code: 'file.changed' })
    await readBytes(
      folder,
      'moved.xlsx',
      makeWorkbook([
        {
          name: 'Products & co',
          rows: [
            ['SKU', 'Name'],
            ['A', 'x'],
          ],
        },
      ]),
    )
    await expect(exportFile(request)).rejects.toMatchObject({ code: 'file.changed' })
    await expect(readFile(request.output)).rejects.toThrow('ENOENT')
  })
})

describe('OUT-5', () => {
  const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31)
  process.stdout.write(`containers-xlsx: FC_SEED=${seed}\n`)
  const awkward = fc.string({
    unit: fc.constantFrom(...'ab1 =+-@\t\n\r\'",;&<>_x0D'.split(''), '＝', '_x000D_', '\u0001', '\uFFFF', '漢', '😀', ']]>'),
    minLength: 1,
    maxLength: 14,
  })
  const value = fc.oneof(
    { weight: 4, arbitrary: awkward },
    fc.array(awkward, { minLength: 1, maxLength: 3 }),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(0.1, -5, 1.5e-7, 123456789.125, 1e21),
    fc.constant({ a: '=1+1' }),
    fc.constant(null),
  )
  const formula = fc.constantFrom('=cmd|/c calc', '+A', '-b', '@SUM(A1)', '\tc', '＝d')

  it('import(export(x)) = x for whatever is written, in cells, arrays, headers and sheet names, and no formula comes of it', async () => {
    let compared = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ title: value, added: value }), { minLength: 60, maxLength: 120 }),
        formula,
        async (rows, name) => {
          const sheet = {
            name: `${name.trim()}!`.replace('/', ' '),
            rows: [['sku', 'title', name], ...rows.map((_, index) => [`P${index}`, index % 3 === 0 ? 'old' : null])],
          }
          const { path, format } = await readBytes(folder, 'property.xlsx', makeWorkbook([sheet]))
          const output = join(folder, 'property-out.xlsx')
          const added = `${name.trim()}2`
          await exportFile({
            input: path,
            output,
            format,
            columns: ['sku', 'title', added],
            changesFor: async (ids) =>
              new Map(ids.map((id) => [id, { title: rows[Number(id.slice(1))]!.title, [added]: rows[Number(id.slice(1))]!.added }])),
          })
          expect(
            partsOf(await readFile(output))
              .get('xl/worksheets/sheet1.xml')!
              .content.toString(),
          ).not.toMatch(/<f[\s>/]/)
          const again = await readWhole(output)
          expect(again.format).toMatchObject({ sheet: sheet.name, columns: ['sku', 'title', name, added] })
          expect(again.products.length).toBe(rows.length)
          for (const [index, { values }] of again.products.entries()) {
            for (const [column, meant] of [
              ['title', rows[index]!.title],
              [added, rows[index]!.added],
            ] as const) {
              const text = cellText(meant)
              expect(cellText(values[column])).toBe(text.trim() === '' ? '' : text)
              if (typeof meant === 'number' || typeof meant === 'boolean') expect(values[column]).toBe(meant)
              compared += 1
            }
          }
        },
      ),
      { seed, numRuns: 6, endOnFailure: true }, // each is three processes: no shrinking
    )
    expect(compared).toBeGreaterThan(700)
  })
})

describe('a row of a sheet that is broken', () => {
  it('is left out with its reason, and the others are read', async () => {
    const rows = [
      ['sku', 'title'],
      ['A', 'fine'],
      ['B', { xml: '<c t="s"><v>999</v></c>' }],
      ['C', { xml: '<c><v>12abc</v></c>' }],
      ['A', 'again'],
      [null, 'nameless'],
      ['D', 'fine'],
    ]
    const { products, rejected } = await readBytes(folder, 'broken.xlsx', makeWorkbook([{ name: 'S', rows }]), { identifier: 'sku' })
    expect(products.map(({ identifier }) => identifier)).toEqual(['A', 'D'])
    expect(rejected.map(({ line, reason }) => [line, reason.code])).toEqual([
      [3, 'cell_broken'],
      [4, 'cell_broken'],
      [5, 'identifier_repeated'],
      [6, 'identifier_empty'],
    ])
    expect(rejected[0]!.reason.text).toBe('Its cell B3 refers to a text that the workbook does not have.')
  })
})

describe('large workbooks', () => {
  it('100,000 rows are read and written in bounded memory, in the order of the sheet', async () => {
    const rows = Array.from(
      { length: 100_000 },
      (_, index) =>
        `<row r="${index + 2}"><c r="A${index + 2}"><v>${index}</v></c><c r="B${index + 2}" t="inlineStr"><is><t>Product ${(index * 7919) % 100_003} of many</t></is></c><c r="C${index + 2}"><v>${index / 7}</v></c></row>`,
    )
    const empty = sheetXml({ rows: [['sku', 'title', 'price']] })
    const parts = workbookParts([{ name: 'S', xml: empty.replace('</sheetData>', `${rows.join('')}</sheetData>`) }])
    const { path, format, products } = await readBytes(folder, 'large.xlsx', makeArchive(parts))
    expect(products.length).toBe(100_000)
    expect(products.every(({ row, identifier }) => Number(identifier) === row - 1)).toBe(true)
    const output = join(folder, 'large-out.xlsx')
    const result = await exportFile({
      input: path,
      output,
      format,
      columns: ['description'],
      changesFor: async (ids) => {
        expect(ids.length).toBeLessThanOrEqual(500)
        return new Map(ids.map((id) => [id, { description: `Text ${id}` }]))
      },
    })
    expect(result).toMatchObject({ rows: 100_000, changedCells: 100_000, unencodable: [] })
    const last = (await readWhole(output)).products.at(-1)!
    expect(last).toMatchObject({ identifier: '99999', values: { description: 'Text 99999' } })
  })

  it('5,000 columns are found, read and written, each value as what it is, and what is added stands behind them', async () => {
    const header = ['sku', ...Array.from({ length: 4_999 }, (_, index) => `attribute ${index}`)]
    const rows = Array.from({ length: 40 }, (__, row): MadeCell[] => [
      `P${row}`,
      ...Array.from({ length: 4_999 }, (_, index) => {
        if ((row + index) % 7 !== 0) return null
        return index % 3 === 0 ? row + index / 8 : index % 3 === 1 ? `value ${row}/${index}` : index % 2 === 0
      }),
    ])
    const book = makeWorkbook([
      { name: 'Wide', rows: [header, ...rows] },
      { name: 'Other', rows: [['kept']] },
    ])
    const { path, format, products } = await readBytes(folder, 'wide.xlsx', book)
    expect(format).toMatchObject({ kind: 'xlsx', sheet: 'Wide', sheets: ['Wide', 'Other'], columns: header })
    const valuesOf = (cells: readonly MadeCell[]) =>
      Object.fromEntries(cells.flatMap((cell, index) => (cell === null ? [] : [[header[index]!, cell]])))
    expect(products.map(({ values }) => values)).toEqual(rows.map(valuesOf))

    const output = join(folder, 'wide-out.xlsx')
    const write = (changes: Record<string, unknown>, columns: string[]) =>
      exportFile({ input: path, output, format, columns, changesFor: async () => new Map([['P39', changes]]) })
    expect(await write({}, [])).toMatchObject({ rows: 40, changedCells: 0 })
    expect([...partsOf(await readFile(output))].map(([name, { content }]) => [name, content])).toEqual(
      [...partsOf(book)].map(([name, { content }]) => [name, content]),
    )
    const changes = { 'attribute 4998': 'last', 'attribute 17': 4.5, new: 'added' }
    expect(await write(changes, ['new'])).toMatchObject({ changedCells: 3, unencodable: [] })
    const again = (await readWhole(output)).products
    expect(again.slice(0, -1).map(({ values }) => values)).toEqual(rows.slice(0, -1).map(valuesOf))
    expect(again.at(-1)!.values).toEqual({ ...valuesOf(rows.at(-1)!), ...changes })
  })
})
