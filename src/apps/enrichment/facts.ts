import { lowestForm, multiplyDecimals, unitOf, type Unit } from '../../base/units.ts'
import { mentionsIn, normalise, SEPARATE, separateGroups, type Mentions } from './mentions.ts'
import { LONGEST_READ, NUMBERS_IN_NAME } from './show.ts'
import { squash, standardsIn } from './standards.ts'
import { withoutHidden, withoutHtml } from './text.ts'

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
