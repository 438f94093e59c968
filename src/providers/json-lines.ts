import { AppError } from '../base/errors.ts'
import { parseJson } from './parse-json.ts'
import { createUtf8Decoder } from './utf8.ts'

/** A line says one thing; a megabyte without a line's end is no such stream. */
const MAX_LINE_CHARACTERS = 1024 * 1024

/**
 * The lines of bytes as they arrive, characters and lines split anywhere, blank lines left out. Feed every chunk to `push`;
 * `end` also gives the last line when nothing ends it.
 * @throws AppError provider.answer_malformed (not UTF-8), provider.answer_too_large (one line over 1 Mi characters).
 */
export function createLineReader(onLine: (line: string) => void): { push(bytes: Uint8Array): void; end(): void } {
  const decode = createUtf8Decoder()
  let rest = ''
  const feed = (text: string): void => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    if (rest.length > MAX_LINE_CHARACTERS) {
      throw new AppError('provider.answer_too_large', 'The provider sent one line of more than a million characters.')
    }
    for (const line of lines) if (line.trim() !== '') onLine(line)
  }
  return {
    push: (bytes) => feed(decode(bytes)),
    end: () => feed(`${decode()}\n`),
  }
}

/** The values of a stream of newline-delimited JSON, as they come. @throws AppError as `createLineReader` and `parseJson` do. */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const lines: string[] = []
  const reader = createLineReader((line) => lines.push(line))
  for await (const chunk of chunks) {
    reader.push(chunk)
    for (const line of lines.splice(0)) yield parseJson(line)
  }
  reader.end()
  for (const line of lines) yield parseJson(line)
}
