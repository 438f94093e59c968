import type { Secret } from '../base/secret.ts'

/** What stands where a secret stood. */
export const REMOVED = '[removed]'

/** A piece of a secret of this many characters is treated like the secret. */
const PIECE = 12
const SHORTEST_SECRET = 6

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
  for (const secret of inUse) clean = scrubSecret(clean, secret)
  return scrubKeyShapes(clean)
}

/** Removes one secret by its value: itself, reversed, percent-, base64- or hex-encoded, and every piece of 12 characters of those. */
export function scrubSecret(text: string, secret: Secret): string {
  const value = Buffer.from(secret.reveal()).toString('utf8')
  if (value.length < SHORTEST_SECRET) return text
  const remove = new Uint8Array(text.length)
  const lowerCase = text.toLowerCase()
  for (const { form, ignoreCase } of encodings(value)) {
    const size = Math.min(PIECE, form.length)
    const pieces = new Set(Array.from({ length: form.length - size + 1 }, (_, at) => form.slice(at, at + size)))
    const searched = ignoreCase ? lowerCase : text
    for (let at = 0; at + size <= searched.length; at += 1) {
      if (pieces.has(searched.slice(at, at + size))) remove.fill(1, at, at + size)
    }
  }
  let clean = ''
  for (let at = 0; at < text.length; at += 1) {
    if (!remove[at]) clean += text[at]!
    else if (!remove[at - 1]) clean += REMOVED
  }
  return clean
}

/** Base64 at each of the three places where a secret can start inside a longer encoded text, less the characters it shares. */
function encodings(value: string): { form: string; ignoreCase: boolean }[] {
  const bytes = Buffer.from(value)
  const forms = [value, Buffer.from(bytes.toReversed()).toString(), encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]
  for (const [lead, skip] of [
    [0, 0],
    [1, 2],
    [2, 3],
  ] as const) {
    const base64 = Buffer.concat([Buffer.alloc(lead), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const own = base64.slice(skip, (lead + bytes.length) % 3 === 0 ? undefined : -1)
    forms.push(own, own.replaceAll('+', '-').replaceAll('/', '_'))
  }
  return [...[...new Set(forms)].map((form) => ({ form, ignoreCase: false })), { form: bytes.toString('hex'), ignoreCase: true }].filter(
    ({ form }) => form.length >= SHORTEST_SECRET,
  )
}

const KEY_SHAPES: readonly (readonly [RegExp, string])[] = [
  // user and password of a URL; a password that should have been percent-encoded too
  [/(\b[a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#@]*|[^\s:@]*:[^\s@]*)@/gi, `$1${REMOVED}@`],
  [/\b(Bearer|Basic|Token|Key|DeepL-Auth-Key)(\s+)[\w.~+/=:-]{8,}/gi, `$1$2${REMOVED}`],
  // "x-api-key": "...", api_key=..., ?key=..., password: ...
  [
    /((?:api[-_ ]?key|authorization|auth[-_]?token|access[-_]?token|secret|password|passwd|pwd|cookie|[?&]key|[?&]token)["']?\s*[:=]\s*["']?)(?!\[removed\])[^\s"',;&}]{4,}/gi,
    `$1${REMOVED}`,
  ],
  // the beginnings that providers give their keys
  [/\b(?:sk|pk|rk|xai|pplx|gsk|hf|r8|ghp|gho|glpat|nvapi|csk|tgp|lk1|lkv)[-_.][A-Za-z0-9_-]{8,}/g, REMOVED],
  [/\bAIza[\w-]{20,}|\bAKIA[A-Z0-9]{12,}|\beyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]+)?/g, REMOVED],
]

const LONG_RUN = /[A-Za-z0-9_+=-]{32,}/g
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Removes what has the shape of a key: known beginnings, header and URL credentials, and long runs of mixed letters and digits. */
function scrubKeyShapes(text: string): string {
  let clean = text
  for (const [shape, replacement] of KEY_SHAPES) clean = clean.replace(shape, replacement)
  return clean.replace(LONG_RUN, (run) => (UUID.test(run) || !/\d/.test(run) || !/[A-Za-z]/.test(run) ? run : REMOVED))
}
