import { AppError } from '../../base/errors.ts'
import { canonicalJson } from '../../base/json.ts'
import { exportContained } from '../containers/contained.ts'
import type { Block } from './blocks.ts'
import { cellText, type Changes, type UnencodableCell } from './changes.ts'
import type { Codec } from './encoding.ts'
import { createCellReader } from './delimited.ts'
import { addedNames, columnNames, type DelimitedFormat, type FileFormat } from './format.ts'
import { guard, unguard, unmark } from './guard.ts'
import { objectText, spliceMembers } from './json-text.ts'
import type { JsonlJudge } from './jsonl.ts'
import { openOutput } from './output.ts'
import { openRows } from './read.ts'
import type { RowSpan } from './scan.ts'
import { createCellWriter } from './splice.ts'
import type { Verdict } from './verdict.ts'

export { cellText, type Changes, type UnencodableCell } from './changes.ts'
export { checkWritable } from './output.ts'

export interface ExportRequest {
  readonly input: string
  readonly output: string // may be the input
  readonly format: FileFormat
  /** Columns that changes may name; those that the header lacks are appended to it, in this order. */
  readonly columns: readonly string[]
  /** Asked for up to 500 products at a time, in the file's order. */
  readonly changesFor: (identifiers: string[]) => Promise<ReadonlyMap<string, Changes>>
  readonly expectedHash?: string // SHA-256 that the input had when it was read
  readonly signal?: AbortSignal
}

/** What an export changed. */
export interface ExportSummary {
  readonly rows: number // products in the file written
  readonly changedCells: number // without those that already said the same
  readonly unencodable: readonly UnencodableCell[]
  readonly contentHash: string // SHA-256 of the input, hex
}

const BATCH_ROWS = 500

/**
 * Writes a catalogue file again with some cells changed; every byte outside them is copied (of a workbook: every part, and in its
 * sheet every character). The output appears under its
 * name only when it is complete.
 * @throws AppError file.unwritable before any work; file.unreadable; file.changed when the input is no longer the one expected
 */
export async function exportFile(request: ExportRequest): Promise<ExportSummary> {
  const { input, output, format, expectedHash, signal } = request
  if (format.kind === 'xlsx' || format.kind === 'xml') return exportContained({ ...request, format })
  const target = await openOutput(output)
  try {
    const { source, judge, codec } = await openRows(input, format, signal)
    try {
      const rows = format.kind === 'delimited' ? delimitedWriter(format, codec, request.columns) : jsonlWriter(codec)
      const counted = { rows: 0, changedCells: 0, unencodable: [] as UnencodableCell[] }
      for await (const block of source.blocks()) {
        for (let from = 0; from < block.rows.length; from += BATCH_ROWS) {
          signal?.throwIfAborted()
          const spans = block.rows.slice(from, from + BATCH_ROWS)
          const judged = spans.map((span) => {
            const verdict = judge.judge(block, span)
            return { span, verdict, text: format.kind === 'jsonl' && verdict.kind === 'product' ? (judge as JsonlJudge).text() : '' }
          })
          const identifiers = judged.flatMap(({ verdict }) => (verdict.kind === 'product' ? [verdict.identifier] : []))
          const changes = identifiers.length > 0 ? await request.changesFor(identifiers) : new Map<string, Changes>()
          const pieces: Uint8Array[] = []
          for (const row of judged) {
            const written = rows.write({
              block,
              ...row,
              changes: row.verdict.kind === 'product' ? changes.get(row.verdict.identifier) : undefined,
            })
            pieces.push(...written.pieces)
            counted.rows += row.verdict.kind === 'product' ? 1 : 0
            counted.changedCells += written.changedCells
            counted.unencodable.push(...written.unencodable)
          }
          await target.write(inFileOrder(Buffer.concat(pieces), codec))
        }
        if (block.oddByte) await target.write(block.oddByte)
      }
      judge.end()
      const contentHash = await source.contentHash()
      if (expectedHash !== undefined && contentHash !== expectedHash) {
        throw new AppError(
          'file.changed',
          `${input} was changed after it was imported, so nothing was written. Run the command again with the file as it is now.`,
        )
      }
      await target.commit()
      return { ...counted, contentHash }
    } finally {
      await source.close()
    }
  } finally {
    await target.discard()
  }
}

const inFileOrder = (bytes: Buffer, codec: Codec): Buffer => (codec.swapped ? bytes.swap16() : bytes)

interface RowToWrite {
  readonly block: Block
  readonly span: RowSpan
  readonly verdict: Verdict
  readonly text: string // JSONL: the row's text
  readonly changes: Changes | undefined
}

interface WrittenRow {
  readonly pieces: readonly Uint8Array[]
  readonly changedCells: number
  readonly unencodable: readonly UnencodableCell[]
}

const copied = (block: Block, span: RowSpan, codec: Codec): WrittenRow => ({
  pieces: [block.bytes.subarray(span.start * codec.unitBytes, span.next * codec.unitBytes)],
  changedCells: 0,
  unencodable: [],
})

function delimitedWriter(format: DelimitedFormat, codec: Codec, columns: readonly string[]): { write(row: RowToWrite): WrittenRow } {
  const names = columnNames(format)
  const indexOf = new Map(names.map((name, index) => [name, index]))
  const wanted = [...new Set(columns)].filter((name) => !indexOf.has(name))
  const added = addedNames(names, wanted)
  const width = names.length + added.length
  wanted.forEach((name, offset) => indexOf.set(name, names.length + offset)) // changes name it as it was asked for
  const cellWriter = createCellWriter(format, codec)
  const reader = createCellReader(format, codec)
  const quoteAll = format.quoteStyle === 'all'
  const apostrophes = new Set(format.apostrophes)

  function header(block: Block, span: RowSpan): WrittenRow {
    const cells = new Map<number, Buffer>()
    added.forEach((name, offset) => {
      const cell = cellWriter.encode(guard(name), { quoted: quoteAll, alone: false })
      if (!Buffer.isBuffer(cell)) {
        throw new AppError(
          'file.unwritable',
          `The column "${name}" cannot be added: its name holds ${cell.characters}, which a file in ${format.encoding} cannot hold. Give the column another name.`,
        )
      }
      cells.set(names.length + offset, cell)
    })
    return { pieces: cellWriter.spliceRow(block, span, { cells, width }), changedCells: 0, unencodable: [] }
  }

  function product({ block, span, verdict, changes }: RowToWrite): WrittenRow {
    if (verdict.kind !== 'product' || !changes) {
      const pieces = cellWriter.spliceRow(block, span, { cells: NO_CELLS, width: added.length > 0 ? width : 0 })
      return { pieces, changedCells: 0, unencodable: [] }
    }
    reader.load(block, span)
    const cells = new Map<number, Buffer>()
    const unencodable: UnencodableCell[] = []
    for (const [column, value] of Object.entries(changes)) {
      const index = indexOf.get(column)
      if (index === undefined) throw new RangeError(`a change names the column ${JSON.stringify(column)}, which the export does not have`)
      const text = cellText(value)
      const present = index < span.cellCount ? reader.value(index) : ''
      if (text === unguard(present)) continue
      const marked = apostrophes.has(index) && unmark(present) !== present
      if (marked && text === unmark(present)) continue
      const quoted = index < span.cellCount && index < names.length ? cellWriter.isQuoted(block, span, index) : quoteAll
      const cell = cellWriter.encode(marked && /^\d/.test(text) ? `'${text}` : guard(text), { quoted, alone: width === 1 })
      if (Buffer.isBuffer(cell)) cells.set(index, cell)
      else unencodable.push({ identifier: verdict.identifier, row: verdict.row, line: verdict.line, column, characters: cell.characters })
    }
    const last = Math.max(0, ...[...cells.keys()].map((index) => index + 1))
    return {
      pieces: cellWriter.spliceRow(block, span, { cells, width: added.length > 0 ? width : last }),
      changedCells: cells.size,
      unencodable,
    }
  }

  return {
    write(row) {
      const { verdict, block, span } = row
      if (verdict.kind === 'header') return header(block, span)
      const whole = verdict.kind === 'product' || verdict.kind === 'continuation' || (verdict.kind === 'rejected' && verdict.whole)
      return whole ? product(row) : copied(block, span, codec)
    },
  }
}

const NO_CELLS: ReadonlyMap<number, Buffer> = new Map()

function jsonlWriter(codec: Codec): { write(row: RowToWrite): WrittenRow } {
  return {
    write({ block, span, text, changes }) {
      if (!changes) return copied(block, span, codec)
      const { members } = objectText(text)
      const present = new Map(members.map((member) => [member.key, text.slice(member.valueStart, member.valueEnd)]))
      const spelled = new Map<string, string>()
      for (const [key, value] of Object.entries(changes)) {
        if (value === undefined) continue
        const before = present.get(key)
        // the order of an object's members says nothing, and is not kept by the database
        if (before === undefined || canonicalJson(JSON.parse(before)) !== canonicalJson(value)) spelled.set(key, JSON.stringify(value))
      }
      if (spelled.size === 0) return copied(block, span, codec)
      const start = block.cells[span.firstCell]! * codec.unitBytes // behind a byte order mark
      const pieces = [
        block.bytes.subarray(span.start * codec.unitBytes, start),
        encodeJson(spliceMembers(text, spelled), codec),
        block.bytes.subarray(span.end * codec.unitBytes, span.next * codec.unitBytes),
      ]
      return { pieces, changedCells: spelled.size, unencodable: [] }
    },
  }
}

/** JSON can spell every character, so nothing is lost where the encoding lacks one: it is escaped. */
function encodeJson(text: string, codec: Codec): Buffer {
  return (
    codec.encode(text) ?? Buffer.concat(Array.from(text, (character) => codec.encode(character) ?? codec.encode(escapeJson(character))!))
  )
}

const escapeJson = (character: string): string =>
  Array.from({ length: character.length }, (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')
