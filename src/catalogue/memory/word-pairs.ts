import { diffArrays } from 'diff'

const MOST_PAIRS = 10
const MOST_TAKEN = 3 // words
const MOST_PUT = 4
const MOST_EDITS = 200 // words: a text that was written anew teaches no words
const LONGEST = 100 // characters

/** Words that a person put in the place of others. `put` '': they were only taken out. */
export interface WordPair {
  readonly taken: string
  readonly put: string
}

const WORD = /[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}'’./_-]*[\p{L}\p{N}\p{M}])?/gu

/**
 * Which words took the place of which, where few did: what a person does in many texts alike. Numbers are the product's own and
 * teach nothing.
 */
export function wordPairs(before: string, after: string): WordPair[] {
  const parts = diffArrays(before.match(WORD) ?? [], after.match(WORD) ?? [], { maxEditLength: MOST_EDITS })
  if (!parts) return []
  const pairs = new Map<string, WordPair>()
  for (const [index, part] of parts.entries()) {
    if (!part.removed || part.value.length > MOST_TAKEN) continue
    const next = parts[index + 1]
    const put = next?.added ? next.value : []
    if (put.length > MOST_PUT || /\p{N}/u.test([...part.value, ...put].join(' '))) continue
    const pair = { taken: part.value.join(' '), put: put.join(' ') }
    if (pair.taken.length <= LONGEST && pair.put.length <= LONGEST) pairs.set(pairKey(pair), pair)
  }
  return [...pairs.values()].slice(0, MOST_PAIRS)
}

const ARROW = ' → '

/** "inox → stainless steel": the pair as one text, as it is kept and counted. No word holds an arrow. */
export const pairKey = ({ taken, put }: WordPair): string => `${taken}${ARROW}${put}`

export function readPair(key: string): WordPair {
  const at = key.indexOf(ARROW)
  return { taken: key.slice(0, at), put: key.slice(at + ARROW.length) }
}
