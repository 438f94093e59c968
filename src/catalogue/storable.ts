/**
 * JSON that PostgreSQL's jsonb can hold: it refuses U+0000 and unpaired surrogates, which real files contain. Both
 * become U+FFFD here; the file itself is never touched, exports copy its own bytes.
 */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) => (typeof entry === 'string' ? storableText(entry) : entry))
}

const storableText = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text).toWellFormed()
