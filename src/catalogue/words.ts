/** Text as the search compares it: small letters without accents, the letters of Arabic without their vowel signs. */
export const foldText = (text: string): string =>
  isAscii(text)
    ? text.toLowerCase()
    : text
        .normalize('NFKD')
        .replace(/\p{M}+/gu, '')
        .toLowerCase()

/** Most texts are: what is asked of every word of a million products is answered sooner for them. */
export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 127) return false
  return true
}

/** The words of folded text, each once, in their order: letters, digits, and the signs that hold a code or a number together. */
export function wordsOf(folded: string): string[] {
  return [...new Set(folded.match(/[\p{L}\p{N}]+(?:[-./_:+#&'’][\p{L}\p{N}]+)*/gu))]
}

/** All text in a value, for the search. */
export function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)]
  if (Array.isArray(value)) return value.flatMap(textsOf)
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, entry]) => [key, ...textsOf(entry)])
}
