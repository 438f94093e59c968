import { crc32, deflateRawSync } from 'node:zlib'

/** A part of an archive to be made, with every lie that one may tell about it. */
export interface MadePart {
  readonly name: string | Buffer
  readonly content: string | Buffer
  readonly stored?: boolean
  readonly packed?: Buffer // in place of the content, deflated
  readonly statedSize?: number
  readonly statedCrc?: number
  readonly flags?: number
  readonly method?: number
  readonly unixMode?: number
  readonly at?: number // local header's offset that the directory states: another part's
}

/** A zip archive (APPNOTE 6.3.10). */
export function makeArchive(parts: readonly MadePart[], { statedCount }: { statedCount?: number } = {}): Buffer {
  const pieces: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const part of parts) {
    const name = Buffer.isBuffer(part.name) ? part.name : Buffer.from(part.name)
    const content = Buffer.isBuffer(part.content) ? part.content : Buffer.from(part.content)
    const packed = part.packed ?? (part.stored ? content : deflateRawSync(content))
    const method = part.method ?? (part.stored ? 0 : 8)
    const size = part.statedSize ?? content.length
    const crc = part.statedCrc ?? crc32(content)
    const flags = (part.flags ?? 0) | 0x0800
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(20, 4)
    local.writeUInt16LE(flags, 6)
    local.writeUInt16LE(method, 8)
    local.writeUInt32LE(crc, 14)
    local.writeUInt32LE(packed.length, 18)
    local.writeUInt32LE(size, 22)
    local.writeUInt16LE(name.length, 26)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE(part.unixMode === undefined ? 20 : 0x0314, 4)
    central.writeUInt16LE(20, 6)
    central.writeUInt16LE(flags, 8)
    central.writeUInt16LE(method, 10)
    central.writeUInt32LE(crc, 16)
    central.writeUInt32LE(packed.length, 20)
    central.writeUInt32LE(size, 24)
    central.writeUInt16LE(name.length, 28)
    central.writeUInt32LE(((part.unixMode ?? 0) << 16) >>> 0, 38)
    central.writeUInt32LE(part.at ?? offset, 42)
    directory.push(Buffer.concat([central, name]))
    if (part.at !== undefined) continue
    pieces.push(local, name, packed)
    offset += local.length + name.length + packed.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(statedCount ?? parts.length, 8)
  end.writeUInt16LE(statedCount ?? parts.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...pieces, central, end])
}

export type MadeCell = string | number | boolean | null | { readonly xml: string }

export interface MadeSheet {
  readonly name: string
  readonly rows?: readonly (readonly MadeCell[])[]
  readonly xml?: string // in place of the rows: the whole sheet
  readonly merges?: readonly string[]
  readonly state?: string
}

export const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

export function letters(column: number): string {
  return column < 26 ? String.fromCharCode(65 + column) : letters(Math.floor(column / 26) - 1) + letters(column % 26)
}

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

export function sheetXml({ rows = [], merges = [] }: Pick<MadeSheet, 'rows' | 'merges'>, texts?: string[]): string {
  const width = Math.max(1, ...rows.map((row) => row.length))
  const body = rows.map((row, index) => {
    const cells = row.map((cell, column) => cellXml(cell, `${letters(column)}${index + 1}`, texts)).join('')
    return cells === '' ? '' : `<row r="${index + 1}" spans="1:${width}">${cells}</row>`
  })
  const merged =
    merges.length === 0
      ? ''
      : `<mergeCells count="${merges.length}">${merges.map((ref) => `<mergeCell ref="${ref}"/>`).join('')}</mergeCells>`
  return `${HEAD}<worksheet xmlns="${MAIN}" xmlns:r="${RELATIONS}"><dimension ref="A1:${letters(width - 1)}${Math.max(1, rows.length)}"/><cols><col min="1" max="1" width="30" customWidth="1"/></cols><sheetData>${body.join('')}</sheetData>${merged}<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/></worksheet>`
}

function cellXml(cell: MadeCell, reference: string, texts: string[] | undefined): string {
  if (cell === null) return ''
  if (typeof cell === 'object') return cell.xml.replace('<c', `<c r="${reference}"`)
  if (typeof cell === 'number') return `<c r="${reference}"><v>${cell}</v></c>`
  if (typeof cell === 'boolean') return `<c r="${reference}" t="b"><v>${cell ? 1 : 0}</v></c>`
  if (!texts) return `<c r="${reference}" t="inlineStr"><is><t xml:space="preserve">${escape(cell)}</t></is></c>`
  const known = texts.indexOf(cell)
  return `<c r="${reference}" t="s"><v>${known >= 0 ? known : texts.push(cell) - 1}</v></c>`
}

/** The parts of a workbook as Excel lays them out, with shared strings; `replace` and `add` put others in their place or beside them. */
export function workbookParts(
  sheets: readonly MadeSheet[],
  {
    from1904 = false,
    styles = STYLES,
    strings,
    add = [],
  }: { from1904?: boolean; styles?: string; strings?: string; add?: readonly MadePart[] } = {},
): MadePart[] {
  const texts: string[] = []
  const bodies = sheets.map((sheet) => sheet.xml ?? sheetXml(sheet, texts))
  const list = sheets.map(
    ({ name, state }, index) =>
      `<sheet name="${escape(name)}" sheetId="${index + 1}"${state ? ` state="${state}"` : ''} r:id="rId${index + 1}"/>`,
  )
  const relations = sheets.map(
    (_, index) => `<Relationship Id="rId${index + 1}" Type="${RELATIONS}/worksheet" Target="worksheets/sheet${index + 1}.xml"/>`,
  )
  const shared =
    strings ??
    `${HEAD}<sst xmlns="${MAIN}" count="${texts.length}" uniqueCount="${texts.length}">${texts.map((text) => `<si><t xml:space="preserve">${escape(text)}</t></si>`).join('')}</sst>`
  return [
    {
      name: '[Content_Types].xml',
      content: `${HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>${sheets.map((_, index) => `<Override PartName="/xl/worksheets/sheet${index + 1}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`).join('')}<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>`,
    },
    {
      name: '_rels/.rels',
      content: `${HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    },
    {
      name: 'xl/workbook.xml',
      content: `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><workbookPr${from1904 ? ' date1904="1"' : ''}/><sheets>${list.join('')}</sheets></workbook>`,
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      content: `${HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${relations.join('')}<Relationship Id="rId1001" Type="${RELATIONS}/styles" Target="styles.xml"/><Relationship Id="rId1002" Type="${RELATIONS}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>`,
    },
    ...bodies.map((content, index) => ({ name: `xl/worksheets/sheet${index + 1}.xml`, content })),
    { name: 'xl/styles.xml', content: styles },
    { name: 'xl/sharedStrings.xml', content: shared },
    ...add,
  ]
}

/** Styles by their number: 0 general, 1 a date, 2 five digits, 3 bold, 4 a time, 5 a date with a format of its own. */
export const STYLES = `${HEAD}<styleSheet xmlns="${MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="00000"/><numFmt numFmtId="165" formatCode="[$-407]dd\\.mm\\.yyyy\\ hh:mm;@"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="6"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/><xf numFmtId="21" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>`

export const makeWorkbook = (sheets: readonly MadeSheet[], options?: Parameters<typeof workbookParts>[1]): Buffer =>
  makeArchive(workbookParts(sheets, options))
