/** Words of a text that need a look, with the reason. */
export interface Mark {
  readonly text: string
  readonly why: string
}

/** A piece of a text; `why`: the reason it is marked, where it is. */
export interface Piece {
  readonly text: string
  readonly why?: string
}

interface Range {
  readonly from: number
  readonly to: number
  readonly why: string
}

/** Where the marks occur in a text, each everywhere, none over another. */
export function markRanges(text: string, marks: readonly Mark[]): Range[] {
  const found = marks.flatMap(({ text: words, why }) => {
    const ranges: Range[] = []
    for (let from = words === '' ? -1 : text.indexOf(words); from >= 0; from = text.indexOf(words, from + words.length)) {
      ranges.push({ from, to: from + words.length, why })
    }
    return ranges
  })
  const sorted = found.sort((a, b) => a.from - b.from || b.to - a.to)
  const apart: Range[] = []
  for (const range of sorted) if (range.from >= (apart.at(-1)?.to ?? 0)) apart.push(range)
  return apart
}

/** A part of a text that begins at `start`, cut where marks begin and end. */
export function markedPieces(part: string, start: number, ranges: readonly Range[]): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (const { from, to, why } of ranges) {
    const [begin, end] = [Math.max(from - start, at), Math.min(to - start, part.length)]
    if (begin >= end) continue
    if (begin > at) pieces.push({ text: part.slice(at, begin) })
    pieces.push({ text: part.slice(begin, end), why })
    at = end
  }
  if (at < part.length) pieces.push({ text: part.slice(at) })
  return pieces
}
