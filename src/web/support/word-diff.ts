import { diffWords } from 'diff'

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

/** What became of a text, word by word; words as the language has them, so that Japanese and Thai have some too. */
export function wordDiff(before: string, after: string, locale = 'en'): DiffPart[] {
  return diffWords(before, after, { intlSegmenter: wordsOf(locale) }).map(({ value, added, removed }) => ({
    kind: added ? 'put' : removed ? 'taken' : 'same',
    text: value,
  }))
}
