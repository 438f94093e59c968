import { AppError } from '../../base/errors.ts'
import { detectDialect, isSeparatorLine, type Sample, type SampleRow } from './dialect.ts'
import { type Common, type DelimitedFormat, findColumn, type FormatOverrides, uniqueNames } from './format.ts'
import { chosenIdentifier, guessIdentifier, guessTextColumns, textReason } from './guess.ts'
import { MAX_CELLS } from './scan.ts'

const DELIMITER_WORDS: Record<string, string> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  '\\t': '\t',
  pipe: '|',
  bar: '|',
  colon: ':',
  space: ' ',
}

function delimiterGiven(given: string | undefined): string | undefined {
  if (given === undefined) return undefined
  const delimiter = DELIMITER_WORDS[given.toLowerCase()] ?? given
  if (/^[^\p{L}\p{N}"\r\n]$/u.test(delimiter) && delimiter.charCodeAt(0) < 0x80) return delimiter
  throw new AppError(
    'command.invalid',
    `"${given}" cannot divide cells. Use one of comma, semicolon, tab, pipe, colon, or another single ASCII sign.`,
  )
}

/** @throws AppError file.malformed when there is no usable header */
export function delimitedFormat({
  path,
  sample,
  common,
  overrides,
  reasons,
}: {
  path: string
  sample: Sample
  common: Common
  overrides: FormatOverrides
  reasons: string[]
}): DelimitedFormat {
  const found = detectDialect(sample, delimiterGiven(overrides.delimiter))
  if (!found)
    throw new AppError(
      'file.malformed',
      `${path} has no header that can be read. Its first line must name the columns, and a quote that opens there must be closed.`,
    )
  if (found.unclear) {
    throw new AppError(
      'file.malformed',
      `The header of ${path} is one column, but ${found.unclear}. Name all columns in the header, or say which sign divides the cells.`,
    )
  }
  const separatorLine = isSeparatorLine(found.rows.rows[0]!, found.dialect.delimiter)
  const [header, ...data] = separatorLine ? found.rows.rows.slice(1) : found.rows.rows
  if (!header) throw new AppError('file.malformed', `${path} has no header after its "sep=" line. The next line must name the columns.`)
  checkHeader(path, header)
  const columns = [...header.cells]
  const names = uniqueNames(columns)
  const whole = data.filter(({ problem, cells }) => !problem && cells.length >= columns.length)
  const short = data.filter(
    ({ problem, cells }, index) =>
      !problem && cells.length > 1 && cells.length < columns.length && !(sample.whole && index === data.length - 1),
  )
  const shortRows = short.length > 0 && short.length >= data.length / 20 && data.every(({ problem }) => !problem) ? 'accept' : 'reject'
  const rows = shortRows === 'accept' ? [...whole, ...short] : whole
  const samples = names.map((name, index) => ({ name, values: rows.map(({ cells }) => cells[index] ?? '') }))
  const guess = overrides.identifier === undefined ? guessIdentifier(samples) : chosenIdentifier(columns, overrides.identifier)
  const handles = guess.column !== undefined && names[guess.column]!.toLowerCase() === 'handle'
  const textColumns = (overrides.text ? overrides.text.map((name) => findColumn(columns, name)) : guessTextColumns(samples)).map(
    (index) => names[index]!,
  )
  return {
    kind: 'delimited',
    ...common,
    ...found.dialect,
    quoteStyle: found.dialect.quote !== null && quotesAll(header, whole) ? 'all' : 'needed',
    separatorLine,
    shortRows,
    columns,
    identifier: guess.column === undefined ? { rowNumber: true } : { column: guess.column },
    repeats: handles ? 'continue' : 'reject',
    textColumns,
    reasons: [
      found.reason,
      ...reasons,
      ...headerReasons(header, names),
      ...(shortRows === 'accept' ? ['Rows may leave out empty cells at their end: some do.'] : []),
      guess.reason,
      ...(handles
        ? ['Rows that repeat a handle are variants or images of the product before them: they are kept, not read as products.']
        : []),
      textReason(textColumns, overrides.text !== undefined),
    ],
  }
}

function checkHeader(path: string, header: SampleRow): void {
  const line = `The header of ${path} (line ${header.line})`
  if (header.problem)
    throw new AppError('file.malformed', `${line} has a quote that is not closed or stands in the wrong place. Correct it and try again.`)
  if (header.cells.length >= MAX_CELLS)
    throw new AppError('file.malformed', `${line} has ${header.cells.length} columns or more; ${MAX_CELLS - 1} is the limit.`)
  if (header.cells.some((cell) => cell.includes('\0') || cell.includes('\uFFFD') || !cell.isWellFormed())) {
    throw new AppError('file.malformed', `${line} holds bytes that are no text. Save the file as UTF-8, or name its encoding.`)
  }
}

function headerReasons(header: SampleRow, names: readonly string[]): string[] {
  const repeated = names.filter((name, index) => name !== header.cells[index]!.trim())
  const numbers = header.cells.filter((cell) => /^[\d.,]+$/.test(cell.trim())).length
  return [
    `Line ${header.line} is the header with ${names.length} ${names.length === 1 ? 'column' : 'columns'}.`,
    ...(numbers > 0 ? ['The header holds plain numbers: if it is the first product, add a line above it that names the columns.'] : []),
    ...(repeated.length > 0
      ? [
          `Columns without a name of their own are called ${repeated
            .slice(0, 10)
            .map((name) => `"${name}"`)
            .join(', ')}.`,
        ]
      : []),
  ]
}

/** Every cell that is not empty stands in quotes. */
const quotesAll = (header: SampleRow, rows: readonly SampleRow[]): boolean =>
  [header, ...rows].every(({ cells, quoted }) => cells.every((cell, index) => cell === '' || quoted[index] === true))
