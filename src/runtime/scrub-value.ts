import { createHash } from 'node:crypto'
import type { Secret } from '../base/secret.ts'

/** What stands where a secret stood. */
export const REMOVED = '[removed]'

/** A run of this many characters shared with a key (in any of its forms) is removed. */
const WINDOW = 12
/** A form shorter than the window is removed where it stands whole; below this it is no secret. */
const MIN_FORM = 4

/**
 * A function that removes a key from texts, by value: the key itself, in base64 and base64url (at each of the three
 * alignments), hex, percent-encoding, JSON and HTML escapes, UTF-16, reversed, its SHA-256, and fragments of 12 and
 * more characters of any of these, in either case.
 * Takes most of a millisecond to make: only for texts of failures. Hold it no longer than the key.
 */
export function valueScrubber(key: Secret): (text: string) => string {
  const windows = new Set<string>()
  const whole: string[] = []
  for (const form of formsOf(Buffer.from(key.reveal()))) {
    if (form.length < MIN_FORM) continue
    if (form.length < WINDOW) whole.push(form)
    for (let at = 0; at + WINDOW <= form.length; at += 1) windows.add(form.slice(at, at + WINDOW))
  }
  return (text) => cut(text, marksOf(text, windows, whole))
}

/** Each form of the key in lower case: texts are compared in lower case. */
function formsOf(key: Buffer): Set<string> {
  const text = key.toString('utf8')
  const hex = key.toString('hex')
  const codes = Array.from(text, (character) => character.charCodeAt(0))
  const digest = createHash('sha256').update(key).digest()
  const forms = [
    text,
    Array.from(text).toReversed().join(''),
    hex,
    hex.replace(/../g, '%$&'),
    hex.replace(/../g, '\\x$&'),
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    codes.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join(''),
    codes.map((code) => `&#${code};`).join(''),
    codes.map((code) => `&#x${code.toString(16)};`).join(''),
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    codes.map((code) => `${String.fromCharCode(code)}\0`).join(''),
    digest.toString('hex'),
    digest.toString('base64'),
    digest.toString('base64url'),
  ]
  for (let padding = 0; padding < 3; padding += 1) {
    // characters that hold bits of what stands before or after the key are left out
    const shifted = Buffer.concat([Buffer.alloc(padding), key])
    const from = Math.ceil((padding * 8) / 6)
    const to = Math.floor((shifted.length * 8) / 6)
    forms.push(shifted.toString('base64').slice(from, to), shifted.toString('base64url').slice(from, to))
  }
  return new Set(forms.map(lowerCase))
}

/** Which characters of the text belong to a form of the key. */
function marksOf(text: string, windows: ReadonlySet<string>, whole: readonly string[]): Uint8Array {
  const marks = new Uint8Array(text.length)
  const lower = lowerCase(text)
  if (windows.size > 0) {
    for (let at = 0; at + WINDOW <= lower.length; at += 1) {
      if (windows.has(lower.slice(at, at + WINDOW))) marks.fill(1, at, at + WINDOW)
    }
  }
  for (const form of whole) {
    for (let at = lower.indexOf(form); at !== -1; at = lower.indexOf(form, at + 1)) marks.fill(1, at, at + form.length)
  }
  return marks
}

function cut(text: string, marks: Uint8Array): string {
  let out = ''
  let from = 0
  for (let at = marks.indexOf(1); at !== -1; at = marks.indexOf(1, from)) {
    const end = marks.indexOf(0, at)
    out += text.slice(from, at) + REMOVED
    from = end === -1 ? text.length : end
  }
  return out + text.slice(from)
}

/** As long as its input, unlike toLowerCase for a few letters. */
function lowerCase(text: string): string {
  const lower = text.toLowerCase()
  return lower.length === text.length ? lower : text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
