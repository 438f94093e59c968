import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { columnNames, detectFormat } from '../src/catalogue/formats/detect.ts'
import { hashFile } from '../src/catalogue/formats/hash.ts'
import { exportFile } from '../src/catalogue/formats/write.ts'
import { describeShared, sharedPath } from './support/shared.ts'
import { readWith } from './support/contained.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-formats-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The file as csv-parse, which shares no code with ours, understands it: records with their line ends normalised away. */
const oracle = (path: string, delimiter: string): string[][] =>
  parse(readFileSync(path), { delimiter, bom: true, skip_empty_lines: true, record_delimiter: ['\r\n', '\n'] })

const written = (row: number): string => `Text ${row}, with "quotes"; and\na second line — ü`

/** Records with their own text, line end included (csv-parse leaves out the LF of a CR LF). */
function rawRecords(path: string, delimiter: string): { raw: string; cells: string[] }[] {
  const options = { delimiter, raw: true, record_delimiter: ['\r\n', '\n'] }
  return (parse(readFileSync(path), options) as unknown as { raw: string; record: string[] }[]).map(({ raw, record }) => ({
    raw: raw.endsWith('\r') ? `${raw}\n` : raw,
    cells: record,
  }))
}

describeShared('real catalogues', () => {
  const files = ['icecat', 'akeneo', 'shopify'].flatMap((source) => {
    const path = sharedPath(`data/${source}`)
    try {
      return readdirSync(path)
        .filter((name) => /\.(csv|jsonl)$/.test(name))
        .map((name) => join(path, name))
    } catch {
      return [join(path, 'missing')]
    }
  })

  it.each(files)('%s comes out byte for byte when nothing changed', async (path) => {
    const format = await detectFormat(path)
    const output = join(folder, 'same')
    const result = await exportFile({ input: path, output, format, columns: [], changesFor: async () => new Map() })
    expect((await readFile(output)).equals(await readFile(path))).toBe(true)
    expect(result.contentHash).toBe(await hashFile(path))
    expect(result.changedCells).toBe(0)
  })

  const delimited = files.filter((path) => path.endsWith('.csv'))

  it.each(delimited)('%s is read as csv-parse reads it', async (path) => {
    const format = await detectFormat(path)
    if (format.kind !== 'delimited') throw new Error('not delimited')
    const [header, ...records] = oracle(path, format.delimiter)
    expect(format.columns).toEqual(header)
    const { products, rejected, summary } = await readWith(path, format)
    expect(rejected).toEqual([])
    expect(products.length + summary.continuations).toBe(records.length)
    const names = columnNames(format)
    for (const { row, values } of products) {
      const expected = Object.fromEntries(records[row - 1]!.flatMap((cell, index) => (cell.trim() === '' ? [] : [[names[index]!, cell]])))
      expect({ ...values }).toEqual(expected)
    }
  })

  it.each(delimited)('%s keeps every other cell when some are written and a column is added', async (path) => {
    const format = await detectFormat(path)
    if (format.kind !== 'delimited') throw new Error('not delimited')
    const names = columnNames(format)
    const target = names.at(-1)!
    const output = join(folder, 'changed.csv')
    const { products } = await readWith(path, format)
    const chosen = new Map(products.filter(({ row }) => row % 3 === 1).map(({ identifier, row }) => [identifier, row]))
    const result = await exportFile({
      input: path,
      output,
      format,
      columns: [target, 'written by us'],
      changesFor: async (identifiers) => {
        expect(identifiers.length).toBeLessThanOrEqual(500)
        return new Map(
          identifiers.flatMap((identifier) => {
            const row = chosen.get(identifier)
            return row === undefined ? [] : [[identifier, { [target]: written(row), 'written by us': `added ${row}` }] as const]
          }),
        )
      },
    })
    expect(result).toMatchObject({ rows: products.length, changedCells: chosen.size * 2, unencodable: [] })
    const before = oracle(path, format.delimiter)
    const after = oracle(output, format.delimiter)
    const rowsChanged = new Set(chosen.values())
    const expected = before.map((cells, row) => {
      if (row === 0) return [...cells, 'written by us']
      return rowsChanged.has(row) ? [...cells.slice(0, -1), written(row), `added ${row}`] : [...cells, '']
    })
    expect(after).toEqual(expected)
    // and the bytes: each record as it stood, but for its last cell and the one after it
    const bytesBefore = rawRecords(path, format.delimiter)
    const bytesExpected = bytesBefore.map(({ raw, cells }, row) => {
      const [, body, lineEnd] = /^(.*?)(\r?\n|)$/s.exec(raw)!
      const last = cells.at(-1)!
      const spelled = [`"${last.replaceAll('"', '""')}"`, last].find((spelling) => body!.endsWith(spelling))!
      if (row === 0) return `${raw.slice(0, raw.length - lineEnd!.length)}${format.delimiter}written by us${lineEnd}`
      if (!rowsChanged.has(row)) return `${body}${format.delimiter}${lineEnd}`
      return `${body!.slice(0, body!.length - spelled.length)}"${written(row).replaceAll('"', '""')}"${format.delimiter}added ${row}${lineEnd}`
    })
    expect(rawRecords(output, format.delimiter).map(({ raw }) => raw)).toEqual(bytesExpected)
    expect(bytesBefore.map(({ raw }) => raw).join('')).toBe(await readFile(path, 'utf8'))
  })

  it('products in JSONL keep their JSON spelling around what is written', async () => {
    const path = sharedPath('data/icecat/products-2k-full.jsonl')
    const format = await detectFormat(path)
    expect(format).toMatchObject({ kind: 'jsonl', identifier: { key: 'id' } })
    expect(format.textColumns).toEqual(expect.arrayContaining(['title', 'short_description']))
    const output = join(folder, 'changed.jsonl')
    const description = 'Ein "Text" = gut'
    const result = await exportFile({
      input: path,
      output,
      format,
      columns: ['title', 'description'],
      changesFor: async (identifiers) =>
        new Map(identifiers.filter((id) => Number(id) % 2 === 0).map((id) => [id, { title: `Neu ${id}`, description }] as const)),
    })
    const before = (await readFile(path, 'utf8')).split('\n')
    const after = (await readFile(output, 'utf8')).split('\n')
    expect(after.length).toBe(before.length)
    let changed = 0
    before.forEach((line, index) => {
      if (line === '') return
      const object = JSON.parse(line) as { id: string; title: string }
      if (Number(object.id) % 2 !== 0) return expect(after[index]).toBe(line)
      changed += 2
      const expected = line
        .replace(/"title": "(?:[^"\\]|\\.)*"/, () => `"title": ${JSON.stringify(`Neu ${object.id}`)}`)
        .replace(/\}$/, () => `, "description": ${JSON.stringify(description)}}`)
      expect(after[index]).toBe(expected)
    })
    expect(result.changedCells).toBe(changed)
    expect(changed).toBeGreaterThan(100)
  })

  it('tells identifiers and texts of three systems without help', async () => {
    expect(await detectFormat(sharedPath('data/icecat/products-10k.csv'))).toMatchObject({
      delimiter: ',',
      lineEnd: 'crlf',
      identifier: { column: 0 },
      textColumns: expect.arrayContaining(['title', 'short_description']) as unknown,
    })
    expect(await detectFormat(sharedPath('data/akeneo/products.csv'))).toMatchObject({
      delimiter: ';',
      lineEnd: 'lf',
      identifier: { column: 0 },
      textColumns: expect.arrayContaining(['name', 'description-de_DE-ecommerce']) as unknown,
    })
    const shopify = sharedPath('data/shopify/jewelery.csv')
    const format = await detectFormat(shopify)
    expect(format).toMatchObject({
      repeats: 'continue',
      textColumns: expect.arrayContaining(['Title', 'Body (HTML)', 'SEO Title']) as unknown,
    })
    const { products, rejected, summary } = await readWith(shopify, format)
    const handles = new Set(
      oracle(shopify, ',')
        .slice(1)
        .map(([handle]) => handle),
    )
    expect(products.map(({ identifier }) => identifier)).toEqual([...handles])
    expect(rejected).toEqual([])
    expect(summary.continuations).toBe(21)
  })
})
