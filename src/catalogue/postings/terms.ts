import { createHash } from 'node:crypto'
import { isAscii } from '../words.ts'

/**
 * What a product can be found by, each as a term: a letter for its kind, then the value in UTF-8, held as one character a byte
 * (page.ts). Everything that is filtered by is a term made here: a new filter is a new kind.
 */
export type Term = string

export const WORD = 'w'
/** The beginning of a word that many words share; segment-writer.ts makes these, and only the search for words reads them. */
export const WIDE = '~'

const LONGEST = 2_000 // bytes of a value: the database indexes it; of a longer one its beginning and its hash
const LONGEST_WORD = 40 // characters
const LONGEST_UNSPACED = 8 // characters, where words are written without spaces between them

const exactly = (kind: string, value: string): Term => {
  const bytes = toBytes(value)
  if (bytes.length <= LONGEST) return kind + bytes
  return `${kind}${bytes.slice(0, LONGEST)}\0${createHash('sha256').update(value).digest('base64url')}`
}

const toBytes = (text: string): string => (isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1'))

export const ofSource = (sourceId: string): Term => exactly('s', sourceId)
/** null: without a family. */
export const ofFamily = (family: string | null): Term => exactly('f', family ?? '')
/** The attribute has a current value. */
export const withAttribute = (attribute: string): Term => exactly('a', attribute)
/** The product has everything that its family asks for in a channel and a language (`placeKey`). */
export const completeIn = (place: string): Term => exactly('c', place)
export const incompleteIn = (place: string): Term => exactly('i', place)
/** A category, or one above it ("Garden > Lamps" is in "Garden"), as the product's file writes it. */
export const inCategory = (category: string): Term => exactly('k', category)
/** A value of the attribute does not fit its type. */
export const withMisfit = (attribute: string): Term => exactly('m', attribute)
/** Some value does not fit its type. */
export const withMisfits: Term = 'm'
/** 0 to 100; in the order of their numbers. */
export const ofQuality = (score: number): Term => `${belowTens(score)}=`
/** For each score that ends with 0 and is higher than the product's, so that few terms answer for many scores. */
export const belowQualities = (score: number): readonly Term[] => BELOW_TENS.slice(Math.floor(score / 10))
/** What is below 70 is one term; what is below 75 that one, and the scores of 70 to 74, which come next in the order of terms. */
export const belowQuality = (score: number): Wanted => ({ first: belowTens(score - (score % 10)), last: ofQuality(score) })
const belowTens = (score: number): Term => `q${String(score).padStart(3, '0')}`
const BELOW_TENS = Array.from({ length: 10 }, (_, tens) => belowTens((tens + 1) * 10))
export const SOURCES: Wanted = { first: 's', last: 't' }
export const FAMILIES: Wanted = { first: 'f', last: 'g' }
export const CATEGORIES: Wanted = { first: 'k', last: 'l' }
export const ATTRIBUTES: Wanted = { first: 'a', last: 'b' }
/** The value in a term, where it was not too long. */
export const namedBy = (term: Term): string => Buffer.from(term.slice(1), 'latin1').toString('utf8')
export const withProposals: Term = 'p'
export const withFlagged: Term = 'p!'
export const withStale: Term = 'p~'
/** The product has a parent from which it has what it lacks. */
export const isVariant: Term = 'v'

/** Terms that a question asks for: one, or all from the first up to the last, which is not among them. */
export interface Wanted {
  readonly first: Term
  readonly last?: Term
  /** Where a segment has this entry, it says the same as all of the others. */
  readonly wide?: Term
}

/** Letters of scripts that put no space between words. */
const UNSPACED =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Thai}|\p{Script=Lao}|\p{Script=Khmer}|\p{Script=Myanmar}/u
const STARTS = {
  behindSign: /[-./_:+#&'’](?=[\p{L}\p{N}])/gu,
  number: /(?<=\p{L})(?=\p{N})/gu,
}

/**
 * The terms that a folded word is found by: itself and its parts, each by its beginning. A part begins behind a sign ("na-3455-12"
 * is found by "3455" and by "12"), at a number behind letters ("hp250" by "250"), and at every letter of a script without spaces.
 * A code with signs is found without them as well ("na345512").
 */
export function wordTerms(word: string): readonly Term[] {
  const known = termsOfWords.get(word)
  if (known) return known
  if (termsOfWords.size >= MOST_KEPT_WORDS) termsOfWords.clear()
  const terms = findTerms(word)
  termsOfWords.set(word, terms)
  return terms
}

/** Few words are most of what products say. */
const MOST_KEPT_WORDS = 50_000
const termsOfWords = new Map<string, readonly Term[]>()

function findTerms(word: string): Term[] {
  const terms = new Set<Term>()
  for (const run of runsOf(word)) {
    if (run.unspaced) {
      const letters = lettersOf(run.text)
      for (let at = 0; at < letters.length; at += 1) terms.add(wordTerm(letters.slice(at, at + LONGEST_UNSPACED)))
      continue
    }
    const starts = [0]
    for (const { index } of run.text.matchAll(STARTS.behindSign)) starts.push(index + 1)
    for (const { index } of run.text.matchAll(STARTS.number)) starts.push(index)
    for (const start of starts) terms.add(wordTerm(lettersOf(run.text.slice(start, start + 2 * LONGEST_WORD))))
    if (starts.length > 1 && /\p{N}/u.test(run.text)) terms.add(wordTerm(lettersOf(run.text.replace(/[^\p{L}\p{N}]/gu, ''))))
  }
  return [...terms]
}

/** The characters of Unicode, none of them cut in two. */
const lettersOf = (text: string): string[] => Array.from(text)

const wordTerm = (letters: readonly string[]): Term =>
  WORD + toBytes(letters.length > LONGEST_WORD ? letters.slice(0, LONGEST_WORD).join('') : letters.join(''))

/** What a folded word that a person typed asks for: all of these. */
export function wantedWord(word: string): Wanted[] {
  return runsOf(word).flatMap(({ text, unspaced }) => {
    const letters = lettersOf(text)
    if (!unspaced || letters.length <= LONGEST_UNSPACED) return [beginningWith(letters)]
    const windows = letters.slice(LONGEST_UNSPACED - 1).map((_, at) => letters.slice(at, at + LONGEST_UNSPACED))
    return windows.map(beginningWith)
  })
}

function beginningWith(letters: readonly string[]): Wanted {
  const first = wordTerm(letters)
  return { first, last: after(first), wide: WIDE + first.slice(WORD.length) }
}

/** The least term that begins otherwise and comes later. UTF-8 has no byte 0xff. */
const after = (term: Term): Term => `${term}\u00ff`

interface Run {
  readonly text: string
  readonly unspaced: boolean
}

/** A word, cut where a script without spaces begins or ends. */
function runsOf(word: string): Run[] {
  if (isAscii(word) || !UNSPACED.test(word)) return [{ text: word, unspaced: false }]
  const runs: { text: string; unspaced: boolean }[] = []
  for (const letter of word) {
    const unspaced = UNSPACED.test(letter)
    const last = runs.at(-1)
    if (last?.unspaced === unspaced) last.text += letter
    else runs.push({ text: letter, unspaced })
  }
  return runs.filter(({ text }) => /[\p{L}\p{N}]/u.test(text))
}
