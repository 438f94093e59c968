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

/** An option with what else it is called: its code, its labels. */
export interface NamedOption {
  readonly option: string
  readonly names: readonly string[]
}

/** A number alone says nothing of what it counts. */
const isFindable = (words: readonly Word[]): boolean => words.some(({ folded }) => /\p{L}/u.test(folded)) && joined(words).length > 1

const joined = (words: readonly Word[]): string => words.map((word) => word.folded).join(' ')

/** "XL" is a size, "or" is gold to some and a word to others: names of two letters are found in capitals, if they are written so. */
const isShort = (words: readonly Word[]): boolean => words.length === 1 && words[0]!.folded.length <= 2

/**
 * An index over options; those that cannot be told from other words are left out. A name that two of them have is known, so that it
 * is taken for neither.
 */
export function indexOptions(options: readonly NamedOption[]): OptionIndex {
  const byFirst = new Map<string, Entry[]>()
  const known = new Map<string, Entry>()
  const add = (option: string, name: string, isName: boolean): void => {
    const words = wordsOf(name)
    const key = `${joined(words)}${signOf(name) ?? ''}${DIVIDES.test(name) ? gapsOf(name, words).join(' ') : ''}`
    const before = known.get(key)
    if (before && isName && before.option !== option) before.option = SHARED
    if (before || !isFindable(words)) return
    const exactly = isName && isShort(words)
    if (exactly && name !== name.toUpperCase()) return
    const entry: Entry = {
      words: words.map((word) => word.folded),
      name,
      option,
      exactly,
      between: DIVIDES.test(name) ? gapsOf(name, words) : undefined,
    }
    known.set(key, entry)
    const first = words[0]!.folded
    byFirst.set(first, [...(byFirst.get(first) ?? []), entry])
  }
  for (const { option } of options) add(option, option, false)
  for (const { option, names } of options) for (const name of names) add(option, name, true)
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
        const standing = standingOf(text, words, { first: at, last, option: found.name })
        mentions.push({
          option: found.option,
          start: words[at]!.start,
          end: words[last]!.end,
          standing: found.option === SHARED && standing === 'plain' ? 'unsure' : standing,
        })
        at = last + 1
      }
      return mentions
    },
  }
}

/** No option: two have this name. */
const SHARED = ''

interface Entry {
  readonly words: readonly string[]
  readonly name: string
  option: string
  readonly exactly: boolean // in the letters that it is written in
  readonly between: readonly string[] | undefined // of "Black,Silver": what stands between its words stands there in a text too
}

/** What makes two of one. */
const DIVIDES = /[,;:|]/

const gapsOf = (text: string, words: readonly Word[]): string[] =>
  words.slice(1).map(({ start }, index) => text.slice(words[index]!.end, start).replace(/\s+/g, ''))

const isAt = ({ words: wanted, name, exactly, between }: Entry, words: readonly Word[], at: number, text: string): boolean =>
  wanted.every((word, index) => words[at + index]?.folded === word) &&
  (!between || gapsOf(text, words.slice(at, at + wanted.length)).every((gap, index) => gap === between[index])) &&
  (!exactly || text.slice(words[at]!.start, words[at]!.end) === name) &&
  signAfter(text, words[at + wanted.length - 1]!.end) === signAfter(name, name.length - (signOf(name)?.length ?? 0))

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
  if (DIVIDES.test(option)) return 'plain'
  // Words of one option that something else divides: "Stainless, steel".
  for (let at = first; at < last; at += 1) if (DIVIDES.test(text.slice(words[at]!.end, words[at + 1]!.start))) return 'unsure'
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

const ownMentions = (index: OptionIndex, text: string, aside: readonly Span[]): OptionMention[] =>
  index.find(text).filter(({ start, end, standing }) => standing !== 'other' && !aside.some((span) => span.start < end && start < span.end))

/** All options that a text names, each with its words, where an attribute may have several. Undefined: one of them is no sure answer. */
export function allOptions(
  index: OptionIndex,
  text: string,
  aside: readonly Span[] = [],
): readonly { readonly option: string; readonly words: string }[] | undefined {
  const byOption = Map.groupBy(ownMentions(index, text, aside), ({ option }) => option)
  const found = [...byOption].map(([option, mentions]) => {
    const plain = mentions.find(({ standing }) => standing === 'plain')
    return plain && { option, words: text.slice(plain.start, plain.end) }
  })
  return found.every((one) => one !== undefined) ? found : undefined
}

/** Different options, or one that is negated or tied to another word, are no answer. */
export function oneOption(index: OptionIndex, text: string, aside: readonly Span[] = []): OptionAnswer {
  const mentions = ownMentions(index, text, aside)
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
