import { cellText } from '../formats/changes.ts'
import { columnLetters, type SheetRow } from './sheet.ts'
import { escapeText } from './shared-strings.ts'
import { escapeXml } from './xml-encoding.ts'

/** Characters that a cell of a spreadsheet can hold. */
export const MOST_CELL_TEXT = 32_767

/**
 * A cell's element with a value of ours (ECMA-376 part 1, 18.3.1.4). Text is typed as text, whatever it begins with: it is never
 * run as a formula (OUT-5), and needs no apostrophe. Lists and objects are text too.
 */
export function cellXml({
  prefix,
  place,
  row,
  style,
  value,
}: {
  prefix: string
  place: number
  row: number
  style: string | undefined
  value: unknown
}): string {
  const head = `${prefix}c r="${columnLetters(place)}${row}"${style === undefined ? '' : ` s="${Number(style)}"`}`
  if (value === null || value === undefined || value === '') return `<${head}/>`
  if (typeof value === 'number' && Number.isFinite(value)) return `<${head}><${prefix}v>${value}</${prefix}v></${prefix}c>`
  if (typeof value === 'boolean') return `<${head} t="b"><${prefix}v>${value ? 1 : 0}</${prefix}v></${prefix}c>`
  const text = escapeXml(escapeText(cellText(value)))
  return `<${head} t="inlineStr"><${prefix}is><${prefix}t xml:space="preserve">${text}</${prefix}t></${prefix}is></${prefix}c>`
}

export interface CellEdit {
  readonly place: number // column, from 0
  readonly value: unknown
  /** Of a cell that is not there yet. */
  readonly style?: string | undefined
}

/** A row's element with some of its cells replaced or added in their places; everything else in it is copied. */
export function editRow(text: string, row: SheetRow, edits: readonly CellEdit[]): string {
  if (edits.length === 0) return text
  const { prefix, number, cells, start, tagEnd, selfClosing } = row
  const there = new Map(cells.map((cell) => [cell.column, cell]))
  const splices: { from: number; to: number; xml: string }[] = []
  const closing = selfClosing ? tagEnd - start : text.lastIndexOf('<')
  for (const { place, value, style } of edits.toSorted((a, b) => a.place - b.place)) {
    const present = there.get(place)
    const xml = cellXml({ prefix, place, row: number, style: present ? present.style : style, value })
    if (present) {
      splices.push({ from: present.start - start, to: present.end - start, xml })
      continue
    }
    const next = cells.find(({ column }) => column > place)
    const at = next ? next.start - start : closing
    splices.push({ from: at, to: at, xml })
  }
  let result = ''
  let copied = 0
  for (const { from, to, xml } of splices) {
    result += text.slice(copied, from) + xml
    copied = to
  }
  result += text.slice(copied)
  if (selfClosing) {
    const tag = text.slice(0, tagEnd - start)
    result = `${tag.replace(/\s*\/>$/, '>')}${result.slice(tag.length)}</${prefix}row>`
  }
  return withoutSpans(result)
}

/** "spans" says which columns a row uses, to readers in a hurry; it is optional, and may no longer be true. */
const withoutSpans = (row: string): string => {
  const tagEnd = row.indexOf('>')
  return row.slice(0, tagEnd).replace(/\sspans\s*=\s*(?:"[^"]*"|'[^']*')/, '') + row.slice(tagEnd)
}
