import { scrubKeyShapes } from '../runtime/scrub.ts'

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
