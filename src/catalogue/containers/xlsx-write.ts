import { AppError } from '../../base/errors.ts'
import { cellText, type Changes, type UnencodableCell } from '../formats/changes.ts'
import { addedNames, uniqueNames, type XlsxFormat } from '../formats/format.ts'
import { createArchiveWriter, type Write } from './archive-writer.ts'
import type { Archive } from './archive.ts'
import { type CellEdit, editRow, MOST_CELL_TEXT } from './cell-xml.ts'
import { readMerges } from './merged-cells.ts'
import { LIMITS } from './protocol.ts'
import { columnLetters, openSheet, type SheetText } from './sheet.ts'
import { createSheetJudge, type JudgedRow } from './sheet-rows.ts'
import { encodeXml } from './xml-encoding.ts'
import { sheetOf, type Workbook } from './workbook.ts'

export interface Written {
  readonly rows: number
  readonly changedCells: number
  readonly unencodable: readonly UnencodableCell[]
}

export type ChangesFor = (identifiers: string[]) => Promise<ReadonlyMap<string, Changes>>

const BATCH_ROWS = 500

/**
 * Writes a workbook again with some cells of its sheet changed. Every other part is copied packed as it is: styles, formulas,
 * other sheets, pictures, macros. In the sheet, every character outside of changed cells is copied.
 * A cell with a formula keeps it, and one that is merged with another stays: what was to be written there is told.
 */
export async function writeXlsx(
  file: string,
  {
    archive,
    book,
    format,
    columns,
    changesFor,
    write,
  }: { archive: Archive; book: Workbook; format: XlsxFormat; columns: readonly string[]; changesFor: ChangesFor; write: Write },
): Promise<Written> {
  const sheet = sheetOf(file, book, format.sheet)
  const merges = await readMerges(file, archive, sheet.part)
  const editor = createRowEditor(format, columns)
  const judge = createSheetJudge(file, format, merges)
  const text = openSheet(file, { archive, part: sheet.part, book })
  const output = createArchiveWriter(archive, write)
  for (const part of archive.parts) {
    if (part !== sheet.part) await output.copy(part)
    else await output.add(part, edited({ file, text, judge, editor, changesFor }))
  }
  await output.end()
  return editor.counted()
}

/** The sheet's bytes with the rows edited, as its text comes in. */
async function* edited({
  file,
  text,
  judge,
  editor,
  changesFor,
}: {
  file: string
  text: SheetText
  judge: ReturnType<typeof createSheetJudge>
  editor: ReturnType<typeof createRowEditor>
  changesFor: ChangesFor
}): AsyncGenerator<Uint8Array, void, undefined> {
  const { parser } = text
  let copied = 0
  const take = (to: number): string => {
    const piece = parser.slice(copied, to)
    const first = copied === 0 && to > 0 // it holds what stands before the rows
    copied = to
    return first ? editor.beginning(piece) : piece
  }
  for await (const rows of text.rows()) {
    for (let from = 0; from < rows.length; from += BATCH_ROWS) {
      const judged = rows.slice(from, from + BATCH_ROWS).map((row) => judge.judge(row))
      const identifiers = judged.flatMap(({ verdict }) => (verdict.kind === 'product' ? [verdict.identifier] : []))
      const changes = identifiers.length > 0 ? await changesFor(identifiers) : NO_CHANGES
      let piece = ''
      for (const one of judged) {
        piece += take(one.row.start)
        const edits = editor.editsOf(one, one.verdict.kind === 'product' ? changes.get(one.verdict.identifier) : undefined)
        const row = take(one.row.end)
        piece += edits.length === 0 ? row : editRow(row, one.row, edits)
      }
      yield encodeXml(piece, text.encoding())
    }
    if (text.afterRows()) yield encodeXml(take(parser.keptEnd()), text.encoding())
    else if (parser.keptEnd() - copied > LIMITS.rowUnits * 4) {
      throw new AppError('file.refused', `${file} has a row that is longer than a catalogue’s can be.`)
    }
    parser.forget(copied)
  }
  judge.end()
  yield encodeXml(take(parser.keptEnd()), text.encoding())
}

const NO_CHANGES: ReadonlyMap<string, Changes> = new Map()

/** What is to be changed in each row, and what came of it. */
function createRowEditor(format: XlsxFormat, columns: readonly string[]) {
  const names = uniqueNames(format.columns)
  const known = new Set(names)
  const asked = [...new Set(columns)].filter((name) => !known.has(name))
  const added = addedNames(names, asked)
  const lastPlace = Math.max(...format.places)
  const placeOf = new Map<string, number>()
  names.forEach((name, index) => placeOf.set(name, format.places[index]!))
  asked.forEach((name, index) => placeOf.set(name, lastPlace + 1 + index))
  const counted = { rows: 0, changedCells: 0, unencodable: [] as UnencodableCell[] }

  function editsOf(judged: JudgedRow, changes: Changes | undefined): CellEdit[] {
    const { row, verdict, covered } = judged
    if (verdict.kind === 'header') {
      const style = row.cells.findLast(({ value }) => value !== null)?.style
      return added.map((name, index) => ({ place: lastPlace + 1 + index, value: name, style }))
    }
    if (verdict.kind !== 'product') return []
    counted.rows += 1
    if (!changes) return []
    const cells = new Map(row.cells.map((cell) => [cell.column, cell]))
    const edits: CellEdit[] = []
    for (const [column, value] of Object.entries(changes)) {
      const place = placeOf.get(column)
      if (place === undefined) throw new RangeError(`a change names the column ${JSON.stringify(column)}, which the export does not have`)
      const present = cells.get(place)
      const text = cellText(value)
      if (text === cellText(present?.value ?? null)) continue
      const reason = present?.formula ? 'formula' : covered.has(place) ? 'merged' : text.length > MOST_CELL_TEXT ? 'too_long' : undefined
      if (reason || !text.isWellFormed()) {
        const characters = reason ? '' : '\uFFFD'
        const { identifier, row: number, line } = verdict
        counted.unencodable.push({ identifier, row: number, line, column, characters, ...(reason ? { reason } : {}) })
        continue
      }
      edits.push({ place, value })
      counted.changedCells += 1
    }
    return edits
  }

  /** Where the sheet says how far it reaches, it reaches to the added columns now. */
  function beginning(text: string): string {
    if (added.length === 0) return text
    const last = columnLetters(lastPlace + added.length)
    return text.replace(
      /(<(?:[\w.-]+:)?dimension\s[^<>]*\bref\s*=\s*["'][A-Z]{1,3}\d+:)([A-Z]{1,3})(\d+)/,
      (whole, head: string, column: string, row: string) =>
        column.length < last.length || (column.length === last.length && column < last) ? `${head}${last}${row}` : whole,
    )
  }

  return { editsOf, beginning, counted: (): Written => counted }
}
