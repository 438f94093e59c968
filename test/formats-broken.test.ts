import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import iconv from 'iconv-lite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../src/base/errors.ts'
import { detectFormat, type FileFormat, type FormatOverrides } from '../src/catalogue/formats/detect.ts'
import { type ProductRow, readRows, type RejectedRow } from '../src/catalogue/formats/read.ts'
import { exportFile } from '../src/catalogue/formats/write.ts'

const run = promisify(execFile)
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-broken-'))
  await chmod(folder, 0o755)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Outcome {
  readonly error?: { code: string; detail: string }
  readonly identifiers: string[]
  readonly rejected: [line: number, code: string][]
  readonly texts: string[]
  readonly values: Record<string, unknown>[]
  readonly format?: FileFormat
}

/** What becomes of a file with this content: detection, reading, and an export that must copy it byte for byte. */
async function outcomeOf(name: string, content: string | Buffer, overrides: FormatOverrides = {}): Promise<Outcome> {
  const path = join(folder, name)
  await writeFile(path, content)
  return outcomeAt(path, overrides)
}

async function outcomeAt(path: string, overrides: FormatOverrides = {}): Promise<Outcome> {
  const products: ProductRow[] = []
  const rejected: RejectedRow[] = []
  let format: FileFormat
  try {
    format = await detectFormat(path, overrides)
    expect(JSON.parse(JSON.stringify(format))).toEqual(format)
    for await (const rows of readRows(path, format))
      for (const row of rows) {
        if ('reason' in row) rejected.push(row)
        else products.push(row)
      }
    const output = `${path}.out`
    await exportFile({ input: path, output, format, columns: [], changesFor: async () => new Map() })
    expect((await readFile(output)).equals(await readFile(path))).toBe(true)
    await rm(output)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { error: { code: error.code, detail: error.detail }, identifiers: [], rejected: [], texts: [], values: [] }
  }
  return {
    format,
    identifiers: products.map(({ identifier }) => identifier),
    rejected: rejected.map(({ line, reason }) => [line, reason.code]),
    texts: rejected.map(({ reason }) => reason.text),
    values: products.map(({ values }) => values),
  }
}

const HEADER = 'sku,title,price\n'
const good = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `P${from + index},Title ${from + index},1.50\n`).join('')

describe('broken files', () => {
  it('1: cut off in the middle of a row', async () => {
    const { identifiers, rejected } = await outcomeOf('truncated.csv', `${HEADER}${good(1, 3)}P4,Tit`)
    expect(identifiers).toEqual(['P1', 'P2', 'P3'])
    expect(rejected).toEqual([[5, 'too_few_cells']])
  })

  it('2: binary', async () => {
    const bytes = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919 + (index >> 3)) & 0xff))
    const { error } = await outcomeOf('binary.csv', bytes)
    expect(error?.code).toBe('file.unreadable')
    expect(error?.detail).toContain('binary data')
  })

  it('3: rows in another encoding than the rest', async () => {
    const body = Buffer.concat([
      Buffer.from(`${HEADER}P1,Größe,1\nP2,`),
      Buffer.from([0xe9, 0x74, 0xe9]),
      Buffer.from(',1\nP3,Länge – weiß,1\n'),
    ])
    const { identifiers, rejected, texts, format } = await outcomeOf('encoding.csv', body)
    expect(format?.encoding).toBe('utf-8')
    expect(format?.reasons.join(' ')).toContain('line 3, byte 33 of the file')
    expect(identifiers).toEqual(['P1', 'P3'])
    expect(rejected).toEqual([[3, 'encoding_broken']])
    expect(texts[0]).toContain('byte 0xe9 on line 3 at byte 4')
  })

  it('4: wholly in windows-1252, told by itself, also when the first accent is far down', async () => {
    const path = join(folder, 'late-accent.csv')
    await writeFile(path, iconv.encode(`${HEADER}${good(1, 90_000)}Z1,Größe 5 €,2\n`, 'windows-1252'))
    const { format, identifiers, values } = await outcomeAt(path)
    expect(format?.encoding).toBe('windows-1252')
    expect(identifiers.length).toBe(90_001)
    expect(values.at(-1)!['title']).toBe('Größe 5 €')
  })

  it('5: duplicate headers are kept apart, and refused only when a person means one of them', async () => {
    const content = 'sku,name,name,sku\nA,first,second,1\nB,third,fourth,2\n'
    const { values, identifiers } = await outcomeOf('duplicates.csv', content)
    expect(identifiers).toEqual(['A', 'B'])
    expect({ ...values[0] }).toEqual({ sku: 'A', name: 'first', 'name (2)': 'second', 'sku (2)': '1' })
    const { error } = await outcomeOf('duplicates.csv', content, { text: ['name'] })
    expect(error).toMatchObject({ code: 'command.invalid', detail: expect.stringContaining('"name (2)"') as unknown })
    expect((await outcomeOf('duplicates.csv', content, { text: ['name (2)'] })).format?.textColumns).toEqual(['name (2)'])
  })

  it('6: a quote never closed costs its own line only', async () => {
    const { identifiers, rejected } = await outcomeOf('unclosed.csv', `${HEADER}${good(1, 2)}P3,"19 inch rack,3\n${good(4, 2000)}`)
    expect(rejected).toEqual([[4, 'quote_unclosed']])
    expect(identifiers.length).toBe(1999)
    const closedByOthers = await outcomeOf('unclosed-2.csv', `${HEADER}P1,"never closed,1\nP2,"quoted, well",2\nP3,x,3\n`)
    expect(closedByOthers.identifiers).toEqual(['P2', 'P3'])
    expect(closedByOthers.rejected).toEqual([[2, 'quote_misplaced']])
  })

  it('7: a stray quote in text of many lines yields no products made of fragments', async () => {
    const { identifiers, rejected } = await outcomeOf('stray.csv', `${HEADER}P1,"Long\nwith "inner" quote\nend",5\n${good(2, 4)}`)
    expect(identifiers).toEqual(['P2', 'P3', 'P4'])
    expect(rejected.map(([line]) => line)).toEqual([2, 3, 4])
  })

  it('8: NUL characters', async () => {
    const { identifiers, rejected } = await outcomeOf('nul.csv', `${HEADER}${good(1, 30)}P31,a\0b,1\n${good(32, 40)}`)
    expect(identifiers.length).toBe(39)
    expect(rejected).toEqual([[32, 'nul_character']])
  })

  it('9: half surrogate pairs and a half character in UTF-16', async () => {
    const text = Buffer.from(`\uFEFF${HEADER}P1,Größe 😀,1\nP2,\ud83d broken,1\nP3,fine,1\n`, 'utf16le')
    const { identifiers, rejected } = await outcomeOf('surrogate.csv', Buffer.concat([text, Buffer.from([0x41])]))
    expect(identifiers).toEqual(['P1', 'P3'])
    expect(rejected).toEqual([
      [3, 'encoding_broken'],
      [5, 'encoding_broken'],
    ])
  })

  it('10: delimiters that change within the file', async () => {
    const { identifiers, rejected, texts } = await outcomeOf('mixed.csv', `${HEADER}${good(1, 5)}P6;Title;3\nP7;Title;4\n${good(8, 9)}`)
    expect(identifiers).toEqual(['P1', 'P2', 'P3', 'P4', 'P5', 'P8', 'P9'])
    expect(rejected).toEqual([
      [7, 'too_few_cells'],
      [8, 'too_few_cells'],
    ])
    expect(texts[0]).toContain('semicolons')
  })

  it('11: two files joined, with a byte order mark and a header in the middle', async () => {
    const { identifiers, rejected } = await outcomeOf(
      'joined.csv',
      `\uFEFF${HEADER}${good(1, 2)}\uFEFF${HEADER}${good(3, 4)}\uFEFF"P5","x",1\n`,
    )
    expect(identifiers).toEqual(['P1', 'P2', 'P3', 'P4', 'P5'])
    expect(rejected).toEqual([[4, 'header_repeated']])
  })

  it('12: empty', async () => {
    expect((await outcomeOf('empty.csv', '')).error).toMatchObject({
      code: 'file.unreadable',
      detail: expect.stringContaining('empty') as unknown,
    })
  })

  it('13: a header only is a catalogue without products', async () => {
    const { error, identifiers, rejected } = await outcomeOf('header.csv', HEADER)
    expect({ error, identifiers, rejected }).toEqual({ error: undefined, identifiers: [], rejected: [] })
  })

  it('14: blank lines only; and blank lines between rows do no harm', async () => {
    expect((await outcomeOf('blank.csv', '\n\r\n   \n\n')).error?.code).toBe('file.malformed')
    const { identifiers, rejected } = await outcomeOf('blanks.csv', `\n\n${HEADER}\n${good(1, 2)}\r\n,,\n  \n${good(3, 3)}\n\n`)
    expect(identifiers).toEqual(['P1', 'P2', 'P3'])
    expect(rejected).toEqual([])
  })

  it('15: one column; and a header of one column over rows of several', async () => {
    const { format, identifiers } = await outcomeOf('one.csv', 'sku\nA1\nA2\n')
    expect(format?.columns).toEqual(['sku'])
    expect(identifiers).toEqual(['A1', 'A2'])
    const { error } = await outcomeOf('one-bad.csv', 'products\nA1;Lamp;3\nA2;Chair;4\n')
    expect(error).toMatchObject({ code: 'file.malformed', detail: expect.stringContaining('semicolons') as unknown })
  })

  it('16: a delimiter at the end of every row', async () => {
    const { identifiers, rejected } = await outcomeOf('trailing.csv', 'sku;title\nA1;Lamp;\nA2;Chair;\n')
    expect(identifiers).toEqual(['A1', 'A2'])
    expect(rejected).toEqual([])
    const both = await outcomeOf('trailing-2.csv', 'sku;title;\nA1;Lamp;\nA2;Chair;x\n')
    expect({ ...both.values[1] }).toEqual({ sku: 'A2', title: 'Chair', 'column 3': 'x' })
  })

  it('17: lines that end in a carriage return alone', async () => {
    const { identifiers, values } = await outcomeOf('mac.csv', 'sku,title\rA1,Lamp\rA2,"two\rlines"\r')
    expect(identifiers).toEqual(['A1', 'A2'])
    expect(values[1]!['title']).toBe('two\rlines')
  })

  it('18: compressed files, workbooks, PDFs, web pages and JSON of another shape say what they are', async () => {
    const workbook = Buffer.concat([Buffer.from('504b030414000600', 'hex'), Buffer.alloc(22), Buffer.from('[Content_Types].xml')])
    const cases: [name: string, content: string | Buffer, code: string, says: string][] = [
      ['products.csv.gz', gzipSync(`${HEADER}${good(1, 9)}`), 'file.unreadable', 'gunzip'],
      ['products.xlsx', workbook, 'file.malformed', 'damaged archive'],
      ['old.xls', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'file.unreadable', '.xlsx without a password'],
      ['products.pdf', '%PDF-1.7\n...', 'file.unreadable', 'PDF'],
      ['products.html', '<!DOCTYPE html><html><body>Sign in</body></html>', 'file.unreadable', 'web page'],
      ['products.xml', '<?xml version="1.0"?><products/>', 'file.malformed', 'no element in it repeats'],
      ['list.json', '[\n  {"sku": "A1"},\n  {"sku": "A2"}\n]\n', 'file.malformed', "jq -c '.[]'"],
      ['list.jsonl', '[{"sku": "A1"},{"sku": "A2"}]\n', 'file.malformed', "jq -c '.[]'"],
      ['pretty.jsonl', '{\n  "sku": "A1"\n}\n', 'file.malformed', 'jq -c .'],
    ]
    for (const [name, content, code, says] of cases) {
      const { error } = await outcomeOf(name, content)
      expect({ name, code: error?.code }).toEqual({ name, code })
      expect(error?.detail).toContain(says)
    }
  })

  it('19: a folder, a file that is not there, one that may not be read', async () => {
    await mkdir(join(folder, 'folder.csv'))
    expect((await outcomeAt(join(folder, 'folder.csv'))).error).toMatchObject({
      code: 'file.unreadable',
      detail: expect.stringContaining('folder') as unknown,
    })
    expect((await outcomeAt(join(folder, 'absent.csv'))).error).toMatchObject({
      code: 'file.unreadable',
      detail: expect.stringContaining('no such file') as unknown,
    })
    const secret = join(folder, 'secret.csv')
    await writeFile(secret, HEADER)
    await chmod(secret, 0)
    const script = `import('${moduleUrl('detect.ts')}').then((m) => m.detectFormat(process.argv[1])).then(() => console.log('read'), (error) => console.log(error.message))`
    // root reads everything: the question is then asked as nobody
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    const { stdout } = await run(process.execPath, ['-e', script, secret], {
      ...nobody,
      env: { ...process.env, NODE_COMPILE_CACHE: '' },
      cwd: '/',
    })
    expect(stdout).toContain('file.unreadable')
    expect(stdout).toContain('may not read')
  })

  it('20: JSONL with broken lines', async () => {
    const deep = `{"sku": "D", "x": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    const lines = [
      '{"sku": "A1", "title": "Lamp"}',
      '{"sku": "A2", "title": ',
      '"text"',
      '[1]',
      '',
      'null',
      '{"title": "no sku"}',
      '{"sku": "A1"}',
      deep,
      '{"sku": 12345678901234567890}',
    ]
    const { identifiers, rejected, format } = await outcomeOf(
      'broken.jsonl',
      `${lines.join('\n')}\n{"sku": "A3"} {"sku": "A4"}\n{"sku": "A5"}`,
      { identifier: 'sku' },
    )
    expect(format?.identifier).toEqual({ key: 'sku' })
    expect(identifiers).toEqual(['A1', '12345678901234567890', 'A5'])
    expect(rejected).toEqual([
      [2, 'json_broken'],
      [3, 'json_not_object'],
      [4, 'json_not_object'],
      [6, 'json_not_object'],
      [7, 'identifier_empty'],
      [8, 'identifier_repeated'],
      [9, 'json_too_deep'],
      [11, 'json_broken'],
    ])
  })

  it('21: identifiers missing or repeated', async () => {
    const { identifiers, rejected, texts } = await outcomeOf(
      'identifiers.csv',
      `${HEADER}${good(1, 30)} ,nameless,1\nP7,again,1\n P8 ,again,1\n${'x'.repeat(600)},long,1\n`,
    )
    expect(identifiers.length).toBe(30)
    expect(rejected).toEqual([
      [32, 'identifier_empty'],
      [33, 'identifier_repeated'],
      [34, 'identifier_repeated'],
      [35, 'identifier_too_long'],
    ])
    expect(texts[1]).toBe('Its sku "P7" is already on line 8.')
  })

  it('22: names that would reach an object’s prototype', async () => {
    const { values, identifiers } = await outcomeOf('proto.csv', 'sku,__proto__,constructor,title\nA1,polluted,x,Lamp\n')
    expect(identifiers).toEqual(['A1'])
    expect(Object.keys(values[0]!)).toEqual(['sku', '__proto__', 'constructor', 'title'])
    expect(values[0]!['__proto__']).toBe('polluted')
    const json = await outcomeOf(
      'proto.jsonl',
      '{"sku": "A1", "__proto__": {"polluted": true}, "x": {"\\u005f_proto__": {"polluted": true}}}\n',
    )
    expect(Object.keys(json.values[0]!)).toEqual(['sku', '__proto__', 'x'])
    expect('polluted' in json.values[0]!).toBe(false)
    expect('polluted' in (json.values[0]!['x'] as object)).toBe(false)
    expect('polluted' in {}).toBe(false)
  })

  it('23: a file that changes between the look and the reading', async () => {
    const path = join(folder, 'changing.csv')
    await writeFile(path, `${HEADER}${good(1, 2)}`)
    const format = await detectFormat(path)
    for (const content of ['sku,price,title\nP1,1,x\n', '']) {
      await writeFile(path, content)
      await expect(readRows(path, format).next()).rejects.toMatchObject({ code: 'file.changed' })
    }
  })

  it('24: overrides that do not fit the file say what would', async () => {
    const content = `${HEADER}${good(1, 3)}`
    const cases: [FormatOverrides, string][] = [
      [{ identifier: 'titel' }, 'Did you mean "title"?'],
      [{ identifier: 'xyz' }, 'Its columns are: sku, title, price.'],
      [{ encoding: 'klingon' }, 'utf-8'],
      [{ encoding: 'shift_jis' }, 'save files of another encoding as UTF-8'],
      [{ delimiter: 'ab' }, 'semicolon'],
    ]
    for (const [overrides, says] of cases) {
      const { error } = await outcomeOf('overrides.csv', content, overrides)
      expect(error?.code).toBe('command.invalid')
      expect(error?.detail).toContain(says)
    }
    const { format, identifiers } = await outcomeOf('overrides.csv', content, {
      identifier: { rowNumber: true },
      text: ['PRICE'],
      delimiter: 'comma',
      encoding: 'latin1',
    })
    expect(identifiers).toEqual(['1', '2', '3'])
    expect(format).toMatchObject({ textColumns: ['price'], delimiter: ',', encoding: 'iso-8859-1' })
  })

  it('25: short rows, where the file leaves out empty cells', async () => {
    const { identifiers, rejected, format } = await outcomeOf(
      'short.csv',
      'sku,title,colour,size\nA1,Lamp,red,L\nA2,Chair\nA3,Desk,blue\nA4,Bed,red,S\nA5\n',
    )
    expect(format).toMatchObject({ shortRows: 'accept' })
    expect(identifiers).toEqual(['A1', 'A2', 'A3', 'A4'])
    expect(rejected).toEqual([[6, 'too_few_cells']])
  })

  it('26: quotes as plain characters', async () => {
    const { format, values, rejected } = await outcomeOf(
      'inches.tsv',
      'sku\ttitle\nA1\t"Ultra" 17" monitor\nA2\t19" rack\nA3\t"Best" of class\n',
    )
    expect(format).toMatchObject({ quote: null })
    expect(rejected).toEqual([])
    expect(values.map(({ title }) => title)).toEqual(['"Ultra" 17" monitor', '19" rack', '"Best" of class'])
  })

  it('27: Excel’s line that names the delimiter', async () => {
    const { format, identifiers } = await outcomeOf('sep.csv', 'sep=;\r\nsku;title\r\nA1;a, b\r\nA2;c, d\r\n')
    expect(format).toMatchObject({ separatorLine: true, delimiter: ';', columns: ['sku', 'title'] })
    expect(identifiers).toEqual(['A1', 'A2'])
  })
})

const moduleUrl = (name: string): string => new URL(`../src/catalogue/formats/${name}`, import.meta.url).href

/** Reads and exports a file in a process of its own with 48 MB of heap. `peakMb` is over what the process needs anyway. */
async function inSmallProcess(path: string): Promise<{ products: number; rejected: [number, string][]; peakMb: number }> {
  const script = `
    const { detectFormat } = await import('${moduleUrl('detect.ts')}')
    const { readRows } = await import('${moduleUrl('read.ts')}')
    const { exportFile } = await import('${moduleUrl('write.ts')}')
    const idle = process.resourceUsage().maxRSS
    const format = await detectFormat(process.argv[1])
    let products = 0
    const rejected = []
    for await (const rows of readRows(process.argv[1], format)) for (const row of rows) {
      if (!row.reason) products += 1
      else if (rejected.length < 20) rejected.push([row.line, row.reason.code]) // a list of all would take the memory that is looked at
    }
    await exportFile({ input: process.argv[1], output: process.argv[1] + '.out', format, columns: ['added'], changesFor: async () => new Map() })
    console.log(JSON.stringify({ products, rejected, peakMb: (process.resourceUsage().maxRSS - idle) / 1024 }))`
  const { stdout } = await run(process.execPath, ['--max-old-space-size=48', '--input-type=module', '-e', script, path])
  return JSON.parse(stdout) as { products: number; rejected: [number, string][]; peakMb: number }
}

describe('huge rows', () => {
  const filler = Buffer.alloc(1 << 20, 'x')

  async function writeHuge(path: string, parts: (string | number)[]): Promise<void> {
    await using file = await open(path, 'w')
    for (const part of parts) {
      if (typeof part === 'string') await file.write(part)
      else for (let written = 0; written < part; written += 1) await file.write(filler)
    }
  }

  it('a line of 300 MB is rejected in little memory, and the rest is read and copied', async () => {
    const path = join(folder, 'huge.csv')
    await writeHuge(path, [HEADER, good(1, 3), 'P4,', 300, ',1\n', good(5, 8)])
    const { products, rejected, peakMb } = await inSmallProcess(path)
    expect(products).toBe(7)
    expect(rejected).toEqual([[5, 'too_long']])
    expect(peakMb).toBeLessThan(150)
    await using output = await open(`${path}.out`, 'r')
    const { size } = await output.stat()
    expect(size).toBe((300 << 20) + Buffer.byteLength(`${HEADER}${good(1, 3)}P4,,1\n${good(5, 8)}`) + ',added'.length + 7)
    const tail = Buffer.alloc(110)
    await output.read(tail, 0, 110, size - 110)
    expect(tail.toString()).toContain('xxx,1\nP5,Title 5,1.50,\n')
    await rm(path)
    await rm(`${path}.out`)
  })

  it('a quote that is not closed for 100 MB costs its own line', async () => {
    const path = join(folder, 'open-quote.csv')
    const row = `Q,${'y'.repeat(1000)},1\n`
    const chunk = row.repeat(1000)
    await writeHuge(path, [
      HEADER,
      'P1,"open,1\n',
      ...Array.from({ length: 100 }, (_, index) => chunk.replaceAll('Q,', `Q${index},`)),
      good(2, 3),
    ])
    const { products, rejected, peakMb } = await inSmallProcess(path)
    // each Q number is a product once and repeated 999 times
    expect(products).toBe(102)
    expect(rejected[0]).toEqual([2, 'quote_unclosed'])
    expect(rejected.slice(1).every(([, code]) => code === 'identifier_repeated')).toBe(true)
    expect(peakMb).toBeLessThan(150)
    await rm(path)
    await rm(`${path}.out`)
  })

  it('a JSONL line of 40 MB, and one that is a file of its own', async () => {
    const path = join(folder, 'huge.jsonl')
    await writeHuge(path, ['{"sku": "A1"}\n{"sku": "', 40, '"}\n{"sku": "A3"}\n'])
    const { products, rejected } = await inSmallProcess(path)
    expect(products).toBe(2)
    expect(rejected).toEqual([[2, 'too_long']])
    const single = join(folder, 'single.csv')
    await writeHuge(single, [40])
    expect((await outcomeAt(single)).error).toMatchObject({
      code: 'file.malformed',
      detail: expect.stringContaining('longer than 8 MiB') as unknown,
    })
  })
})
