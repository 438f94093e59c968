/** Orders texts by their UTF-16 code units, the same on every machine and in every language. For `sort`. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Length in characters as a person counts them: code points. */
export function countCharacters(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

/** Digits in groups of three from the right: ("1234567", ",") -> "1,234,567". */
export const groupDigits = (digits: string, separator: string): string => digits.replace(/\B(?=(\d{3})+$)/g, separator)

/** A number of things for people: 10000 -> "10 000", with a thin space that does not break. */
export const formatCount = (count: number): string => groupDigits(String(count), '\u202f')

/** Levenshtein's distance: how many letters must be put in, taken out or replaced. For short words: takes a times b steps. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1))
    }
    previous = current
  }
  return previous[b.length]!
}
