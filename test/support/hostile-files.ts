import { randomBytes } from 'node:crypto'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { letters, makeArchive, makeWorkbook, type MadeCell, type MadePart, sheetXml, workbookParts } from './archives.ts'

/** What must become of a file: a refusal with a code, an import that fails with one, or so many products and rows left out. */
export type Fate =
  | { readonly refused: 'file.refused' | 'file.malformed' | 'file.unreadable'; readonly says: string }
  | { readonly fails: 'file.malformed'; readonly says: string }
  | { readonly products: number; readonly rejected?: number }

export interface HostileFile {
  readonly what: string
  readonly name: string
  readonly bytes: () => Buffer
  readonly fate: Fate
}

const MEBIBYTE = 1 << 20
const ROWS: MadeCell[][] = [
  ['sku', 'title'],
  ['A', 'Lamp'],
  ['B', 'Chair'],
]
const GOOD = [{ name: 'Products', rows: ROWS }]

/** A good workbook with parts put in the place of its own, and others beside them. */
function workbook(replace: Readonly<Record<string, Partial<MadePart>>>, add: readonly MadePart[] = []): Buffer {
  return makeArchive([...workbookParts(GOOD).map((part) => ({ ...part, ...replace[part.name as string] })), ...add])
}

const SHEET = 'xl/worksheets/sheet1.xml'
const STRINGS = 'xl/sharedStrings.xml'
const sheet = (xml: string): Buffer => makeWorkbook([{ name: 'Products', xml }])
const rowsOf = (inside: string): string => sheetXml({ rows: [['sku', 'title']] }).replace('</sheetData>', `${inside}</sheetData>`)
const inline = (reference: string, text: string): string => `<c r="${reference}" t="inlineStr"><is><t>${text}</t></is></c>`
const LAUGHS = `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>`
const EXTERNAL = '<!DOCTYPE x [<!ENTITY xxe SYSTEM "file:///etc/passwd">]>'
const named = (name: string | Buffer): MadePart => ({ name, content: 'x' })
const feed = (inside: string, before = ''): Buffer => Buffer.from(`<?xml version="1.0"?>${before}<products>${inside}</products>`)
const ITEM = '<product><id>A</id><title>Lamp</title></product><product><id>B</id><title>Chair</title></product>'
const OUT = { refused: 'file.refused', says: 'whose name leads out of it' } as const
const TYPE = { refused: 'file.refused', says: 'declares a document type' } as const
const CUT = { refused: 'file.malformed', says: 'damaged archive' } as const

const archives: HostileFile[] = [
  {
    what: 'a part that grows a thousand times',
    name: 'bomb.xlsx',
    bytes: () => workbook({ [SHEET]: { content: Buffer.alloc(64 * MEBIBYTE, 0x20) } }),
    fate: { refused: 'file.refused', says: 'grows more than 100 times' },
  },
  {
    what: 'a part of 300 MiB',
    name: 'large.xlsx',
    bytes: () => workbook({ [SHEET]: { packed: randomBytes(4 * MEBIBYTE), statedSize: 300 * MEBIBYTE } }),
    fate: {
      refused: 'file.refused',
      says: '200 MiB is the limit for workbooks. Save the sheet as CSV (UTF-8), which has no such limit, or divide it.',
    },
  },
  {
    what: 'a part that says it is small and is not',
    name: 'liar.xlsx',
    bytes: () => workbook({ [SHEET]: { content: Buffer.alloc(40 * MEBIBYTE, 0x20), statedSize: 1_000 } }),
    fate: CUT,
  },
  {
    what: 'a part that says it is larger than it is',
    name: 'boaster.xlsx',
    bytes: () => workbook({ [SHEET]: { statedSize: 500_000 } }),
    fate: CUT,
  },
  {
    what: 'parts that lie over each other',
    name: 'overlap.xlsx',
    bytes: () =>
      workbook(
        {},
        Array.from({ length: 50 }, (_, index) => ({ name: `xl/media/${index}.bin`, content: 'x'.repeat(1000), at: 0 })),
      ),
    fate: { refused: 'file.refused', says: 'lie over each other' },
  },
  {
    what: 'a bomb in an archive in a workbook, which nobody unpacks',
    name: 'nested.xlsx',
    bytes: () =>
      workbook({}, [
        { name: 'xl/embeddings/inner.zip', content: makeArchive([{ name: 'bomb', content: Buffer.alloc(64 * MEBIBYTE) }]), stored: true },
      ]),
    fate: { products: 2 },
  },
  {
    what: 'an archive that holds none of a workbook',
    name: 'archive.xlsx',
    bytes: () => makeArchive([{ name: 'inner.zip', content: makeArchive([named('a.csv')]) }]),
    fate: { refused: 'file.unreadable', says: 'a zip archive without a workbook' },
  },
  { what: 'a name that leads upwards', name: 'slip.xlsx', bytes: () => workbook({}, [named('../../etc/cron.d/x')]), fate: OUT },
  {
    what: 'a name that leads upwards by backslashes',
    name: 'slip-windows.xlsx',
    bytes: () => workbook({}, [named('..\\..\\x.exe')]),
    fate: OUT,
  },
  { what: 'an absolute name', name: 'absolute.xlsx', bytes: () => workbook({}, [named('/etc/passwd')]), fate: OUT },
  { what: 'a name with a drive', name: 'drive.xlsx', bytes: () => workbook({}, [named('C:\\Windows\\x.dll')]), fate: OUT },
  { what: 'a name with a NUL', name: 'nul.xlsx', bytes: () => workbook({}, [named('xl/a\0.xml')]), fate: OUT },
  {
    what: 'a symbolic link',
    name: 'link.xlsx',
    bytes: () => workbook({}, [{ name: 'xl/link', content: '/etc/passwd', unixMode: 0o120777 }]),
    fate: { refused: 'file.refused', says: 'symbolic link' },
  },
  {
    what: 'three thousand parts',
    name: 'parts.xlsx',
    bytes: () =>
      workbook(
        {},
        Array.from({ length: 3_000 }, (_, index) => named(`xl/p${index}`)),
      ),
    fate: { refused: 'file.refused', says: '2000 is the limit' },
  },
  {
    what: 'a directory that counts parts which are not there',
    name: 'count.xlsx',
    bytes: () => makeArchive(workbookParts(GOOD), { statedCount: 1_900 }),
    fate: CUT,
  },
  { what: 'an archive cut off', name: 'cut.xlsx', bytes: () => workbook({}).subarray(0, -40), fate: CUT },
  {
    what: 'a password',
    name: 'locked.xlsx',
    bytes: () => workbook({ [SHEET]: { flags: 1 } }),
    fate: { refused: 'file.refused', says: 'locked with a password' },
  },
  {
    what: 'two parts of one name',
    name: 'twice.xlsx',
    bytes: () => workbook({}, [{ name: SHEET, content: 'x' }]),
    fate: { refused: 'file.refused', says: 'two parts called' },
  },
  {
    what: 'a way of packing that spreadsheets do not know',
    name: 'lzma.xlsx',
    bytes: () => workbook({ [SHEET]: { method: 14 } }),
    fate: { refused: 'file.refused', says: 'packed in a way' },
  },
  { what: 'a checksum that is wrong', name: 'crc.xlsx', bytes: () => workbook({ [SHEET]: { statedCrc: 1 } }), fate: CUT },
  { what: 'packed bytes that are none', name: 'garbage.xlsx', bytes: () => workbook({ [SHEET]: { packed: randomBytes(500) } }), fate: CUT },
  {
    what: 'an archive with nothing in it',
    name: 'empty.xlsx',
    bytes: () => makeArchive([]),
    fate: { refused: 'file.unreadable', says: 'without a workbook' },
  },
  {
    what: 'an image with a workbook behind it',
    name: 'polyglot.xlsx',
    bytes: () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), workbook({})]),
    fate: { refused: 'file.unreadable', says: 'a PNG image' },
  },
  {
    what: 'a program with a workbook behind it',
    name: 'program.xlsx',
    bytes: () => Buffer.concat([Buffer.from('4d5a9000', 'hex'), Buffer.alloc(64), workbook({})]),
    fate: { refused: 'file.unreadable', says: 'binary data' },
  },
  {
    what: 'gzip under the name of a workbook',
    name: 'gzip.xlsx',
    bytes: () => gzipSync('sku,title\n'),
    fate: { refused: 'file.unreadable', says: 'gzip' },
  },
]

const workbooks: HostileFile[] = [
  {
    what: 'an entity that reads a file',
    name: 'xxe.xlsx',
    bytes: () => workbook({ [STRINGS]: { content: `<?xml version="1.0"?>${EXTERNAL}<sst><si><t>&xxe;</t></si></sst>` } }),
    fate: TYPE,
  },
  {
    what: 'a billion laughs',
    name: 'laughs.xlsx',
    bytes: () => workbook({ 'xl/workbook.xml': { content: `<?xml version="1.0"?>${LAUGHS}<workbook>&c;</workbook>` } }),
    fate: TYPE,
  },
  {
    what: 'an entity that nobody declared',
    name: 'entity.xlsx',
    bytes: () => sheet(rowsOf(`<row r="2">${inline('A2', '&xxe;')}</row>`)),
    fate: { refused: 'file.malformed', says: 'broken XML' },
  },
  {
    what: 'elements nested ten thousand deep',
    name: 'deep.xlsx',
    bytes: () => sheet(rowsOf(`${'<x>'.repeat(10_000)}${'</x>'.repeat(10_000)}`)),
    fate: { refused: 'file.refused', says: 'nests its elements' },
  },
  {
    what: 'as many columns as there can be',
    name: 'columns.xlsx',
    bytes: () =>
      sheet(
        rowsOf('').replace(
          '</row>',
          `${Array.from({ length: 16_382 }, (_, index) => inline(`${letters(index + 2)}1`, `c${index}`)).join('')}</row><row r="2">${inline('A2', 'A')}${inline('XFD2', 'last')}</row>`,
        ),
      ),
    fate: { products: 1 },
  },
  {
    what: 'a column behind the last one',
    name: 'behind.xlsx',
    bytes: () => sheet(rowsOf(`<row r="2">${inline('XFE2', 'x')}</row>`)),
    fate: { refused: 'file.malformed', says: 'out of its place' },
  },
  {
    what: 'a cell of 9 MiB',
    name: 'cell.xlsx',
    bytes: () =>
      sheet(
        rowsOf(
          `<row r="2">${inline('A2', 'A')}${inline('B2', randomBytes(7 * MEBIBYTE).toString('base64'))}</row><row r="3">${inline('A3', 'B')}</row>`,
        ),
      ),
    fate: { products: 1, rejected: 1 },
  },
  {
    what: 'a sheet that claims every row there can be',
    name: 'claim.xlsx',
    bytes: () =>
      sheet(
        rowsOf(`<row r="2">${inline('A2', 'A')}</row><row r="1048576">${inline('A1048576', 'B')}</row>`).replace(
          /ref="[^"]*"/,
          'ref="A1:XFD1048576"',
        ),
      ),
    fate: { products: 2 },
  },
  {
    what: 'a row behind the last one',
    name: 'row.xlsx',
    bytes: () => sheet(rowsOf(`<row r="99999999">${inline('A99999999', 'A')}</row>`)),
    fate: { refused: 'file.malformed', says: 'numbers a row' },
  },
  {
    what: 'rows and counts below nothing',
    name: 'negative.xlsx',
    bytes: () =>
      workbook({
        [STRINGS]: { content: '<sst count="-7" uniqueCount="-7"><si><t>sku</t></si></sst>' },
        [SHEET]: { content: rowsOf('<row r="-2"><c r="A-2"/></row>') },
      }),
    fate: { refused: 'file.malformed', says: 'numbers a row' },
  },
  {
    what: 'shared texts that are not there',
    name: 'shared.xlsx',
    bytes: () =>
      sheet(
        rowsOf(
          ['4000000000', '-1', 'NaN', '1.5']
            .map(
              (index, row) => `<row r="${row + 2}">${inline(`A${row + 2}`, `P${row}`)}<c r="B${row + 2}" t="s"><v>${index}</v></c></row>`,
            )
            .join(''),
        ),
      ),
    fate: { products: 0, rejected: 4 },
  },
  {
    what: 'dates that no calendar has',
    name: 'dates.xlsx',
    bytes: () =>
      sheet(
        rowsOf(
          ['-5', '1e300', '99999999', '0.5', 'today']
            .map(
              (value, row) => `<row r="${row + 2}">${inline(`A${row + 2}`, `P${row}`)}<c r="B${row + 2}" s="1"><v>${value}</v></c></row>`,
            )
            .join(''),
        ),
      ),
    fate: { products: 4, rejected: 1 },
  },
  {
    what: 'two million attributes in one tag',
    name: 'attributes.xlsx',
    bytes: () => sheet(rowsOf(`<row r="2" ${Array.from({ length: 2_000_000 }, (_, index) => `a${index.toString(36)}=""`).join(' ')}/>`)),
    fate: { refused: 'file.refused', says: '512 MiB of memory' },
  },
  {
    what: 'merged cells without end',
    name: 'merges.xlsx',
    bytes: () =>
      makeWorkbook([
        {
          name: 'P',
          rows: ROWS,
          merges: Array.from({ length: 30_000 }, (_, index) => `${letters(2 + (index % 16_000))}2:${letters(2 + (index % 16_000))}1048576`),
        },
      ]),
    fate: { products: 2 },
  },
  {
    what: 'macros, which are never run',
    name: 'macros.xlsm',
    bytes: () => workbook({}, [{ name: 'xl/vbaProject.bin', content: randomBytes(2_000), stored: true }]),
    fate: { products: 2 },
  },
  {
    what: 'links to other files and formulas that fetch',
    name: 'links.xlsx',
    bytes: () =>
      workbook(
        {
          [SHEET]: {
            content: rowsOf(
              `<row r="2">${inline('A2', 'A')}<c r="B2" t="str"><f>WEBSERVICE("http://169.254.169.254/")</f><v>cached</v></c></row>`,
            ),
          },
        },
        [
          {
            name: 'xl/worksheets/_rels/sheet1.xml.rels',
            content:
              '<Relationships><Relationship Id="rId1" Type="http://x/hyperlink" Target="file:///etc/passwd" TargetMode="External"/></Relationships>',
          },
        ],
      ),
    fate: { products: 1 },
  },
  {
    what: 'a sheet that points out of the archive',
    name: 'target.xlsx',
    bytes: () =>
      workbook({
        'xl/_rels/workbook.xml.rels': {
          content: '<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="../../../../etc/passwd"/></Relationships>',
        },
      }),
    fate: { refused: 'file.malformed', says: 'without a sheet' },
  },
]

const texts: HostileFile[] = [
  {
    what: 'XML with an entity that reads a file',
    name: 'xxe.xml',
    bytes: () => feed(`<product><id>A</id><t>&xxe;</t></product>`, EXTERNAL),
    fate: TYPE,
  },
  {
    what: 'XML with a document type elsewhere',
    name: 'external.xml',
    bytes: () => feed(ITEM, '<!DOCTYPE products SYSTEM "http://169.254.169.254/x.dtd">'),
    fate: TYPE,
  },
  {
    what: 'XML with parameter entities',
    name: 'parameter.xml',
    bytes: () => feed(ITEM, '<!DOCTYPE p [<!ENTITY % x SYSTEM "file:///etc/passwd">%x;]>'),
    fate: TYPE,
  },
  {
    what: 'XML with a billion laughs',
    name: 'laughs.xml',
    bytes: () => feed(`<product><id>A</id><t>&c;</t></product>`, LAUGHS),
    fate: TYPE,
  },
  {
    what: 'XML that repeats one long entity',
    name: 'quadratic.xml',
    bytes: () => feed(`<product><id>A</id><t>${'&a;'.repeat(20_000)}</t></product>`, `<!DOCTYPE p [<!ENTITY a "${'x'.repeat(50_000)}">]>`),
    fate: TYPE,
  },
  {
    what: 'XML nested a hundred thousand deep',
    name: 'deep.xml',
    bytes: () => feed(`<product><id>A</id>${'<a>'.repeat(100_000)}`),
    fate: { refused: 'file.refused', says: 'nests its elements' },
  },
  {
    what: 'XML that breaks behind what is looked at',
    name: 'late.xml',
    bytes: () =>
      feed(
        `${Array.from({ length: 600 }, (_, index) => `<product><id>P${index}</id><title>${'long '.repeat(2_000)}</title></product>`).join('')}<product><id>Z</id></title>`,
      ),
    fate: { fails: 'file.malformed', says: 'broken XML' },
  },
  {
    what: 'XML with a product without end',
    name: 'endless.xml',
    bytes: () => feed(`${ITEM}<product><id>C</id><t>${'x'.repeat(40 * MEBIBYTE)}`),
    fate: { refused: 'file.refused', says: 'longer than a catalogue’s can be' },
  },
  {
    what: 'XML whose bytes are no text',
    name: 'bytes.xml',
    bytes: () => Buffer.concat([feed(ITEM).subarray(0, 60), Buffer.from([0xff, 0xfe, 0xc0]), feed(ITEM)]),
    fate: { refused: 'file.malformed', says: 'no text in utf-8' },
  },
  {
    what: 'XML in an encoding that hides signs',
    name: 'utf7.xml',
    bytes: () => Buffer.from('<?xml version="1.0" encoding="utf-7"?><p><a><b>+ADw-</b></a><a><b>x</b></a></p>'),
    fate: { refused: 'file.malformed', says: 'declares the encoding' },
  },
  {
    what: 'XML that includes another file',
    name: 'include.xml',
    bytes: () =>
      feed(
        `${ITEM}<product><id>C</id><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></product>`,
        '<?xml-stylesheet href="file:///etc/passwd"?>',
      ),
    fate: { products: 3 },
  },
  {
    what: 'XML with a CDATA section that never ends',
    name: 'cdata.xml',
    bytes: () => feed('<product><id>A</id><t><![CDATA[x'),
    fate: { refused: 'file.malformed', says: 'broken XML' },
  },
  {
    what: 'XML with an attribute twice',
    name: 'twice.xml',
    bytes: () => feed('<product a="1" a="2"><id>A</id></product>'),
    fate: { refused: 'file.malformed', says: 'broken XML' },
  },
  {
    what: 'CSV with NUL and a workbook behind it',
    name: 'nul.csv',
    bytes: () =>
      Buffer.concat([
        Buffer.from(
          `sku,title\n${'A,b\n'.replace('A', 'A1')}B1,\0\n${Array.from({ length: 200 }, (_, index) => `P${index},x\n`).join('')}`,
        ),
      ]),
    fate: { products: 201, rejected: 1 },
  },
  {
    what: 'JSONL nested without end',
    name: 'deep.jsonl',
    bytes: () => Buffer.from(`{"id":"A","t":"x"}\n{"id":"B","t":${'['.repeat(5_000)}${']'.repeat(5_000)}}\n`),
    fate: { products: 1, rejected: 1 },
  },
  {
    what: 'deflated bytes under the name of XML',
    name: 'packed.xml',
    bytes: () => deflateRawSync(randomBytes(5_000)),
    fate: { refused: 'file.unreadable', says: 'binary data' },
  },
]

export const HOSTILE_FILES: readonly HostileFile[] = [...archives, ...workbooks, ...texts]
