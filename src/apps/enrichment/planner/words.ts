/** Text as words with their places: what rules look through, and what siblings are compared by. */

/** A run of letters or of digits: "128GB" is two words that touch. */
export interface Word {
  readonly folded: string
  readonly start: number
  readonly end: number
  /** Words of one clause: up to a comma, a bracket, a dash with blanks. */
  readonly clause: number
  /** Nothing but blanks, brackets or commas before it, and after it. */
  readonly freeBefore: boolean
  readonly freeAfter: boolean
}

const WORD = /[\p{L}\p{M}]+|\p{N}+/gu
const CLAUSE_END = /[,;:()[\]{}|\n•·]|\s[-–—/]\s/u
/** What ties a word to its neighbour: "Black/Silver", "red-hot", "Black & Decker", "2.1". */
const TIE = /[-‐-―−_/\\&+.,'’"″*#@™®%°]/u

export const foldText = (text: string): string => {
  const folded = text.normalize('NFKC').toLowerCase()
  return folded.includes('gr') ? folded.replace(/\bgray/g, 'grey') : folded // two ways to spell one colour
}

/** The words of a text, in order. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = []
  let clause = 0
  let last = 0
  for (const match of text.matchAll(WORD)) {
    const start = match.index
    const end = start + match[0].length
    if (words.length > 0 && CLAUSE_END.test(text.slice(last, start))) clause += 1
    words.push({ folded: foldText(match[0]), start, end, clause, freeBefore: isFree(text, start, -1), freeAfter: isFree(text, end, 1) })
    last = end
  }
  return words
}

/** Whether what stands at an edge of a word leaves it alone. A comma or a point ties only what follows at once: "2.1", "1,5". */
function isFree(text: string, edge: number, step: 1 | -1): boolean {
  const next = step === 1 ? text[edge] : text[edge - 1]
  if (next === undefined) return true
  const beyond = (step === 1 ? text[edge + 1] : text[edge - 2]) ?? ' '
  if (/[\p{L}\p{M}\p{N}]/u.test(next)) return false
  if (/[.,]/.test(next)) return !/[\p{L}\p{N}]/u.test(beyond)
  if (/["″%°]/u.test(next)) return step === -1 ? !/\p{N}/u.test(beyond) : false
  if (TIE.test(next)) return false
  return !(/\s/u.test(next) && /[&+]/.test(beyond))
}
