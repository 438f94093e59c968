import { cellText, type Changes, type UnencodableCell } from '../formats/changes.ts'
import { codecFor } from '../formats/encoding.ts'
import type { XmlFormat } from '../formats/format.ts'
import type { Write } from './archive-writer.ts'
import { type FeedField, type FeedItem, openFeed, OWN_NAMESPACE } from './feed.ts'
import { ORIGIN_SUFFIX } from '../origin-marks.ts'
import { createFeedJudge } from './feed-rows.ts'
import { encodeXml, escapeAttribute, escapeXml, unwritableInXml } from './xml-encoding.ts'
import type { ChangesFor, Written } from './xlsx-write.ts'

const BATCH_ITEMS = 500

/**
 * Writes an XML file again with the texts of some elements changed, added or taken out; every other byte is copied, CDATA stays
 * CDATA. A list is one element for each of its values, an object an element with elements in it.
 */
export async function writeFeed(
  file: string,
  { format, content, changesFor, write }: { format: XmlFormat; content: AsyncIterable<Uint8Array>; changesFor: ChangesFor; write: Write },
): Promise<Written> {
  const feed = openFeed(file, format, content)
  const judge = createFeedJudge(file, format)
  const counted = { rows: 0, changedCells: 0, unencodable: [] as UnencodableCell[] }
  const { parser } = feed
  let copied = 0
  const put = async (text: string): Promise<void> => {
    if (text !== '') await write(encodeXml(text, format.encoding))
  }
  for await (const items of feed.items()) {
    for (let from = 0; from < items.length; from += BATCH_ITEMS) {
      const judged = items.slice(from, from + BATCH_ITEMS).map((item) => judge.judge(item))
      const identifiers = judged.flatMap(({ verdict }) => (verdict.kind === 'product' ? [verdict.identifier] : []))
      const changes = identifiers.length > 0 ? await changesFor(identifiers) : NO_CHANGES
      let text = ''
      for (const { item, verdict, values } of judged) {
        text += parser.slice(copied, item.start)
        const source = parser.slice(item.start, item.end)
        copied = item.end
        const change = verdict.kind === 'product' ? changes.get(verdict.identifier) : undefined
        counted.rows += verdict.kind === 'product' ? 1 : 0
        if (!change || verdict.kind !== 'product') {
          text += source
          continue
        }
        const edited = editItem(source, item, { change, values, format })
        counted.changedCells += edited.changedCells
        for (const left of edited.left) {
          counted.unencodable.push({ identifier: verdict.identifier, row: verdict.row, line: verdict.line, ...left })
        }
        text += edited.text
      }
      await put(text)
    }
    parser.forget(copied)
  }
  judge.end()
  await put(parser.slice(copied, parser.keptEnd()))
  return counted
}

const NO_CHANGES: ReadonlyMap<string, Changes> = new Map()

type Left = Pick<UnencodableCell, 'column' | 'characters' | 'reason'>

interface Splice {
  readonly from: number
  readonly to: number
  readonly text: string
}

function editItem(
  source: string,
  item: FeedItem,
  { change, values, format }: { change: Changes; values: Readonly<Record<string, unknown>>; format: XmlFormat },
): { text: string; changedCells: number; left: Left[] } {
  const splices: Splice[] = []
  const added: string[] = []
  const left: Left[] = []
  let changedCells = 0
  const indent = indentOf(source, item)
  for (const [column, value] of Object.entries(change)) {
    if (value === undefined || cellText(value) === cellText(values[column])) continue
    const fields = item.fields.filter((field) => field.column === column)
    if (fields.some(({ fromAttribute }) => fromAttribute) || (fields.length === 0 && values[column] !== undefined)) {
      left.push({ column, characters: '', reason: 'attribute' })
      continue
    }
    const texts = listOf(value)
    const characters = texts.map(unwritable).join('')
    if (characters !== '') {
      left.push({ column, characters })
      continue
    }
    changedCells += 1
    texts.forEach((one, index) => {
      const field = fields[index]
      if (field) splices.push(replaced(source, item, { field, value: one, format }))
      else added.push(`${indent}${element(column, one, format)}`)
    })
    for (const field of fields.slice(texts.length)) splices.push(removed(source, item, field))
  }
  return { text: spliced(source, item, { splices, added }), changedCells, left }
}

/** Each becomes an element. Nothing becomes none. */
const listOf = (value: unknown): unknown[] =>
  value === null || value === '' ? [] : Array.isArray(value) ? value.filter((entry) => entry !== null && entry !== '') : [value]

const unwritable = (value: unknown): string => unwritableInXml(typeof value === 'string' ? value : JSON.stringify(value))

/** What stands before the product's last element: new ones stand as it does. */
function indentOf(source: string, item: FeedItem): string {
  const last = item.fields.at(-1)
  return last ? /\s*$/.exec(source.slice(0, last.start - item.start))![0] : ''
}

function replaced(
  source: string,
  item: FeedItem,
  { field, value, format }: { field: FeedField; value: unknown; format: XmlFormat },
): Splice {
  const tag = source.slice(field.start - item.start, field.contentStart - item.start)
  if (field.contentEnd === field.contentStart && tag.endsWith('/>')) {
    const open = `${tag.slice(0, -2).trimEnd()}>`
    return {
      from: field.start - item.start,
      to: field.end - item.start,
      text: `${open}${contentXml(value, { cdata: false, format })}</${tagName(tag)}>`,
    }
  }
  return {
    from: field.contentStart - item.start,
    to: field.contentEnd - item.start,
    text: contentXml(value, { cdata: field.cdata, format }),
  }
}

const tagName = (tag: string): string => /^<([^\s/>]+)/.exec(tag)![1]!

/** With the blanks before it, so that no empty line stays. */
function removed(source: string, item: FeedItem, field: FeedField): Splice {
  const start = field.start - item.start
  return { from: start - /\s*$/.exec(source.slice(0, start))![0].length, to: field.end - item.start, text: '' }
}

function spliced(source: string, item: FeedItem, { splices, added }: { splices: readonly Splice[]; added: readonly string[] }): string {
  let text = ''
  let copied = 0
  const at = (item.fields.at(-1)?.end ?? item.contentEnd) - item.start
  const insert: Splice[] = added.length === 0 ? [] : [{ from: at, to: at, text: added.join('') }]
  if (item.selfClosing && insert.length > 0) return `${source.replace(/\s*\/>$/, '>')}${added.join('')}</${tagName(source)}>`
  for (const splice of [...splices, ...insert].sort((a, b) => a.from - b.from || a.to - b.to)) {
    text += source.slice(copied, splice.from) + splice.text
    copied = splice.to
  }
  return text + source.slice(copied)
}

const NAME = /^[A-Za-z_][\w.-]*$/

/** Whether a column's name can be an element's: its prefix must be declared above. */
function isElementName(name: string, { prefixes }: Pick<XmlFormat, 'prefixes'>): boolean {
  const [first, second, ...more] = name.split(':')
  if (more.length > 0 || !first) return false
  return second === undefined ? NAME.test(first) && !/^xml/i.test(first) : prefixes.includes(first) && NAME.test(second)
}

function element(column: string, value: unknown, format: XmlFormat): string {
  const inside = contentXml(value, { cdata: false, format })
  if (isElementName(column, format)) return `<${column}>${inside}</${column}>`
  const own = `xmlns:latchkey="${OWN_NAMESPACE}"`
  if (column.endsWith(ORIGIN_SUFFIX)) {
    const of = column.slice(0, -ORIGIN_SUFFIX.length)
    return `<latchkey:origin ${own} of="${escapeAttribute(of)}">${inside}</latchkey:origin>`
  }
  return `<latchkey:value ${own} name="${escapeAttribute(column)}">${inside}</latchkey:value>`
}

/** Blanks around a text are lost outside of CDATA, where they belong to the way that a file is set out. */
function contentXml(value: unknown, { cdata, format }: { cdata: boolean; format: XmlFormat }): string {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value)
    if (entries.every(([name]) => isElementName(name, format))) {
      return entries.flatMap(([name, entry]) => listOf(entry).map((one) => element(name, one, format))).join('')
    }
  }
  const text = cellText(value)
  const encodable = codecFor(format.encoding).encode(text) !== undefined // CDATA knows no character references
  return encodable && (cdata || text.trim() !== text)
    ? `<![CDATA[${text.replace(/\r\n?/g, '\n').replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
    : escapeXml(text)
}
