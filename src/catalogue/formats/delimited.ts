import { isUtf8 } from 'node:buffer'
import { AppError } from '../../base/errors.ts'
import type { Block } from './blocks.ts'
import { type Codec, firstInvalidUtf8 } from './encoding.ts'
import { columnNames, type DelimitedFormat } from './format.ts'
import { unguard, unmark } from './guard.ts'
import type { RowSpan, ScanDialect } from './scan.ts'
import {
  BLANK,
  COPIED,
  createIdentifierCheck,
  HEADER,
  MAX_ROW_BYTES,
  type RejectCode,
  rejected,
  type RowJudge,
  SCAN_PROBLEMS,
  type Verdict,
} from './verdict.ts'

export const delimitedDialect = (format: Pick<DelimitedFormat, 'delimiter' | 'quote' | 'crEndsRow'>, codec: Codec): ScanDialect => ({
  delimiter: format.delimiter.charCodeAt(0),
  quote: format.quote === null ? -1 : format.quote.charCodeAt(0),
  crEndsRow: format.crEndsRow,
  maxRowUnits: MAX_ROW_BYTES / codec.unitBytes,
})

/** Reads the cells of one row at a time. Decodes the row once where one unit is one character, else cell by cell. */
export function createCellReader(format: Pick<DelimitedFormat, 'quote'>, codec: Codec) {
  const quote = format.quote
  const oneByteUtf8 = codec.encoding === 'utf-8'
  let block: Block | undefined
  let blockClean = false
  let span: RowSpan | undefined
  let text = ''
  let direct = true

  /** @returns what keeps the row from being text: nothing, broken bytes, or a NUL */
  function load(nextBlock: Block, nextSpan: RowSpan): 'encoding_broken' | 'nul_character' | undefined {
    if (nextBlock !== block) {
      block = nextBlock
      const bytes = nextBlock.bytes.subarray(0, nextBlock.consumed * codec.unitBytes)
      blockClean = oneByteUtf8 && isUtf8(bytes) && !bytes.includes(0)
    }
    span = nextSpan
    text = codec.decode(nextBlock.bytes, span.start, span.end)
    direct = !oneByteUtf8 || text.length === span.end - span.start
    if (blockClean) return undefined
    if (
      oneByteUtf8
        ? !isUtf8(nextBlock.bytes.subarray(span.start, span.end))
        : codec.unitBytes === 2
          ? !text.isWellFormed()
          : text.includes('\uFFFD')
    ) {
      return 'encoding_broken'
    }
    return text.includes('\0') ? 'nul_character' : undefined
  }

  /** A cell's text, without its quotes. */
  function value(index: number): string {
    const at = span!.firstCell + index * 2
    const start = block!.cells[at]!
    const end = block!.cells[at + 1]!
    if (start === end) return ''
    const raw = direct ? text.slice(start - span!.start, end - span!.start) : codec.decode(block!.bytes, start, end)
    if (quote === null || raw[0] !== quote) return raw
    const inner = raw.slice(1, -1)
    return inner.includes(quote) ? inner.replaceAll(quote + quote, quote) : inner
  }

  return { load, value, text: () => text }
}

/** Judges rows against the header. @throws AppError file.changed when the header is no longer the one the format was made from */
export function createDelimitedJudge(path: string, format: DelimitedFormat, codec: Codec): RowJudge {
  const names = columnNames(format)
  const width = names.length
  const identifierColumn = 'column' in format.identifier ? format.identifier.column : undefined
  const check = createIdentifierCheck({
    label: identifierColumn === undefined ? 'row number' : (names[identifierColumn] ?? 'identifier'),
    repeats: format.repeats,
  })
  const cells = createCellReader(format, codec)
  const apostrophes = new Set(format.apostrophes)
  let expected: 'separator' | 'header' | 'products' = format.separatorLine ? 'separator' : 'header'
  let row = 0
  let recovering = false // after a broken quote, until a row is whole again: its fragments are no products
  let current: RowSpan | undefined

  const reject = ({ line }: RowSpan, code: RejectCode, text: string): Verdict => rejected({ row, line, code, text })

  function judge(block: Block, span: RowSpan): Verdict {
    current = span
    if (span.problem === 'skipped') return COPIED
    if (span.problem === undefined && span.start === span.end) return BLANK
    if (expected !== 'products') return judgeHeader(block, span)
    row += 1
    if (span.problem) {
      recovering ||= span.problem !== 'too_long'
      return reject(span, span.problem, SCAN_PROBLEMS[span.problem])
    }
    const fault = cells.load(block, span)
    if (fault) return reject(span, fault, faultText(block, span, fault, codec))
    if (isBlank(span)) {
      row -= 1
      return BLANK
    }
    if (span.cellCount > width && !extraCellsEmpty(span)) {
      return reject(
        span,
        'too_many_cells',
        `It has ${span.cellCount} cells and the header ${width}. A cell that holds the delimiter needs quotes.`,
      )
    }
    if (span.cellCount < width && (recovering || format.shortRows === 'reject' || (width > 1 && span.cellCount === 1))) {
      return reject(span, 'too_few_cells', `It has ${span.cellCount} of the header's ${width} cells.${otherDelimiter(span)}`)
    }
    recovering = false
    if (identifierColumn === undefined) return { kind: 'product', row, line: span.line, identifier: String(row) }
    const identifier = identifierColumn < span.cellCount ? cells.value(identifierColumn).trim() : ''
    if (identifier === format.columns[identifierColumn]!.trim() && isHeader(span)) {
      return reject(span, 'header_repeated', 'It repeats the header, as when files are joined.')
    }
    return check({ row, line: span.line, identifier: flat(identifier), variantNames: () => variantNames(span, identifier) })
  }

  /** What a row that repeats an identifier can be called as a variant; nothing: it is none. */
  function variantNames(span: RowSpan, handle: string): string[] {
    const { variants } = format
    const cell = (index: number): string => (index < span.cellCount ? cells.value(index).trim() : '')
    if (!variants?.marks.some((index) => cell(index) !== '')) return []
    const options = variants.options.map(cell).filter((option) => option !== '')
    return [...variants.names.map(cell), ...(options.length > 0 ? [`${handle} / ${options.join(' / ')}`] : []), `${handle} / ${row}`].map(
      flat,
    )
  }

  function judgeHeader(block: Block, span: RowSpan): Verdict {
    const fault = span.problem ? 'problem' : cells.load(block, span)
    if (!fault && isBlank(span)) return BLANK
    if (expected === 'separator') {
      expected = 'header'
      return COPIED
    }
    if (fault || !isHeader(span)) {
      throw changed(`its header (line ${span.line}) differs`)
    }
    expected = 'products'
    return HEADER
  }

  const isHeader = (span: RowSpan): boolean =>
    span.cellCount === width && format.columns.every((column, index) => cells.value(index) === column)

  function isBlank(span: RowSpan): boolean {
    for (let index = 0; index < span.cellCount; index += 1) if (cells.value(index).trim() !== '') return false
    return true
  }

  function extraCellsEmpty(span: RowSpan): boolean {
    for (let index = width; index < span.cellCount; index += 1) if (cells.value(index).trim() !== '') return false
    return true
  }

  function otherDelimiter(span: RowSpan): string {
    if (span.cellCount > 1) return ''
    const found = [',', ';', '\t', '|'].find((other) => other !== format.delimiter && cells.text().includes(other))
    return found ? ` Its cells seem to be divided by ${delimiterName(found)}, the file's by ${delimiterName(format.delimiter)}.` : ''
  }

  function values(): Record<string, unknown> {
    // no prototype: a column may be called __proto__
    const found = Object.create(null) as Record<string, unknown>
    const count = Math.min(current!.cellCount, width)
    for (let index = 0; index < count; index += 1) {
      const value = cells.value(index)
      if (value !== '' && (isInk(value.charCodeAt(0)) || value.trim() !== ''))
        found[names[index]!] = apostrophes.has(index) ? unmark(unguard(value)) : unguard(value)
    }
    return found
  }

  function end(): void {
    if (expected !== 'products') throw changed('its header is gone')
  }

  const changed = (how: string): AppError =>
    new AppError('file.changed', `${path} is no longer the file that was looked at: ${how}. Start again with the file as it is now.`)

  return { judge, values, end, oddByte: (line) => oddByteVerdict(row + 1, line) }
}

/** Spares the look at the whole cell in nearly all cases. */
const isInk = (unit: number): boolean => unit > 0x20 && unit < 0x7f

/** A string of its own: a slice would keep its whole row in memory for as long as a caller keeps the identifier. */
const flat = (text: string): string => (text.length < 13 ? text : Buffer.from(text, 'utf16le').toString('utf16le'))

export const oddByteVerdict = (row: number, line: number): Verdict =>
  rejected({ row, line, code: 'encoding_broken', text: 'The file ends in the middle of a UTF-16 character: it was cut off.' })

/** Where in a row its bytes stop being text, in words. */
export function faultText(block: Block, span: RowSpan, fault: 'encoding_broken' | 'nul_character', codec: Codec): string {
  if (fault === 'nul_character') return 'It holds a NUL character, which no text has.'
  if (codec.unitBytes === 2) return 'It holds half of a UTF-16 surrogate pair: the text was cut or damaged.'
  if (codec.encoding !== 'utf-8') return `It holds a byte that ${codec.encoding} does not have. The file may be in another encoding.`
  const bytes = block.bytes.subarray(span.start, span.end)
  const at = firstInvalidUtf8(bytes)
  const before = bytes.subarray(0, at)
  const line = span.line + before.toString('latin1').split('\n').length - 1
  const column = at - (before.lastIndexOf(0x0a) + 1) + 1
  return `Its text is not UTF-8: byte 0x${bytes[at]!.toString(16).padStart(2, '0')} on line ${line} at byte ${column} of the line. Save the file as UTF-8.`
}

const DELIMITER_NAMES: Record<string, string> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'bars (|)', ':': 'colons' }

export const delimiterName = (delimiter: string): string => DELIMITER_NAMES[delimiter] ?? `"${delimiter}"`
