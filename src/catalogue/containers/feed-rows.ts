import { AppError } from '../../base/errors.ts'
import { cellText } from '../formats/changes.ts'
import type { XmlFormat } from '../formats/format.ts'
import { createIdentifierCheck, rejected, type Verdict } from '../formats/verdict.ts'
import { type FeedItem, valuesOf } from './feed.ts'

export interface JudgedItem {
  readonly item: FeedItem
  readonly verdict: Verdict
  readonly values: Record<string, unknown>
}

/** Judges the products of an XML file, in their order. */
export function createFeedJudge(file: string, format: XmlFormat) {
  const column = 'column' in format.identifier ? format.columns[format.identifier.column] : undefined
  const check = createIdentifierCheck({ label: column ?? 'row number', repeats: 'reject' })
  let row = 0

  function judge(item: FeedItem): JudgedItem {
    row += 1
    const { line } = item
    if (item.tooLong) {
      const verdict = rejected({ row, line, code: 'too_long', text: 'The product is longer than 8 MiB.' })
      return { item, verdict, values: {} }
    }
    const values = valuesOf(item)
    if (column === undefined) return { item, verdict: { kind: 'product', row, line, identifier: String(row) }, values }
    return { item, verdict: check({ row, line, identifier: cellText(values[column]).trim() }), values }
  }

  /** To be called after the last one. @throws AppError file.changed */
  function end(): void {
    if (row > 0) return
    throw new AppError(
      'file.changed',
      `${file} is no longer the file that was looked at: it has no <${format.path.at(-1)}> any more. Start again with the file as it is now.`,
    )
  }

  return { judge, end }
}
