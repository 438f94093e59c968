import { parseJson } from '../parse-json.ts'

/** A model's whole answer fits many times over; what is longer is read past. */
export const LONGEST_LINE_BYTES = 8 * 1024 * 1024

const LINE_END = 0x0a

/**
 * The JSON values of a file of results as it comes, cut anywhere. Blank lines are left out. A line that is no JSON, or too long, is read past and
 * told to `onBroken`: of the others nothing is lost.
 */
export async function* resultLines(chunks: AsyncIterable<Uint8Array>, onBroken: () => void): AsyncGenerator<unknown> {
  let pieces: Uint8Array[] = []
  let length = 0
  let isTooLong = false
  const add = (piece: Uint8Array): void => {
    length += piece.byteLength
    if (length > LONGEST_LINE_BYTES) isTooLong = true
    if (isTooLong) pieces = []
    else if (piece.byteLength > 0) pieces.push(piece)
  }
  const take = (): { value: unknown } | undefined => {
    const line = isTooLong ? undefined : Buffer.concat(pieces)
    pieces = []
    length = 0
    isTooLong = false
    if (line?.every(isBlank)) return undefined
    try {
      if (line) return { value: parseJson(line) }
    } catch {
      // as one that is too long
    }
    onBroken()
    return undefined
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, from)) {
      add(chunk.subarray(from, end))
      from = end + 1
      const line = take()
      if (line) yield line.value
    }
    add(chunk.subarray(from))
  }
  const last = length > 0 ? take() : undefined
  if (last) yield last.value
}

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0d || byte === 0x09
