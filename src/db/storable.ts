/**
 * JSON that PostgreSQL can hold: it refuses U+0000 and unpaired surrogates, which real files and hostile providers send, in
 * names of members too. Both become U+FFFD here; files themselves are never touched, exports copy their own bytes.
 */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value)
  if (!json.includes('\\u')) return json // nothing of what is escaped by its number
  // JSON.stringify escapes just these; every backslash in its output begins an escape, so that "\\u0000" is passed over whole.
  return json.replace(/\\(?:u(?:0000|d[89a-f][0-9a-f]{2})|.)/g, (escape) =>
    escape.length === 6 && REFUSED.test(escape) ? '\uFFFD' : escape,
  )
}

const REFUSED = /^\\u(?:0000|d)/
