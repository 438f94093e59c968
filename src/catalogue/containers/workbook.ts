import { posix } from 'node:path'
import { AppError } from '../../base/errors.ts'
import type { Archive, Part } from './archive.ts'
import { type Meaning, meaningOf } from './number-formats.ts'
import { readXmlPart } from './part-xml.ts'
import { readSharedStrings, type SharedStrings } from './shared-strings.ts'
import { localName } from './xml-parser.ts'

export interface SheetEntry {
  readonly name: string
  readonly hidden: boolean
  readonly part: Part
}

/** What the cells of all sheets need to be understood. */
export interface Workbook {
  readonly sheets: readonly SheetEntry[] // worksheets; charts and macro sheets are none
  readonly from1904: boolean
  /** What the number of a cell of this style means. */
  meaning(style: string | undefined): Meaning
  readonly strings: SharedStrings
}

/** @throws AppError file.unreadable when the archive is no workbook, file.malformed, file.refused */
export async function openWorkbook(file: string, archive: Archive): Promise<Workbook> {
  const main = await findMain(file, archive)
  const related = await relationships(file, archive, main.fileName)
  const { entries, from1904 } = await readMain(file, archive, main)
  const sheets = entries.flatMap(({ name, id, hidden }) => {
    const relation = related.get(id)
    const part = relation?.type === 'worksheet' ? archive.find(relation.target) : undefined
    return part ? [{ name, hidden, part }] : []
  })
  if (sheets.length === 0) throw new AppError('file.malformed', `${file} is a workbook without a sheet that holds cells.`)
  const partOf = (type: string): Part | undefined => {
    const relation = [...related.values()].find((one) => one.type === type)
    return relation && archive.find(relation.target)
  }
  const meanings = await readStyles(file, archive, partOf('styles'))
  return {
    sheets,
    from1904,
    meaning: (style) => meanings[style === undefined ? 0 : Number(style)] ?? 'number',
    strings: await readSharedStrings(file, archive, partOf('sharedStrings')),
  }
}

/** @throws AppError file.changed when the workbook has no such sheet any more */
export function sheetOf(file: string, book: Workbook, name: string): SheetEntry {
  const found = book.sheets.find((sheet) => sheet.name === name)
  if (found) return found
  throw new AppError(
    'file.changed',
    `${file} is no longer the file that was looked at: its sheet "${name}" is gone. Start again with the file as it is now.`,
  )
}

/** The part that an XLSX, XLSM or XLTX begins with, by the package's own relationships. */
async function findMain(file: string, archive: Archive): Promise<Part> {
  const relation = [...(await relationships(file, archive, '')).values()].find(({ type }) => type === 'officeDocument')
  const main = relation && archive.find(relation.target)
  if (main?.fileName.endsWith('.xml') && /workbook/i.test(main.fileName)) return main
  throw new AppError('file.unreadable', `${file} looks like ${otherKind(archive, main)}, and Latchkey reads CSV, TSV, JSONL, XLSX and XML.`)
}

function otherKind(archive: Archive, main: Part | undefined): string {
  if (main?.fileName.endsWith('.bin')) return 'a binary Excel workbook (.xlsb). Save it as .xlsx'
  if (main) return 'an Office document that is no workbook'
  if (archive.find('content.xml')) return 'an OpenDocument file (.ods). Save it as .xlsx or CSV'
  return 'a zip archive without a workbook. Unpack it and name the catalogue file inside'
}

interface Relationship {
  readonly type: string // the last word of its address, which the strict and the transitional form share
  readonly target: string // a part's name
}

async function relationships(file: string, archive: Archive, of: string): Promise<Map<string, Relationship>> {
  const found = new Map<string, Relationship>()
  const part = archive.find(posix.join(posix.dirname(of), '_rels', `${posix.basename(of)}.rels`))
  if (!part) return found
  await readXmlPart(file, archive, part, {
    open(name, { Id: id, Type: type, Target: target, TargetMode: mode }) {
      if (localName(name) !== 'Relationship' || !id || !type || !target || mode === 'External') return
      const absolute = target.startsWith('/') ? target.slice(1) : posix.join(posix.dirname(of), target)
      found.set(id, { type: type.slice(type.lastIndexOf('/') + 1), target: absolute })
    },
  })
  return found
}

async function readMain(
  file: string,
  archive: Archive,
  main: Part,
): Promise<{ entries: { name: string; id: string; hidden: boolean }[]; from1904: boolean }> {
  const entries: { name: string; id: string; hidden: boolean }[] = []
  let from1904 = false
  await readXmlPart(file, archive, main, {
    open(name, attributes) {
      const local = localName(name)
      if (local === 'workbookPr') from1904 = isTrue(attributes['date1904'])
      if (local !== 'sheet') return
      const id = Object.entries(attributes).find(([key]) => localName(key) === 'id' && key !== 'id')?.[1]
      if (id && attributes['name']) entries.push({ name: attributes['name'], id, hidden: (attributes['state'] ?? 'visible') !== 'visible' })
    },
  })
  return { entries, from1904 }
}

export const isTrue = (value: string | undefined): boolean => value === '1' || value === 'true'

const MOST_STYLES = 65_536 // what a workbook may have

async function readStyles(file: string, archive: Archive, part: Part | undefined): Promise<Meaning[]> {
  const meanings: Meaning[] = []
  if (!part) return meanings
  const codes = new Map<number, string>()
  let inCells = false
  await readXmlPart(file, archive, part, {
    open(name, { numFmtId, formatCode }) {
      const local = localName(name)
      if (local === 'numFmt' && numFmtId && formatCode !== undefined) codes.set(Number(numFmtId), formatCode)
      else if (local === 'cellXfs') inCells = true
      else if (local === 'xf' && inCells && meanings.length < MOST_STYLES) {
        meanings.push(meaningOf(Number(numFmtId ?? 0), codes.get(Number(numFmtId ?? 0))))
      }
    },
    close(name) {
      if (localName(name) === 'cellXfs') inCells = false
    },
  })
  return meanings
}
