import { isUtf8 } from 'node:buffer'
import { AppError } from '../base/errors.ts'

/** Deeper than any provider's answer; far shallower than what overflows a stack. */
export const MAX_JSON_DEPTH = 64

/**
 * JSON from outside: UTF-8 only, at most 64 levels deep. Size is the sender's business (its cap on bodies).
 * @throws AppError provider.answer_malformed, never repeating the text.
 */
export function parseJson(source: string | Uint8Array): unknown {
  if (typeof source !== 'string' && !isUtf8(source)) throw malformed('is not valid UTF-8')
  const text = typeof source === 'string' ? source : Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString('utf8')
  if (hasManyBrackets(text) && isTooDeep(text)) throw malformed(`is nested more than ${MAX_JSON_DEPTH} levels deep`)
  try {
    return JSON.parse(text) as unknown
  } catch {
    // the parser's own message quotes the text
    throw malformed('is not valid JSON')
  }
}

/** Few answers have more opening brackets than levels allowed; the others need no look at each character. */
function hasManyBrackets(text: string): boolean {
  let count = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      count += 1
      if (count > MAX_JSON_DEPTH) return true
    }
  }
  return false
}

/** Counts brackets outside strings. Text that is not JSON may be miscounted, but never let through deeper than it is. */
function isTooDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at + 1)
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      depth += 1
      if (depth > MAX_JSON_DEPTH) return true
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      depth -= 1
    }
  }
  return false
}

/** The index of the quote that ends the string begun before `from`, or the text's length. */
function endOfString(text: string, from: number): number {
  let at = from
  for (;;) {
    at = text.indexOf('"', at)
    if (at === -1) return text.length
    let backslashes = 0
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return at
    at += 1
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

function malformed(what: string): AppError {
  return new AppError('provider.answer_malformed', `The provider's answer ${what}. Try again; if it happens again, check the base URL.`)
}
