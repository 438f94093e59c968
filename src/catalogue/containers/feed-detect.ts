import { AppError } from '../../base/errors.ts'
import { cellText } from '../formats/changes.ts'
import { type FormatOverrides, findColumn, type XmlFormat } from '../formats/format.ts'
import { chosenIdentifier, guessIdentifier, guessTextColumns, textReason } from '../formats/guess.ts'
import { openFeed, valuesOf } from './feed.ts'
import { createXmlDecoder, encodingOfXml } from './xml-encoding.ts'
import { createXmlParser, localName } from './xml-parser.ts'

const SAMPLE_BYTES = 4 << 20
const SAMPLE_ITEMS = 2_000
const GOOGLE = 'http://base.google.com/ns/1.0'
const PRODUCT_NAMES = [
  'item',
  'entry',
  'product',
  'offer',
  'article',
  'artikel',
  'produkt',
  'produit',
  'producto',
  'prodotto',
  'shopitem',
  'row',
  'record',
  'good',
]

/**
 * Which element of an XML file repeats, each of them a product, and what stands in it. `sample`: the file's beginning.
 * @throws AppError file.malformed where none does, file.refused, command.invalid
 */
export async function detectFeed(
  file: string,
  { bytes, whole }: { bytes: Buffer; whole: boolean },
  overrides: FormatOverrides,
): Promise<XmlFormat> {
  const encoding = encodingOfXml(file, bytes, overrides.encoding)
  const sample = bytes.subarray(0, SAMPLE_BYTES)
  const { path, namespaces } = findItems(file, { text: decodeSample(file, sample, { encoding, whole }), whole })
  const rows = await sampleItems(file, { path, encoding }, { sample, whole })
  const columns = [...new Set(rows.flatMap(({ names }) => names))]
  if (columns.length === 0) throw new AppError('file.malformed', `${file} has <${path.at(-1)}> elements, but nothing stands in them.`)
  const samples = columns.map((name) => ({ name, values: rows.map(({ values }) => cellText(values[name] ?? '')) }))
  const named = samples.map(({ name, values }) => ({ name: localName(name), values }))
  const guess = overrides.identifier === undefined ? guessIdentifier(named) : chosenIdentifier(columns, overrides.identifier)
  const textIndexes = overrides.text ? overrides.text.map((name) => findColumn(columns, name)) : guessTextColumns(named)
  const textColumns = textIndexes.map((index) => columns[index]!)
  const googlePrefix = [...namespaces].find(([, address]) => address === GOOGLE)?.[0] ?? null
  return {
    kind: 'xml',
    encoding,
    path,
    prefixes: [...namespaces.keys()],
    googlePrefix,
    columns,
    identifier: guess.column === undefined ? { rowNumber: true } : { column: guess.column },
    textColumns,
    reasons: [
      `XML${googlePrefix === null ? '' : ' in Google Merchant’s format'}: each <${path.at(-1)}> in <${path.slice(0, -1).join('><')}> is a product.`,
      `Encoding ${encoding}: ${overrides.encoding === undefined ? 'as the file declares, or UTF-8 where it does not' : 'as you said'}.`,
      guess.column === undefined ? guess.reason : guess.reason.replace(`"${named[guess.column]!.name}"`, `"${columns[guess.column]}"`),
      textReason(textColumns, overrides.text !== undefined),
    ],
  }
}

function decodeSample(file: string, sample: Buffer, { encoding, whole }: { encoding: string; whole: boolean }): string {
  const decoder = createXmlDecoder(file, encoding)
  const text = decoder.decode(sample)
  return whole ? text + decoder.end() : text // a character may be cut where the sample ends
}

interface Seen {
  count: number
  children: number
}

/** The path to the element that repeats and has elements of its own, nearest to the root; and the namespaces declared above it. */
function findItems(file: string, { text, whole }: { text: string; whole: boolean }): { path: string[]; namespaces: Map<string, string> } {
  const seen = new Map<string, Seen>()
  const path: string[] = []
  const declared: { depth: number; prefix: string; address: string }[] = []
  const parser = createXmlParser(file, {
    open(name, attributes) {
      const parent = seen.get(path.join(' '))
      if (parent) parent.children += 1
      path.push(name)
      const key = path.join(' ')
      const known = seen.get(key)
      if (known) known.count += 1
      else if (seen.size < 10_000) seen.set(key, { count: 1, children: 0 })
      if (known || declared.length > 1_000) return
      for (const [attribute, address] of Object.entries(attributes)) {
        if (attribute.startsWith('xmlns:')) declared.push({ depth: path.length, prefix: attribute.slice('xmlns:'.length), address })
      }
    },
    close: () => void path.pop(),
    text: () => undefined,
  })
  parser.write(text)
  if (whole) parser.end()
  const chosen = chooseItems(seen)
  if (!chosen) {
    throw new AppError(
      'file.malformed',
      `${file} is XML, but no element in it repeats that holds others, as <item> or <product> do in a feed. Export the products as CSV, TSV or JSONL.`,
    )
  }
  const above = declared.filter(({ depth }) => depth < chosen.length)
  return { path: chosen, namespaces: new Map(above.map(({ prefix, address }) => [prefix, address])) }
}

function chooseItems(seen: ReadonlyMap<string, Seen>): string[] | undefined {
  const candidates = [...seen]
    .map(([key, { count, children }]) => ({ path: key.split(' '), count, children }))
    .filter(({ path, count, children }) => path.length > 1 && children >= count && (count > 1 || isProductName(path.at(-1)!)))
  // an image of a product repeats as well: what lies inside of another candidate is part of it
  const outermost = candidates.filter(
    ({ path }) => !candidates.some((other) => other.path.length < path.length && startsWith(path, other.path)),
  )
  return outermost.sort(
    (a, b) => Number(isProductName(b.path.at(-1)!)) - Number(isProductName(a.path.at(-1)!)) || b.children - a.children,
  )[0]?.path
}

const isProductName = (name: string): boolean => PRODUCT_NAMES.includes(localName(name).toLowerCase())

const startsWith = (path: readonly string[], start: readonly string[]): boolean => start.every((name, index) => path[index] === name)

async function sampleItems(
  file: string,
  place: Pick<XmlFormat, 'path' | 'encoding'>,
  { sample, whole }: { sample: Buffer; whole: boolean },
): Promise<{ names: string[]; values: Record<string, unknown> }[]> {
  const feed = openFeed(file, place, oneChunk(sample))
  const rows: { names: string[]; values: Record<string, unknown> }[] = []
  try {
    for await (const items of feed.items()) {
      for (const item of items) {
        if (rows.length >= SAMPLE_ITEMS || item.tooLong) continue
        const values = valuesOf(item)
        rows.push({ names: [...item.fields.map(({ column }) => column), ...Object.keys(values)], values }) // also of elements that are empty
      }
    }
  } catch (error) {
    if (whole || rows.length === 0) throw error // else it ends where the sample was cut
  }
  return rows
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes
}
