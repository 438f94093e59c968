import { objectOf } from '../base/json.ts'
import { countCharacters } from '../base/text.ts'

/**
 * What the practice provider answers: texts put together from a record's own lines, in the form that the request's JSON
 * schema asks for and within the lengths that its descriptions name. The same request always gets the same answer.
 */

type Schema = Readonly<Record<string, unknown>>

interface PracticeRecord {
  readonly id: string | undefined
  readonly lines: readonly { readonly label: string; readonly value: string }[]
}

/** The answer to a request: JSON where a schema is given, else a sentence that says what this is. */
export function practiceAnswer({ userText, schema }: { userText: string; schema: Schema | undefined }): string {
  if (!schema) return `This is a practice answer, not AI. The message has ${userText.length} characters.`
  const records = readRecords(userText)
  const list = objectOf(objectOf(schema['properties'])?.['products'])
  const item = objectOf(list?.['items'])
  const value = item
    ? { products: records.map((record) => fillObject(item, record)) }
    : fillObject(schema, records[0] ?? { id: undefined, lines: [] })
  return JSON.stringify(value)
}

const RECORD = /<product(?: id="([^"<>]{1,40})")?>\n([^<]*)<\/product>/g

function readRecords(text: string): PracticeRecord[] {
  return [...text.matchAll(RECORD)].map(([, id, body]) => ({
    id,
    lines: body!.split('\n').flatMap((line) => {
      const colon = line.indexOf(': ')
      return colon > 0 ? [{ label: line.slice(0, colon), value: line.slice(colon + 2) }] : []
    }),
  }))
}

function fillObject(schema: Schema, record: PracticeRecord): Record<string, unknown> {
  const properties = objectOf(schema['properties']) ?? {}
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [
      name,
      name === 'id' && record.id !== undefined ? record.id : fill(name, objectOf(property) ?? {}, record),
    ]),
  )
}

function fill(name: string, schema: Schema, record: PracticeRecord): unknown {
  const types = [schema['type']].flat()
  const nullable = types.includes('null')
  const rules = rulesIn(typeof schema['description'] === 'string' ? schema['description'] : '')
  if (Array.isArray(schema['enum'])) return chooseValue(schema['enum'] as unknown[], name, record, nullable)
  if (types.includes('object')) return fillNamed(schema, record)
  if (types.includes('array')) return fillList(schema, record, rules)
  if (types.includes('number') || types.includes('integer'))
    return findNumber(name, record, rules) ?? (nullable ? null : Math.max(0, rules.from ?? 0))
  if (types.includes('boolean')) return false
  return /title|headline|^name$/i.test(name) ? writeTitle(record, rules) : writeProse(record, rules)
}

interface Rules {
  readonly minCharacters: number
  readonly maxCharacters: number
  readonly minWords: number
  readonly maxWords: number
  readonly minEntries: number
  readonly maxEntries: number
  readonly maxValue: number
  readonly from: number | undefined
  readonly upTo: number | undefined
}

function rulesIn(description: string): Rules {
  const number = (expression: RegExp): number | undefined => {
    const found = expression.exec(description)?.[1]
    return found === undefined ? undefined : Number(found)
  }
  return {
    minCharacters: number(/(?<!values of )at least (\d+) characters/i) ?? 0,
    maxCharacters: number(/(?<!values of )at most (\d+) characters/i) ?? 2_000,
    minWords: number(/at least (\d+) words/i) ?? 0,
    maxWords: number(/at most (\d+) words/i) ?? 150,
    minEntries: number(/at least (\d+) attributes/i) ?? 0,
    maxEntries: number(/at most (\d+) attributes/i) ?? 5,
    maxValue: number(/values of at most (\d+) characters/i) ?? 200,
    from: number(/from (-?[\d.]+\d|-?\d+)/i),
    upTo: number(/up to (-?[\d.]+\d|-?\d+)/i),
  }
}

const first = (record: PracticeRecord, ...labels: readonly string[]): string | undefined => {
  for (const label of labels) {
    const line = record.lines.find((entry) => entry.label.toLowerCase() === label)
    if (line) return line.value
  }
  return undefined
}

const titleOf = (record: PracticeRecord): string =>
  first(record, 'title', 'name', 'product name') ??
  record.lines.find(({ label }) => /title|name/i.test(label))?.value ??
  record.lines[0]?.value ??
  'Product'

const withoutMarks = (text: string): string =>
  text
    .replace(/[*_`#]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()

function writeTitle(record: PracticeRecord, rules: Rules): string {
  const title =
    cut(withoutMarks(titleOf(record)), rules.maxCharacters, rules.maxWords) || cut('Product', rules.maxCharacters, rules.maxWords)
  return lengthen(title, rules, ' ', ['from our range', 'for everyday use', 'ready to order'])
}

const FILLERS = [
  'All details come from the supplier.',
  'Ask us if you would like to know more.',
  'The data sheet says more about it.',
  'It is part of our regular range.',
]

/** Whole sentences as long as they fit: the title, then a line of the record each. */
function writeProse(record: PracticeRecord, rules: Rules): string {
  const title = withoutMarks(titleOf(record))
  const sentences = [cut(sentence(title), rules.maxCharacters, rules.maxWords)]
  let charactersLeft = rules.maxCharacters - countCharacters(sentences[0]!)
  let wordsLeft = rules.maxWords - words(sentences[0]!)
  for (const { label, value } of record.lines) {
    const plain = withoutMarks(value)
    if (plain === '' || plain === title) continue
    const next = sentence(`${label[0]!.toUpperCase()}${label.slice(1)}: ${plain}`)
    const [characters, count] = [countCharacters(next) + 1, words(next)]
    if (characters > charactersLeft || count > wordsLeft) continue
    sentences.push(next)
    charactersLeft -= characters
    wordsLeft -= count
  }
  return lengthen(sentences.join(' ').trim(), rules, ' ', FILLERS)
}

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`)

function lengthen(text: string, rules: Rules, separator: string, fillers: readonly string[]): string {
  let longer = text
  for (let turn = 0; (countCharacters(longer) < rules.minCharacters || words(longer) < rules.minWords) && turn < 5_000; turn += 1)
    longer = `${longer}${separator}${fillers[turn % fillers.length]}`
  // A last filler may be too long where least and most lie close together.
  return countCharacters(longer) > rules.maxCharacters || words(longer) > rules.maxWords
    ? cut(longer, rules.maxCharacters, rules.maxWords)
    : longer
}

const words = (text: string): number => text.match(/\S+/g)?.length ?? 0

/** As many whole words as fit; nothing of a word that does not. */
function cut(text: string, maxCharacters: number, maxWords: number): string {
  let kept = text.split(/\s+/).slice(0, maxWords).join(' ')
  if (countCharacters(kept) > maxCharacters) {
    const head = Array.from(kept)
      .slice(0, maxCharacters + 1)
      .join('')
    const space = head.lastIndexOf(' ')
    kept = space > 0 ? head.slice(0, space) : ''
  }
  return kept
}

const CORE = /^(?:title|name|product name|short description|description|brand|supplier|manufacturer|id|sku|ean|mpn|gtin)$/i

/** A list of { name, value }: what is left of the record after what every product has. */
function fillList(schema: Schema, record: PracticeRecord, rules: Rules): unknown[] {
  const properties = objectOf(objectOf(schema['items'])?.['properties'])
  if (!properties || !('name' in properties) || !('value' in properties)) return []
  const own = record.lines.filter(({ label }) => !CORE.test(label))
  const common = record.lines.filter(({ label }) => CORE.test(label))
  const wanted = own.length >= Math.max(1, rules.minEntries) ? own : [...own, ...common]
  const entries = new Map<string, string>()
  for (const { label, value } of wanted) {
    const plain = cut(withoutMarks(value), rules.maxValue, 200)
    if (plain !== '' && entries.size < rules.maxEntries && !entries.has(label)) entries.set(label, plain)
  }
  for (let number = 0; entries.size < rules.minEntries; number += 1)
    entries.set(`detail ${'abcdefghijklmnopqrstuvwxyz'[number % 26]!.repeat(1 + Math.floor(number / 26))}`, 'see data sheet')
  return [...entries].map(([name, value]) => ({ name, value }))
}

/** An object with named attributes: the line of the same name, or null. */
function fillNamed(schema: Schema, record: PracticeRecord): Record<string, unknown> {
  const rules = rulesIn(typeof schema['description'] === 'string' ? schema['description'] : '')
  const properties = objectOf(schema['properties']) ?? {}
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => {
      const property = objectOf(value) ?? {}
      if (Array.isArray(property['enum'])) return [name, chooseValue(property['enum'] as unknown[], name, record, true)]
      const line = lineNamed(name, record)
      return [name, line === undefined ? null : cut(withoutMarks(line), rules.maxValue, 200)]
    }),
  )
}

const simple = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

function lineNamed(name: string, record: PracticeRecord): string | undefined {
  const wanted = simple(name)
  return (
    record.lines.find(({ label }) => simple(label) === wanted) ??
    record.lines.find(({ label }) => simple(label).split(' ').includes(wanted))
  )?.value
}

/** The allowed value that the record names, in the line of the same name first. */
function chooseValue(allowed: readonly unknown[], name: string, record: PracticeRecord, nullable: boolean): unknown {
  const texts = [lineNamed(name, record) ?? '', record.lines.map(({ value }) => value).join(' ')].map((text) => ` ${simple(text)} `)
  const values = allowed.filter((value) => typeof value === 'string').sort((a, b) => b.length - a.length)
  for (const text of texts) {
    const found = values.find((value) => text.includes(` ${simple(value)} `))
    if (found !== undefined) return found
  }
  return nullable || allowed.includes(null) ? null : allowed[0]
}

function findNumber(name: string, record: PracticeRecord, { from, upTo }: Rules): number | undefined {
  const found = /\d+(?:\.\d+)?/.exec(lineNamed(name.replace(/[_-]/g, ' '), record) ?? '')?.[0]
  if (found === undefined) return undefined
  const value = Number(found)
  return (from === undefined || value >= from) && (upTo === undefined || value <= upTo) ? value : undefined
}
