import { AppError } from '../../base/errors.ts'
import { editDistance } from '../../base/text.ts'

/**
 * How a catalogue file is written, as found by `detectFormat`: everything that reading it again, or writing it back
 * byte for byte, needs. Plain JSON, so that it can be stored with its source.
 */
export type FileFormat = LineFormat | ContainedFormat
/** Files of lines, read in this process. */
export type LineFormat = DelimitedFormat | JsonlFormat
/** Archives and XML, read in a process of their own (containers/). */
export type ContainedFormat = XlsxFormat | XmlFormat

interface CommonFormat {
  readonly encoding: string // 'utf-8', 'utf-16le', 'utf-16be', or an ASCII-compatible one-byte encoding such as 'windows-1252'
  /** Delimited, XLSX: the header's cells as they stand there, duplicates kept. JSONL, XML: the keys and elements met in the sample. */
  readonly columns: readonly string[]
  readonly textColumns: readonly string[] // names as in `columnNames`: titles, descriptions and other prose
  readonly reasons: readonly string[] // why the file was understood like this, for people
}

interface CommonLineFormat extends CommonFormat {
  readonly bom: boolean // the file starts with a byte order mark
  readonly lineEnd: LineEnd // as found in the first megabyte; every row keeps its own
  readonly crEndsRow: boolean // a carriage return without a line feed ends a row too
}

export type LineEnd = 'lf' | 'crlf' | 'cr' | 'mixed' | 'none'

/** CSV, TSV and their kin: a header row, then one row per product. */
export interface DelimitedFormat extends CommonLineFormat {
  readonly kind: 'delimited'
  readonly delimiter: string
  readonly quote: '"' | null // null: a quote is a character like any other
  readonly quoteStyle: 'all' | 'needed' // how cells that Latchkey adds are written
  readonly separatorLine: boolean // the first line is Excel's "sep=;"
  readonly shortRows: 'accept' | 'reject' // the file leaves out empty cells at the end of its rows
  readonly identifier: { readonly column: number } | { readonly rowNumber: true } // column: index from 0
  readonly repeats: 'reject' | 'continue' // continue: a row that repeats an identifier belongs to the product before it (Shopify variants)
  /** Rows that repeat an identifier are products of their own where they say something of a variant. Absent: none are. */
  readonly variants?: VariantRows
  /** Columns, by index, in which an apostrophe before digits marks a text (Shopify's barcodes). */
  readonly apostrophes?: readonly number[]
}

/** Columns, by index, that make a row that repeats an identifier a variant, and that name it. */
export interface VariantRows {
  readonly marks: readonly number[] // one of them filled: it is a variant; none: it belongs to its product, as an image does
  readonly names: readonly number[] // its code; the first that is filled and new is its identifier
  readonly options: readonly number[] // else its product's identifier with these
}

/** One JSON object per line. */
export interface JsonlFormat extends CommonLineFormat {
  readonly kind: 'jsonl'
  readonly identifier: { readonly key: string } | { readonly rowNumber: true }
}

/** One sheet of a workbook (XLSX, XLSM): a header row, then one row per product. The other sheets are kept as they are. */
export interface XlsxFormat extends CommonFormat {
  readonly kind: 'xlsx'
  readonly sheet: string // its name in the workbook
  readonly sheets: readonly string[] // those that a person can choose
  readonly headerRow: number // from 1, as the spreadsheet numbers it
  readonly places: readonly number[] // of each of `columns`, where it stands; 0 is column A
  readonly identifier: { readonly column: number } | { readonly rowNumber: true } // column: index in `columns`
  readonly repeats: 'reject' | 'continue'
}

/** An XML file in which one element repeats, each of them a product: RSS and Atom feeds, `<products><product>`. */
export interface XmlFormat extends CommonFormat {
  readonly kind: 'xml'
  readonly path: readonly string[] // names of the elements from the root to the one that repeats
  readonly prefixes: readonly string[] // of namespaces that are declared above the products
  readonly googlePrefix: string | null // the one that stands for Google Merchant's namespace
  readonly identifier: { readonly column: number } | { readonly rowNumber: true } // column: index in `columns`
}

/** What the person says about the file; it goes before every guess. */
export interface FormatOverrides {
  readonly kind?: 'delimited' | 'jsonl'
  readonly delimiter?: string // the character, or comma, semicolon, tab, pipe, colon
  readonly encoding?: string
  readonly identifier?: string | { readonly rowNumber: true } // a column's name
  readonly text?: readonly string[] // names of the text columns
  readonly sheet?: string // of a workbook
  readonly headerRow?: number // of a sheet, from 1
}

/** What both kinds of file have in common before their rows are looked at. */
export interface Common {
  readonly encoding: string
  readonly bom: boolean
  readonly lineEnd: LineEnd
}

/**
 * The names under which a file's values are kept, one per column: the header's own without surrounding blanks; the
 * second `name` is `name (2)`, and an empty one `column 7`.
 */
export function columnNames(format: FileFormat): string[] {
  return format.kind === 'delimited' || format.kind === 'xlsx' ? uniqueNames(format.columns) : [...format.columns]
}

/** The name of the column that tells a file's products apart; undefined: their row number does. */
export function identifierColumn(format: FileFormat): string | undefined {
  if ('column' in format.identifier) return columnNames(format)[format.identifier.column]
  return 'key' in format.identifier ? format.identifier.key : undefined
}

export function uniqueNames(columns: readonly string[]): string[] {
  const plain = new Set(columns.map((column) => column.trim()))
  const taken = new Set<string>()
  return columns.map((column, index) => {
    const base = column.trim() || `column ${index + 1}`
    let name = base
    // "name (2)" may itself be a column of the file: that one keeps its name
    for (let count = 2; taken.has(name) || (name !== column.trim() && plain.has(name)); count += 1) name = `${base} (${count})`
    taken.add(name)
    return name
  })
}

/**
 * The names under which columns that the file lacks are added to its header, one for each of `wanted`: without surrounding blanks, as
 * headers are read, and none that a column of the file has.
 */
export const addedNames = (names: readonly string[], wanted: readonly string[]): string[] =>
  uniqueNames([...names, ...wanted]).slice(names.length)

/**
 * The column that a person names: exactly, or without regard to case where that leaves one.
 * @throws AppError command.invalid with the columns there are and the nearest one, or when two bear the name.
 */
export function findColumn(columns: readonly string[], wanted: string): number {
  const names = uniqueNames(columns)
  const plain = wanted.trim()
  const same = indexesWhere(columns, (column) => column.trim() === plain)
  if (same.length > 1) throw ambiguous(plain, same, names)
  const exact = names.indexOf(plain)
  if (exact >= 0) return exact
  const folded = indexesWhere(names, (name) => name.toLowerCase() === plain.toLowerCase())
  if (folded.length > 1) throw ambiguous(plain, folded, names)
  if (folded.length === 1) return folded[0]!
  const nearest = nearestName(names, plain)
  throw new AppError(
    'command.invalid',
    `The file has no column "${plain}".${nearest ? ` Did you mean "${nearest}"?` : ''} Its columns are: ${listNames(names)}.`,
  )
}

const ambiguous = (wanted: string, indexes: readonly number[], names: readonly string[]): AppError =>
  new AppError(
    'command.invalid',
    `The file has ${indexes.length} columns called "${wanted}". Say which one: ${indexes
      .map((index) => `"${names[index]}"${names[index] === wanted ? ' for the first' : ''}`)
      .join(', ')}.`,
  )

function indexesWhere(names: readonly string[], matches: (name: string) => boolean): number[] {
  const found: number[] = []
  names.forEach((name, index) => {
    if (matches(name)) found.push(index)
  })
  return found
}

/** Names for a message: the first thirty, then how many more there are. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 30).map(shorten)
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ')
}

/** A name or a value for a message: at most 60 characters. */
export const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text)

/** The name a person most likely meant; undefined when nothing is near. */
export function nearestName(names: readonly string[], wanted: string): string | undefined {
  const target = wanted.toLowerCase().slice(0, 100)
  let best: { name: string; distance: number } | undefined
  for (const name of names) {
    const candidate = name.toLowerCase().slice(0, 100)
    const contains = target.length >= 3 && candidate.length >= 3 && (candidate.includes(target) || target.includes(candidate))
    const distance = contains ? 1 : editDistance(candidate, target)
    if (!best || distance < best.distance) best = { name, distance }
  }
  return best && best.distance <= Math.max(1, Math.floor(target.length * 0.4)) ? best.name : undefined
}
