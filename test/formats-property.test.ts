import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import * as fc from 'fast-check'
import iconv from 'iconv-lite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { columnNames, type DelimitedFormat, type FileFormat, detectFormat } from '../src/catalogue/formats/detect.ts'
import { uniqueNames } from '../src/catalogue/formats/format.ts'
import { guard, unguard } from '../src/catalogue/formats/guard.ts'
import { type ProductRow, readRows, type RejectedRow } from '../src/catalogue/formats/read.ts'
import { createScanner, type RowSpan } from '../src/catalogue/formats/scan.ts'
import { exportFile } from '../src/catalogue/formats/write.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-formats-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31)
process.stdout.write(`formats-property: FC_SEED=${seed}\n`)
const run = { seed, numRuns: 300 }

interface Table {
  readonly rows: string[][] // the first is the header
  readonly delimiter: string
  readonly lineEnds: readonly string[]
  readonly encoding: string
  readonly bom: boolean
  readonly quoteAll: boolean
  readonly finalLineEnd: boolean
}

/** Text with everything that makes CSV hard. */
const awkward = (encoding: string) =>
  fc.string({
    unit: fc.constantFrom(
      ...'ab1 ,;|:"\'=-+@\t\n\r.'.split(''),
      ...(encoding === 'windows-1252' ? ['é', 'ß', '€'] : ['é', '漢', '😀', '\u2028', '\uFEFF']),
    ),
    maxLength: 12,
  })

const table: fc.Arbitrary<Table> = fc
  .record({
    encoding: fc.constantFrom('utf-8', 'utf-16le', 'utf-16be', 'windows-1252'),
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    lineEnds: fc.constantFrom(['\n'], ['\r\n'], ['\n', '\r\n'], ['\r']),
    bom: fc.boolean(),
    quoteAll: fc.boolean(),
    finalLineEnd: fc.boolean(),
    width: fc.integer({ min: 1, max: 5 }),
    height: fc.integer({ min: 0, max: 8 }),
  })
  .chain(({ width, height, ...style }) =>
    fc
      .array(fc.array(awkward(style.encoding), { minLength: width, maxLength: width }), { minLength: height, maxLength: height })
      .map((body) => ({
        ...style,
        bom: style.bom && style.encoding !== 'windows-1252',
        // the identifier is this test's own, so that no row is rejected
        rows: [
          ['sku', ...Array.from({ length: width }, (_, index) => `column ${index}`)],
          ...body.map((cells, index) => [`id${index}`, ...cells]),
        ],
      })),
  )

function spell({ rows, delimiter, lineEnds, quoteAll, finalLineEnd }: Table): string {
  const cell = (text: string): string =>
    quoteAll || /^\uFEFF|["\r\n\s]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text
  return rows
    .map((cells, row) => cells.map(cell).join(delimiter) + (row < rows.length - 1 || finalLineEnd ? lineEnds[row % lineEnds.length]! : ''))
    .join('')
}

const encode = (text: string, { encoding, bom }: { encoding: string; bom: boolean }): Buffer =>
  iconv.encode(text, encoding, { addBOM: bom })

function formatOf({ rows, delimiter, lineEnds, encoding, bom, quoteAll }: Table): DelimitedFormat {
  return {
    kind: 'delimited',
    delimiter,
    quote: '"',
    quoteStyle: quoteAll ? 'all' : 'needed',
    encoding,
    bom,
    lineEnd: 'mixed',
    crEndsRow: lineEnds[0] === '\r',
    separatorLine: false,
    shortRows: 'reject',
    repeats: 'reject',
    columns: rows[0]!,
    identifier: { column: 0 },
    textColumns: [],
    reasons: [],
  }
}

async function readAll(path: string, format: FileFormat): Promise<(ProductRow | RejectedRow)[]> {
  const all: (ProductRow | RejectedRow)[] = []
  for await (const rows of readRows(path, format)) all.push(...rows)
  return all
}

const oracle = (text: string, { delimiter, lineEnds }: Pick<Table, 'delimiter' | 'lineEnds'>): string[][] =>
  parse(text.replace(/^\uFEFF/, ''), {
    delimiter,
    record_delimiter: lineEnds[0] === '\r' ? ['\r'] : ['\r\n', '\n'],
    skip_empty_lines: true,
    relax_column_count: true,
  })

describe('generated tables', () => {
  it('are read as csv-parse reads them, in every encoding, dialect and line end', async () => {
    await fc.assert(
      fc.asyncProperty(table, async (generated) => {
        const path = join(folder, 'read.csv')
        const text = spell(generated)
        await writeFile(path, encode(text, generated))
        const [header, ...records] = oracle(text, generated)
        expect(header).toEqual(generated.rows[0])
        const expected = records.map((cells, index) => ({
          row: index + 1,
          identifier: cells[0],
          values: Object.fromEntries(cells.flatMap((cell, column) => (cell.trim() === '' ? [] : [[header![column]!, unguard(cell)]]))),
        }))
        const read = await readAll(path, formatOf(generated))
        expect(
          read.map((row) => ('reason' in row ? row : { row: row.row, identifier: row.identifier, values: { ...row.values } })),
        ).toEqual(expected)
      }),
      run,
    )
  })

  it('come out byte for byte without changes, and with changes differ in those cells only', async () => {
    const scenario = table.chain((generated) =>
      fc.record({
        generated: fc.constant(generated),
        values: fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 5 }), awkward(generated.encoding)), { maxLength: 6 }),
        added: fc.boolean(),
      }),
    )
    await fc.assert(
      fc.asyncProperty(scenario, async ({ generated, values, added }) => {
        const input = join(folder, 'in.csv')
        const output = join(folder, 'out.csv')
        const bytes = encode(spell(generated), generated)
        await writeFile(input, bytes)
        const format = formatOf(generated)
        await exportFile({ input, output, format, columns: [], changesFor: async () => new Map() })
        expect((await readFile(output)).equals(bytes)).toBe(true)

        const [header, ...body] = generated.rows
        const columns = added ? [...header!, 'added'] : header!
        const expected = body.map((cells) => (added ? [...cells, ''] : [...cells]))
        const changes = new Map<string, Record<string, string>>()
        for (const [row, column, text] of values) {
          if (row >= body.length || column === 0 || column >= columns.length) continue
          changes.set(`id${row}`, { ...changes.get(`id${row}`), [columns[column]!]: text })
        }
        for (const [identifier, cells] of changes) {
          for (const [name, text] of Object.entries(cells)) {
            const at = columns.indexOf(name)
            const row = expected[Number(identifier.slice(2))]!
            if (unguard(row[at]!) !== text) row[at] = guard(text)
          }
        }
        await exportFile({
          input,
          output,
          format,
          columns,
          changesFor: async (ids) => new Map(ids.flatMap((id) => (changes.has(id) ? [[id, changes.get(id)!]] : []))),
        })
        const decoded = iconv.decode(await readFile(output), generated.encoding, { stripBOM: false })
        expect(decoded.startsWith('\uFEFF')).toBe(generated.bom)
        expect(oracle(decoded, generated)).toEqual([columns, ...expected])
        // in one pass over both texts: only the cells of changed rows may differ
        if (!added) {
          const untouched = body.every((_, index) => !changes.has(`id${index}`))
          if (untouched) expect((await readFile(output)).equals(bytes)).toBe(true)
        }
        // imported again, every value that was written is the value that was meant
        const again = await readAll(output, { ...format, columns })
        for (const row of again) {
          if ('reason' in row) throw new Error(JSON.stringify(row))
          for (const [name, text] of Object.entries(changes.get(row.identifier) ?? {})) {
            const value = (row.values[name] ?? '') as string
            expect(text.trim() === '' ? value.trim() : value).toBe(text.trim() === '' ? '' : text)
          }
        }
      }),
      { ...run, numRuns: 150 }, // two files synced to the disk each
    )
  })

  it('are detected: encoding, delimiter, line ends, byte order mark', async () => {
    const plain = fc.record({
      encoding: fc.constantFrom('utf-8', 'utf-16le', 'utf-16be', 'windows-1252'),
      delimiter: fc.constantFrom(',', ';', '\t', '|'),
      lineEnds: fc.constantFrom(['\n'], ['\r\n'], ['\r']),
      bom: fc.boolean(),
      quoteAll: fc.boolean(),
      finalLineEnd: fc.boolean(),
      names: fc.uniqueArray(fc.constantFrom('Größe', 'title', 'Farbe', 'price', 'description', 'Marke', 'weight'), {
        minLength: 2,
        maxLength: 6,
      }),
      body: fc.array(
        fc.array(fc.constantFrom('Schöne Lampe, rot', '12.5', 'a;b', 'He said "no"', '', 'x|y', 'zwei\nZeilen', '19" rack'), {
          minLength: 7,
          maxLength: 7,
        }),
        {
          minLength: 1,
          maxLength: 20,
        },
      ),
    })
    await fc.assert(
      fc.asyncProperty(plain, async ({ names, body, ...style }) => {
        const generated: Table = {
          ...style,
          bom: style.bom && style.encoding !== 'windows-1252',
          rows: [['Artikelnummer', ...names, 'é'], ...body.map((cells, index) => [`A-${index}`, ...cells.slice(0, names.length), 'ü'])],
        }
        const path = join(folder, 'detect.csv')
        await writeFile(path, encode(spell(generated), generated))
        const format = await detectFormat(path)
        expect(format).toMatchObject({
          kind: 'delimited',
          delimiter: generated.delimiter,
          encoding: generated.encoding,
          bom: generated.bom,
          quote: '"',
          columns: generated.rows[0],
          identifier: { column: 0 },
          crEndsRow: generated.lineEnds[0] === '\r',
        })
        const read = await readAll(path, format)
        expect(read.every((row) => !('reason' in row))).toBe(true)
        expect(read.length).toBe(body.length)
      }),
      { ...run, numRuns: 150 },
    )
  })
})

/** As blocks.ts does it, with a buffer of a few bytes. */
function scanInPieces(bytes: Buffer, pieces: number[], options: { crEndsRow: boolean; maxRowUnits: number }): Omit<RowSpan, 'firstCell'>[] {
  const scanner = createScanner({ delimiter: 0x2c, quote: 0x22, ...options })
  const found: Omit<RowSpan, 'firstCell'>[] = []
  let offset = 0
  let filled = 0
  for (let turn = 0; offset < bytes.length; turn += 1) {
    filled = Math.min(bytes.length - offset, filled + (pieces[turn % pieces.length] ?? 1))
    const ended = offset + filled === bytes.length
    const { rows, consumed } = scanner.scan(bytes.subarray(offset, offset + filled), filled, ended)
    for (const { line, start, end, next, cellCount, problem } of rows) {
      const before = found.at(-1)
      if (problem === 'skipped' && (before?.problem === 'too_long' || before?.problem === 'skipped'))
        found[found.length - 1] = { ...before, next: next + offset, end: 0 }
      else
        found.push({
          line,
          start: start + offset,
          end: problem === 'too_long' ? 0 : end + offset,
          next: next + offset,
          cellCount,
          problem,
        })
    }
    if (ended && consumed === 0 && filled > 0) throw new Error('the scanner leaves something behind')
    offset += consumed
    filled -= consumed
  }
  return found
}

describe('the scanner', () => {
  const soup = fc.string({ unit: fc.constantFrom('a', 'b', ',', '"', '\n', '\r', '\r\n', '""', ' '), maxLength: 60 })

  it('finds the cells that csv-parse finds wherever that finds no fault', () => {
    let compared = 0
    fc.assert(
      fc.property(soup, (text) => {
        let expected: string[][]
        try {
          expected = parse(text, { record_delimiter: ['\r\n', '\n'], skip_empty_lines: true, relax_column_count: true })
        } catch {
          return
        }
        compared += 1
        const bytes = Buffer.from(text)
        const { rows, cells } = createScanner({ delimiter: 0x2c, quote: 0x22, crEndsRow: false, maxRowUnits: 1000 }).scan(
          bytes,
          bytes.length,
          true,
        )
        const found = rows
          .filter(({ start, end }) => end > start)
          .map(({ firstCell, cellCount }) =>
            Array.from({ length: cellCount }, (_, index) => {
              const raw = text.slice(cells[firstCell + index * 2], cells[firstCell + index * 2 + 1])
              return raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw
            }),
          )
        expect(rows.some(({ problem }) => problem !== undefined)).toBe(false)
        expect(found).toEqual(expected)
      }),
      { ...run, numRuns: 20_000 },
    )
    expect(compared).toBeGreaterThan(2_000)
  })

  it('finds the same rows however the file is cut into pieces, and leaves no byte out', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(soup, pieces, fc.boolean(), fc.constantFrom(5, 12, 1000), (text, sizes, crEndsRow, maxRowUnits) => {
        const bytes = Buffer.from(text)
        const whole = scanInPieces(bytes, [1000], { crEndsRow, maxRowUnits })
        expect(scanInPieces(bytes, sizes, { crEndsRow, maxRowUnits })).toEqual(whole)
        let position = 0
        for (const { start, next } of whole) {
          expect(start).toBe(position)
          position = next
        }
        expect(position).toBe(bytes.length)
        const lineEnds = text.slice(0, whole.at(-1)?.start ?? 0).match(crEndsRow ? /\r\n|\r|\n/g : /\n/g)?.length ?? 0
        if (whole.length > 0) expect(whole.at(-1)!.line).toBe(lineEnds + 1)
      }),
      { ...run, numRuns: 5_000 },
    )
  })
})

describe('the formula guard', () => {
  const risky = fc.string({
    unit: fc.constantFrom("'", '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '1', '5', '.', ',', 'e', 'A', ' ', '%'),
    maxLength: 8,
  })

  it('is undone exactly by reading', () => {
    fc.assert(
      fc.property(fc.oneof(risky, fc.string({ unit: 'binary' })), (text) => {
        expect(unguard(guard(text))).toBe(text)
      }),
      { ...run, numRuns: 20_000 },
    )
  })

  it('leaves nothing that a spreadsheet runs, and leaves numbers numbers', () => {
    fc.assert(
      fc.property(risky, (text) => {
        const guarded = guard(text)
        if (/^[=+\-@\t\r\n＝＋－＠]/.test(guarded)) expect(guarded).toMatch(/^[+-][\d.,]+(e\+?-?\d+)?$/i)
        else if (guarded !== text) expect(guarded).toBe(`'${text}`)
      }),
      { ...run, numRuns: 20_000 },
    )
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(guard(String(number))).toBe(String(number))
      }),
      run,
    )
    expect(['=1+1', '+49 170', '-5 kg', '@SUM(A1)', '\t=1', '＝1', '-5+cmd|x'].map(guard)).toEqual([
      "'=1+1",
      "'+49 170",
      "'-5 kg",
      "'@SUM(A1)",
      "'\t=1",
      "'＝1",
      "'-5+cmd|x",
    ])
    expect(['-5', '+1.5', '-1,234.50', 'a=b', '5-6'].map(guard)).toEqual(['-5', '+1.5', '-1,234.50', 'a=b', '5-6'])
  })
})

describe('column names', () => {
  it('are distinct, whatever the header', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('name', 'name ', 'name (2)', 'name (3)', '', 'column 2', '__proto__')), (columns) => {
        const names = uniqueNames(columns)
        expect(new Set(names).size).toBe(columns.length)
        expect(names.every((name) => name !== '')).toBe(true)
      }),
      run,
    )
    expect(uniqueNames(['name', 'name', 'name (2)', ''])).toEqual(['name', 'name (3)', 'name (2)', 'column 4'])
  })
})

describe('wide files', () => {
  const header = ['sku', ...Array.from({ length: 4_999 }, (_, index) => `attribute ${index}`)]
  const rows = Array.from({ length: 40 }, (__, row) => [
    `P${row}`,
    ...Array.from({ length: 4_999 }, (_, index) => ((row + index) % 7 === 0 ? `value ${row}/${index}` : '')),
  ])
  const objectOf = (cells: readonly string[]) =>
    Object.fromEntries(cells.flatMap((cell, index) => (cell === '' ? [] : [[header[index]!, cell]])))
  const delimited = (delimiter: string) => (lines: readonly (readonly string[])[]) =>
    [header, ...lines].map((cells) => cells.join(delimiter)).join('\r\n')

  it.each<[string, (lines: readonly (readonly string[])[]) => string]>([
    ['wide.csv', delimited(',')],
    ['semicolons.csv', delimited(';')],
    ['wide.tsv', delimited('\t')],
    ['wide.jsonl', (lines) => lines.map((cells) => JSON.stringify(objectOf(cells))).join('\n')],
  ])('%s with 5,000 columns is detected, read and written', async (name, fileOf) => {
    const path = join(folder, name)
    await writeFile(path, fileOf(rows))
    const format = await detectFormat(path)
    expect(columnNames(format).length).toBe(5_000)
    const read = (await readAll(path, format)) as ProductRow[]
    expect(read.map(({ values }) => values)).toEqual(rows.map(objectOf))
    const output = join(folder, `out-${name}`)
    const write = (changes: Record<string, unknown>) =>
      exportFile({ input: path, output, format, columns: ['attribute 4998'], changesFor: async () => new Map([['P39', changes]]) })
    await write({})
    expect(await readFile(output, 'utf8')).toBe(fileOf(rows))
    await write({ 'attribute 4998': 'last' })
    const written = rows.map((cells, row) => (row === 39 ? [...cells.slice(0, -1), 'last'] : cells))
    expect(await readFile(output, 'utf8')).toBe(fileOf(written))
  })
})
