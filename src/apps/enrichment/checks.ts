import type { ValueFlag } from '../../db/schema/catalogue.ts'
import { basesOf, plainNumber, sourceFacts, type SourceFacts } from './facts.ts'
import { codeOf, mentionsIn, normalise, readingsOf, SEPARATE, separateGroups, type CodeMention, type NumberMention } from './mentions.ts'
import { squash, standardsIn, type StandardMention } from './standards.ts'
import { lowestForm } from '../../base/units.ts'
import type { FieldValue } from './validate.ts'

/**
 * Finds in generated values what the product's own data does not state: numbers, units, standards. A flag is no proof of
 * an error, its absence no proof of truth: it says where a person should look. Numbers in words up to twelve are not
 * flagged; signs are not compared; a number that stands in the data with another meaning passes.
 */

const factsOf = new WeakMap<Readonly<Record<string, unknown>>, SourceFacts>()

/**
 * Flags of one written value. `productValues` is all of the product's own data, whether the model saw it or not; what
 * it states is collected once per object.
 */
export function flagValue(input: { value: FieldValue; productValues: Readonly<Record<string, unknown>>; locale: string }): ValueFlag[] {
  const { value, productValues, locale } = input
  const texts = typeof value === 'object' ? Object.entries(value).flat() : [typeof value === 'number' ? plainNumber(value) : value]
  const flags: ValueFlag[] = []
  for (const text of texts) {
    if (!mayClaim(text)) continue
    let facts = factsOf.get(productValues)
    if (!facts) factsOf.set(productValues, (facts = sourceFacts(productValues)))
    // A number of its own is the machine's, whatever the language of the texts.
    for (const flag of flagText(text, facts, typeof value === 'number' ? 'en' : locale)) {
      if (!flags.some((other) => other.text === flag.text && other.reason === flag.reason)) flags.push(flag)
    }
  }
  return flags
}

/** Without a digit or a capital there is nothing to compare. */
const mayClaim = (text: string): boolean => /[\p{N}\p{Lu}]|bluetooth|usb|wi-?fi|wlan|hdmi|rohs/u.test(text)

/** Flags of one text. */
export function flagText(text: string, facts: SourceFacts, locale: string): ValueFlag[] {
  const plain = normalise(text)
  const flags: ValueFlag[] = []
  let rest = plain
  for (const mention of standardsIn(plain)) {
    if (!knowsStandard(facts, mention)) flags.push({ reason: 'standard_not_in_source', text: mention.text })
    // What a standard is called is no number of its own.
    rest = rest.slice(0, mention.start) + ' '.repeat(mention.end - mention.start) + rest.slice(mention.end)
  }
  if (!/\d/.test(rest)) return flags
  const { numbers, codes } = mentionsIn(rest, locale)
  for (const number of numbers) {
    if (isListMarker(rest, number)) continue
    const reason = judgeNumber(facts, number)
    if (reason && !isCopied(facts, plain, number)) flags.push({ reason, text: number.text.trim() })
  }
  for (const code of codes)
    if (!knowsCode(facts, code, locale) && !isCopied(facts, plain, code)) flags.push({ reason: 'number_not_in_source', text: code.text })
  return flags
}

function judgeNumber(facts: SourceFacts, mention: NumberMention): ValueFlag['reason'] | undefined {
  const { readings, unit, unitInherited } = mention
  const known =
    readings.some((reading) => facts.numbers.has(reading)) ||
    (readings.includes(SEPARATE) && separateGroups(mention.text).every((group) => facts.numbers.has(group)))
  if (unit === undefined || unitInherited) {
    if (known || (unit === undefined && (readings.includes('1') || readings.some((reading) => facts.counts.has(reading))))) return undefined
    return unit !== undefined && converts(facts, mention) ? undefined : 'number_not_in_source'
  }
  // "40 degrees" leaves open which.
  const names = unit.name === '°' ? ['°', '°C', '°F'] : [unit.name]
  const stated = readings.some((reading) => names.some((name) => facts.quantities.has(`${name}\n${reading}`)))
  if (stated || converts(facts, mention)) return undefined
  if (readings.some((reading) => facts.bare.has(reading)) && facts.units.has(unit.name)) return undefined
  return known ? 'unit_not_in_source' : 'number_not_in_source'
}

function converts(facts: SourceFacts, { readings, unit }: NumberMention): boolean {
  return unit !== undefined && readings.some((reading) => basesOf(reading, unit).some((base) => facts.bases.has(base)))
}

/** Whether it is part of a longer word that the data has as it is: the 99 of "TCO'99", the 03 of "60950-1-03". */
function isCopied(facts: SourceFacts, text: string, { start, end }: { start: number; end: number }): boolean {
  const before = /\S*$/.exec(text.slice(Math.max(0, start - 60), start))![0]
  const after = /^\S*/.exec(text.slice(end, end + 60))![0]
  const word = `${before}${text.slice(start, end)}${after}`.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')
  return word.length > end - start + 1 && word.length >= 4 && contains(facts.squashed(), squash(word))
}

/** "1." or "2)" at the start of a line. */
function isListMarker(text: string, { start, end }: NumberMention): boolean {
  return /^[.)]\s/.test(text.slice(end, end + 2)) && /(?:^|\n)\s*$/.test(text.slice(Math.max(0, start - 20), start))
}

function knowsCode(facts: SourceFacts, { text, code }: CodeMention, locale: string): boolean {
  if (facts.codes.has(code)) return true
  if (contains(facts.squashed(), squash(code).replace(/[.,]+$/, ''))) return true
  // Series-7, 16-port, 3-in-1, X-500: known when each of their numbers is.
  const parts = text.split(/[^\p{L}\p{N}.,]+/u).filter((part) => /\d/.test(part))
  if (parts.length === 0 || (parts.length === 1 && codeOf(parts[0]!) === code)) return false
  return parts.every((part) =>
    /^[\d.,]+$/.test(part)
      ? readingsOf(part.replace(/[.,]+$/, ''), locale).some((reading) => facts.numbers.has(reading))
      : facts.codes.has(codeOf(part)) || contains(facts.squashed(), squash(part)),
  )
}

/** Whether a squashed name stands in squashed text and is not the start or end of a longer number. */
function contains(text: string, name: string): boolean {
  if (name.length < 2) return false
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const after = text[at + name.length] ?? '\n'
    const next = text[at + name.length + 1] ?? '\n'
    const longer = /\d$/.test(name) && (/\d/.test(after) || (/[.,]/.test(after) && /\d/.test(next)))
    if (!longer && !(/^\d/.test(name) && /\d[.,]?$/.test(text.slice(Math.max(0, at - 2), at)))) return true
  }
  return false
}

function knowsStandard(facts: SourceFacts, { text, names, wholeWord }: StandardMention): boolean {
  if (wholeWord) return facts.hasWord(text)
  const squashed = facts.squashed()
  if (names.some((name) => contains(squashed, name) || facts.codes.has(name.toLowerCase()))) return true
  // "ISO 400" of a camera whose data has "iso sensitivity: 400".
  const [, word, number] = /^(\p{Lu}{2,})[ -]?(\d{3,})$/u.exec(text) ?? []
  return word !== undefined && number !== undefined && facts.numbers.has(lowestForm(number, '')) && squashed.includes(squash(word))
}
