import { lowestForm, multiplyDecimals, unitOf, type Unit } from './units.ts'
import { NUMBERS_IN_NAME } from './show.ts'
import { withoutHidden, withoutHtml } from './text.ts'
import { squash, standardsIn } from './standards.ts'

/** Numbers with their units in a text, and what a product's own data states of them. */

export interface NumberMention {
  readonly text: string
  readonly start: number
  readonly end: number
  /** What the digits can mean, as decimals in lowest form: "1.000" is 1 or 1000. */
  readonly readings: readonly string[]
  readonly unit?: Unit
  /** The unit stands further right: the 10 of "10 - 40 °C". */
  readonly unitInherited: boolean
}

/** A word of letters and digits: a model, a part number, "4K". */
export interface CodeMention {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly code: string
}

export interface Mentions {
  readonly numbers: readonly NumberMention[]
  readonly codes: readonly CodeMention[]
}

const FRACTIONS: Readonly<Record<string, string>> = { '½': '5', '¼': '25', '¾': '75', '⅛': '125', '⅜': '375', '⅝': '625', '⅞': '875' }
const DASHES = /[\u2010-\u2015\u2212]/g

/** 1/2" and 17 1/2 in: only inches are divided like this; 10/100 is two numbers. */
const INCH_FRACTION =
  /(?<![\d/])(?:(\d{1,3})[ -])?(\d{1,2})\/(2|4|8|16|32|64)(?= ?-?(?:["″]|''|in(?:ch(?:es)?)?(?![\p{L}])|zoll|pouces?))/giu

function inchFraction(text: string, whole: string | undefined, top: string, bottom: string): string {
  const [above, below] = [Number(top), Number(bottom)]
  return above < below ? String(Number(whole ?? 0) + above / below) : text
}

/** One way of writing: fractions as decimals, one kind of dash, quote and multiplication sign, no compatibility characters. */
export function normalise(text: string): string {
  const whole = text.includes('/') ? text.replace(INCH_FRACTION, inchFraction) : text
  const spread = whole.includes('..') || whole.includes('…') ? whole.replace(/(?<=\d) ?(?:\.{2,3}|…) ?(?=[-−]?\d)/g, ' - ') : whole
  // oxlint-disable-next-line no-control-regex
  if (/^[\u0000-\u007f]*$/.test(spread)) return spread
  return spread
    .replace(/(?:(\d+) ?)?([½¼¾⅛⅜⅝⅞])/g, (_, number: string | undefined, fraction: string) => `${number ?? '0'}.${FRACTIONS[fraction]}`)
    .replace(/[″“”„]/g, '"')
    .normalize('NFKC')
    .replace(DASHES, '-')
    .replace(/(?<=\d ?)×(?= ?\d)/g, 'x')
    .replace(/[×⨯]/g, ' x ')
    .replace(/[′’‘]/g, "'")
}

const CHUNK = /[\p{L}\p{N}][\p{L}\p{N}\p{M}.,'/+_-]*/gu
const NUMBER = String.raw`\d{1,3}(?:[.,']\d{3})+(?:[.,]\d+)?(?![\d])|\d+(?:[.,]\d+)*`
const PIECE = new RegExp(String.raw`^(${NUMBER})(.*)$`, 'u')
const UNIT_AFTER = /^(?:\s?-?\s?)("|''|%|[°º] ?[CF](?![\p{L}\p{N}])|[°º]|[€$£]|in\.|[\p{L}μΩ][\p{L}μΩ0-9/²³()-]*)(?!')/u
const ORDINAL = /^(?:st|nd|rd|th|e|er|ère|ème|è|eme|te|ten|ter|tes|de|x|X|s|fach|fache|facher|faches|fachen)$/
const JOIN = /^\s*(?:-|x|X|\/|to|bis|à|a|and|und|et|y|or|oder|ou|\.\.\.?|till|until|tot)\s*$/u

/** Every number and every code of a normalised text. `locale`: how the writer groups digits; undefined accepts every way. */
export function mentionsIn(text: string, locale?: string): Mentions {
  const numbers: NumberMention[] = []
  const codes: CodeMention[] = []
  for (const match of text.matchAll(CHUNK)) {
    const raw = match[0]
    if (!/\d/.test(raw)) continue
    const chunk = raw.replace(/(?:'s|[.,'/+_-])+$/u, '')
    readChunk({ text, chunk, start: match.index, locale, numbers, codes })
  }
  for (let index = numbers.length - 2; index >= 0; index -= 1) {
    const [left, right] = [numbers[index]!, numbers[index + 1]!]
    if (left.unit === undefined && right.unit !== undefined && JOIN.test(text.slice(left.end, right.start)))
      numbers[index] = { ...left, unit: right.unit, unitInherited: true }
  }
  return { numbers, codes }
}

interface ChunkInput {
  readonly text: string
  readonly chunk: string
  readonly start: number
  readonly locale: string | undefined
  readonly numbers: NumberMention[]
  readonly codes: CodeMention[]
}

function readChunk(input: ChunkInput): void {
  const { text, chunk, start, codes } = input
  // 5x10, 30/50, 10-100, 3+2: parts of their own; letters keep a chunk together as a code.
  const parts = chunk.matchAll(/[^/+_-]+/gu)
  const letters = /\p{L}/u.test(chunk)
  if (letters && /[\p{L}]/u.test(chunk[0]!) && !chunk.includes('/')) {
    // DES-1016D, X-500, T096220: known or not as a whole, never as a sum of numbers.
    codes.push({ text: chunk, start, end: start + chunk.length, code: codeOf(chunk) })
    // Of the data, the numbers after a hyphen count too: the 1333 MHz of "DDR3-1333 MHz".
    if (input.locale !== undefined) return
    for (const part of parts) if (part.index > 0 && /^\d/.test(part[0])) readPiece(input, part[0], start + part.index, text)
    return
  }
  for (const part of parts) {
    if (!/\d/.test(part[0])) continue
    const pieces = /^\d[\d.,]*(?:[xX]\d[\d.,]*)+/.test(part[0]) ? part[0].matchAll(/[^xX]+/gu) : [Object.assign([part[0]], { index: 0 })]
    for (const piece of pieces) readPiece(input, piece[0], start + part.index + piece.index, text)
  }
}

function readPiece(input: ChunkInput, piece: string, start: number, text: string): void {
  const { locale, numbers, codes, chunk } = input
  const split = PIECE.exec(piece)
  if (!split) {
    codes.push({ text: piece, start, end: start + piece.length, code: codeOf(piece) })
    return
  }
  const [, digits, after] = split as unknown as [string, string, string]
  const numberEnd = start + digits.length
  const readings = readingsOf(digits, locale)
  const suffix = after.replace(/^[.,']+|[.,']+$/g, '')
  if (suffix === '') {
    const found = unitAfter(text, numberEnd, digits)
    const end = found ? found.end : numberEnd
    numbers.push({ text: text.slice(start, end), start, end, readings, ...(found ? { unit: found.unit } : {}), unitInherited: false })
    // "1 200" may be one number in two groups.
    const previous = numbers.at(-2)
    if (
      previous &&
      /^\d{3}$/.test(digits) &&
      previous.end === start - 1 &&
      text[start - 1] === ' ' &&
      /^\d{1,3}(?: \d{3})*$/.test(previous.text)
    )
      numbers.splice(-2, 2, joined(previous, numbers.at(-1)!, text))
    return
  }
  const unit = unitOf(suffix) ?? glued(suffix)
  if (unit && !(unit.name === 'K' && digits.length < 4)) {
    numbers.push({ text: piece, start, end: start + piece.length, readings, unit, unitInherited: false })
  } else if (ORDINAL.test(suffix)) {
    numbers.push({ text: piece, start, end: start + piece.length, readings, unitInherited: false })
  } else {
    const whole = chunk.includes('/') || chunk.length > 40 ? piece : chunk
    codes.push({ text: whole, start, end: start + piece.length, code: codeOf(whole) })
  }
}

/** "mm2", "Vac": a unit with a tail that changes nothing here. */
function glued(suffix: string): Unit | undefined {
  return suffix.length > 1 && suffix.length < 12 ? unitOf(suffix.replace(/[.)]+$/, '')) : undefined
}

function joined(left: NumberMention, right: NumberMention, text: string): NumberMention {
  const one = `${left.text}${text.slice(right.start, right.start + 3)}`.replaceAll(' ', '')
  return { ...right, text: text.slice(left.start, right.end), start: left.start, readings: [lowestForm(one, ''), SEPARATE] }
}
/** Stands for: or as two numbers, each of which must be known. */
export const SEPARATE = 'separate'

function unitAfter(text: string, at: number, digits: string): { unit: Unit; end: number } | undefined {
  const following = text.slice(at, at + 40)
  const match = UNIT_AFTER.exec(following)
  if (!match) return undefined
  const spelling = match[1]!
  if (spelling === '"' && /"[^"]*$/.test(text.slice(Math.max(0, at - digits.length - 1), at - digits.length))) return undefined
  const end = at + match[0].length
  // "42-in", "8.5 x 11 in.": inches; "2 in black", "3-in-1": a preposition, which something follows.
  if (/^in(?:\.|-|$)/i.test(spelling)) {
    const inches = /^-in(?![\p{L}\p{N}-])/iu.test(following) || /^\s?in(?:\.|\s*$|\s*(?:[),;\]/"]|x\s?\d))/iu.test(following)
    return inches ? { unit: unitOf('inch')!, end } : undefined
  }
  // "3-Minuten-Funktion", "25 cm)": the unit ends where the word does.
  for (const part of [spelling.replace(/ /g, '').replace('º', '°'), spelling.replace(/[-)(].*$/, ''), spelling.replace(/\/$/, '')]) {
    const unit = unitOf(part)
    if (unit)
      return unit.name === 'K' && digits.length < 4
        ? undefined
        : { unit, end: end - (spelling.length - Math.min(part.length, spelling.length)) }
  }
  return undefined
}

/** Model and part numbers compare without hyphens, slashes and case. */
export const codeOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}.,]+/gu, '')
    .replace(/[.,]+$/, '')

const POINT_LOCALES = /^(?:en|ja|zh|ko|th|he|hi)(?:-|$)/i

/** What digits can mean. A single group of three after a separator is thousands or decimals, by the writer's locale. */
export function readingsOf(digits: string, locale?: string): string[] {
  const plain = digits.replace(/'/g, '')
  const separators = plain.replace(/\d/g, '')
  if (separators === '') return [lowestForm(plain, '')]
  const [first] = separators
  const uniform = separators === first!.repeat(separators.length)
  const groups = plain.split(/[.,]/)
  if (separators.length === 1) {
    const [whole, fraction] = groups as [string, string]
    const decimal = lowestForm(whole, fraction)
    if (fraction.length !== 3 || whole.startsWith('0') || whole.length > 3) return [decimal]
    const thousands = lowestForm(whole + fraction, '')
    if (locale !== undefined && POINT_LOCALES.test(locale)) return [first === '.' ? decimal : thousands]
    return [decimal, thousands]
  }
  const grouped = groups.slice(1).every((group) => group.length === 3)
  if (uniform) return grouped ? [lowestForm(groups.join(''), '')] : [plain]
  const last = groups.at(-1)!
  return groups.slice(1, -1).every((group) => group.length === 3) ? [lowestForm(groups.slice(0, -1).join(''), last)] : [plain]
}

/** What a product's own data states. */
export interface SourceFacts {
  /** Every number, with or without a unit. */
  readonly numbers: Set<string>
  /** Numbers without a unit. */
  readonly bare: Set<string>
  /** "unit name\nnumber" of every quantity. */
  readonly quantities: Set<string>
  /** "dimension\nvalue in its base unit" of every quantity, for exact conversions. */
  readonly bases: Set<string>
  readonly units: Set<string>
  readonly codes: Set<string>
  /** How many entries the product's lists have. */
  readonly counts: Set<string>
  /** All text, squashed, a line per value; made when first needed. */
  squashed(): string
  /** Words in capitals, for marks such as CE. */
  hasWord(word: string): boolean
}

const WORDS: Readonly<Record<string, readonly string[]>> = {
  '1': ['one', 'single', 'ein', 'eine', 'un', 'une', 'uno'],
  '2': ['two', 'dual', 'double', 'twin', 'pair', 'zwei', 'doppelt', 'deux', 'dos', 'due', 'twee'],
  '3': ['three', 'triple', 'drei', 'trois', 'tres', 'tre', 'drie'],
  '4': ['four', 'quad', 'vier', 'quatre', 'cuatro', 'quattro'],
  '5': ['five', 'fünf', 'cinq', 'cinco', 'cinque', 'vijf'],
  '6': ['six', 'hexa', 'sechs', 'seis', 'sei', 'zes'],
  '7': ['seven', 'sieben', 'sept', 'siete', 'sette', 'zeven'],
  '8': ['eight', 'octa', 'acht', 'huit', 'ocho', 'otto'],
  '9': ['nine', 'neun', 'neuf', 'nueve', 'nove', 'negen'],
  '10': ['ten', 'zehn', 'dix', 'diez', 'dieci', 'tien'],
  '12': ['twelve', 'dozen', 'zwölf', 'douze', 'doce', 'dodici', 'twaalf'],
}
const WORD_NUMBERS = new Map(Object.entries(WORDS).flatMap(([number, words]) => words.map((word) => [word, number] as const)))
const WORD_NUMBER = new RegExp(String.raw`(?<![\p{L}\p{N}])(?:${[...WORD_NUMBERS.keys()].join('|')})(?![\p{L}\p{N}])`, 'giu')

const ADDRESS = /^(?:https?:)?\/\/\S+$/i
const LONGEST_READ = 100_000

/** Collects what a product's data states: values, and units and versions in the names of its fields. */
export function sourceFacts(values: Readonly<Record<string, unknown>>): SourceFacts {
  const facts = {
    numbers: new Set<string>(),
    bare: new Set<string>(),
    quantities: new Set<string>(),
    bases: new Set<string>(),
    units: new Set<string>(),
    codes: new Set<string>(),
    counts: new Set<string>(),
  }
  const texts: string[] = []
  for (const [key, value] of Object.entries(values)) {
    const unitText = values[`${key}-unit`] ?? values[`${key}_unit`] ?? values[`${key} unit`]
    const unit = (typeof unitText === 'string' ? unitOf(unitText.toLowerCase()) : undefined) ?? unitOfKey(key)
    for (const text of valueTexts(value, facts.counts)) {
      if (text === '' || ADDRESS.test(text)) continue
      const plain = normalise(withoutHidden(withoutHtml(text)))
      texts.push(plain)
      addMentions(facts, mentionsIn(plain), unit)
      const inDigits = plain.replace(WORD_NUMBER, (word) => WORD_NUMBERS.get(word.toLowerCase())!)
      if (inDigits !== plain) addMentions(facts, mentionsIn(inDigits), unit)
      addListCount(facts.counts, plain)
    }
    const keyText = normalise(key).replace(NUMBERS_IN_NAME, '$1.$2').replace(/_+/g, ' ')
    if (/\d/.test(keyText)) addMentions(facts, mentionsIn(keyText), undefined)
    texts.push(keyText)
  }
  let squashedText: string | undefined
  let joinedText: string | undefined
  return {
    ...facts,
    squashed: () => (squashedText ??= `\n${texts.map((text) => expandStandards(text)).join('\n')}\n`),
    hasWord: (word) => new RegExp(String.raw`(?<![\p{L}\p{N}])${word}(?![\p{L}\p{N}])`, 'u').test((joinedText ??= texts.join('\n'))),
  }
}

/** Squashed text, with every name of its standards: 802.11b and 802.11g for "802.11b/g". */
function expandStandards(text: string): string {
  const squashed = squash(text)
  const names = standardsIn(text).flatMap((mention) => mention.names)
  return names.length === 0 ? squashed : `${squashed}\n${names.join('\n')}`
}

type Sets = Omit<SourceFacts, 'squashed' | 'hasWord'>

function addMentions(facts: Sets, mentions: Mentions, keyUnit: Unit | undefined): void {
  for (const { text, readings, unit: own, unitInherited } of mentions.numbers) {
    const unit = own ?? keyUnit
    for (const reading of readings) {
      if (reading === SEPARATE) continue
      facts.numbers.add(reading)
      if (unit === undefined || unitInherited) facts.bare.add(reading)
      if (unit !== undefined) addQuantity(facts, reading, unit)
    }
    if (!readings.includes(SEPARATE)) continue
    for (const group of separateGroups(text)) {
      facts.numbers.add(group)
      facts.bare.add(group)
    }
  }
  for (const { code } of mentions.codes) {
    facts.codes.add(code)
    // 16x, T5240, 4700n: their digits are known too, when there are enough of them to mean something.
    for (const run of code.match(/\d+(?:\.\d+)?/g) ?? [])
      if (run.length >= 3 || code.startsWith(run)) facts.numbers.add(lowestForm(run.split('.')[0]!, run.split('.')[1] ?? ''))
    for (const part of code.split(/(?<=\d)(?=\p{L})|(?<=\p{L})(?=\d)/u)) if (part.length >= 3) facts.codes.add(part)
  }
}

/** The groups of "20 000 000", as numbers of their own. */
export const separateGroups = (text: string): string[] =>
  text.split(' ').flatMap((group) => (/^\d+$/.test(group) ? [lowestForm(group, '')] : []))

function addQuantity(facts: Sets, reading: string, unit: Unit): void {
  facts.units.add(unit.name)
  facts.quantities.add(`${unit.name}\n${reading}`)
  for (const base of basesOf(reading, unit)) facts.bases.add(base)
}

/** A quantity in its dimension's base unit, exactly; in both counts for memory. */
export function basesOf(reading: string, unit: Unit): string[] {
  if (!/^\d{1,30}(?:\.\d{1,30})?$/.test(reading)) return []
  const bases = [`${unit.dimension}\n${multiplyDecimals(reading, unit.factor)}`]
  if (unit.binaryFactor !== undefined) bases.push(`${unit.dimension}/1024\n${multiplyDecimals(reading, unit.binaryFactor)}`)
  return bases
}

/** "Width (mm)", "weight_kg": the unit that a field's name gives. */
function unitOfKey(key: string): Unit | undefined {
  const bracketed = /[([]\s*([^()[\]]{1,12})\s*[)\]]\s*$/.exec(key)?.[1]
  if (bracketed !== undefined) return unitOf(bracketed.trim())
  const last =
    /[_ .-](mm|cm|kg|inch|inches|lbs?|oz|mah|wh|kwh|kw|watts?|volts?|gb|mb|tb|hz|khz|mhz|ghz|ml|db|dpi|rpm|percent|grams?|liters?|litres?|hours?|minutes?|seconds?|years?|months?|days?)$/i.exec(
      key,
    )?.[1]
  return last === undefined ? undefined : (unitOf(last) ?? unitOf(last.toUpperCase()))
}

function valueTexts(value: unknown, counts: Set<string>): string[] {
  if (typeof value === 'string') return [value.length > LONGEST_READ ? value.slice(0, LONGEST_READ) : value]
  if (typeof value === 'number' || typeof value === 'bigint') return [plainNumber(value)]
  if (Array.isArray(value)) {
    counts.add(String(value.length))
    return value.slice(0, 500).flatMap((entry) => valueTexts(entry, counts))
  }
  if (value === null || typeof value !== 'object') return []
  const entries = Object.entries(value).slice(0, 500)
  const record = Object.fromEntries(entries)
  const amount: unknown = record['amount'] ?? record['value']
  if (typeof record['unit'] === 'string' && (typeof amount === 'string' || typeof amount === 'number'))
    return [`${amount} ${record['unit'].toLowerCase()}`]
  return entries.flatMap(([key, entry]) => [key, ...valueTexts(entry, counts)])
}

/** Numbers as digits, never with an exponent. */
export function plainNumber(value: number | bigint): string {
  const text = String(value)
  return /e/i.test(text) && typeof value === 'number'
    ? value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 20 })
    : text
}

function addListCount(counts: Set<string>, text: string): void {
  for (const separator of [',', ';', '|', '\n']) {
    if (!text.includes(separator)) continue
    const entries = text.split(separator).filter((entry) => /\p{L}/u.test(entry)).length
    if (entries >= 2 && entries <= 30) counts.add(String(entries))
  }
}
