import { foldText, type Word, wordsOf } from './words.ts'

/** Options of an attribute, ready to be found in texts: by words, the longest first. */
export interface OptionIndex {
  readonly size: number
  /** Every mention of an option in a text, none inside another. */
  find(text: string): OptionMention[]
}

export interface OptionMention {
  readonly option: string // as it is listed
  readonly start: number
  readonly end: number
  /** `plain`: the words stand for themselves. `other`: they tell of something else, "for ...". `unsure`: tied to a neighbour, or negated. */
  readonly standing: 'plain' | 'other' | 'unsure'
}

/** A number alone says nothing of what it counts, and "Black,Silver" is two. */
const isFindable = (option: string, words: readonly Word[]): boolean =>
  words.some(({ folded }) => /\p{L}/u.test(folded)) && joined(words).length > 1 && !/[,;|]/.test(option)

const joined = (words: readonly Word[]): string => words.map((word) => word.folded).join(' ')

/** An index over options; those that cannot be told from other words are left out. */
export function indexOptions(options: readonly string[]): OptionIndex {
  const byFirst = new Map<string, Entry[]>()
  const known = new Set<string>()
  for (const option of options) {
    const words = wordsOf(option)
    const key = `${joined(words)}${signOf(option) ?? ''}`
    if (!isFindable(option, words) || known.has(key)) continue
    known.add(key)
    const first = words[0]!.folded
    byFirst.set(first, [...(byFirst.get(first) ?? []), { words: words.map((word) => word.folded), option }])
  }
  for (const entries of byFirst.values()) entries.sort((a, b) => b.words.length - a.words.length)
  return {
    size: known.size,
    find(text) {
      const words = wordsOf(text)
      const mentions: OptionMention[] = []
      for (let at = 0; at < words.length;) {
        const inflected = inflectedAt(byFirst, words[at]!)
        if (inflected !== undefined) mentions.push({ option: inflected, start: words[at]!.start, end: words[at]!.end, standing: 'unsure' })
        const found = byFirst.get(words[at]!.folded)?.find((entry) => isAt(entry, words, at, text))
        if (!found) {
          at += 1
          continue
        }
        const last = at + found.words.length - 1
        mentions.push({
          option: found.option,
          start: words[at]!.start,
          end: words[last]!.end,
          standing: standingOf(text, words, { first: at, last, option: found.option }),
        })
        at = last + 1
      }
      return mentions
    },
  }
}

interface Entry {
  readonly words: readonly string[]
  readonly option: string
}

const isAt = ({ words: wanted, option }: Entry, words: readonly Word[], at: number, text: string): boolean =>
  wanted.every((word, index) => words[at + index]?.folded === word) &&
  signAfter(text, words[at + wanted.length - 1]!.end) === signAfter(option, option.length - (signOf(option)?.length ?? 0))

/** "SPF 50" is not "SPF 50+". */
const signOf = (text: string): string | undefined => /[+%]$/.exec(text)?.[0]
const signAfter = (text: string, end: number): string => (/^[+%]/.test(text.slice(end)) ? text[end]! : '')

/** "Mens" speaks of "Men" too, in a form that is no option. */
function inflectedAt(byFirst: ReadonlyMap<string, readonly Entry[]>, { folded }: Word): string | undefined {
  const stem = /^(\p{L}{2,}?)(?:e?s|e[nrm])$/u.exec(folded)?.[1]
  if (stem === undefined) return undefined
  const entry =
    byFirst.get(stem)?.find(({ words }) => words.length === 1) ?? byFirst.get(`${stem}e`)?.find(({ words }) => words.length === 1)
  return entry?.option
}

const NEGATES = new Set([
  'no',
  'not',
  'non',
  'without',
  'ohne',
  'kein',
  'keine',
  'nicht',
  'sans',
  'pas',
  'sin',
  'senza',
  'zonder',
  'excl',
  'except',
  'never',
])
const NEGATES_AFTER = new Set(['free', 'frei', 'less', 'like', 'look', 'effect', 'style', 'optik', 'ish'])
const TELLS_OF_OTHERS = new Set([
  'for',
  'fits',
  'für',
  'pour',
  'para',
  'per',
  'voor',
  'compatible',
  'kompatibel',
  'compatibile',
  'suits',
  'replaces',
  'requires',
  'vs',
])
const NEGATION_REACHES = 2 // words

function standingOf(
  text: string,
  words: readonly Word[],
  { first, last, option }: { first: number; last: number; option: string },
): OptionMention['standing'] {
  const { clause } = words[first]!
  for (let at = first - 1; at >= 0 && words[at]!.clause === clause; at -= 1) {
    const word = words[at]!.folded
    if (TELLS_OF_OTHERS.has(word)) return 'other'
    if (first - at <= NEGATION_REACHES && NEGATES.has(word)) return 'unsure'
  }
  const after = words[last + 1]
  if (after?.clause === clause && NEGATES_AFTER.has(after.folded)) return 'unsure'
  if (!words[first]!.freeBefore || (!words[last]!.freeAfter && !signOf(option))) return 'unsure'
  // Words of one option that something else divides: "Stainless, steel".
  for (let at = first; at < last; at += 1) if (/[,;:|]/.test(text.slice(words[at]!.end, words[at + 1]!.start))) return 'unsure'
  return 'plain'
}

/** What a text says of an attribute: one option, as its words stand there; nothing; or something that is no answer. */
export type OptionAnswer =
  | { readonly kind: 'one'; readonly option: string; readonly words: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'unclear' }

/** Spans of a text that speak of something else, such as its brand. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Different options, or one that is negated or tied to another word, are no answer. */
export function oneOption(index: OptionIndex, text: string, aside: readonly Span[] = []): OptionAnswer {
  const mentions = index
    .find(text)
    .filter(({ start, end, standing }) => standing !== 'other' && !aside.some((span) => span.start < end && start < span.end))
  const [first] = mentions
  if (!first) return { kind: 'none' }
  if (mentions.some(({ option }) => option !== first.option)) return { kind: 'unclear' }
  const plain = mentions.find(({ standing }) => standing === 'plain')
  return plain ? { kind: 'one', option: plain.option, words: text.slice(plain.start, plain.end) } : { kind: 'unclear' }
}

/** Where a name stands in a text, as words. */
export function spansOf(text: string, name: string): Span[] {
  const wanted = wordsOf(name).map((word) => word.folded)
  if (wanted.length === 0 || !foldText(text).includes(wanted[0]!)) return []
  const words = wordsOf(text)
  return words.flatMap((_, at) =>
    wanted.every((word, index) => words[at + index]?.folded === word)
      ? [{ start: words[at]!.start, end: words[at + wanted.length - 1]!.end }]
      : [],
  )
}
