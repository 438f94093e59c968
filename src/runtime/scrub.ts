import type { Secret } from '../base/secret.ts'
import { REMOVED, valueScrubber } from './scrub-value.ts'

export { REMOVED } from './scrub-value.ts'

/** Secrets in use now. They hold bytes, not strings: what is forgotten and wiped is gone from memory. */
const inUse = new Set<Secret>()

/**
 * Lets `scrub` know a secret for as long as something may repeat it: the length of a request. Call the result to forget it,
 * before wiping it.
 */
export function rememberSecret(secret: Secret): () => void {
  inUse.add(secret)
  return () => void inUse.delete(secret)
}

/**
 * A text fit for a log or a page: without the secrets in use (whole, in pieces of 12 characters, or encoded) and without
 * anything that looks like a key, a token or a password.
 */
export function scrub(text: string): string {
  let clean = text
  for (const secret of inUse) clean = valueScrubber(secret)(clean)
  return scrubKeyShapes(clean)
}

/** A function that removes a key from texts, by its value where it is given and by its shape. Hold it no longer than the key. */
export function createScrubber(key: Secret | undefined): (text: string) => string {
  if (!key) return scrubKeyShapes
  const withoutValue = valueScrubber(key)
  return (text) => scrubKeyShapes(withoutValue(text))
}

/**
 * A function that removes a key by its value, and what begins as providers' keys do, from a provider's own words to whoever asked:
 * request ids and addresses stay, which its support asks for. For logs and pages: `createScrubber`.
 */
export function createKeyScrubber(key: Secret | undefined): (text: string) => string {
  const withoutValue = key ? valueScrubber(key) : (text: string) => text
  return (text) => KEY_BEGINNINGS.reduce((clean, [shape, replacement]) => clean.replace(shape, replacement), withoutValue(text))
}

// What comes before something else has a bound everywhere: a provider can answer megabytes that almost fit, and everybody would wait.
// the beginnings that providers give their keys; also masked ones ("sk-pro********abcd")
const KEY_BEGINNINGS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:sk|pk|rk|gsk|xai|pplx|csk|nvapi|tgp|hf|r8|fw|bfl|ghp|gho|glpat|lk1|lkv|ABSK|AIza|AQ\.)[-_*.…][\w*.…-]{6,}/g, REMOVED],
  [/\bAIza[\w-]{20,}|\bAKIA[A-Z0-9]{12,}|\beyJ[\w-]{10,1000}\.[\w-]{10,}(?:\.[\w-]+)?/g, REMOVED],
]

const KEY_SHAPES: readonly (readonly [RegExp, string])[] = [
  // user and password of a URL; a password that should have been percent-encoded too
  [/([a-z0-9+.-]:\/\/)(?:[^\s/?#@]{0,1000}|[^\s:@]{0,1000}:[^\s@]{0,1000})@/gi, `$1${REMOVED}@`],
  [/\b(Bearer|Basic|DeepL-Auth-Key)(\s+)[\w.~+/=*…:-]{4,}/gi, `$1$2${REMOVED}`],
  [/\b(Token|Key)(\s+)[\w.~+/=:-]{8,}/g, `$1$2${REMOVED}`],
  // "x-api-key": "...", api_key=..., ?key=..., password: ...
  [
    /((?:api[-_ ]?key|authorization|auth[-_]?token|access[-_]?token|secret|password|passwd|pwd|cookie|[?&]key|[?&]token)["']?\s*[:=]\s*["']?)(?!\[removed\])[^\s"',;&}]{4,}/gi,
    `$1${REMOVED}`,
  ],
  // "Incorrect API key provided: something"
  [/(?<=\b(?:api[ _-]?key|token|secret|authorization)\b[^:=\n]{0,24}[:=]\s{0,4}["']?)(?!\[removed\])[^\s"'<>]{4,}/gi, REMOVED],
  ...KEY_BEGINNINGS,
]

const LONG_RUN = /[\w+=-]{24,}/g
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Removes what has the shape of a key: known beginnings, header and URL credentials, long runs of mixed letters and digits. */
export function scrubKeyShapes(text: string): string {
  let clean = text
  for (const [shape, replacement] of KEY_SHAPES) clean = clean.replace(shape, replacement)
  return clean.replace(LONG_RUN, (run) => (!UUID.test(run) && looksRandom(run) ? REMOVED : run))
}

/** Letters and digits mixed within their words, as keys and hashes are and names of models and dates are not. */
function looksRandom(run: string): boolean {
  return run.split(/[-_]/).some((word) => word.length >= 12 && /\d/.test(word) && /[a-z]/i.test(word))
}
