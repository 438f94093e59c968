import { AppError } from '../../base/errors.ts'
import type { Archive, Part } from './archive.ts'
import { dateText } from './number-formats.ts'
import { partText } from './part-xml.ts'
import { LIMITS } from './protocol.ts'
import { unescapeText } from './shared-strings.ts'
import { isTrue, type Workbook } from './workbook.ts'
import { createXmlParser, localName, type XmlParser } from './xml-parser.ts'

/** A cell with something in it, or with a formula. */
export interface SheetCell {
  readonly column: number // from 0
  readonly value: CellValue
  readonly formula: boolean
  readonly style: string | undefined
  readonly start: number // of its element in the sheet's text
  readonly end: number
}

/** null: nothing, or an error such as #N/A, which is no value either. Dates are text: "2026-11-20". */
export type CellValue = string | number | boolean | null

export interface SheetRow {
  readonly number: number // from 1
  readonly cells: readonly SheetCell[] // in order, also those without a value
  readonly prefix: string // of the names of its elements: "" or "x:"
  readonly start: number
  readonly end: number
  readonly tagEnd: number // of its opening tag
  readonly selfClosing: boolean
  readonly problem: 'cell_broken' | 'too_long' | undefined
  readonly problemText: string
}

export const MOST_ROWS = 1_048_576
const MOST_COLUMNS = 16_384

export interface SheetText {
  readonly parser: XmlParser
  encoding(): string
  /** Whether the last row has been read: what follows are the sheet's other settings. */
  afterRows(): boolean
  /** What each next piece of the sheet brings, often nothing. */
  rows(): AsyncGenerator<readonly SheetRow[], void, undefined>
}

/**
 * The rows of a sheet in their order, as its text comes (ECMA-376 part 1, 18.3.1). The parser
 * keeps the text until it is told to forget it.
 * @throws AppError file.malformed, file.refused
 */
export function openSheet(file: string, { archive, part, book }: { archive: Archive; part: Part; book: Workbook }): SheetText {
  let encoding = 'utf-8'
  let ready: SheetRow[] = []
  let row: Row | undefined
  let cell: Cell | undefined
  let collect = false
  let phonetic = 0
  let lastRow = 0
  let afterRows = false

  const parser = createXmlParser(file, {
    open(name, attributes, end) {
      const local = localName(name)
      if (local === 'row') {
        row = openRow(file, { name, attributes, end, start: parser.tagStart(end), lastRow, selfClosing: false })
        lastRow = row.number
      } else if (local === 'c' && row) {
        cell = openCell(file, row, { attributes, start: parser.tagStart(end) })
      } else if (!cell) return
      else if (local === 'f') cell.formula = true
      else if (local === 'rPh') phonetic += 1
      else if (local === 'v' || local === 't') collect = phonetic === 0
    },
    text(text) {
      if (!collect || !cell || !row) return
      row.units += text.length
      if (row.units > LIMITS.rowUnits) row.problem = 'too_long'
      else cell.text += text
    },
    close(name, end, selfClosing) {
      const local = localName(name)
      if (local === 'v' || local === 't') collect = false
      else if (local === 'rPh') phonetic -= 1
      else if (local === 'c' && cell && row) {
        const { column, formula, style, start } = cell
        row.cells.push({ column, value: valueOf(cell, row, book), formula, style, start, end })
        cell = undefined
      } else if (local === 'row' && row) {
        const { units: _, ...whole } = row
        ready.push({ ...whole, end, selfClosing })
        row = undefined
      } else if (local === 'sheetData') afterRows = true
    },
  })

  async function* rows(): AsyncGenerator<readonly SheetRow[], void, undefined> {
    for await (const text of partText(file, archive, part, (found) => (encoding = found))) {
      parser.write(text)
      const found = ready
      ready = []
      yield found
    }
    parser.end()
  }

  return { parser, encoding: () => encoding, afterRows: () => afterRows, rows }
}

type Row = { -readonly [Key in keyof Omit<SheetRow, 'cells'>]: SheetRow[Key] } & { readonly cells: SheetCell[]; units: number }

interface Cell {
  readonly column: number
  readonly type: string
  readonly style: string | undefined
  readonly start: number
  formula: boolean
  text: string
}

function openRow(
  file: string,
  {
    name,
    attributes,
    end,
    start,
    lastRow,
    selfClosing,
  }: {
    name: string
    attributes: Readonly<Record<string, string>>
    end: number
    start: number
    lastRow: number
    selfClosing: boolean
  },
): Row {
  const stated = attributes['r']
  const number = stated === undefined ? lastRow + 1 : Number(stated)
  if (!(Number.isInteger(number) && number > lastRow && number <= MOST_ROWS)) {
    throw new AppError(
      'file.malformed',
      `${file} numbers a row ${JSON.stringify((stated ?? String(number)).slice(0, 20))} after row ${lastRow}.`,
    )
  }
  const prefix = name.slice(0, name.length - 'row'.length)
  return { number, cells: [], prefix, start, end, tagEnd: end, selfClosing, problem: undefined, problemText: '', units: 0 }
}

function openCell(file: string, row: Row, { attributes, start }: { attributes: Readonly<Record<string, string>>; start: number }): Cell {
  const before = row.cells.at(-1)?.column ?? -1
  const stated = attributes['r']
  const column = stated === undefined ? before + 1 : columnOf(stated)
  if (!(column > before && column < MOST_COLUMNS)) {
    throw new AppError(
      'file.malformed',
      `${file} has a cell ${JSON.stringify((stated ?? '').slice(0, 20))} out of its place in row ${row.number}.`,
    )
  }
  return { column, type: attributes['t'] ?? 'n', style: attributes['s'], start, formula: false, text: '' }
}

/** "C7" to 2; -1 where it is no such name. */
export function columnOf(reference: string): number {
  const letters = /^([A-Z]{1,3})\d*$/.exec(reference)?.[1]
  if (letters === undefined) return -1
  let column = 0
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64
  return column - 1
}

/** 2 to "C". */
export function columnLetters(column: number): string {
  let letters = ''
  for (let left = column + 1; left > 0; left = Math.floor((left - 1) / 26)) letters = String.fromCharCode(65 + ((left - 1) % 26)) + letters
  return letters
}

function valueOf({ column, type, style, text }: Cell, row: Row, book: Workbook): CellValue {
  const broken = (what: string): null => {
    row.problem ??= 'cell_broken'
    row.problemText ||= `Its cell ${columnLetters(column)}${row.number} ${what}.`
    return null
  }
  if (type === 'inlineStr' || type === 'str') return unescapeText(text)
  if (type === 's') {
    if (text === '') return null
    return book.strings.get(Number(text)) ?? broken('refers to a text that the workbook does not have')
  }
  if (text.trim() === '') return null
  if (type === 'b') return isTrue(text.trim())
  if (type === 'e') return null
  if (type === 'd') return text.trim()
  const number = Number(text)
  if (!Number.isFinite(number)) return broken('holds a number that is none')
  const meaning = book.meaning(style)
  if (meaning === 'date' || meaning === 'time') return dateText(number, meaning, book.from1904) ?? number
  const shown = Number(number.toPrecision(15)) // as many digits as a spreadsheet works with: 19.99, not 19.990000000000002
  if (typeof meaning === 'object' && Number.isSafeInteger(shown) && shown >= 0) return String(shown).padStart(meaning.digits, '0')
  return shown
}
