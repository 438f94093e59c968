import { diffArrays } from 'diff'

export interface DiffPart {
  readonly kind: 'same' | 'taken' | 'put'
  readonly text: string
}

const segmenters = new Map<string, Intl.Segmenter>()

function wordsOf(locale: string): Intl.Segmenter {
  const known = segmenters.get(locale)
  if (known) return known
  const made = new Intl.Segmenter(locale, { granularity: 'word' })
  segmenters.set(locale, made)
  return made
}

const split = (text: string, locale: string): string[] => Array.from(wordsOf(locale).segment(text), ({ segment }) => segment)

/**
 * What became of a text, word by word; words as the language has them, so that Japanese and Thai have some too. Exact to the space:
 * what is the same and taken is the text before, what is the same and put the text after (`diffWords` hides changes of spaces).
 */
export function wordDiff(before: string, after: string, locale = 'en'): DiffPart[] {
  return diffArrays(split(before, locale), split(after, locale)).map(({ value, added, removed }) => ({
    kind: added ? 'put' : removed ? 'taken' : 'same',
    text: value.join(''),
  }))
}
