import { isEmptyValue } from './current.ts'
import { textsOf } from './words.ts'

const MOST_CATEGORIES = 100 // of one product
const STEP = /\s*(?:>|›|»)\s*/
const BETWEEN = /\s*[,;|]\s*/

/**
 * The categories that a value names, each with those above it: codes in a list or with commas between them ("lamps,garden"), or
 * the way from the root ("Garden > Lamps": in "Garden" as well; a name in it may have a comma).
 */
export function categoriesIn(value: unknown): string[] {
  if (isEmptyValue(value)) return []
  const found = new Set<string>()
  for (const text of Array.isArray(value) ? value.flatMap(textsOf) : textsOf(value)) {
    const ways = STEP.test(text) ? text.split(/\s*[|;]\s*/) : text.split(BETWEEN)
    for (const way of ways) {
      const steps = way
        .trim()
        .split(STEP)
        .filter((step) => step !== '')
      for (let depth = 1; depth <= steps.length; depth += 1) {
        if (found.size >= MOST_CATEGORIES) return [...found]
        found.add(steps.slice(0, depth).join(' > '))
      }
    }
  }
  return [...found]
}
