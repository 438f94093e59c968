import { AppError } from '../base/errors.ts'

type Headers = Readonly<Record<string, string>>

const MAX_HEADERS = 20
const MAX_VALUE_CHARACTERS = 1024

/** What a person may add to each request: names that say who asks or choose a beta, and their own gateway's `x-` names. */
const ALLOWED = new Set([
  'accept-language',
  'anthropic-beta',
  'anthropic-version',
  'http-referer',
  'openai-beta',
  'openai-organization',
  'openai-project',
  'user-agent',
])
const ALLOWED_PREFIXES = ['x-', 'cf-aig-', 'helicone-'] as const
/** Keys belong in the key field, where they are sealed; the rest speaks about the connection or in another's name. */
const REFUSED =
  /auth|key|token|secret|passw|credential|cookie|session|signature|^x-forwarded|^x-real-ip|^x-original|^x-rewrite|^x-http-method|^x-method|^x-host|^x-client-ip|^x-amz/

/**
 * The extra headers a person sets on a connection, as they are stored and sent: names in lower case, values without
 * white space around them.
 * @throws AppError header.refused, never repeating a value (it may be a key pasted into the wrong field).
 */
export function checkExtraHeaders(headers: Headers): Record<string, string> {
  const entries = Object.entries(headers)
  if (entries.length > MAX_HEADERS) throw refused(`there are more than ${MAX_HEADERS} of them`)
  const checked = new Map<string, string>()
  for (const [name, value] of entries) {
    const lowerCase = name.toLowerCase()
    if (!isToken(name)) throw refused('a name holds a character that header names do not have')
    if (!isAllowed(lowerCase)) throw refused(`the name ${shown(lowerCase)} is not one that may be set; keys go into the key field`)
    if (checked.has(lowerCase)) throw refused(`the name ${shown(lowerCase)} is given twice`)
    checked.set(lowerCase, checkValue(lowerCase, value))
  }
  return Object.fromEntries(checked)
}

function checkValue(name: string, value: string): string {
  // only spaces and tabs: a line end is refused, not trimmed away in silence
  const trimmed = value.replace(/^[ \t]+|[ \t]+$/g, '')
  if (trimmed === '') throw refused(`the value of ${shown(name)} is empty`)
  if (trimmed.length > MAX_VALUE_CHARACTERS) throw refused(`the value of ${shown(name)} is longer than ${MAX_VALUE_CHARACTERS} characters`)
  if (!isHeaderValue(trimmed))
    throw refused(`the value of ${shown(name)} holds a line break or another character that headers cannot carry`)
  return trimmed
}

function isAllowed(name: string): boolean {
  if (ALLOWED.has(name)) return true
  return name.length <= 64 && ALLOWED_PREFIXES.some((prefix) => name.startsWith(prefix)) && !REFUSED.test(name)
}

/** A header name (RFC 9110 token). */
function isToken(name: string): boolean {
  return /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/.test(name)
}

/** Printable Latin-1 with inner spaces and tabs: what goes on the wire as it is. */
export function isHeaderValue(value: string): boolean {
  return /^[\t\x20-\x7e\xa0-\xff]*$/.test(value)
}

/** A long name may be a value in the wrong place. */
function shown(name: string): string {
  return name.length <= 40 ? `"${name}"` : 'given'
}

function refused(why: string): AppError {
  return new AppError('header.refused', `These extra headers are refused: ${why}.`)
}

/** What a caller of `send` may say about its body. Everything else comes from the provider's data and the destination. */
const CONTENT_HEADERS = new Set(['accept', 'anthropic-beta', 'content-type', 'openai-beta', 'x-client-request-id'])

/** The content headers among `headers`; others are left out: a library's own authorization, user agent and the like. */
export function contentHeaders(headers: Headers): [string, string][] {
  return Object.entries(headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name, value]) => CONTENT_HEADERS.has(name) && isHeaderValue(value))
}

const STORED = new Set([
  'content-type',
  'date',
  'openai-processing-ms',
  'openai-version',
  'request-id',
  'retry-after',
  'retry-after-ms',
  'x-amzn-bedrock-input-token-count', // what InvokeModel counts is said here and nowhere else
  'x-amzn-errortype', // Bedrock's error is named here and nowhere else
  'x-amzn-requestid',
  'x-fal-billable-units',
  'x-request-id',
  'x-should-retry',
])
const STORED_PREFIXES = ['x-ratelimit-', 'anthropic-ratelimit-', 'x-tokenlimit-', 'ratelimit-'] as const
const MAX_STORED_CHARACTERS = 128
const MIN_SHARED = 12

/**
 * The headers of an answer that may be kept and shown: an allow-list, in lower case, short values only, and none that
 * shares 12 characters with the key (a provider can echo what it was sent).
 */
export function storedHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  key: string | undefined,
): Record<string, string> {
  const stored: Record<string, string> = {}
  for (const name in headers) {
    if (!STORED.has(name) && !STORED_PREFIXES.some((prefix) => name.startsWith(prefix))) continue
    const value = headers[name]
    if (typeof value !== 'string' || value.length > MAX_STORED_CHARACTERS || !isHeaderValue(value)) continue
    if (name.length <= 64 && !shares(value, key)) stored[name] = value
  }
  return stored
}

function shares(value: string, key: string | undefined): boolean {
  if (key === undefined) return false
  if (key.length < MIN_SHARED) return value.includes(key)
  for (let at = 0; at + MIN_SHARED <= value.length; at += 1) {
    if (key.includes(value.slice(at, at + MIN_SHARED))) return true
  }
  return false
}
