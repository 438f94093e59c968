import { AppError } from '../../base/errors.ts'
import type { XmlFormat } from '../formats/format.ts'
import { ORIGIN_SUFFIX } from '../origin-marks.ts'
import { LIMITS } from './protocol.ts'
import { createXmlDecoder } from './xml-encoding.ts'
import { createXmlParser, type XmlParser } from './xml-parser.ts'

/** An element directly in a product's element: a value, or part of a list of values of its name. */
export interface FeedField {
  readonly column: string
  readonly value: unknown // text; an object by element name where it holds elements; null: nothing
  readonly start: number
  readonly end: number
  readonly contentStart: number
  readonly contentEnd: number
  readonly cdata: boolean // its text stands in CDATA
  readonly fromAttribute: boolean // an empty element that says what it says in an attribute: <link href="…"/>
}

/** One product's element. */
export interface FeedItem {
  readonly line: number
  readonly attributes: Readonly<Record<string, string>>
  readonly fields: readonly FeedField[]
  readonly start: number
  readonly contentEnd: number // where its closing tag begins
  readonly end: number
  readonly selfClosing: boolean
  readonly tooLong: boolean
}

/** The namespace of elements that Latchkey adds where a column's name is no name of an element. */
export const OWN_NAMESPACE = 'urn:latchkey:catalogue'

export interface FeedText {
  readonly parser: XmlParser
  /** The products of each next piece of the file. */
  items(): AsyncGenerator<readonly FeedItem[], void, undefined>
}

/** An element inside of a product, while it is open. */
interface Open {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly start: number
  readonly contentStart: number
  text: string // all of it, in its order
  cdata: string // what of it stands in CDATA sections
  plain: boolean // some of it, not just blanks, stands outside of them
  children: Record<string, unknown[]> | undefined
}

/**
 * The products of an XML file, as it comes. The parser keeps the text until it is told to forget it.
 * @throws AppError file.malformed, file.refused
 */
export function openFeed(file: string, format: Pick<XmlFormat, 'path' | 'encoding'>, content: AsyncIterable<Uint8Array>): FeedText {
  const { path, encoding } = format
  const above: string[] = []
  const inside: Open[] = []
  let item: { -readonly [Key in keyof FeedItem]: FeedItem[Key] } | undefined
  let fields: FeedField[] = []
  let units = 0
  let ready: FeedItem[] = []

  const parser = createXmlParser(file, {
    open(name, attributes, end) {
      if (item) {
        inside.push({
          name,
          attributes,
          start: parser.tagStart(end),
          contentStart: end,
          text: '',
          cdata: '',
          plain: false,
          children: undefined,
        })
        return
      }
      above.push(name)
      if (above.length !== path.length || !path.every((one, index) => above[index] === one)) return
      fields = []
      units = 0
      const start = parser.tagStart(end)
      item = { line: parser.line(), attributes, fields, start, contentEnd: end, end, selfClosing: false, tooLong: false }
    },
    text(text, cdata) {
      const open = inside.at(-1)
      if (!item || !open) return
      units += text.length
      if (units > LIMITS.rowUnits) {
        item.tooLong = true
        return
      }
      if (cdata) open.cdata += text
      else open.plain ||= text.trim() !== ''
      open.text += text
    },
    close(name, end, selfClosing) {
      if (!item) {
        above.pop()
        return
      }
      const open = inside.pop()
      const contentEnd = selfClosing ? end : parser.tagStart(end)
      if (!open) {
        ready.push({ ...item, contentEnd, end, selfClosing })
        item = undefined
        above.pop()
        return
      }
      if (item.tooLong) return
      const { value, fromAttribute } = valueOf(open, (from) => parser.slice(from, contentEnd))
      const parent = inside.at(-1)
      if (parent) {
        parent.children ??= Object.create(null) as Record<string, unknown[]>
        ;(parent.children[name] ??= []).push(value)
        return
      }
      const { start, contentStart, attributes } = open
      const column = columnOf(name, attributes)
      fields.push({ column, value, start, end, contentStart, contentEnd, cdata: isCdata(open), fromAttribute })
    },
  })

  async function* items(): AsyncGenerator<readonly FeedItem[], void, undefined> {
    const decoder = createXmlDecoder(file, encoding)
    const feed = function* (text: string): Generator<readonly FeedItem[]> {
      for (let from = 0; from < text.length; from += SLICE_UNITS) {
        parser.write(text.slice(from, from + SLICE_UNITS))
        const found = ready
        ready = []
        yield found
        if (item && parser.keptEnd() - item.start > LIMITS.rowUnits * 4) {
          throw new AppError('file.refused', `${file} has a product (line ${item.line}) that is longer than a catalogue’s can be.`)
        }
      }
    }
    for await (const bytes of content) yield* feed(decoder.decode(bytes))
    yield* feed(decoder.end())
    parser.end()
  }

  return { parser, items }
}

const SLICE_UNITS = 1 << 18

/** The column that an element is: its name; one that Latchkey added says the column's name itself. */
function columnOf(name: string, attributes: Readonly<Record<string, string>>): string {
  if (attributes['xmlns:latchkey'] !== OWN_NAMESPACE) return name
  if (name === 'latchkey:value' && attributes['name'] !== undefined) return attributes['name']
  if (name === 'latchkey:origin' && attributes['of'] !== undefined) return `${attributes['of']}${ORIGIN_SUFFIX}`
  return name
}

const ADDRESSES = ['href', 'url', 'src', 'value']

function valueOf(open: Open, source: (from: number) => string): { value: unknown; fromAttribute: boolean } {
  const { text, children, attributes } = open
  // text beside elements is markup, kept as it is spelled
  if (children) return { value: text.trim() === '' ? plainObject(children) : source(open.contentStart).trim(), fromAttribute: false }
  // in CDATA blanks are meant; around plain text they come from the way that the file is set out
  const value = isCdata(open) ? open.cdata : text.trim()
  if (value.trim() !== '') return { value, fromAttribute: false }
  const address = ADDRESSES.map((name) => attributes[name]).find((one) => one !== undefined && one.trim() !== '')
  return { value: address ?? null, fromAttribute: address !== undefined }
}

const isCdata = ({ cdata, plain }: Open): boolean => cdata !== '' && !plain

const plainObject = (children: Readonly<Record<string, unknown[]>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(children).map(([name, values]) => [name, values.length === 1 ? values[0] : values]))

/** What a product says by column: a list where an element repeats, attributes of its own element where no element bears the name. */
export function valuesOf(item: FeedItem): Record<string, unknown> {
  const found = Object.create(null) as Record<string, unknown>
  const lists = new Set<string>()
  for (const { column, value } of item.fields) {
    if (value === null || value === '') continue
    const before = found[column]
    if (before === undefined) found[column] = value
    else if (lists.has(column)) (before as unknown[]).push(value)
    else {
      found[column] = [before, value]
      lists.add(column)
    }
  }
  for (const [name, value] of Object.entries(item.attributes)) {
    if (found[name] === undefined && value.trim() !== '' && !isDeclaration(name)) found[name] = value
  }
  return found
}

export const isDeclaration = (name: string): boolean => name === 'xmlns' || name.startsWith('xmlns:') || name.startsWith('xml:')
