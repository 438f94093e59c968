import { createHash } from 'node:crypto'
import type { Secret } from '../base/secret.ts'

export const REMOVED = '[removed]'

/** A run of this many characters shared with a key (in any of its forms) is removed. */
const WINDOW = 12
/** A form shorter than the window is removed where it stands whole; below this it is no secret. */
const MIN_FORM = 4

/**
 * A function that removes a key from texts, by value: the key itself, in base64 and base64url (at each of the three
 * alignments), hex, percent-encoding, JSON and HTML escapes, UTF-16, reversed, its SHA-256, and fragments of 12 and
 * more characters of any of these, in either case. Then whatever looks like a key (`scrubKeyShapes`).
 * Takes most of a millisecond to make: only for texts of failures. Hold it no longer than the key.
 */
export function createScrubber(key: Secret | undefined): (text: string) => string {
  if (!key) return scrubKeyShapes
  const windows = new Set<string>()
  const whole: string[] = []
  for (const form of formsOf(Buffer.from(key.reveal()))) {
    if (form.length < MIN_FORM) continue
    if (form.length < WINDOW) whole.push(form)
    for (let at = 0; at + WINDOW <= form.length; at += 1) windows.add(form.slice(at, at + WINDOW))
  }
  return (text) => scrubKeyShapes(cut(text, marksOf(text, windows, whole)))
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

const SHAPES: readonly RegExp[] = [
  // OpenAI, Anthropic, OpenRouter, DeepSeek, ...: also masked ones ("sk-pro********abcd")
  /\b(?:sk|pk|rk|gsk|xai|pplx|csk|nvapi|tgp|hf|r8|fw|bfl|ABSK|AIza|AQ\.)[-_*.…][\w*.…-]{6,}/g,
  /\bAIza[\w-]{20,}/g,
  /\b(?:Bearer|Basic|DeepL-Auth-Key)\s+[\w.~+/=*…:-]{4,}/gi,
  // "Incorrect API key provided: something"
  /(?<=\b(?:api[ _-]?key|token|secret|authorization)\b[^:=\n]{0,24}[:=]\s{0,4}["']?)[^\s"'<>]{4,}/gi,
]
const LONG_TOKEN = /[\w-]{24,}/g

/** Removes what looks like a key to anybody: known prefixes, `Bearer ...`, "API key provided: ...", long mixed tokens. */
export function scrubKeyShapes(text: string): string {
  let out = text
  for (const shape of SHAPES) out = out.replace(shape, REMOVED)
  return out.replace(LONG_TOKEN, (token) => (looksRandom(token) ? REMOVED : token))
}

/** Letters and digits mixed within their words, as keys and hashes are and names of models and dates are not. */
function looksRandom(token: string): boolean {
  return token.split(/[-_]/).some((word) => word.length >= 12 && /\d/.test(word) && /[a-z]/i.test(word))
}

const MAX_EXCERPT = 200
const MAX_MESSAGE = 8 * 1024

/** What is kept of a provider's message: one line of at most 200 characters, without tags, scrubbed. */
export function excerptOf(message: string, scrub: (text: string) => string = scrubKeyShapes): string {
  // scrubbed again without tags, which can stand in the middle of a key
  const clean = scrub(scrub(message.slice(0, MAX_MESSAGE)).replace(/<[^<>]*>/g, ''))
  const line = clean.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim()
  const characters = Array.from(line)
  return characters.length <= MAX_EXCERPT ? line : `${characters.slice(0, MAX_EXCERPT - 1).join('')}…`
}
