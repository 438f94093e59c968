import { readFileSync } from 'node:fs'

/**
 * The page's own texts, to find its buttons by in any language: "people:claim.action". What a text has in braces stands for
 * anything; of a plural the form for some dozens is taken.
 */
export function textsOf(language: 'en' | 'fr' | 'ar'): (key: string) => RegExp {
  const files = new Map<string, unknown>()
  const read = (area: string): unknown => {
    const file = new URL(`../../../src/web/messages/${area}.${language}.json`, import.meta.url)
    if (!files.has(area)) files.set(area, JSON.parse(readFileSync(file, 'utf8')))
    return files.get(area)
  }
  return (key) => {
    const [area, path] = key.split(':') as [string, string]
    const find = (suffix: string): unknown =>
      `${path}${suffix}`.split('.').reduce<unknown>((node, part) => (node as Record<string, unknown> | undefined)?.[part], read(area))
    const text = find('') ?? find(language === 'ar' ? '_many' : '_other')
    if (typeof text !== 'string') throw new Error(`there is no text ${key} in ${language}`)
    const pieces = text.split(/\{\{[^}]*\}\}/).map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^\\s*${pieces.join('.*')}`)
  }
}
