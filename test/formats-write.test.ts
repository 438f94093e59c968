import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import iconv from 'iconv-lite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { detectFormat, type FormatOverrides } from '../src/catalogue/formats/detect.ts'
import { hashFile } from '../src/catalogue/formats/hash.ts'
import { type ProductRow, readRows, type ReadSummary } from '../src/catalogue/formats/read.ts'
import { type Changes, checkWritable, exportFile, type ExportRequest, type ExportSummary } from '../src/catalogue/formats/write.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-write-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

interface Rewrite {
  readonly content: string | Buffer
  readonly name?: string
  readonly columns: string[]
  readonly changes: Record<string, Changes>
  readonly overrides?: FormatOverrides
}

async function rewrite({
  content,
  name = 'in.csv',
  columns,
  changes,
  overrides,
}: Rewrite): Promise<{ text: string; bytes: Buffer; summary: ExportSummary }> {
  const input = join(folder, name)
  const output = join(folder, `out-${name}`)
  await writeFile(input, content)
  const format = await detectFormat(input, overrides)
  const summary = await exportFile({ input, output, format, columns, changesFor: async () => new Map(Object.entries(changes)) })
  const bytes = await readFile(output)
  return { text: bytes.toString(), bytes, summary }
}

describe('written cells', () => {
  it('take the place of the old one and nothing else, in the style of the file', async () => {
    const { text, summary } = await rewrite({
      content: 'sku;"title" ;note\r\nA1;Lamp;"kept ""as is"""\nA2;"Chair; red";\r\n\r\nA3;Desk;x',
      columns: ['"title"', 'title', 'note', 'description'],
      overrides: { identifier: 'sku' },
      changes: {},
    }).catch((error: unknown) => ({ text: String(error), summary: undefined }))
    // text after a closing quote in the header: the person is told, nothing is guessed
    expect(summary).toBeUndefined()
    expect(text).toContain('file.malformed')

    const sound = await rewrite({
      content: 'sku;"title";note\r\nA1;Lamp;"kept ""as is"""\nA2;"Chair; red";\r\n\r\nA3;Desk;x',
      columns: ['title', 'description'],
      changes: { A1: { title: 'Lamp; blue' }, A2: { title: 'Chair', description: 'two\nlines' }, A3: { title: 'Desk' } },
    })
    expect(sound.text).toBe('sku;"title";note;description\r\nA1;"Lamp; blue";"kept ""as is""";\nA2;"Chair";;"two\nlines"\r\n\r\nA3;Desk;x;')
    expect(sound.summary).toMatchObject({ rows: 3, changedCells: 3, unencodable: [] })
  })

  it('are quoted where every cell of the file is', async () => {
    const { text } = await rewrite({
      content: '"sku","title"\n"A1","Lamp"\n"A2",""\n',
      columns: ['title', 'new'],
      changes: { A2: { title: 'Chair', new: 'n' } },
    })
    expect(text).toBe('"sku","title","new"\n"A1","Lamp",\n"A2","Chair","n"\n')
  })

  it('fill rows that were cut short, and cells beyond the header', async () => {
    const { text } = await rewrite({
      content: 'sku,a,b,c\nA1,1,2,3\nA2,1\nA3,1,2,3,\nA4,1\n',
      columns: ['c', 'new'],
      changes: { A2: { c: 'C' }, A3: { new: 'N' }, A4: { new: 'N' } },
    })
    expect(text).toBe('sku,a,b,c,new\nA1,1,2,3,\nA2,1,,C,\nA3,1,2,3,N\nA4,1,,,N\n')
  })

  it('of columns that are added stand under names as headers are read: without blanks around them, and each another', async () => {
    const { text } = await rewrite({
      content: 'sku,name\nA1,Lamp\n',
      columns: [' new ', ' name', 'new'],
      changes: { A1: { ' new ': '1', ' name': '2', new: '3' } },
    })
    expect(text).toBe('sku,name,new,name (2),new (2)\nA1,Lamp,1,2,3\n')
  })

  it('leave rejected rows untouched, and keep rows whole that only lack an identifier or continue a product', async () => {
    const rejected = await rewrite({
      content: 'sku,title\nA1,Lamp\nA2,a,b,c\n,nameless\nA1,again\nA3,Desk\n',
      columns: ['new'],
      changes: { A1: { new: 'x' } },
      overrides: { identifier: 'sku' },
    })
    expect(rejected.text).toBe('sku,title,new\nA1,Lamp,x\nA2,a,b,c\n,nameless,\nA1,again,\nA3,Desk,\n')
    const variants = await rewrite({
      name: 'shop.csv',
      content: 'Handle,Title,Variant\nlamp,Lamp,red\nlamp,,blue\ndesk,Desk,\n',
      columns: ['Title', 'new'],
      changes: { lamp: { Title: 'LAMP', new: 'x' } },
    })
    expect(variants.text).toBe('Handle,Title,Variant,new\nlamp,LAMP,red,x\nlamp,,blue,\ndesk,Desk,,\n')
  })

  it('that start like a formula are guarded; imported ones are left alone', async () => {
    const { text } = await rewrite({
      content: 'sku,title,note\nA1,=SUM(A1),@home\nA2,x,y\nA3,x,-7\n',
      columns: ['title', 'note', '=evil'],
      changes: {
        A1: { title: '=SUM(A1)' },
        A2: { title: '=HYPERLINK("http://x")', note: '+49 170', '=evil': '＝1' },
        A3: { title: '-5', note: '-5 kg' },
      },
    })
    expect(text).toBe(`sku,title,note,'=evil\nA1,=SUM(A1),@home,\nA2,"'=HYPERLINK(""http://x"")",'+49 170,'＝1\nA3,-5,'-5 kg,\n`)
  })

  it('that the encoding cannot hold are listed and left as they were', async () => {
    const { bytes, summary } = await rewrite({
      content: iconv.encode('sku;Größe\nA1;weiß\nA2;rot\n', 'windows-1252'),
      columns: ['Größe', 'neu'],
      changes: { A1: { Größe: '漢字 weiß 😀', neu: '5 €' }, A2: { Größe: 'grün' } },
    })
    expect(iconv.decode(bytes, 'windows-1252')).toBe('sku;Größe;neu\nA1;weiß;5 €\nA2;grün;\n')
    expect(summary).toMatchObject({
      changedCells: 2,
      unencodable: [{ identifier: 'A1', row: 1, line: 2, column: 'Größe', characters: '漢字😀' }],
    })
    await expect(
      rewrite({ content: iconv.encode('sku;Größe\nA1;ß\n', 'windows-1252'), columns: ['漢'], changes: {} }),
    ).rejects.toMatchObject({ code: 'file.unwritable' })
    const plain = await rewrite({
      name: 'plain.tsv',
      content: 'sku\ttitle\nA1\t"L" 5"\nA2\t"M" 6"\n',
      columns: ['title'],
      changes: { A1: { title: 'a\tb' }, A2: { title: '"N" 7"' } },
    })
    expect(plain.text).toBe('sku\ttitle\nA1\t"L" 5"\nA2\t"N" 7"\n')
    expect(plain.summary.unencodable).toMatchObject([{ identifier: 'A1', characters: '\t' }])
  })

  it('spell lists, numbers and nothing as text', async () => {
    const { text } = await rewrite({
      content: 'sku,a\nA1,1\n',
      columns: ['a', 'b', 'c', 'd'],
      changes: { A1: { a: null, b: ['x', 'y'], c: -1.5, d: { k: 1 } } },
    })
    expect(text).toBe('sku,a,b,c,d\nA1,,"x, y",-1.5,"{""k"":1}"\n')
  })

  it('in a file of one column never make a blank line', async () => {
    const { text } = await rewrite({
      content: 'title\nLamp\nDesk\n',
      columns: ['title'],
      changes: { 1: { title: '' } },
      overrides: { identifier: { rowNumber: true } },
    })
    expect(text).toBe('title\n""\nDesk\n')
  })
})

describe('written JSON', () => {
  it('replaces and adds members, and keeps every other character', async () => {
    const { text, summary } = await rewrite({
      name: 'in.jsonl',
      content:
        '{ "sku" : "A1", "n": 1.0, "big": 12345678901234567890, "e": 1e3, "title":"old" , "o": {"title": "inner"} }\r\n{"sku":"A2"}\n\n{}\n{"sku":"A3","title":"x","title":"y"}',
      columns: ['title', 'tags'],
      overrides: { identifier: 'sku' },
      changes: { A1: { title: 'new "title"', n: 1 }, A2: { title: '=1+1', tags: ['a', 'b'] }, A3: { title: 'z' } },
    })
    expect(text).toBe(
      '{ "sku" : "A1", "n": 1.0, "big": 12345678901234567890, "e": 1e3, "title":"new \\"title\\"" , "o": {"title": "inner"} }\r\n{"sku":"A2","title":"=1+1","tags":["a","b"]}\n\n{}\n{"sku":"A3","title":"x","title":"z"}',
    )
    expect(summary).toMatchObject({ rows: 3, changedCells: 4 })
  })

  it('says what was meant, for any object however it is spaced', async () => {
    const spacing = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 2 })
    const member = fc.tuple(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 2 }))
    const object = fc
      .tuple(fc.uniqueArray(member, { maxLength: 5, selector: ([key]) => key }), spacing, spacing)
      .map(([members, a, b]) => ({
        members: members.filter(([key]) => key !== 'sku' && key !== '__proto__'),
        a,
        b,
      }))
    const changed = fc.dictionary(
      fc.string({ maxLength: 6 }).filter((key) => key !== 'sku' && key !== '__proto__'),
      fc.jsonValue({ maxDepth: 2 }),
      { maxKeys: 4 },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(object, changed), { minLength: 1, maxLength: 4 }), async (rows) => {
        const lines = rows.map(
          ([{ members, a, b }], index) =>
            `{${a}"sku"${b}:${a}"S${index}"${members.map(([key, value]) => `${b},${a}${JSON.stringify(key)}:${b}${JSON.stringify(value)}`).join('')}${b}}`,
        )
        const changes = Object.fromEntries(rows.map(([, cells], index) => [`S${index}`, cells]))
        const { text } = await rewrite({
          name: 'any.jsonl',
          content: lines.join('\n'),
          columns: [],
          changes,
          overrides: { identifier: 'sku' },
        })
        const written = text.split('\n')
        rows.forEach(([{ members }, cells], index) => {
          const expected: unknown = JSON.parse(JSON.stringify({ sku: `S${index}`, ...Object.fromEntries(members), ...cells }))
          expect(JSON.parse(written[index]!)).toEqual(expected)
          if (Object.keys(cells).length === 0) expect(written[index]).toBe(lines[index])
        })
      }),
      { numRuns: 150, seed: Number(process.env['FC_SEED'] ?? 42) },
    )
  })

  it('escapes what a one-byte encoding lacks', async () => {
    const { bytes } = await rewrite({
      name: 'l1.jsonl',
      content: iconv.encode('{"sku":"A1","t":"ß"}\n', 'windows-1252'),
      columns: ['u'],
      changes: { A1: { u: 'é漢😀' } },
    })
    expect(bytes.toString('latin1')).toBe('{"sku":"A1","t":"ß","u":"é\\u6f22\\ud83d\\ude00"}\n')
  })
})

/** Opens an output, and is killed before it is complete. */
const OPEN_AND_DIE = `
  const { openOutput } = await import(${JSON.stringify(new URL('../src/catalogue/formats/output.ts', import.meta.url).href)})
  await (await openOutput(process.argv[1])).write(Buffer.from('half'))
  process.kill(process.pid, 'SIGKILL')`

describe('the output file', () => {
  const CONTENT = 'sku,title\nA1,Lamp\nA2,Desk\n'
  async function request(overrides: Partial<ExportRequest> = {}): Promise<ExportRequest> {
    const input = join(folder, 'in.csv')
    await writeFile(input, CONTENT)
    return {
      input,
      output: join(folder, 'out.csv'),
      format: await detectFormat(input),
      columns: [],
      changesFor: async () => new Map(),
      ...overrides,
    }
  }

  it('may be the input, and keeps its permissions', async () => {
    const asked = await request({ output: join(folder, 'in.csv'), changesFor: async () => new Map([['A2', { title: 'DESK' }]]) })
    await chmod(asked.input, 0o640)
    await exportFile(asked)
    expect(await readFile(asked.input, 'utf8')).toBe('sku,title\nA1,Lamp\nA2,DESK\n')
    expect((await stat(asked.input)).mode & 0o777).toBe(0o640)
  })

  it('is written through a link, not over it', async () => {
    const asked = await request()
    await writeFile(join(folder, 'real.csv'), 'old')
    await symlink(join(folder, 'real.csv'), join(folder, 'link.csv'))
    await exportFile({ ...asked, output: join(folder, 'link.csv') })
    expect(await readFile(join(folder, 'real.csv'), 'utf8')).toBe(CONTENT)
    expect(await readdir(folder)).toEqual(['in.csv', 'link.csv', 'real.csv'])
  })

  it('does not appear, and leaves nothing behind, when the input changed or the work failed', async () => {
    const asked = await request()
    const before = await hashFile(asked.input)
    expect(before).toBe(createHash('sha256').update(CONTENT).digest('hex'))
    expect((await exportFile({ ...asked, expectedHash: before })).contentHash).toBe(before)
    await rm(asked.output)
    await writeFile(asked.input, `${CONTENT}A3,New\n`)
    await expect(exportFile({ ...asked, expectedHash: before })).rejects.toMatchObject({ code: 'file.changed' })
    await writeFile(asked.input, 'sku,other\nA1,x\n')
    await expect(exportFile(asked)).rejects.toMatchObject({ code: 'file.changed' })
    await writeFile(asked.input, CONTENT)
    await expect(exportFile({ ...asked, changesFor: () => Promise.reject(new Error('database gone')) })).rejects.toThrow('database gone')
    await expect(exportFile({ ...asked, signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped')
    await expect(exportFile({ ...asked, columns: [], changesFor: async () => new Map([['A1', { unknown: 1 }]]) })).rejects.toThrow(
      RangeError,
    )
    expect(await readdir(folder)).toEqual(['in.csv'])
  })

  it('takes away what killed exports to it left, and nothing of living ones or of other files', async () => {
    const asked = await request()
    const killed = spawn(process.execPath, ['-e', OPEN_AND_DIE, asked.output], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(killed, 'exit')
    const left = (await readdir(folder)).find((name) => name.endsWith('.part'))
    expect(left).toContain(`.${killed.pid}.`)
    const living = left!.replace(String(killed.pid), String(process.pid))
    const others = left!.replace('out.csv', 'other.csv')
    for (const name of [living, others]) await writeFile(join(folder, name), '')
    await exportFile(asked)
    expect((await readdir(folder)).toSorted()).toEqual([living, others, 'in.csv', 'out.csv'].toSorted())
  })

  it('is refused before any work where it cannot be', async () => {
    await mkdir(join(folder, 'folder'))
    await writeFile(join(folder, 'file'), '')
    for (const [path, says] of [
      [join(folder, 'folder'), 'is a folder'],
      [join(folder, 'absent', 'out.csv'), 'folder does not exist'],
      [join(folder, 'file', 'out.csv'), 'not a folder'],
      ['/dev/null', 'not a regular file'],
      ['/proc/latchkey.csv', 'cannot be written'],
    ] as const) {
      let asked = 0
      await expect(checkWritable(path)).rejects.toMatchObject({ code: 'file.unwritable', detail: expect.stringContaining(says) as unknown })
      await expect(
        exportFile(await request({ output: path, changesFor: async () => new Map([[String((asked += 1)), {}]]) })),
      ).rejects.toMatchObject({ code: 'file.unwritable' })
      expect(asked).toBe(0)
    }
    await checkWritable(join(folder, 'fine.csv'))
    expect((await readdir(folder)).toSorted()).toEqual(['file', 'folder', 'in.csv'])
  })
})

describe('reading', () => {
  it('stops at the limit, still knows the whole file, and gives batches of at most 500', async () => {
    const path = join(folder, 'many.csv')
    await writeFile(
      path,
      `sku,title\n${Array.from({ length: 60_000 }, (_, index) => `P${index},A title that is long enough ${index}\n`).join('')}`,
    )
    const format = await detectFormat(path)
    const products: ProductRow[] = []
    let summary: ReadSummary | undefined
    for await (const rows of readRows(path, format, { limit: 1_234, onFinish: (finished) => (summary = finished) })) {
      expect(rows.length).toBeLessThanOrEqual(500)
      products.push(...(rows as ProductRow[]))
    }
    expect(products.length).toBe(1_234)
    expect(products.at(-1)).toMatchObject({ row: 1_234, line: 1_235, identifier: 'P1233' })
    expect(summary).toMatchObject({ products: 1_234, contentHash: await hashFile(path) })
    const stop = new AbortController()
    const reading = readRows(path, format, { signal: stop.signal })
    await reading.next()
    stop.abort(new Error('stopped'))
    await expect(reading.next()).rejects.toThrow('stopped')
  })

  it('takes the guard off again, and only the guard', async () => {
    const path = join(folder, 'guarded.csv')
    await writeFile(path, `sku,a,b,c\nA1,'=1+1,'0123,''=x\n`)
    const format = await detectFormat(path)
    const { value } = await readRows(path, format).next()
    expect({ ...(value as ProductRow[])[0]!.values }).toEqual({ sku: 'A1', a: '=1+1', b: "'0123", c: "'=x" })
  })
})
