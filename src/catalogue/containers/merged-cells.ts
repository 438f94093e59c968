import type { Archive, Part } from './archive.ts'
import { partText } from './part-xml.ts'
import type { CellValue, SheetRow } from './sheet.ts'
import { columnOf } from './sheet.ts'

/** Cells of one column that are merged over several rows: they say together what the first of them says. */
interface Merge {
  readonly column: number
  readonly first: number // rows, from 1
  readonly last: number
}

const MOST_MERGES = 100_000
const AFTER_ROWS = /<\/(?:[\w.-]+:)?sheetData\s*>|<(?:[\w.-]+:)?sheetData\s*\/>/
const MERGE = /<(?:[\w.-]+:)?mergeCell\b[^<>]*\bref\s*=\s*["']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})["']/g

/**
 * Which cells of a sheet are merged downwards. They stand behind its rows, so the sheet is gone through once without being
 * taken apart: "<" cannot stand in a text, so what looks like the end of the rows is.
 */
export async function readMerges(file: string, archive: Archive, part: Part): Promise<Merge[]> {
  const merges: Merge[] = []
  let tail = ''
  let behind = false
  for await (const text of partText(file, archive, part)) {
    tail += text
    if (!behind) {
      const end = AFTER_ROWS.exec(tail)
      behind = end !== null
      tail = end ? tail.slice(end.index) : tail.slice(-100)
      if (!behind) continue
    }
    let taken = 0
    for (const match of tail.matchAll(MERGE)) {
      taken = match.index + match[0].length
      const [, from, first, , last] = match
      if (first !== last && merges.length < MOST_MERGES) merges.push({ column: columnOf(from!), first: Number(first), last: Number(last) })
    }
    tail = tail.slice(Math.max(taken, tail.length - 1_000))
  }
  return merges.sort((a, b) => a.first - b.first)
}

/** Goes along with the rows, in their order, and says what merged cells above mean for each. */
export function createMergeFollower(merges: readonly Merge[]) {
  let next = 0
  let active: (Merge & { value: CellValue })[] = []

  /** What cells of this row, by column, say because they are merged with one above. */
  return function follow(row: Pick<SheetRow, 'number' | 'cells'>): ReadonlyMap<number, CellValue> {
    if (next >= merges.length && active.length === 0) return NONE
    active = active.filter(({ last }) => last >= row.number)
    const covered = new Map(active.map(({ column, value }) => [column, value]))
    for (; next < merges.length && merges[next]!.first <= row.number; next += 1) {
      const merge = merges[next]!
      if (merge.first !== row.number || merge.last <= row.number) continue // its first row is absent: it says nothing
      const value = row.cells.find(({ column }) => column === merge.column)?.value ?? null
      active.push({ ...merge, value })
    }
    return covered
  }
}

const NONE: ReadonlyMap<number, CellValue> = new Map()
