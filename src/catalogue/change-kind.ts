import { multiplyDecimals, unitOf } from '../base/units.ts'
import type { ChangeKind } from '../contract/review-groups.ts'
import { isEmptyValue } from './current.ts'

/**
 * What kind of change a proposal is, so that alike ones can be looked at and decided on together. Words are compared without
 * their case and the signs between them; numbers keep their own signs, so that "1.5" never counts as "15".
 */
export interface KindOfChange {
  readonly kind: ChangeKind
  /** What tells groups of one kind apart: "inox → steel", or the attribute whose value the words are. null: nothing. */
  readonly words: string | null
}

/** `data`: the product's other values, where names of moved and added words are looked for. `isOption`: its recipe lists the value. */
export interface ChangedPair {
  readonly before: unknown
  readonly after: unknown
  readonly data: Readonly<Record<string, unknown>>
  readonly isOption: boolean
}

/** The kind of a change from one value to another; the first that fits, from the least to the most that can be wrong. */
export function kindOfChange({ before, after, data, isOption }: ChangedPair): KindOfChange {
  if (isEmptyValue(after)) return plain(isEmptyValue(before) ? 'same' : 'cleared')
  if (isEmptyValue(before)) return plain('new')
  const [was, is] = [textOf(before), textOf(after)]
  if (was === is) return plain('same')
  if (isOption) return plain('option')
  const [bare, shown] = [withoutMarkup(was), withoutMarkup(is)]
  if (bare === shown && (bare !== was || shown !== is)) return plain('markup_only')
  return kindOfWords(comparedWords(bare), comparedWords(shown), data)
}

const plain = (kind: ChangeKind): KindOfChange => ({ kind, words: null })

function kindOfWords(before: readonly string[], after: readonly string[], data: ChangedPair['data']): KindOfChange {
  if (isSame(before, after)) return plain('case_or_punctuation')
  if (isSame(inBaseUnits(before), inBaseUnits(after))) return plain('units_normalised')
  const moved = movedToFront(before, after)
  if (moved) return { kind: 'moved_to_front', words: attributeSaying(moved, data) }
  if (isSame(before.toSorted(), after.toSorted())) return plain('words_reordered')
  if (before.length === 0 || after.length === 0) return plain('rewritten') // signs alone
  const added = after.length - before.length
  if (added > 0 && sharedStart(before, after) === before.length)
    return { kind: 'added_at_end', words: attributeSaying(after.slice(before.length), data) }
  if (added > 0 && sharedStart(before, after.slice(added)) === before.length)
    return { kind: 'added_at_front', words: attributeSaying(after.slice(0, added), data) }
  const start = sharedStart(before, after)
  const end = sharedStart(before.slice(start).toReversed(), after.slice(start).toReversed())
  const taken = before.slice(start, before.length - end)
  const put = after.slice(start, after.length - end)
  if (isWithin(taken, put)) return plain('lengthened')
  if (isWithin(put, taken)) return plain('shortened')
  if (taken.length === put.length && taken.every((word, index) => word === put[index] || (isNumber(word) && isNumber(put[index]!))))
    return plain('number_changed')
  if (taken.length === 1 && put.length === 1) return { kind: 'word_replaced', words: `${shortWord(taken[0]!)} → ${shortWord(put[0]!)}` }
  return plain('rewritten')
}

/** A value as one text: an entry a line. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(textOf).join('\n')
  if (typeof value !== 'object' || value === null) return value === null || value === undefined ? '' : JSON.stringify(value)
  return Object.entries(value)
    .map(([name, entry]) => `${name}: ${textOf(entry)}`)
    .join('\n')
}

const TAG = /<\/?[a-z][a-z0-9]*(?:\s[^<>]{0,2000})?\/?>/giu
const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&nbsp;': ' ' }
const MARKDOWN = /(\*\*|__|`)(?=\S)(.{1,2000}?)(?<=\S)\1/gu

/** A text without tags, entities and emphasis; every run of white space is one space. */
function withoutMarkup(text: string): string {
  const untagged = text.includes('<') ? text.replace(TAG, ' ') : text
  const decoded = untagged.includes('&') ? untagged.replace(/&(?:amp|lt|gt|quot|nbsp|#39);/gu, (entity) => ENTITIES[entity]!) : untagged
  return decoded
    .replace(MARKDOWN, '$2')
    .replace(/\s+/gu, ' ')
    .replace(/ (?=[.,;:!?])/gu, '')
    .trim()
}

/** Scripts that put no space between words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
const segmenter = new Intl.Segmenter('und', { granularity: 'word' })

// Numbers keep their sign and what stands between their digits; letters and digits that touch are one word; signs that say
// something (€, %, +, #) are words of their own, other punctuation and ® ™ © is left out.
const WORD =
  /(?<![\p{L}\p{N}])[-−+±](?=\p{N})[\p{L}\p{N}\p{M}]+(?:(?<=\p{N})[.,:/'’-](?=\p{N})[\p{L}\p{N}\p{M}]+)*|[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:(?:(?<=\p{N})[.,:/'’-](?=\p{N})|(?<=\p{L})['’](?=\p{L}))[\p{L}\p{N}\p{M}]+)*|[#&%@‰]|(?![®™©`^])\p{S}/gu

/** The words of a text as they are compared: folded, without the signs between them. */
export function comparedWords(text: string): string[] {
  const folded = text.normalize('NFKC').toLowerCase().replaceAll('−', '-').replaceAll('’', "'")
  const words = folded.match(WORD) ?? []
  if (!UNSPACED.test(folded)) return words
  return words.flatMap((word) => (UNSPACED.test(word) ? Array.from(segmenter.segment(word), ({ segment }) => segment) : [word]))
}

const isSame = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((word, index) => word === b[index])
const isNumber = (word: string): boolean => /\p{N}/u.test(word)

/** How many words both begin with. */
function sharedStart(a: readonly string[], b: readonly string[]): number {
  let count = 0
  while (count < a.length && count < b.length && a[count] === b[count]) count += 1
  return count
}

/** Whether all words of the one stand in the other, in their order. */
function isWithin(fewer: readonly string[], more: readonly string[]): boolean {
  if (fewer.length > more.length) return false
  let found = 0
  for (const word of more) if (word === fewer[found]) found += 1
  return found === fewer.length
}

const MOST_MOVED = 20 // words

/** The words at the front that stood further back before, when nothing else changed. */
function movedToFront(before: readonly string[], after: readonly string[]): readonly string[] | undefined {
  if (before.length !== after.length) return undefined
  for (let size = 1; size <= Math.min(MOST_MOVED, after.length - 1); size += 1) {
    if (after[size] !== before[0]) continue
    const rest = after.slice(size)
    const at = sharedStart(before, rest)
    // The shared start may run into the moved words, where they begin like what follows them.
    for (let from = at; from >= 1; from -= 1) {
      if (
        isSame([...before.slice(0, from), ...before.slice(from + size)], rest) &&
        isSame(before.slice(from, from + size), after.slice(0, size))
      )
        return after.slice(0, size)
    }
  }
  return undefined
}

const BRAND = /^(?:brand|manufacturer|vendor|supplier|make|marke|hersteller|marque|fabricant|marca)(?:[ _-]?name)?$/iu
const LONGEST_NAMED = 100 // characters of a value that gives its attribute's name to words

/** The attribute whose value these words are; its brand first. null: none says just that. */
function attributeSaying(words: readonly string[], data: Readonly<Record<string, unknown>>): string | null {
  let found: string | null = null
  for (const [attribute, value] of Object.entries(data)) {
    if (typeof value !== 'string' || value.length > LONGEST_NAMED || !isSame(comparedWords(value), words)) continue
    if (BRAND.test(attribute)) return attribute
    found ??= attribute
  }
  return found
}

const LONGEST_WORD = 60 // characters

const shortWord = (word: string): string => (word.length > LONGEST_WORD ? `${word.slice(0, LONGEST_WORD - 1).toWellFormed()}…` : word)

/** Quantities in the base unit of what they measure: "1,5 kg", "1.5kg" and "1500 g" are one. What is no quantity stays. */
function inBaseUnits(words: readonly string[]): string[] {
  const all = words.flatMap((word) => {
    const [, number, unit] = /^([-+±]?\d+(?:[.,]\d+)?)(\p{L}+|%)$/u.exec(word) ?? []
    return number && unit && unitOf(unit) ? [number, unit] : [word]
  })
  const measured: string[] = []
  for (let index = 0; index < all.length; index += 1) {
    const [word, next] = [all[index]!, all[index + 1]]
    const [, sign = '', whole, fraction = ''] = /^([-+±]?)(\d+)(?:[.,](\d+))?$/u.exec(word) ?? []
    const unit = next === undefined || whole === undefined ? undefined : unitOf(next)
    if (!unit || whole === undefined) {
      measured.push(word)
      continue
    }
    const number = fraction === '' ? whole : `${whole}.${fraction}`
    measured.push(`${sign}${multiplyDecimals(number, unit.factor)} ${unit.dimension}`)
    index += 1
  }
  return measured
}
