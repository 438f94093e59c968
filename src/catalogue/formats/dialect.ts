import type { Block } from './blocks.ts'
import type { Codec } from './encoding.ts'
import { createCellReader, delimitedDialect, delimiterName } from './delimited.ts'
import type { DelimitedFormat, LineEnd } from './format.ts'
import { createScanner, type RowSpan, type Units } from './scan.ts'

/** The beginning of a file, decoded far enough to look at. */
export interface Sample {
  readonly bytes: Buffer // scanned form, whole rows at best
  readonly units: Units
  readonly length: number // units
  readonly whole: boolean // the file ends with it
  readonly codec: Codec
}

export type Dialect = Pick<DelimitedFormat, 'delimiter' | 'quote' | 'crEndsRow'>

export interface SampleRows {
  readonly rows: readonly SampleRow[]
  readonly header: SampleRow | undefined
}

export interface SampleRow {
  readonly line: number
  readonly problem: RowSpan['problem']
  readonly cells: readonly string[]
  readonly quoted: readonly boolean[]
}

const SAMPLE_ROWS = 2_000
const SAMPLE_CELLS = 400_000

/** The sample's complete rows that are not blank; the first is the header. */
export function sampleRows(sample: Sample, dialect: Dialect): SampleRows {
  const { codec, bytes, units, length, whole } = sample
  const scanner = createScanner({ ...delimitedDialect(dialect, codec), maxRowUnits: length + 1 })
  const block: Block = { ...scanner.scan(units, length, whole), bytes, oddByte: undefined }
  const reader = createCellReader(dialect, codec)
  const rows: SampleRow[] = []
  let cellCount = 0
  for (const span of block.rows) {
    if (rows.length >= SAMPLE_ROWS || cellCount > SAMPLE_CELLS) break
    if (!span.problem) reader.load(block, span)
    const cells = Array.from({ length: span.cellCount }, (_, index) => reader.value(index))
    cellCount += cells.length
    if (!span.problem && cells.every((cell) => cell.trim() === '')) continue
    const quoted = cells.map(
      (_, index) => dialect.quote !== null && units[block.cells[span.firstCell + index * 2]!] === dialect.quote.charCodeAt(0),
    )
    rows.push({ line: span.line, problem: span.problem, cells, quoted })
  }
  return { rows, header: rows[0] }
}

/** How the sample's lines end, outside and inside of quotes alike. */
export function lineEndsOf({ units, length }: Sample): { lineEnd: LineEnd; lf: number; crlf: number; cr: number } {
  let lf = 0
  let crlf = 0
  let cr = 0
  for (let i = 0; i < length; i += 1) {
    if (units[i] === 0x0a) lf += 1
    else if (units[i] === 0x0d) {
      if (units[i + 1] === 0x0a && i + 1 < length) {
        crlf += 1
        i += 1
      } else cr += 1
    }
  }
  const kinds = Number(lf > 0) + Number(crlf > 0) + Number(cr > 0)
  const lineEnd: LineEnd = kinds === 0 ? 'none' : kinds > 1 ? 'mixed' : lf ? 'lf' : crlf ? 'crlf' : 'cr'
  return { lineEnd, lf, crlf, cr }
}

/** How the first line ends: line ends inside quotes are text. */
function firstLineEnd({ units, length }: Sample): 'cr' | 'other' {
  let quoted = false
  for (let i = 0; i < length; i += 1) {
    if (units[i] === 0x22) quoted = !quoted
    else if (quoted) continue
    else if (units[i] === 0x0a) return 'other'
    else if (units[i] === 0x0d) return units[i + 1] === 0x0a ? 'other' : 'cr'
  }
  return 'other'
}

const DELIMITERS = [',', ';', '\t', '|', ':'] as const

interface Candidate extends Dialect {
  readonly columns: number
  readonly score: number
  readonly even: number // share of rows with as many cells as the header
}

/**
 * Delimiter and quoting that make the rows most even. `given` is the person's own delimiter.
 * @returns undefined when there is no header at all; `unclear` when the header is one column but the rows are not
 */
export function detectDialect(
  sample: Sample,
  given: string | undefined,
): { dialect: Dialect; rows: SampleRows; reason: string; unclear?: string } | undefined {
  const crEndsRow = firstLineEnd(sample) === 'cr'
  const lineEnds = crEndsRow ? [true] : lineEndsOf(sample).cr > 0 ? [false, true] : [false]
  const separator = separatorLine(sample, crEndsRow)
  const delimiters = given ? [given] : separator ? [separator] : DELIMITERS
  const candidates = delimiters.map((delimiter) => bestQuoting(sample, delimiter, lineEnds))
  const divided = candidates.filter(({ columns }) => columns > 1)
  const usual = divided.filter(({ delimiter }) => delimiter !== ':')
  const best = (usual.length > 0 ? usual : divided.filter(({ even }) => even >= 0.9)).sort((a, b) => b.score - a.score)[0] ?? candidates[0]!
  const dialect: Dialect = { delimiter: best.delimiter, quote: best.quote, crEndsRow: best.crEndsRow }
  const rows = sampleRows(sample, dialect)
  if (!rows.header) return undefined
  const quoting = dialect.quote ? '' : ' Quotes are taken as plain characters: they do not enclose cells here.'
  const source = given
    ? 'as you said'
    : separator
      ? 'as its first line (sep=) says'
      : `${percent(best.even)} of the rows looked at have as many cells as the header`
  if (best.columns > 1) return { dialect, rows, reason: `Cells are divided by ${delimiterName(best.delimiter)}: ${source}.${quoting}` }
  const unclear = given || separator ? undefined : dividedBody(sample, best)
  return { dialect, rows, reason: 'The header is a single column.', ...(unclear ? { unclear } : {}) }
}

const percent = (share: number): string => `${Math.floor(share * 100)} %`

/** The delimiter that Excel's first line "sep=;" names. */
function separatorLine({ bytes, codec, length }: Sample, crEndsRow: boolean): string | undefined {
  const first = codec.decode(bytes, 0, Math.min(length, 16)).split(crEndsRow ? '\r' : '\n')[0]!
  return /^\uFEFF?"?sep=([^\w\s"]|\t)"?\r?$/i.exec(first)?.[1]
}

export const isSeparatorLine = (row: SampleRow, delimiter: string): boolean =>
  /^sep=$/i.test(row.cells[0] ?? '') && row.cells.join(delimiter).length === 5

function bestQuoting(sample: Sample, delimiter: string, lineEnds: readonly boolean[]): Candidate {
  const candidates = lineEnds.map((crEndsRow) => {
    const quoted = judgeRows(sampleRows(sample, { delimiter, quote: '"', crEndsRow }))
    const candidate: Candidate = { delimiter, quote: '"', crEndsRow, ...quoted }
    // one broken quote is a mistake; several, and no sound ones, are inches (in tab files quoting is rare anyway)
    const enough = delimiter === '\t' ? 1 : 2
    if (quoted.problems < enough || quoted.quotedCells >= quoted.problems) return candidate
    const plain = judgeRows(sampleRows(sample, { delimiter, quote: null, crEndsRow }))
    return plain.score > quoted.score ? { delimiter, quote: null, crEndsRow, ...plain } : candidate
  })
  return candidates.reduce((best, candidate) => (candidate.score > best.score ? candidate : best))
}

function judgeRows({ rows, header }: SampleRows): { columns: number; score: number; even: number; problems: number; quotedCells: number } {
  const body = rows.filter(({ cells }) => !/^sep=$/i.test(cells[0] ?? ''))
  const columns = (body[0] ?? header)?.cells.length ?? 0
  const data = body.slice(1)
  const fits = data.filter(
    ({ cells, problem }) => !problem && cells.length >= columns && cells.slice(columns).every((cell) => cell.trim() === ''),
  )
  const problems = rows.filter(({ problem }) => problem).length
  const quotedCells = rows.reduce((sum, { quoted }) => sum + quoted.filter(Boolean).length, 0)
  const even = data.length === 0 ? 1 : fits.length / data.length
  return { columns, score: (even * even + 0.001) * Math.log2(columns + 1), even, problems, quotedCells }
}

/** When the header is one column: a delimiter that most rows below it hold equally often, in words. */
function dividedBody(sample: Sample, { quote, crEndsRow }: Dialect): string | undefined {
  for (const delimiter of DELIMITERS) {
    if (delimiter === ':') continue // times and addresses hold them
    const data = sampleRows(sample, { delimiter, quote, crEndsRow }).rows.slice(1)
    const counts = new Map<number, number>()
    for (const { cells } of data) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1)
    const [count, times] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [1, 0]
    if (count > 1 && times * 2 > data.length) return `most lines below it have ${count} cells divided by ${delimiterName(delimiter)}`
  }
  return undefined
}
