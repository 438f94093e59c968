import { lowestForm, unitOf, type Unit } from '../../base/units.ts'

/** Finds the numbers, with their units, and the codes in a text. */

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
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
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

/** The groups of "20 000 000", as numbers of their own. */
export const separateGroups = (text: string): string[] =>
  text.split(' ').flatMap((group) => (/^\d+$/.test(group) ? [lowestForm(group, '')] : []))
