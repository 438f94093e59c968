import { AppError } from '../base/errors.ts'
import { parseJson } from './parse-json.ts'

/** A line says one thing; a megabyte without a line's end is no such stream. */
const MAX_LINE_CHARACTERS = 1024 * 1024

/**
 * The values of a stream of newline-delimited JSON, as they come; characters and lines split anywhere, blank lines left out.
 * @throws AppError provider.answer_malformed, provider.answer_too_large.
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder('utf-8')
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()!
    if (rest.length > MAX_LINE_CHARACTERS) {
      throw new AppError('provider.answer_too_large', 'The provider sent one line of more than a million characters.')
    }
    for (const line of lines) if (line.trim() !== '') yield parseJson(line)
  }
  rest += decoder.decode()
  if (rest.trim() !== '') yield parseJson(rest)
}
