import { AppError } from '../../base/errors.ts'
import { cellText } from '../formats/changes.ts'
import { uniqueNames, type XlsxFormat } from '../formats/format.ts'
import { BLANK, COPIED, createIdentifierCheck, HEADER, rejected, type Verdict } from '../formats/verdict.ts'
import { createMergeFollower } from './merged-cells.ts'
import type { CellValue, SheetRow } from './sheet.ts'

/** A row of a sheet, judged: what it is, and what it says by column name where it is a product. */
export interface JudgedRow {
  readonly row: SheetRow
  readonly verdict: Verdict
  readonly values: Record<string, unknown>
  /** Columns (from 0) whose cell here is merged with one above: they cannot be written apart from it. */
  readonly covered: ReadonlySet<number>
}

/**
 * Judges the rows of a workbook's sheet against its header, in their order.
 * @throws AppError file.changed when the header is no longer the one the format was made from
 */
export function createSheetJudge(file: string, format: XlsxFormat, merges: Parameters<typeof createMergeFollower>[0]) {
  const names = uniqueNames(format.columns)
  const identifierColumn = 'column' in format.identifier ? format.identifier.column : undefined
  const check = createIdentifierCheck({
    label: identifierColumn === undefined ? 'row number' : names[identifierColumn]!,
    repeats: format.repeats,
  })
  const indexAt = new Map(format.places.map((place, index) => [place, index]))
  const follow = createMergeFollower(merges)
  let headerSeen = false
  let count = 0

  function judge(row: SheetRow): JudgedRow {
    const above = follow(row)
    const covered = new Set(above.keys())
    const values = Object.create(null) as Record<string, unknown> // a column may be called __proto__
    const said = (verdict: Verdict): JudgedRow => ({ row, verdict, values, covered })
    if (row.number < format.headerRow) return said(COPIED)
    if (row.number === format.headerRow) {
      if (!sameHeader(row)) throw changed()
      headerSeen = true
      return said(HEADER)
    }
    if (!headerSeen) throw changed()
    const take = (place: number, value: CellValue): void => {
      const index = indexAt.get(place)
      if (index !== undefined && value !== null && (typeof value !== 'string' || value.trim() !== '')) values[names[index]!] = value
    }
    for (const [place, value] of above) take(place, value)
    let own = false
    for (const { column, value } of row.cells) {
      if (covered.has(column)) continue
      take(column, value)
      own ||= value !== null && value !== '' && indexAt.has(column)
    }
    if (!own && row.problem === undefined) return said(BLANK)
    count += 1
    const { number: line } = row
    if (row.problem === 'too_long') return said(rejected({ row: count, line, code: 'too_long', text: 'The row is longer than 8 MiB.' }))
    if (row.problem) return said(rejected({ row: count, line, code: row.problem, text: row.problemText }))
    if (identifierColumn === undefined) return said({ kind: 'product', row: count, line, identifier: String(count) })
    const identifier = cellText(values[names[identifierColumn]!] ?? null).trim()
    return said(check({ row: count, line, identifier }))
  }

  function sameHeader(row: SheetRow): boolean {
    const cells = new Map(row.cells.map(({ column, value }) => [column, value]))
    return format.places.every((place, index) => cellText(cells.get(place) ?? null) === format.columns[index])
  }

  /** To be called after the last row. @throws AppError file.changed */
  function end(): void {
    if (!headerSeen) throw changed()
  }

  const changed = (): AppError =>
    new AppError(
      'file.changed',
      `${file} is no longer the file that was looked at: the header in row ${format.headerRow} of "${format.sheet}" differs. Start again with the file as it is now.`,
    )

  return { judge, end }
}
