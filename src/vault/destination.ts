import { canonicalJson, isObject } from '../base/json.ts'
import { refusedDestination } from '../providers/destination-guard.ts'
import { PRACTICE_DESTINATION, type Destination } from '../providers/provider.ts'

/**
 * The one form in which a destination is stored, compared and sealed: base URL as WHATWG origin + path without its
 * trailing slash + search, header names in lower case, absent fields left out. Normalising twice changes nothing.
 * Every field the destination has is kept, also one this version does not know: whatever steers a request is sealed.
 * @throws AppError destination.refused; the texts never repeat the URL, which may hold credentials.
 */
export function normaliseDestination(destination: Destination): Destination {
  const fields: [string, string | Record<string, string>][] = []
  for (const [name, value] of Object.entries<unknown>({ ...destination })) {
    if (name === 'baseUrl' || value === undefined) continue
    if (name === 'headers') fields.push(...normaliseHeaders(value))
    else if (typeof value === 'string') fields.push([name, value])
    else throw refusedDestination(`its field ${JSON.stringify(name)} must be a text`)
  }
  return { ...Object.fromEntries(fields), baseUrl: normaliseBaseUrl(destination.baseUrl) }
}

/**
 * A destination as text: canonical JSON of its normal form. Two destinations are
 * the same exactly when these texts are the same; this text is what a key is sealed to.
 * @throws AppError destination.refused.
 */
export function canonicalDestination(destination: Destination): string {
  return canonicalJson(normaliseDestination(destination))
}

function normaliseBaseUrl(baseUrl: unknown): string {
  if (baseUrl === PRACTICE_DESTINATION) return PRACTICE_DESTINATION
  const url = typeof baseUrl === 'string' ? URL.parse(baseUrl) : null
  if (!url) throw refusedDestination('its base URL is not a URL; write it like https://api.example.com/v1')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refusedDestination('its base URL must begin with https:// or http://')
  if (url.username || url.password) throw refusedDestination('its base URL holds a user name or password; enter the key by itself instead')
  if (url.href.includes('#')) throw refusedDestination('its base URL holds a fragment (#...); leave it out')
  const path = url.pathname.replace(/\/$/, '')
  // "/v1//" and "/v1" may be two tenants on a shared gateway: neither may pass for the other
  if (path.endsWith('/')) throw refusedDestination('the path of its base URL ends with several slashes; leave them out')
  return url.origin + path + url.search
}

function normaliseHeaders(headers: unknown): [string, Record<string, string>][] {
  if (!isObject(headers)) throw refusedDestination('its headers must be names with texts')
  const byName = new Map<string, string>()
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue
    if (typeof value !== 'string') throw refusedDestination(`its header ${JSON.stringify(name)} must be a text`)
    const lowerCase = name.toLowerCase()
    if (byName.has(lowerCase)) throw refusedDestination(`its header ${JSON.stringify(lowerCase)} is given twice`)
    byName.set(lowerCase, value)
  }
  return byName.size === 0 ? [] : [['headers', Object.fromEntries(byName)]]
}
