import { AppError } from '../../base/errors.ts'
import { cellText } from '../formats/changes.ts'
import { type FormatOverrides, listNames, nearestName, uniqueNames, type XlsxFormat, findColumn } from '../formats/format.ts'
import { chosenIdentifier, guessIdentifier, guessTextColumns, normaliseName, textReason } from '../formats/guess.ts'
import type { Archive } from './archive.ts'
import { openSheet, type SheetCell, type SheetRow } from './sheet.ts'
import type { SheetEntry, Workbook } from './workbook.ts'

const SAMPLE_ROWS = 2_000
const SAMPLE_CELLS = 400_000
const HEADER_WITHIN = 50 // rows: above a header stand a title and some remarks
const SHEETS_LOOKED_AT = 20

/**
 * Which sheet of a workbook holds products, and where: the first visible one with a header and rows beneath it, unless the person
 * says otherwise.
 * @throws AppError file.malformed when none does, command.invalid
 */
export async function detectXlsx(file: string, archive: Archive, book: Workbook, overrides: FormatOverrides): Promise<XlsxFormat> {
  const sheets = book.sheets.map(({ name }) => name)
  const candidates = overrides.sheet === undefined ? inOrder(book.sheets) : [chosenSheet(book.sheets, overrides.sheet)]
  let passed = 0
  let headerAlone: Parameters<typeof formatOf>[0] | undefined
  for (const sheet of candidates) {
    const rows = await sampleOf(file, archive, book, sheet)
    const header = overrides.headerRow === undefined ? findHeader(rows) : rows.find(({ number }) => number === overrides.headerRow)
    if (header) {
      const found = { sheet, sheets, rows, header, overrides, passed }
      if (rows.some(({ number }) => number > header.number)) return formatOf(found)
      headerAlone ??= found
    }
    passed += 1
  }
  if (headerAlone) return formatOf(headerAlone)
  throw new AppError(
    'file.malformed',
    overrides.headerRow === undefined
      ? `${file} has no sheet with a header and products beneath it. Name the columns in a row of their own.`
      : `Row ${overrides.headerRow} of the sheet is empty, or lies behind its first ${SAMPLE_ROWS} rows: it is no header.`,
  )
}

const inOrder = (sheets: readonly SheetEntry[]): SheetEntry[] =>
  [...sheets.filter(({ hidden }) => !hidden), ...sheets.filter(({ hidden }) => hidden)].slice(0, SHEETS_LOOKED_AT)

function chosenSheet(sheets: readonly SheetEntry[], wanted: string): SheetEntry {
  const names = sheets.map(({ name }) => name)
  const found = sheets.find(({ name }) => name === wanted) ?? sheets.find(({ name }) => name.toLowerCase() === wanted.trim().toLowerCase())
  if (found) return found
  const nearest = nearestName(names, wanted)
  throw new AppError(
    'command.invalid',
    `The workbook has no sheet "${wanted}".${nearest ? ` Did you mean "${nearest}"?` : ''} Its sheets are: ${listNames(names)}.`,
  )
}

/** The first rows of a sheet that hold anything. */
async function sampleOf(file: string, archive: Archive, book: Workbook, { part }: SheetEntry): Promise<SheetRow[]> {
  const sheet = openSheet(file, { archive, part, book })
  const rows: SheetRow[] = []
  let cells = 0
  for await (const some of sheet.rows()) {
    sheet.parser.forget(sheet.parser.keptEnd() - 1)
    for (const row of some) {
      if (!row.cells.some(isFilled)) continue
      rows.push(row)
      cells += row.cells.length
      if (rows.length >= SAMPLE_ROWS || cells > SAMPLE_CELLS) return rows
    }
  }
  return rows
}

const isFilled = ({ value }: Pick<SheetCell, 'value'>): boolean => value !== null && cellText(value).trim() !== ''

/** The first row that names most of the columns there are: with texts, each another. */
function findHeader(rows: readonly SheetRow[]): SheetRow | undefined {
  const first = rows.slice(0, HEADER_WITHIN)
  const width = Math.max(0, ...first.map(({ cells }) => cells.filter(isFilled).length))
  if (width === 0) return undefined
  const wide = first.filter(({ cells }) => cells.filter(isFilled).length >= width * 0.6)
  const names = wide.find(({ cells }) => {
    const filled = cells.filter(isFilled)
    const texts = filled.filter(({ value }) => typeof value === 'string' && !/^\d+(?:[.,-]\d+)*$/.test(value.trim()))
    return texts.length >= filled.length * 0.8 && new Set(texts.map(({ value }) => value)).size >= texts.length * 0.8
  })
  return names ?? wide[0]
}

function formatOf({
  sheet,
  sheets,
  rows,
  header,
  overrides,
  passed,
}: {
  sheet: SheetEntry
  sheets: readonly string[]
  rows: readonly SheetRow[]
  header: SheetRow
  overrides: FormatOverrides
  passed: number
}): XlsxFormat {
  const below = rows.filter(({ number }) => number > header.number)
  const places = [...new Set([header, ...below].flatMap(({ cells }) => cells.filter(isFilled).map(({ column }) => column)))].sort(
    (a, b) => a - b,
  )
  const cellsOf = (row: SheetRow): Map<number, string> => new Map(row.cells.map(({ column, value }) => [column, cellText(value)]))
  const headings = cellsOf(header)
  const columns = places.map((place) => headings.get(place) ?? '')
  const names = uniqueNames(columns)
  const texts = below.map(cellsOf)
  const samples = names.map((name, index) => ({ name, values: texts.map((row) => row.get(places[index]!) ?? '') }))
  const guess = overrides.identifier === undefined ? guessIdentifier(samples) : chosenIdentifier(columns, overrides.identifier)
  const handles = guess.column !== undefined && normaliseName(names[guess.column]!) === 'handle'
  const textIndexes = overrides.text ? overrides.text.map((name) => findColumn(columns, name)) : guessTextColumns(samples)
  const textColumns = textIndexes.map((index) => names[index]!)
  return {
    kind: 'xlsx',
    encoding: 'utf-8',
    sheet: sheet.name,
    sheets,
    headerRow: header.number,
    places,
    columns,
    identifier: guess.column === undefined ? { rowNumber: true } : { column: guess.column },
    repeats: handles ? 'continue' : 'reject',
    textColumns,
    reasons: [
      sheetReason(sheet.name, { said: overrides.sheet !== undefined, passed, sheets: sheets.length }),
      `Row ${header.number} is the header with ${names.length} ${names.length === 1 ? 'column' : 'columns'}${overrides.headerRow === undefined ? '' : ', as you said'}.`,
      guess.reason,
      ...(handles
        ? ['Rows that repeat a handle are variants or images of the product before them: they are kept, not read as products.']
        : []),
      textReason(textColumns, overrides.text !== undefined),
    ],
  }
}

function sheetReason(name: string, { said, passed, sheets }: { said: boolean; passed: number; sheets: number }): string {
  if (said) return `Excel workbook: the sheet "${name}", as you said.`
  if (sheets === 1) return `Excel workbook with one sheet, "${name}".`
  const first = passed === 0 ? 'the first one' : 'the first with a header and rows beneath it'
  return `Excel workbook with ${sheets} sheets: "${name}" is ${first}. The others stay as they are.`
}
