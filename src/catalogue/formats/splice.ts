import type { Block } from './blocks.ts'
import type { Codec } from './encoding.ts'
import type { DelimitedFormat } from './format.ts'
import type { RowSpan } from './scan.ts'

/** Why a value was not written: characters that the encoding lacks, or that need quotes in a file without quoting. */
export type CellFault = { readonly characters: string }

/** Writes cells into rows of one file, in its own style. Offsets are code units of the scanned form; results are bytes of it. */
export function createCellWriter(format: DelimitedFormat, codec: Codec) {
  const { delimiter, quote } = format
  const delimiterBytes = codec.encode(delimiter)!
  const special = new RegExp(`[${escapeForClass(delimiter)}${quote ?? ''}\\r\\n]|^\\s|\\s$|^\\uFEFF`)

  /** A cell's bytes: quoted where it must be, where it was, or where the file quotes every cell. */
  function encode(text: string, { quoted, alone }: { quoted: boolean; alone: boolean }): Buffer | CellFault {
    if (quote === null) {
      const unwritable = Array.from(text).filter((character) => character === delimiter || character === '\r' || character === '\n')
      if (unwritable.length > 0) return { characters: distinct(unwritable) }
      return codec.encode(text) ?? missing(text)
    }
    // a row whose only cell is empty would be a blank line
    const quotes = (quoted && text !== '') || special.test(text) || (alone && text === '')
    return codec.encode(quotes ? quote + text.replaceAll(quote, quote + quote) + quote : text) ?? missing(text)
  }

  const missing = (text: string): CellFault => ({
    characters: distinct(Array.from(text).filter((character) => codec.encode(character) === undefined)),
  })

  /**
   * A row's bytes, line end included, with some cells replaced. Cells beyond its last are appended, up to `width` in all.
   * `cells`: encoded cells by index.
   */
  function spliceRow(block: Block, span: RowSpan, { cells, width }: { cells: ReadonlyMap<number, Buffer>; width: number }): Uint8Array[] {
    const pieces: Uint8Array[] = []
    let copied = span.start
    const copyTo = (unit: number): void => {
      if (unit > copied) pieces.push(block.bytes.subarray(copied * codec.unitBytes, unit * codec.unitBytes))
      copied = unit
    }
    for (const index of [...cells.keys()].sort((a, b) => a - b)) {
      if (index >= span.cellCount) break
      copyTo(block.cells[span.firstCell + index * 2]!)
      pieces.push(cells.get(index)!)
      copied = block.cells[span.firstCell + index * 2 + 1]!
    }
    copyTo(span.end)
    for (let index = span.cellCount; index < width; index += 1) {
      pieces.push(delimiterBytes)
      const cell = cells.get(index)
      if (cell) pieces.push(cell)
    }
    copyTo(span.next)
    return pieces
  }

  /** Whether a cell of a row stands in quotes. */
  function isQuoted(block: Block, span: RowSpan, index: number): boolean {
    if (quote === null || index >= span.cellCount) return false
    const unit = block.cells[span.firstCell + index * 2]! * codec.unitBytes
    return block.bytes[unit] === quote.charCodeAt(0) && (codec.unitBytes === 1 || block.bytes[unit + 1] === 0)
  }

  return { encode, spliceRow, isQuoted }
}

const distinct = (characters: readonly string[]): string => [...new Set(characters)].slice(0, 20).join('')

const escapeForClass = (character: string): string => (/[\\\]^-]/.test(character) ? `\\${character}` : character)
