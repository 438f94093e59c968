/**
 * Finds rows and cells in raw bytes (or in 16-bit units of UTF-16), without decoding: an export copies every byte that
 * it does not change, so it must know where each cell begins and ends. See docs/decisions/0003-own-csv-scanner.md.
 */

/** Delimiter and quote are code units; -1 stands for none. */
export interface ScanDialect {
  readonly delimiter: number
  readonly quote: number
  readonly crEndsRow: boolean
  readonly maxRowUnits: number // a longer row is given up
}

/**
 * - `quote_unclosed`: its first line only; scanning goes on after that line.
 * - `quote_misplaced`: text after a closing quote; likewise its first line only.
 * - `too_long`: no end within `maxRowUnits`.
 * - `skipped`: more of the too long row before it.
 */
export type RowProblem = 'quote_unclosed' | 'quote_misplaced' | 'too_long' | 'skipped'

/** Offsets in code units. Rows follow each other without a gap: `next` is the `start` of the row after. */
export interface RowSpan {
  readonly line: number // physical line where it starts, from 1
  readonly start: number
  readonly end: number // without its line end
  readonly next: number
  readonly firstCell: number // index in `cells` of its first pair
  readonly cellCount: number
  readonly problem: RowProblem | undefined
}

export interface Scanned {
  readonly rows: readonly RowSpan[]
  /** Pairs: start and end of each cell, quotes included. Valid until the next scan. */
  readonly cells: Int32Array
  readonly consumed: number // what lies behind is the beginning of a row that needs more units
}

export type Units = Uint8Array | Uint16Array

/** Cells of one row that are remembered; a row with more is counted but cannot be read. */
export const MAX_CELLS = 100_000

const LF = 0x0a
const CR = 0x0d

/** A scanner remembers the line number and whether it is inside a row that was given up, from call to call. */
export function createScanner({ delimiter, quote, crEndsRow, maxRowUnits }: ScanDialect) {
  let cells = new Int32Array(8192)
  let used = 0
  let line = 1
  let skipping = false

  /** The index after the line end that begins at or after `from`; -1 when there is none before `stop`. `end` is where the line's text ends. */
  function findLineEnd(units: Units, { from, stop, length, ended }: { from: number; stop: number; length: number; ended: boolean }) {
    for (let i = from; i < stop; i += 1) {
      const unit = units[i]
      if (unit === LF) return { end: i > from && units[i - 1] === CR ? i - 1 : i, next: i + 1 }
      if (unit === CR && crEndsRow) {
        if (i + 1 >= length && !ended) return undefined
        return { end: i, next: units[i + 1] === LF && i + 1 < length ? i + 2 : i + 1 }
      }
    }
    return undefined
  }

  function addCell(start: number, end: number, index: number): void {
    if (index >= MAX_CELLS) return
    if (used + 2 > cells.length) {
      const larger = new Int32Array(cells.length * 2)
      larger.set(cells)
      cells = larger
    }
    cells[used] = start
    cells[used + 1] = end
    used += 2
  }

  /** Rows in `units[0..length)`. `ended`: nothing follows, so that the last row may lack its line end. */
  function scan(units: Units, length: number, ended: boolean): Scanned {
    const rows: RowSpan[] = []
    used = 0
    let start = 0
    while (start < length) {
      if (skipping) {
        const lineEnd = findLineEnd(units, { from: start, stop: length, length, ended })
        // a CR at the very end may belong to a CR LF: it stays for the next call
        const next = lineEnd?.next ?? (ended || units[length - 1] !== CR ? length : length - 1)
        if (next === start) break
        rows.push({ line, start, end: lineEnd?.end ?? next, next, firstCell: used, cellCount: 0, problem: 'skipped' })
        if (lineEnd) {
          skipping = false
          line += 1
        }
        start = next
        continue
      }
      const firstCell = used
      const stop = Math.min(length, start + maxRowUnits)
      const cut = stop < length || !ended // the row goes on behind `stop`, for all we know
      let i = start + byteOrderMarkLength(units, start, length)
      let cellCount = 0
      let breaks = 0 // line ends inside quotes
      let problem: RowProblem | undefined
      let end = -1
      let next = -1
      for (;;) {
        const cellStart = i
        let cellEnd = -1
        if (i < stop && units[i] === quote) {
          i += 1
          for (;;) {
            while (i < stop) {
              const unit = units[i]!
              if (unit === quote) break
              if (unit === LF || (unit === CR && crEndsRow && units[i + 1] !== LF)) breaks += 1
              i += 1
            }
            if (i >= stop || (i + 1 >= length && !ended)) break
            if (i + 1 < length && units[i + 1] === quote) i += 2
            else {
              cellEnd = i + 1
              break
            }
          }
          if (cellEnd < 0) {
            problem = 'quote_unclosed'
            break
          }
          i = cellEnd
        } else {
          while (i < stop) {
            const unit = units[i]!
            if (unit === delimiter || unit === LF || (unit === CR && crEndsRow)) break
            i += 1
          }
        }
        if (i >= stop) {
          if (cut) {
            problem = 'too_long'
            break
          }
          addCell(cellStart, i, cellCount)
          cellCount += 1
          end = i
          next = i
          break
        }
        const unit = units[i]!
        if (unit === delimiter) {
          addCell(cellStart, i, cellCount)
          cellCount += 1
          i += 1
          continue
        }
        if (unit === LF) {
          // the CR of a CR LF is part of the line end
          end = i > cellStart && cellEnd < 0 && units[i - 1] === CR ? i - 1 : i
          next = i + 1
        } else if (unit === CR && i + 1 >= length && !ended) {
          problem = 'too_long' // or rather unknown: the LF may follow
          break
        } else if (unit === CR && (crEndsRow || (i + 1 < length && units[i + 1] === LF))) {
          end = i
          next = i + 1 < length && units[i + 1] === LF ? i + 2 : i + 1
        } else {
          problem = 'quote_misplaced'
          break
        }
        addCell(cellStart, end, cellCount)
        cellCount += 1
        break
      }
      if (problem === undefined) {
        rows.push({ line, start, end, next, firstCell, cellCount, problem })
        line += 1 + breaks
        start = next
        continue
      }
      // A row that reaches the end of what was read may only need more of it: one unit beyond the longest row settles that.
      const moreMayHelp = !ended && length - start <= maxRowUnits
      if (problem !== 'quote_misplaced' && moreMayHelp) break
      const lineEnd = findLineEnd(units, { from: start, stop, length, ended })
      if (!lineEnd && moreMayHelp) break
      used = firstCell
      if (lineEnd && problem !== 'too_long') {
        rows.push({ line, start, end: lineEnd.end, next: lineEnd.next, firstCell, cellCount: 0, problem })
        line += 1
        start = lineEnd.next
      } else {
        const last = ended && stop === length
        rows.push({ line, start, end: stop, next: stop, firstCell, cellCount: 0, problem: last ? problem : 'too_long' })
        skipping = !last
        line += breaks
        start = stop
      }
    }
    return { rows, cells, consumed: start }
  }

  return { scan, line: () => line }
}

export type Scanner = ReturnType<typeof createScanner>

/** Length of a byte order mark at `at`, in units: files that were joined carry one in their middle, where it belongs to no cell. */
function byteOrderMarkLength(units: Units, at: number, length: number): number {
  const first = units[at]
  if (first === 0xfeff) return 1
  if (first === 0xef && at + 2 < length && units[at + 1] === 0xbb && units[at + 2] === 0xbf && units instanceof Uint8Array) return 3
  return 0
}
